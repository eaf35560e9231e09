"""Between which numbers a withheld count must lie, by passing bounds along the sums until nothing changes.

What every attacker does first, and quick enough for every report. Not here: exact bounds over all that is printed
(`attack`), which take a solver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
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
    """Σ weight × unknown = number; weights are 1 or −1."""

    weights: Mapping[Hashable, float]
    number: float


def is_narrow(lower: float, upper: float, threshold: int, *, margin: int = 0) -> bool:
    """Whether a count known to lie between two numbers is told: fewer numbers are left than there are small ones.

    "From 1 to threshold − 1" is what withholding says by itself; anything narrower, with a small number in it, is more.
    """
    return lower < threshold and upper - lower + 1 < threshold - 1 + margin


def narrow_bounds(
    equations: Iterable[Equation], least: Mapping[Hashable, float]
) -> dict[Hashable, tuple[float, float]]:
    """Unknown → (lower, upper) as the equations leave them.

    least: what each unknown is known to be at least. Every unknown of every equation is narrowed at once, again and
    again: an unknown is the equation's number less the ends of all others.
    """
    rows = list(equations)
    place = {key: at for at, key in enumerate(least)}
    column = np.array([place[key] for weights, _ in rows for key in weights], dtype=np.intp)
    is_added = np.array([weight > 0 for weights, _ in rows for weight in weights.values()], dtype=bool)
    lengths = [len(weights) for weights, _ in rows]
    starts = np.cumsum([0, *lengths[:-1]])
    row = np.repeat(np.arange(len(rows)), lengths)
    number = np.array([one.number for one in rows])[row]
    by_column = np.argsort(column, kind="stable")
    unknown, first = np.unique(column[by_column], return_index=True)
    lower, upper = np.array(list(least.values()), dtype=float), np.full(len(place), inf)
    for _ in range(_MOST_ROUNDS if rows else 0):
        low_end = np.where(is_added, lower[column], -upper[column])
        high_end = np.where(is_added, upper[column], -lower[column])
        high = number - _of_others(low_end, starts, row)
        low = number - _of_others(high_end, starts, row)
        low, high = np.where(is_added, low, -high), np.where(is_added, high, -low)
        new_lower = np.maximum.reduceat(low[by_column], first)
        new_upper = np.minimum.reduceat(high[by_column], first)
        moved = (new_lower > lower[unknown] + _CHANGE) | (new_upper < upper[unknown] - _CHANGE)
        if not moved.any():
            break
        at = unknown[moved]
        lower[at] = np.maximum(lower[at], new_lower[moved])
        upper[at] = np.minimum(upper[at], new_upper[moved])
    return {key: (float(low), float(high)) for key, low, high in zip(place, lower, upper, strict=True)}


def _of_others(ends: Floats, starts: NDArray[np.intp], row: NDArray[np.intp]) -> Floats:
    """For every unknown of every equation the sum of the ends of the others; without an end where one has none."""
    has_none = np.isinf(ends)
    known = np.where(has_none, 0.0, ends)
    none = np.where(has_none, np.sign(ends), 0.0)
    sums = np.add.reduceat(known, starts)[row] - known
    n_without = np.add.reduceat(none, starts)[row] - none
    return np.where(n_without == 0, sums, np.copysign(inf, n_without))


def solved_rows(equations: Sequence[Mapping[Hashable, float]]) -> list[dict[Hashable, float]]:
    """The equations solved for as many unknowns as they allow (Gauss and Jordan): each pivot is in one row alone.

    Sums share few unknowns: the shortest rows first, of each the unknown in the fewest rows (Markowitz 1957), so that
    most cost nothing.
    """
    rows = [dict(weights) for weights in equations]
    rows_of: dict[Hashable, set[int]] = defaultdict(set)
    for at, row in enumerate(rows):
        for key in row:
            rows_of[key].add(at)
    to_do = [(len(row), at) for at, row in enumerate(rows)]
    heapify(to_do)
    while to_do:
        n_unknowns, at = heappop(to_do)
        pivot_row = rows[at]
        if len(pivot_row) > n_unknowns:  # it has grown since
            heappush(to_do, (len(pivot_row), at))
            continue
        if not pivot_row:
            continue
        pivot = min(pivot_row, key=lambda key: len(rows_of[key]))
        for other in list(rows_of[pivot]):
            if other != at:
                _eliminate(rows, rows_of, pivot, at, other)
    return [row for row in rows if row]


def _eliminate(
    rows: list[dict[Hashable, float]], rows_of: Mapping[Hashable, set[int]], pivot: Hashable, at: int, other: int
) -> None:
    """Takes the pivot's row off another, as often as the pivot is in it."""
    target = rows[other]
    times = target[pivot] / rows[at][pivot]
    for key, weight in rows[at].items():
        left = target.get(key, 0.0) - times * weight
        if abs(left) < _NEARLY_ZERO:
            if target.pop(key, None) is not None:
                rows_of[key].discard(other)
        else:
            target[key] = left
            rows_of[key].add(other)
