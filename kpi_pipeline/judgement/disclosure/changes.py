"""What the attacker works out of numbers by cause: how many cases of a figure changed since the issue before, and why.

Not here: what a figure itself tells, less what it was (`over_issues`), what the defence prints of causes (`restated`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.attack import Finding
from kpi_pipeline.judgement.disclosure.counts import is_small
from kpi_pipeline.judgement.disclosure.publication import Cell

_CHANGED = "changed: "


class Change(NamedTuple):
    """The name of a number of changed cases."""

    metric: str
    facility_id: str
    month: str
    cause: str

    @property
    def cell(self) -> Cell:
        """As findings name it."""
        return Cell(self.metric, self.facility_id, self.month, f"{_CHANGED}{self.cause}")


def attack_changes(
    changes: Mapping[Change, int | None], population: Mapping[str, str], threshold: int
) -> list[Finding]:
    """Few cases told by one report's numbers by cause; None where one is withheld. population: metric → those that list
    the same cases.

    The whole less all places that print theirs are the cases of the others; where two measures of one population
    differ by few, those are a group.
    """
    found = [Finding(one.cell, n, n) for one, n in changes.items() if n is not None and is_small(n, threshold)]
    places: dict[Change, dict[str, int]] = defaultdict(dict)
    kin: dict[tuple[str, str, str, str], dict[Change, int]] = defaultdict(dict)
    for one, n in changes.items():
        if n is not None:
            places[one._replace(facility_id=WHOLE_SYSTEM)][one.facility_id] = n
            if one.metric in population:
                kin[(population[one.metric], *one[1:])][one] = n
    for whole, of_places in places.items():
        parts = [n for place, n in of_places.items() if place != WHOLE_SYSTEM]
        rest = of_places.get(WHOLE_SYSTEM, 0) - sum(parts)
        if parts and is_small(rest, threshold):
            found.append(Finding(whole._replace(facility_id="places not printed").cell, rest, rest))
    for same in kin.values():
        for (more, n), (fewer, other) in combinations(same.items(), 2):
            if is_small(abs(n - other), threshold):
                found.append(Finding(more.cell, abs(n - other), abs(n - other), difference_to=fewer.metric))
    return found
