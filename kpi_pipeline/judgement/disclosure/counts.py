"""Small counts that may not leave the hospital, and the further counts that would give them away.

`withhold_counts` works on any set of counts tied together by sums (a waterfall of exclusions, a total and its
facilities). It knows nothing of metrics; `figures` and `report.pages.appendix` say which counts and
sums there are.
Guarded: each small count, each count that the printed ones determine, each sum of withheld counts that can be
worked out and is small itself. Not guarded: ranges (a reader may still learn that a withheld count is below 40),
and a reader who compares two issues of the same month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush

import numpy as np

_NEARLY_ZERO = 1e-9
"""Far below any coordinate that a system of sums with coefficients 1 and -1 can have, far above rounding."""


class Withheld(Enum):
    """Why a number is not printed: it is small, or it would give a small one away."""

    SMALL = "small"
    COMPLEMENT = "complement"


Number = float | Withheld | None
"""A number that may be printed, one that may not, or none (missing)."""


@dataclass(frozen=True, slots=True)
class Sum:
    """total = sum of parts; with all but one known, the last one is known too."""

    total: Hashable
    parts: tuple[Hashable, ...]

    @property
    def members(self) -> tuple[Hashable, ...]:
        """The total and its parts."""
        return (self.total, *self.parts)


def is_small(count: float | None, threshold: int) -> bool:
    """Whether a count is one that may not be printed: above zero and below the threshold."""
    return count is not None and 0 < count < threshold


def withhold_counts(
    counts: Mapping[Hashable, float],
    sums: Sequence[Sum],
    *,
    threshold: int,
    also: Iterable[Hashable] = (),
    reluctance: Callable[[Hashable], int] = lambda key: 0,
) -> dict[Hashable, Withheld]:
    """Which counts to withhold, so that no small one can be read or worked out from the rest.

    also: counts to withhold beside the small ones. reluctance: among the counts of a sum, those with the lowest
    number are given up first, then the smallest. Counts of zero are printed: they hide nobody.
    """
    hidden = {key: Withheld.SMALL for key, count in counts.items() if is_small(count, threshold)}
    hidden |= {key: Withheld.COMPLEMENT for key in also if key not in hidden}
    sums_with: dict[Hashable, list[int]] = defaultdict(list)
    for place, one in enumerate(sums):
        for key in one.members:
            sums_with[key].append(place)
    to_check = [place for place, one in enumerate(sums) if not hidden.keys().isdisjoint(one.members)]

    def give_up(one: Sum) -> None:
        """Withholds one more count of a sum, if one is left, and has its other sums looked at again."""
        shown = [key for key in one.members if key not in hidden and counts[key] > 0]
        if shown:
            given_up = min(shown, key=lambda key: (reluctance(key), counts[key], str(key)))
            hidden[given_up] = Withheld.COMPLEMENT
            for place in sums_with[given_up]:
                heappush(to_check, place)

    while to_check:
        while to_check:  # in the order given, so that the sums that come first decide
            one = sums[heappop(to_check)]
            if _gives_one_away(one, counts, hidden, threshold):
                give_up(one)
        for one in _sums_to_open(counts, sums, hidden):
            give_up(one)
    return hidden


def _gives_one_away(
    one: Sum, counts: Mapping[Hashable, float], hidden: Mapping[Hashable, Withheld], threshold: int
) -> bool:
    """Whether a sum by itself tells a withheld count, or a small sum of withheld ones."""
    unknown = [key for key in one.members if key in hidden]
    if len(unknown) < 2:
        return len(unknown) == 1
    return one.total not in hidden and is_small(sum(counts[key] for key in unknown), threshold)


def _sums_to_open(
    counts: Mapping[Hashable, float], sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld]
) -> list[Sum]:
    """Sums to give a count up in, because several sums together tell a withheld one: one sum for each told count."""
    touched = [one for one in sums if not hidden.keys().isdisjoint(one.members)]
    determined = _determined(touched, hidden)
    open_sums = [one for one in touched if any(key not in hidden and counts[key] > 0 for key in one.members)]
    chosen: list[Sum] = []
    for one in open_sums:
        if not determined.isdisjoint(one.members):
            determined = determined.difference(one.members)
            chosen.append(one)
    return chosen or (open_sums[:1] if determined else [])


def _determined(sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld]) -> set[Hashable]:
    """The withheld counts that the sums determine: those whose own axis lies in the space the sums span."""
    places = {key: place for place, key in enumerate(hidden)}
    equations = np.zeros((len(sums), len(places)))
    for row, one in enumerate(sums):
        for key in one.members:
            if key in places:
                equations[row, places[key]] += -1.0 if key == one.total else 1.0
    if not equations.any():
        return set()
    _, sizes, directions = np.linalg.svd(equations, full_matrices=False)
    told = (directions[sizes > _NEARLY_ZERO] ** 2).sum(axis=0)
    return {key for key, place in places.items() if told[place] > 1 - _NEARLY_ZERO}
