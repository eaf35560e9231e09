"""`judge_totals`: the month beside the year to date and twelve months, against the plan, with who answers for it.

Not here: the sums (`metrics.spans`), words.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex, Measure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.spans import TWELVE_MONTHS, YEAR_TO_DATE, compute_spans, first_known_month

_ALWAYS = ("discharges", "denied_usd_received", "department_spending_pct_of_budget")
"""Volume, money and budget: what a year is planned in."""


@dataclass(frozen=True, slots=True)
class TotalCell:
    """A figure of one span; reason says why there is none. n_not_final: how many of its months may still change."""

    value: Number
    first_month: Month
    reason: str = ""
    n_not_final: int = 0


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One measure. month: the report month's own figure. plan: for the year to date: the target in force, or of a count
    the sum of its months' targets; None without one for every month. owner: the person, or the role."""

    metric: Metric
    month: TotalCell
    year: TotalCell
    twelve: TotalCell
    plan: float | None
    owner: str


@dataclass(frozen=True, slots=True)
class JudgedTotals:
    """The rows in the order of the report. year_start: where the year to date begins."""

    year_start: Month
    rows: tuple[TotalRow, ...]


def judge_totals(inputs: ReportInputs, system: Mapping[str, Measure], figures: FigureIndex) -> JudgedTotals | None:
    """The totals of the headline measures, of those with a target, and of volume, money and budget.

    Where numbers are withheld, a total is printed only of months that are all printed: it tells nothing new. None
    where no measure has a figure.
    """
    start = inputs.month.year_start(inputs.settings.year_starts_in)
    asked = {*inputs.settings.report.headline_metrics, *_ALWAYS}
    chosen = [
        one for one in system.values() if one.is_supplied and (one.metric.name in asked or one.target is not None)
    ]
    values = inputs.values[inputs.values["facility_id"] == inputs.facility_id]
    known_from = first_known_month(values)
    values = values[values["metric"].isin([one.metric.name for one in chosen])]
    found = compute_spans(values, inputs.metrics, inputs.month, settings=inputs.settings, known_from=known_from)
    spans = {(row["metric"], row["span"]): row for row in found.to_dict("records")}
    rows = tuple(
        TotalRow(
            metric=one.metric,
            month=_month_cell(one, inputs.month, figures.get((one.metric.name, inputs.facility_id), {})),
            year=_cell(inputs, one.metric.name, spans[(one.metric.name, YEAR_TO_DATE)], figures),
            twelve=_cell(inputs, one.metric.name, spans[(one.metric.name, TWELVE_MONTHS)], figures),
            plan=_plan(inputs, one.metric, start),
            owner=inputs.settings.owners.get(one.metric.name, one.metric.owner.replace("-", " ")),
        )
        for one in chosen
        if (one.metric.name, YEAR_TO_DATE) in spans
    )
    return JudgedTotals(start, rows) if rows else None


def _month_cell(measure: Measure, month: Month, figures: Mapping[Month, object]) -> TotalCell:
    figure = measure.figures.get(month)
    if figure is None or month not in figures:
        return TotalCell(None, month, str(Reason("no_cases")))
    return TotalCell(figure.value, month, figure.status_reason, n_not_final=int(not figure.is_final))


def _cell(inputs: ReportInputs, name: str, row: Mapping[Hashable, Any], figures: FigureIndex) -> TotalCell:
    first = Month.parse(str(row["first_month"]))
    printed = figures.get((name, inputs.facility_id), {})
    if inputs.withholds and any(_is_withheld(printed.get(month)) for month in month_range(first, inputs.month)):
        return TotalCell(Withheld.COMPLEMENT, first)
    value = row["value"]
    number = None if pd.isna(value) else float(value)
    reason = "" if number is not None else str(row["status"])
    return TotalCell(number, first, reason, n_not_final=int(row["months_not_final"]))


def _is_withheld(figure: Figure | None) -> bool:
    """Whether anything of a month is withheld that goes into a total: with all of it printed a total tells nothing."""
    parts = () if figure is None else (figure.value, figure.numerator, figure.denominator, figure.n_counted)
    return any(isinstance(part, Withheld) for part in parts)


def _plan(inputs: ReportInputs, metric: Metric, start: Month) -> float | None:
    """The target for the year to date."""
    if metric.kind != "count" or metric.flows is not None:
        target = inputs.targets.target_of(metric, inputs.month, facility_id=inputs.facility_id)
        return None if target is None else target.value
    monthly = [
        inputs.targets.target_of(metric, month, facility_id=inputs.facility_id)
        for month in month_range(start, inputs.month)
    ]
    known = [one.value for one in monthly if one is not None]
    return sum(known) if len(known) == len(monthly) else None
