"""Western Electric and Nelson flags: per point, which numbered rule is broken at the point that completes the pattern.

For comparison with other software and for those who ask for them. The report's icons use the rule sets instead:
eight tests at once flag far too many stable months (see docs/signals.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from kpi_pipeline.core.errors import Fault, InputError

Scores = Sequence[float]
"""The points of a window in sigmas, all by the centre and sigma of the last, as qcc judges them."""
Test = Callable[[Scores], bool]

LONGEST_WINDOW = 15
"""The most points any of the rules looks back on: Nelson's rule 7."""


def western_electric_flags(
    values: Sequence[float | None],
    *,
    centre: float | Sequence[float],
    sigma: float | Sequence[float],
    rules: Sequence[int] = (1, 2, 3, 4),
) -> list[int]:
    """0, or the lowest number of the violated rules, per point (Western Electric, SQC Handbook, 1956).

    1: beyond 3 sigma. 2: two of three beyond 2 sigma. 3: four of five beyond 1 sigma. 4: eight on one side.
    Each on one side of the centre, and flagged only at a point that itself lies in the zone.
    """
    return _flags(values, centre, sigma, rules, WESTERN_ELECTRIC, "western_electric_flags")


def nelson_flags(
    values: Sequence[float | None],
    *,
    centre: float | Sequence[float],
    sigma: float | Sequence[float],
    rules: Sequence[int] = (1, 2, 3, 4, 5, 6, 7, 8),
) -> list[int]:
    """0, or the lowest number of the violated rules, per point (Nelson, J. Quality Technology 16, 1984).

    1: beyond 3 sigma. 2: nine on one side. 3: six rising or falling. 4: fourteen alternating. 5: two of three beyond
    2 sigma. 6: four of five beyond 1 sigma. 7: fifteen within 1 sigma. 8: eight beyond 1 sigma on either side.
    """
    return _flags(values, centre, sigma, rules, NELSON, "nelson_flags")


def _beyond(z: float, k: float) -> int:
    return (z > k) - (z < -k)


def _most_beyond(k: float, needed: int, window: int) -> tuple[int, Test]:
    """`needed` of `window` points, a full window, beyond k sigma on the side of the last, which is one of them."""

    def test(z: Scores) -> bool:
        side = _beyond(z[-1], k)
        return side != 0 and sum(_beyond(score, k) == side for score in z[-window:]) >= needed

    return window, test


def _one_side(n: int) -> tuple[int, Test]:
    return n, lambda z: abs(sum(_beyond(score, 0.0) for score in z[-n:])) == n


def _rising(n: int) -> tuple[int, Test]:
    def test(z: Scores) -> bool:
        steps = [_beyond(later - earlier, 0.0) for earlier, later in pairwise(z[-n:])]
        return abs(sum(steps)) == n - 1

    return n, test


def _alternating(n: int) -> tuple[int, Test]:
    def test(z: Scores) -> bool:
        steps = [_beyond(later - earlier, 0.0) for earlier, later in pairwise(z[-n:])]
        return all(a * b == -1 for a, b in pairwise(steps))

    return n, test


WESTERN_ELECTRIC: dict[int, tuple[int, Test]] = {
    1: _most_beyond(3, 1, 1),
    2: _most_beyond(2, 2, 3),
    3: _most_beyond(1, 4, 5),
    4: _one_side(8),
}

NELSON: dict[int, tuple[int, Test]] = {
    1: _most_beyond(3, 1, 1),
    2: _one_side(9),
    3: _rising(6),
    4: _alternating(14),
    5: _most_beyond(2, 2, 3),
    6: _most_beyond(1, 4, 5),
    7: (15, lambda z: all(abs(score) < 1 for score in z[-15:])),
    8: (8, lambda z: all(abs(score) > 1 for score in z[-8:])),
}
"""Number of the rule: points its window holds, and the test of the points up to and including the one it may flag."""


def _flags(
    values: Sequence[float | None],
    centre: float | Sequence[float],
    sigma: float | Sequence[float],
    rules: Sequence[int],
    book: dict[int, tuple[int, Test]],
    where: str,
) -> list[int]:
    unknown = [rule for rule in rules if rule not in book]
    if unknown:
        raise InputError(Fault(where, f"there is no rule {unknown[0]}.", f"Use numbers from {sorted(book)}."))
    window: list[float] = []
    flags = []
    for value, middle, width in zip(values, _each(centre, values), _each(sigma, values), strict=True):
        if value is None or math.isnan(value) or not width > 0:
            window = []
            flags.append(0)
            continue
        window = [*window, float(value)][-LONGEST_WINDOW:]
        scores = [(earlier - middle) / width for earlier in window]
        broken = [rule for rule in sorted(rules) if len(scores) >= book[rule][0] and book[rule][1](scores)]
        flags.append(broken[0] if broken else 0)
    return flags


def _each(number: float | Sequence[float], values: Sequence[float | None]) -> Sequence[float]:
    return [float(number)] * len(values) if isinstance(number, (int, float)) else number
