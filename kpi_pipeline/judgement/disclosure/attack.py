"""The attacker: what an outsider can work out of everything published together, however they go about it.

For every withheld count the least and the largest number that fits all that is printed (`exact`). A count is told when
fewer numbers fit than there are small ones, and they may be small. For two sums of one quantity (costs, days, weights):
whether their difference tells the sum of a few patients.
Not here: the system (`publication`), several issues (`over_issues`), the defence (`small_numbers`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from kpi_pipeline.judgement.disclosure.counts import is_small
from kpi_pipeline.judgement.disclosure.exact import ExactSystem, connected_cells
from kpi_pipeline.judgement.disclosure.narrowing import is_narrow
from kpi_pipeline.judgement.disclosure.page_cells import rests_of
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    Publication,
    Relation,
    is_count,
    is_same,
)
from kpi_pipeline.metrics.declaration import Metric

_NARROW_SHARE = 0.2
"""Two sums so near each other, over places and months, are taken for one quantity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be worked out: the cell, between which numbers it lies, and of what it is the difference (or '')."""

    cell: Cell
    lower: float
    upper: float
    difference_to: str = ""


def attack(
    publication: Publication, metrics: Mapping[str, Metric], *, threshold: int, known: Sequence[Relation] = ()
) -> list[Finding]:
    """Every protected quantity that is narrowed below the threshold; empty when the publication holds.

    known: what the attacker knows besides, from a label, say.
    """
    found: list[Finding] = []
    for hidden, relations in connected_cells(publication, metrics, known):
        found += _attack_cells(publication, hidden, relations, metrics, threshold)
    found += attack_rests(publication, metrics, threshold)
    return found + _attack_differences(publication, metrics, threshold)


def attack_rests(publication: Publication, metrics: Mapping[str, Metric], threshold: int) -> list[Finding]:
    """Groups that are withheld and few, all together."""
    rests = rests_of(publication.numbers, metrics)
    return [Finding(cell, rest, rest) for cell, rest in rests if is_small(rest, threshold) and not is_same(rest, 0.0)]


def few_people_shown(
    publication: Publication,
    metrics: Mapping[str, Metric],
    n_people: Mapping[tuple[str, str, str], float],
    *,
    threshold: int,
) -> list[Finding]:
    """Events printed, or told by their value, that happened to few people, however many the events.

    n_people: figure → the people behind its events; no outsider knows it, whoever tests the defence does.
    """
    found = []
    for place, people in n_people.items():
        cell = Cell(*place, NUMERATOR)
        if not 0 < people < threshold or not is_count(cell, metrics[cell.metric]):
            continue
        if publication.numbers.get(cell) is not None or publication.values.get(place) is not None:
            found.append(Finding(cell, people, people, difference_to="people"))
    return found


def _attack_cells(
    publication: Publication,
    hidden: Sequence[Cell],
    relations: Sequence[Relation],
    metrics: Mapping[str, Metric],
    threshold: int,
) -> list[Finding]:
    system = ExactSystem(hidden, relations, publication, metrics)
    found = []
    for cell in hidden:
        if not is_count(cell, metrics[cell.metric]) or not relations:
            continue
        if system.is_open(cell, threshold):
            continue
        lower, upper = system.range_of(cell)
        if is_narrow(lower, upper, threshold) and upper > 0:
            found.append(Finding(cell, lower, upper))
    return found


def _attack_differences(publication: Publication, metrics: Mapping[str, Metric], threshold: int) -> list[Finding]:
    """Two printed sums of one quantity whose cases differ by a few patients: the difference is those patients' sum."""
    sums: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(dict)
    for cell, number in publication.numbers.items():
        metric = metrics[cell.metric]  # hours of staff are no sum of patients, however near to one
        is_sum = cell.name in (NUMERATOR, DENOMINATOR) and metric.counts_patients and not is_count(cell, metric)
        if is_sum and number:  # counts are the solver's matter
            sums[(cell.metric, cell.name)][(cell.facility_id, cell.month)] = number
    found = []
    for more, fewer in permutations(sums, 2):
        if more[0] == fewer[0] or not _is_one_quantity(sums[more], sums[fewer]):
            continue
        for place, total in sums[more].items():
            n_few = _number_of_cases(publication, more[0], fewer[0], place)
            part = sums[fewer].get(place)
            if part is None or n_few is None or not 0 < n_few < threshold or total <= part:
                continue
            difference = total - part
            found.append(Finding(Cell(more[0], *place, more[1]), difference, difference, difference_to=fewer[0]))
    return found


def _number_of_cases(publication: Publication, more: str, fewer: str, place: tuple[str, str]) -> float | None:
    """By how many cases they differ, where both numbers are printed; where one is not, one patient must be feared."""
    counts = [publication.numbers.get(Cell(metric, *place, COUNTED), 0.0) for metric in (more, fewer)]
    if counts[0] is None or counts[1] is None:
        return 1.0
    return counts[0] - counts[1]


def _is_one_quantity(one: Mapping[tuple[str, str], float], other: Mapping[tuple[str, str], float]) -> bool:
    """Whether two sums stay so close over places and months that an outsider takes them for the same quantity."""
    both = one.keys() & other.keys()
    if not both:
        return False
    shares: Iterable[float] = (abs(one[place] - other[place]) / max(one[place], other[place]) for place in both)
    return float(np.median(list(shares))) < _NARROW_SHARE
