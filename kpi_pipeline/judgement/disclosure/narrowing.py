"""Between which numbers a withheld count must lie, by passing bounds along the sums until nothing changes.

What every attacker does first, and quick enough for every report. Not here: exact bounds over all that is printed
(`attack`), which take a solver.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple

_MOST_ROUNDS = 30
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

    least: what each unknown is known to be at least.
    """
    bounds = {key: (low, inf) for key, low in least.items()}
    rows = [(tuple(weights.items()), number) for weights, number in equations]
    rows_of: dict[Hashable, list[int]] = defaultdict(list)
    for at, (weights, _) in enumerate(rows):
        for key, _ in weights:
            rows_of[key].append(at)
    to_do, is_waiting = deque(range(len(rows))), [True] * len(rows)
    for _ in range(_MOST_ROUNDS * len(rows)):
        if not to_do:
            break
        at = to_do.popleft()
        is_waiting[at] = False
        for key in _tighten(*rows[at], bounds):
            for other in rows_of[key]:
                if not is_waiting[other] and other != at:
                    is_waiting[other] = True
                    to_do.append(other)
    return bounds


def _tighten(
    weights: Sequence[tuple[Hashable, float]], number: float, bounds: dict[Hashable, tuple[float, float]]
) -> list[Hashable]:
    """Tightens the bounds of one equation's unknowns; those that moved."""
    lows, highs = [], []
    for key, weight in weights:
        low, high = bounds[key]
        lows.append(low if weight > 0 else -high)
        highs.append(high if weight > 0 else -low)
    least, n_without_least = _sum_of_known(lows)
    most, n_without_most = _sum_of_known(highs)
    moved = []
    for at, (key, weight) in enumerate(weights):
        # number less the ends of all others; without an end as soon as one of them has none
        low = -inf if n_without_most - (highs[at] == inf) else number - (most - (highs[at] if highs[at] < inf else 0.0))
        high = (
            inf if n_without_least - (lows[at] == -inf) else number - (least - (lows[at] if lows[at] > -inf else 0.0))
        )
        if weight < 0:
            low, high = -high, -low
        old_low, old_high = bounds[key]
        if low > old_low + _CHANGE or high < old_high - _CHANGE:
            bounds[key] = (max(low, old_low), min(high, old_high))
            moved.append(key)
    return moved


def _sum_of_known(ends: Sequence[float]) -> tuple[float, int]:
    """The sum of the finite ends, and how many are not."""
    known = [end for end in ends if -inf < end < inf]
    return sum(known), len(ends) - len(known)


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
