"""Small counts that may not leave the hospital, and the further counts that would give them away.

`withhold_counts` works on any set of counts tied together by sums (a waterfall of exclusions, a total and its
facilities). It knows nothing of metrics; `figures` and `report.pages.appendix` say which counts and
sums there are.
Guarded: each small count, each count that the printed ones determine or narrow to fewer numbers than there are small
ones (`narrowing`), each sum of withheld counts that can be worked out and is small itself. Not guarded: wider ranges (a
reader may still learn that a withheld count is below 40).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush

import numpy as np

from kpi_pipeline.judgement.disclosure.narrowing import is_narrow, narrow_bounds

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
        touched = [one for one in sums if not hidden.keys().isdisjoint(one.members)]
        told = _determined(touched, hidden) or _narrowed(touched, counts, hidden, threshold, reluctance)
        for one in _sums_to_open(touched, counts, hidden, told):
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
    touched: Sequence[Sum], counts: Mapping[Hashable, float], hidden: Mapping[Hashable, Withheld], told: set[Hashable]
) -> list[Sum]:
    """Sums to give a count up in, because several sums together tell a withheld one: one sum for each told count."""
    determined = told
    open_sums = [one for one in touched if any(key not in hidden and counts[key] > 0 for key in one.members)]
    chosen: list[Sum] = []
    for one in open_sums:
        if not determined.isdisjoint(one.members):
            determined = determined.difference(one.members)
            chosen.append(one)
    return chosen or (open_sums[:1] if determined else [])


def _determined(sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld]) -> set[Hashable]:
    """The withheld counts that the sums determine: those that stand alone in an equation once all are solved.

    Sums that share no withheld count say nothing of each other: each group of them is looked at alone.
    """
    told: set[Hashable] = set()
    for group in _connected([_unknowns(one, hidden) for one in sums]):
        places = {key: place for place, key in enumerate(dict.fromkeys(key for one in group for key in one))}
        equations = np.zeros((len(group), len(places)))
        for row, unknowns in enumerate(group):
            for key, weight in unknowns.items():
                equations[row, places[key]] = weight
        unknowns_at = list(places)
        for row_left in _reduced(equations):
            (at,) = np.nonzero(row_left)
            if len(at) == 1:
                told.add(unknowns_at[at[0]])
    return told


def _reduced(matrix: np.ndarray) -> np.ndarray:
    """The reduced row echelon form (Gauss and Jordan) without its empty rows; entries next to zero are zero."""
    rest = matrix.copy()
    n_done = 0
    for column in range(rest.shape[1]):
        if n_done == len(rest):
            break
        at = n_done + int(np.argmax(np.abs(rest[n_done:, column])))
        if abs(rest[at, column]) < _NEARLY_ZERO:
            continue
        rest[[n_done, at]] = rest[[at, n_done]]
        pivot = rest[n_done] / rest[n_done, column]
        pivot[np.abs(pivot) < _NEARLY_ZERO] = 0.0
        rest[n_done] = 0.0
        touched = np.ix_(np.flatnonzero(rest[:, column]), np.flatnonzero(pivot))  # sums are sparse: few rows change
        block = rest[touched] - np.outer(rest[touched[0].ravel(), column], pivot[touched[1].ravel()])
        block[np.abs(block) < _NEARLY_ZERO] = 0.0
        rest[touched] = block
        rest[n_done] = pivot
        n_done += 1
    return rest[:n_done]


def _narrowed(
    touched: Sequence[Sum],
    counts: Mapping[Hashable, float],
    hidden: Mapping[Hashable, Withheld],
    threshold: int,
    reluctance: Callable[[Hashable], int],
) -> set[Hashable]:
    """The withheld counts that the sums narrow to fewer numbers than there are small ones."""
    equations = []
    for one in touched:
        known = sum(counts[key] * (1.0 if key == one.total else -1.0) for key in one.members if key not in hidden)
        equations.append((_unknowns(one, hidden), known))
    # Zero is printed, so what is withheld is at least one; only a number that nobody prints may be nothing.
    bounds = narrow_bounds(equations, {key: float(reluctance(key) >= 0) for key in hidden})
    margin = threshold // 2  # what a solver finds over all that is printed is narrower still
    return {
        key for key, (low, high) in bounds.items() if counts[key] > 0 and is_narrow(low, high, threshold, margin=margin)
    }


def _unknowns(one: Sum, hidden: Mapping[Hashable, Withheld]) -> dict[Hashable, float]:
    """The withheld members of a sum, each with its sign."""
    return {key: -1.0 if key == one.total else 1.0 for key in one.members if key in hidden}


def _connected(rows: Iterable[dict[Hashable, float]]) -> list[list[dict[Hashable, float]]]:
    """The rows in groups, so that no key stands in two groups; equal rows once. Each key is followed once."""
    different = list({frozenset(row.items()): row for row in rows if row}.values())
    rows_of: dict[Hashable, list[int]] = defaultdict(list)
    for at, row in enumerate(different):
        for key in row:
            rows_of[key].append(at)
    groups: list[list[dict[Hashable, float]]] = []
    seen: set[int] = set()
    for first in range(len(different)):
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for at in group:  # grows while it is read
            for key in different[at]:
                new = [other for other in rows_of.pop(key, ()) if other not in seen]
                seen.update(new)
                group += new
        groups.append([different[at] for at in group])
    return groups
