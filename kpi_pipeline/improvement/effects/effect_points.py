"""The months of an estimate as drawn: observed, fitted, and what was expected without the initiative."""

from __future__ import annotations

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.effects.autocorrelated_fit import AveragedFit
from kpi_pipeline.improvement.effects.effect_result import EffectPoint
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries
from kpi_pipeline.improvement.effects.segments import Columns, Role
from kpi_pipeline.improvement.estimates import Estimate


def effect_points(
    series: MonthlySeries, control: MonthlySeries | None, fit: AveragedFit | None, columns: Columns
) -> tuple[EffectPoint, ...]:
    """Every month with its lines; months of the washout have a counterfactual but no line of their own."""
    lines: dict[Month, float] = {}
    forecasts: dict[Month, Estimate] = {}
    if fit is not None:
        counted = [month for month in series.months if columns.segments.role_of(month) != "washout"]
        begun = [month for month in series.months if columns.segments.role_of(month) != "before"]
        lines = dict(zip(counted, fit.values(columns.design(counted)), strict=True))
        forecasts = dict(zip(begun, fit.estimates(columns.without_change(begun)), strict=True))
    return tuple(
        _point(month, columns.segments.role_of(month), value, control, lines.get(month), forecasts.get(month))
        for month, value in zip(series.months, series.values, strict=True)
    )


def _point(
    month: Month, role: Role, value: float, control: MonthlySeries | None, line: float | None, without: Estimate | None
) -> EffectPoint:
    beside = None if control is None else float(control.values[control.months.index(month)])
    added = beside or 0.0
    return EffectPoint(
        month=month,
        role=role,
        observed=float(value) + added,
        control=beside,
        fitted=None if line is None else line + added,
        expected=None if without is None else without.value + added,
        lower=None if without is None else without.lower + added,
        upper=None if without is None else without.upper + added,
    )
