"""Figures of more than a month: year to date, twelve months, and the shortest span with enough cases.

Sums of the stored monthly sums, so that a span is a ratio of sums like every other cut. Never drawn on a control chart:
months that share months say the same thing over and over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.compute import BEFORE_DATA
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.intervals import wilson_interval

SPAN_COLUMNS = (
    "metric", "facility_id", "span", "first_month", "last_month", "numerator", "denominator", "value", "lower", "upper",
    "cases", "months_not_final", "status",
)  # fmt: skip
_ROLL_UP_MONTHS = (1, 3, 6, 12)
ONE_MONTH, YEAR_TO_DATE, TWELVE_MONTHS = "month", "year to date", "12 months"
_SMALLEST = "smallest span with enough cases"


def compute_spans(
    values: pd.DataFrame,
    metrics: Mapping[str, Metric],
    month: Month,
    *,
    settings: Settings,
    known_from: Month | None = None,
) -> pd.DataFrame:
    """The month, the year to date, twelve months, and the smallest span with enough cases: SPAN_COLUMNS.

    values: as stored. known_from: the first month of the data, before which no span begins (`first_known_month`). A
    month without a case counts as nothing. months_not_final: how many of the span's months may still change. A median,
    percentile or geometric mean cannot be made from monthly sums; its status says so. A stock (`flows`) is that of
    the last month.
    """
    rows: list[tuple[Any, ...]] = []
    dated = values[(values["month"] != "") & (values["status"] != BEFORE_DATA)]
    for (name, facility), own in dated.groupby(["metric", "facility_id"], sort=True):
        metric = metrics[str(name)]
        fewest = metric.fewest_cases(settings)
        by_month = own.set_index("month")
        for span, asked in _spans(by_month, month, fewest, settings.year_starts_in):
            first = min(max(asked, known_from or asked), month)
            kept = by_month[by_month.index.isin(_between(first, month))]
            rows.append((name, facility, span, str(first), str(month), *_figure(metric, kept, month, fewest)))
    return pd.DataFrame(rows, columns=list(SPAN_COLUMNS))


def first_known_month(values: pd.DataFrame) -> Month | None:
    """The first month of which any measure knows all cases; None without one."""
    known = values[(values["month"] != "") & (values["status"] != BEFORE_DATA)]["month"]
    return Month.parse(str(known.min())) if len(known) else None


def _spans(by_month: pd.DataFrame, month: Month, fewest: int, year_starts_in: int) -> Iterator[tuple[str, Month]]:
    yield ONE_MONTH, month
    for length in _ROLL_UP_MONTHS:
        first = month.plus(1 - length)
        kept = by_month[by_month.index.isin(_between(first, month))]
        if (kept["n_cases"] - kept["n_excluded"]).sum() >= fewest or length == _ROLL_UP_MONTHS[-1]:
            if length > 1:
                yield _SMALLEST, first
            break
    yield YEAR_TO_DATE, month.year_start(year_starts_in)
    yield TWELVE_MONTHS, month.plus(-11)


def _between(first: Month, last: Month) -> list[str]:
    return [str(first.plus(step)) for step in range(last.months_since(first) + 1)]


def _figure(metric: Metric, kept: pd.DataFrame, month: Month, fewest: int) -> tuple[Any, ...]:
    """numerator, denominator, value, lower, upper, cases, months_not_final, status."""
    if metric.flows is not None:
        kept = kept[kept.index == str(month)]
    numerator, denominator = (float(kept[part].sum()) for part in ("numerator", "denominator"))
    cases = int((kept["n_cases"] - kept["n_excluded"]).sum())
    not_final = int((kept["maturity"] != "final").sum())
    nothing = float("nan")
    if metric.kind == "count":
        value = numerator if cases else nothing
        return numerator, nothing, value, nothing, nothing, cases, not_final, "ok" if cases else str(Reason("no_cases"))
    if not metric.is_ratio_of_sums:
        why = str(Reason("no_sum", metric.kind))
        return nothing, nothing, nothing, nothing, nothing, cases, not_final, why
    if cases < fewest or denominator <= 0:
        why = str(Reason("few_cases", str(fewest)) if cases < fewest else Reason("zero_denominator"))
        return numerator, denominator, nothing, nothing, nothing, cases, not_final, why
    lower = upper = nothing
    if metric.kind == "proportion":
        lower, upper = (metric.scale * float(end) for end in wilson_interval(numerator, denominator))
    value = metric.scale * numerator / denominator
    return numerator, denominator, value, lower, upper, cases, not_final, "ok"
