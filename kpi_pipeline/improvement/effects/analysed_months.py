"""The months of a series before and after a start, and what stands in the way of an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.declared.initiatives import Model, Seasonality
from kpi_pipeline.improvement.effects.effect_result import (
    Obstacle,
)
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries
from kpi_pipeline.improvement.effects.segments import Columns, Segments
from kpi_pipeline.improvement.estimates import Floats
from kpi_pipeline.signals import Better

FEWEST_MONTHS = 12
"""Months needed on each side (Wagner et al., J. Clinical Pharmacy and Therapeutics 27, 2002)."""

_ON_ITS_LINES = 1e-9
"""Residuals below this share of the largest value are rounding: the series has no scatter to judge a change by."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The months before and after the start, and both together: what the regression sees, without the washout."""

    before: MonthlySeries
    after: MonthlySeries
    counted: MonthlySeries

    @property
    def sizes(self) -> Floats | None:
        """The denominators of the counted months; None where the measure has none."""
        sizes = self.counted.denominators
        return None if sizes is None else np.array(sizes)


def check_inputs(
    model: Model, seasonality: Seasonality, better: Better, washout_months: int, worthwhile_effect: float | None
) -> None:
    """Raises InputError with every word that is none of the known ones and every size that cannot be."""
    faults = []
    for name, value, known in (
        ("model", model, get_args(Model)),
        ("seasonality", seasonality, get_args(Seasonality)),
        ("better", better, get_args(Better)),
    ):
        if value not in known:
            faults.append(Fault(name, f"must be one of {', '.join(known)}; got {value!r}."))
    if washout_months < 0:
        faults.append(Fault("washout_months", f"must be 0 or more; got {washout_months}."))
    if worthwhile_effect is not None and not worthwhile_effect > 0:
        faults.append(Fault("worthwhile_effect", f"must be above 0; got {worthwhile_effect}.", "Give its size only."))
    if faults:
        raise InputError(faults)


def split_months(series: MonthlySeries, segments: Segments) -> Parts:
    """The months of a series by what they are to an initiative; the washout is in none of the parts."""
    roles = [segments.role_of(month) for month in series.months]
    return Parts(
        series.only([role == "before" for role in roles]),
        series.only([role == "after" for role in roles]),
        series.only([role != "washout" for role in roles]),
    )


def find_obstacles(parts: Parts, columns: Columns) -> tuple[Obstacle, ...]:
    """Why no number may be given. Season and scatter are looked at only when there are months enough."""
    found: list[Obstacle] = []
    if len(parts.before.months) < FEWEST_MONTHS:
        found.append("few_months_before")
    if len(parts.after.months) < FEWEST_MONTHS:
        found.append("few_months_after")
    if found:
        return tuple(found)
    design = columns.design(parts.counted.months)
    # Twelve months on a side are two years, but a calendar month seen once before and once after tells nothing apart.
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return ("season_not_separable",)
    values = np.array(parts.counted.values)
    residuals = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    if np.abs(residuals).max() <= _ON_ITS_LINES * np.abs(values).max():
        return ("no_variation",)
    return ()
