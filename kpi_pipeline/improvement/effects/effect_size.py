"""An effect in bed-days and dollars: how many days it made over the months after the start, at a stated price of a day.

The interval holds the effect's own and that of the price. No words, and no claim where the effect's interval holds 0:
`excludes_zero` is for the reader of the result to heed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries
from kpi_pipeline.improvement.estimates import TAILS, Estimate

N_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class LateDayPrice:
    """What a late day costs in variable direct cost: usd, and where an assumption stands behind it, between which ends.

    lowest and highest equal usd where the hospital declared the price itself.
    """

    usd: float
    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not 0 < self.lowest <= self.usd <= self.highest:
            what = f"must rise from lowest to highest, above 0; got {self.lowest}, {self.usd}, {self.highest}."
            raise InputError(Fault("price of a late day", what))


@dataclass(frozen=True, slots=True)
class EffectSize:
    """bed_days: more (above 0) or fewer days than without, over n_months months and n_cases cases. usd: None without
    price."""

    bed_days: Estimate
    usd: Estimate | None
    n_months: int
    n_cases: float


def compute_effect_size(
    result: EffectResult,
    series: MonthlySeries,
    *,
    days_per_unit: float,
    price: LateDayPrice | None = None,
    seed: int = 1,
) -> EffectSize | None:
    """The average effect times the cases of the months after the start. None without an estimate or without cases.

    series: as analysed, with denominators (cases). days_per_unit: days that one unit of the measure is for one case
    (1 for a mean stay in days, 0.01 for days per 100 discharges).
    """
    if result.effects is None or series.denominators is None:
        return None
    after = {point.month for point in result.points if point.role == "after"}
    sizes = [size for month, size in zip(series.months, series.denominators, strict=True) if month in after]
    effect, factor = result.effects.average_effect, days_per_unit * sum(sizes)
    bed_days = Estimate(effect.value * factor, effect.lower * factor, effect.upper * factor)
    usd = None
    if price is not None:
        chance = np.random.default_rng(seed)
        spread = (bed_days.upper - bed_days.lower) / 2 / 1.959964
        days = bed_days.value + spread * chance.normal(size=N_DRAWS)
        prices = np.full(N_DRAWS, price.usd)
        if price.lowest < price.highest:
            prices = chance.triangular(price.lowest, price.usd, price.highest, N_DRAWS)
        lower, upper = np.quantile(days * prices, TAILS)
        usd = Estimate(bed_days.value * price.usd, float(lower), float(upper))
    return EffectSize(bed_days, usd, len(sizes), float(sum(sizes)))
