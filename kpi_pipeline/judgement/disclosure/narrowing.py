"""What sums tell of withheld counts: between which numbers they must lie, and which are fixed.

Unknowns are numbered from nothing; a whole set of sums is one sparse matrix of ones and minus ones, row by row. What
every attacker does first, and quick enough for every report. Not here: exact bounds over all that is printed
(`attack`), which take a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_ROUNDS = 100
_CHANGE = 1e-6
_NEARLY_ZERO = 1e-9
"""Far below any coordinate that a system of sums with coefficients 1 and -1 can have, far above rounding."""


class Equation(NamedTuple):
    """Σ ± unknown = number. terms: the unknown's number where it is added, `taken_off` of it where not."""

    terms: Sequence[int]
    number: float


def taken_off(unknown: int) -> int:
    """The term of an unknown that is subtracted; of a term, the unknown."""
    return ~unknown


def is_narrow(lower: float, upper: float, threshold: int) -> bool:
    """Whether a count known to lie between two numbers is told: fewer numbers are left than there are small ones.

    "From 1 to threshold − 1" is what withholding says by itself; anything narrower, with a small number in it, is more.
    """
    return lower < threshold and upper - lower + 1 < threshold - 1


class System:
    """Equations over unknowns; equal ones count once. least: what each unknown is known to be at least."""

    def __init__(self, equations: Iterable[Equation], least: Floats):
        different = {frozenset(one.terms): one for one in equations if one.terms}
        self._rows = [one.terms for one in different.values()]
        self._number = np.array([one.number for one in different.values()])
        self._least = least
        lengths = np.array([len(terms) for terms in self._rows], dtype=np.intp)
        self._starts = np.concatenate(([0], np.cumsum(lengths)))
        self._row = np.repeat(np.arange(len(lengths)), lengths)
        terms = np.fromiter(chain.from_iterable(self._rows), dtype=np.intp, count=int(self._starts[-1]))
        self._is_added = terms >= 0
        self._column = np.where(self._is_added, terms, ~terms)
        self.is_unknown = np.zeros(len(least), dtype=bool)
        """Unknown → whether any equation holds it."""
        self.is_unknown[self._column] = True
        self.is_in_circle = self._in_circles()
        """Unknown → whether its equations form a circle: what bounds passed along them find is not all then."""

    def _in_circles(self) -> NDArray[np.bool_]:
        """A group of equations that share unknowns is a tree when it has one link fewer than equations and unknowns."""
        from scipy.sparse import csr_array  # 15 MB, which a report that withholds nothing does without
        from scipy.sparse.csgraph import connected_components

        n_rows, n_unknowns = len(self._rows), len(self._least)
        if n_rows < 2:
            return np.zeros(n_unknowns, dtype=bool)
        ends = np.concatenate((self._starts, np.full(n_unknowns, self._starts[-1])))
        links = csr_array((np.ones(len(self._column)), self._column + n_rows, ends), shape=(n_rows + n_unknowns,) * 2)
        n_groups, group = connected_components(links, directed=False)
        n_members = np.bincount(group, minlength=n_groups)
        n_links = np.bincount(group[self._row], minlength=n_groups)
        return (n_links >= n_members)[group[n_rows:]]

    def bounds(self) -> tuple[Floats, Floats]:
        """Unknown → lower and upper, as the equations leave them.

        Every unknown of every equation is narrowed at once, again and again: an unknown is the equation's number less
        the ends of all others.
        """
        lower, upper = self._least.copy(), np.full(len(self._least), inf)
        number, is_added, column = self._number[self._row], self._is_added, self._column
        by_column = np.argsort(column, kind="stable")
        is_first = np.diff(column[by_column], prepend=-1) > 0
        unknown, first = column[by_column][is_first], np.flatnonzero(is_first)
        for _ in range(_MOST_ROUNDS if self._rows else 0):
            of_lower, of_upper = lower[column], upper[column]
            high = number - self._of_others(np.where(is_added, of_lower, -of_upper))
            low = number - self._of_others(np.where(is_added, of_upper, -of_lower))
            low, high = np.where(is_added, low, -high), np.where(is_added, high, -low)
            new_lower = np.maximum.reduceat(low[by_column], first)
            new_upper = np.minimum.reduceat(high[by_column], first)
            moved = (new_lower > lower[unknown] + _CHANGE) | (new_upper < upper[unknown] - _CHANGE)
            if not moved.any():
                break
            at = unknown[moved]
            lower[at] = np.maximum(lower[at], new_lower[moved])
            upper[at] = np.minimum(upper[at], new_upper[moved])
        return lower, upper

    def is_told(self, threshold: int) -> NDArray[np.bool_]:
        """Unknown → whether it is narrow (`is_narrow`) or known, in a circle with a margin of half the threshold."""
        lower, upper = self.bounds()
        margin = np.where(self.is_in_circle, threshold // 2, 0)
        is_narrow = (lower < threshold) & (upper - lower + 1 < threshold - 1 + margin)
        return self.is_unknown & (is_narrow | (lower == upper))

    def _of_others(self, ends: Floats) -> Floats:
        """For every term the sum of the ends of its equation's others; without an end where one has none."""
        starts, row = self._starts[:-1], self._row
        has_none = np.isinf(ends)
        if not has_none.any():
            return np.add.reduceat(ends, starts)[row] - ends
        known = np.where(has_none, 0.0, ends)
        sums = np.add.reduceat(known, starts)[row] - known
        n_without = np.add.reduceat(has_none, starts, dtype=np.intp)[row] - has_none
        return np.where(n_without == 0, sums, np.copysign(inf, ends[has_none][0]))

    def fixed_in_circles(self) -> set[int]:
        """The unknowns that the equations of circles fix, solved together."""
        return fixed_unknowns(
            [
                {term if term >= 0 else ~term: 1.0 if term >= 0 else -1.0 for term in terms}
                for terms in self._rows
                if self.is_in_circle[terms[0] if terms[0] >= 0 else ~terms[0]]
            ]
        )


def fixed_unknowns(equations: Sequence[Mapping[int, float]]) -> set[int]:
    """The unknowns that have one solution: those that do not move along a solution of the homogeneous equations.

    Gauss: one unknown of each equation is expressed by its others. What is left may be anything: with numbers drawn
    for it a fixed unknown comes out as nothing, and another only by an accident of one in a thousand million; it would
    be protected without need.
    """
    solution: dict[int, float] = {}
    drawn = np.random.default_rng(0)
    for pivot, row in reversed(_eliminated(equations)):
        moved = 0.0
        for unknown, weight in row.items():
            if unknown != pivot:
                if unknown not in solution:
                    solution[unknown] = drawn.uniform(1.0, 2.0)
                moved += weight * solution[unknown]
        solution[pivot] = -moved / row[pivot]
    return {unknown for unknown, number in solution.items() if abs(number) < _NEARLY_ZERO}


def _eliminated(equations: Sequence[Mapping[int, float]]) -> list[tuple[int, dict[int, float]]]:
    """Pivot and equation, in the order they were taken; no pivot is in an equation that was taken later.

    Sums share few unknowns: the shortest equations first, of each the unknown in the fewest (Markowitz 1957), so that
    most cost nothing.
    """
    rows = [dict(weights) for weights in equations]
    rows_of: dict[int, set[int]] = {}
    for at, row in enumerate(rows):
        for unknown in row:
            rows_of.setdefault(unknown, set()).add(at)
    to_do = [(len(row), at) for at, row in enumerate(rows)]
    heapify(to_do)
    taken = []
    while to_do:
        n_unknowns, at = heappop(to_do)
        row = rows[at]
        if len(row) > n_unknowns:  # it has grown since
            heappush(to_do, (len(row), at))
            continue
        if not row:
            continue
        pivot = min(row, key=lambda unknown: len(rows_of[unknown]))
        for unknown in row:
            rows_of[unknown].discard(at)
        for other in rows_of[pivot]:
            _take_off(rows, rows_of, pivot, at, other)
        taken.append((pivot, row))
    return taken


def _take_off(
    rows: Sequence[dict[int, float]], rows_of: Mapping[int, set[int]], pivot: int, at: int, other: int
) -> None:
    """Takes the pivot's equation off another, as often as the pivot is in it."""
    target = rows[other]
    times = target.pop(pivot) / rows[at][pivot]
    for unknown, weight in rows[at].items():
        if unknown == pivot:
            continue
        left = target.get(unknown, 0.0) - times * weight
        if abs(left) < _NEARLY_ZERO:
            if target.pop(unknown, None) is not None:
                rows_of[unknown].discard(other)
        else:
            target[unknown] = left
            rows_of[unknown].add(other)
