"""The effect of a registered initiative on one of its measures, analysed as it was declared.

Ties `initiatives` to `interrupted_series`; no analysis of its own. Which sentence is printed is the report's matter.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.interrupted_series import estimate_effect
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries, read_series
from kpi_pipeline.signals import Better


def estimate_initiative(
    initiative: Initiative, metric: str, series: MonthlySeries, *, better: Better, control: MonthlySeries | None = None
) -> EffectResult:
    """The effect on one of the initiative's measures. series: that measure in the initiative's scope, final months.

    control: the control's series where one is declared (see `read_scope_series`). What an abandoned initiative's months
    show after it was given up is not its effect: they are left out. Raises InputError for a measure it does not name,
    and where a control is given but not declared or declared but not given.
    """
    where = f"initiative {initiative.id}"
    faults = []
    if metric not in (*initiative.outcomes, *initiative.processes, *initiative.balancing):
        faults.append(Fault(where, f"does not name {metric!r} as a measure.", "Estimate declared measures only."))
    if (control is None) != (initiative.control is None):
        declared = "no control" if initiative.control is None else "a control"
        faults.append(Fault(where, f"declares {declared}.", "Give the control's series exactly if one is declared."))
    if faults:
        raise InputError(faults)
    if initiative.status == "abandoned" and initiative.closed_on is not None:
        series = series.until(Month.of(initiative.closed_on).plus(-1))
    return estimate_effect(
        series,
        starts_on=initiative.starts_on,
        declared_on=initiative.declared_on,
        better=better,
        washout_months=initiative.washout_months,
        model=initiative.model,
        seasonality=initiative.seasonality,
        control=control,
        worthwhile_effect=initiative.worthwhile_effects.get(metric),
    )


def read_scope_series(
    initiative: Initiative, metric: str, values: pd.DataFrame, *, scales: Mapping[str, float]
) -> tuple[MonthlySeries, MonthlySeries | None]:
    """The series of one measure in the initiative's scope, and of its control if one is declared.

    values: a table of metric values by facility. scales: what numerator / denominator is multiplied by, per metric.
    Raises InputError for a scope of units or service lines: such a table does not hold them.
    """
    if initiative.scope.units or initiative.scope.service_lines:
        what = "is about units or service lines, and the table of values is by facility."
        raise InputError(Fault(f"initiative {initiative.id}", what, "Sum the cases of its scope by month instead."))
    facilities = initiative.scope.facilities
    series = read_series(values, metric, facilities=facilities, scale=scales[metric])
    declared = initiative.control
    if declared is None:
        return series, None
    if declared.facility_id is not None:
        return series, read_series(values, metric, facilities=[declared.facility_id], scale=scales[metric])
    control = str(declared.metric)
    return series, read_series(values, control, facilities=facilities, scale=scales[control])
