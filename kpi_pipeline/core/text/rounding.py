"""Rounding as on paper: halves go away from zero, so that a printed number is the number that was compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

_NOISE_DIGITS = 9
"""Binary fractions are rounded here first, so that 2.675 is a half and goes up, as on paper."""


def round_parts(parts: Sequence[float], decimals: int, *, total: float | None = None) -> tuple[float, ...]:
    """The parts of a sum as printed, so that they add up to the printed total (default: their own sum, rounded).

    Largest remainder (Hamilton's method): all are rounded down, then those that lost most go up by one step; each is
    off by less than one step while the total is the sum.
    """
    if not parts:
        return ()
    step = 10**decimals
    scaled = [round(part * step, _NOISE_DIGITS - min(decimals, _NOISE_DIGITS)) for part in parts]
    floors = [math.floor(part) for part in scaled]
    whole = round_half_up(sum(parts) if total is None else total, decimals)
    each, extra = divmod(round(whole * step) - sum(floors), len(parts))
    up = set(sorted(range(len(parts)), key=lambda at: (floors[at] - scaled[at], at))[:extra])
    return tuple(round((floor + each + (at in up)) / step, decimals) + 0.0 for at, floor in enumerate(floors))


def round_half_up(value: float, decimals: int) -> float:
    """The number as it will be read in print; never negative zero."""
    exact = Decimal(repr(round(float(value), _NOISE_DIGITS)))
    return float(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)) + 0.0
