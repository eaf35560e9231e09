"""Between which numbers a withheld count must lie, by passing bounds along the sums until nothing changes.

What every attacker does first, and quick enough for every report. Not here: exact bounds over all that is printed
(`attack`), which take a solver.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from math import inf

_MOST_ROUNDS = 30
_CHANGE = 1e-6


def is_narrow(lower: float, upper: float, threshold: int, *, margin: int = 0) -> bool:
    """Whether a count known to lie between two numbers is told: fewer numbers are left than there are small ones.

    "From 1 to threshold − 1" is what withholding says by itself; anything narrower, with a small number in it, is more.
    """
    return lower < threshold and upper - lower + 1 < threshold - 1 + margin


def narrow_bounds(
    equations: Iterable[tuple[Mapping[Hashable, float], float]], least: Mapping[Hashable, float]
) -> dict[Hashable, tuple[float, float]]:
    """Unknown → (lower, upper) as the equations Σ weight × unknown = number leave them; weights are 1 or −1.

    least: what each unknown is known to be at least.
    """
    bounds = {key: (low, inf) for key, low in least.items()}
    rows = [(dict(weights), number) for weights, number in equations]
    for _ in range(_MOST_ROUNDS):
        has_changed = False
        for weights, number in rows:
            has_changed |= _tighten(weights, number, bounds)
        if not has_changed:
            break
    return bounds


def _tighten(weights: Mapping[Hashable, float], number: float, bounds: dict[Hashable, tuple[float, float]]) -> bool:
    """Tightens the bounds of one equation's unknowns; whether any moved."""
    ends = {key: bounds[key] if weight > 0 else (-bounds[key][1], -bounds[key][0]) for key, weight in weights.items()}
    has_changed = False
    for key, weight in weights.items():
        others = [end for other, end in ends.items() if other != key]
        low, high = number - sum(end[1] for end in others), number - sum(end[0] for end in others)
        if weight < 0:
            low, high = -high, -low
        old_low, old_high = bounds[key]
        new = (max(old_low, low), min(old_high, high))
        if new[0] > old_low + _CHANGE or new[1] < old_high - _CHANGE:
            bounds[key] = new
            ends[key] = new if weight > 0 else (-new[1], -new[0])
            has_changed = True
    return has_changed
