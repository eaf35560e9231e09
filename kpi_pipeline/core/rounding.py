"""Rounding as on paper: halves go away from zero, so that a printed number is the number that was compared."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_NOISE_DIGITS = 9
"""Binary fractions are rounded here first, so that 2.675 is a half and goes up, as on paper."""


def round_half_up(value: float, decimals: int) -> float:
    """The number as it will be read in print; never negative zero."""
    exact = Decimal(repr(round(float(value), _NOISE_DIGITS)))
    return float(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)) + 0.0
