"""How far chance alone could have moved a change, its mix and its rate: 95 % intervals of `decompose_ratio`'s parts.

Cases are taken as independent draws: which kind a case is of, and what it came to within its kind. Normal limits by the
delta method, as for a directly standardised mean (Fleiss, Levin and Paik, Statistical Methods for Rates and
Proportions, ch. 19). A patient who comes twice makes the true intervals a little wider.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import special

from kpi_pipeline.improvement.drivers.decomposition import Amount, RatioChange
from kpi_pipeline.improvement.estimates import TAILS, Estimate

_Z = float(special.ndtri(TAILS[1]))


@dataclass(frozen=True, slots=True)
class PartIntervals:
    """The change, its mix and its rate, each with its 95 % interval, on the scale of the ratio."""

    change: Estimate
    mix: Estimate
    rate: Estimate


def part_intervals(
    split: RatioChange, before: Mapping[str, Amount], after: Mapping[str, Amount], *, scale: float = 1.0
) -> PartIntervals | None:
    """The intervals of a symmetric split. None where the scatter within the kinds is not known (`Amount.squares`)."""
    periods = (before, after)
    if any(one.squares is None for period in periods for one in period.values()):
        return None
    sizes = [math.fsum(one.denominator for one in period.values()) for period in periods]
    variances = dict.fromkeys(("change", "mix", "rate"), 0.0)
    mean_rates, rate_changes = {}, {}
    for part in split.categories:
        known = [rate for rate in (part.rate_before, part.rate_after) if rate is not None]
        mean_rates[part.category] = sum(known) / len(known) if known else 0.0
        rate_changes[part.category] = known[1] - known[0] if len(known) == 2 else 0.0
        of_means = sum(_variance_of_mean(period.get(part.category), scale) for period in periods)
        variances["rate"] += ((part.share_before + part.share_after) / 2) ** 2 * of_means
        variances["mix"] += ((part.share_after - part.share_before) / 2) ** 2 * of_means
    for period, size in zip(periods, sizes, strict=True):
        shares = {name: one.denominator / size for name, one in period.items()}
        variances["mix"] += _scatter(shares, mean_rates) / size
        variances["rate"] += _scatter(shares, rate_changes) / size / 4
        variances["change"] += _variance_of_mean(_sum(period), scale)

    def interval(value: float, variance: float) -> Estimate:
        half = _Z * math.sqrt(max(variance, 0.0))
        return Estimate(value, value - half, value + half)

    return PartIntervals(
        interval(split.change, variances["change"]),
        interval(split.mix, variances["mix"]),
        interval(split.rate, variances["rate"]),
    )


def _sum(period: Mapping[str, Amount]) -> Amount:
    own = list(period.values())
    return Amount(
        math.fsum(one.numerator for one in own),
        math.fsum(one.denominator for one in own),
        math.fsum(one.squares or 0.0 for one in own),
    )


def _variance_of_mean(amount: Amount | None, scale: float) -> float:
    """The variance of a kind's mean, from the scatter of its cases; 0 of a single case, whose scatter nobody knows."""
    if amount is None or amount.squares is None or amount.denominator < 2:
        return 0.0
    n, mean = amount.denominator, amount.numerator / amount.denominator
    return scale**2 * max(amount.squares / n - mean**2, 0.0) * n / (n - 1) / n


def _scatter(shares: Mapping[str, float], of: Mapping[str, float]) -> float:
    """The variance of a value that a case has by its kind."""
    mean = math.fsum(share * of[name] for name, share in shares.items())
    return math.fsum(share * of[name] ** 2 for name, share in shares.items()) - mean**2
