"""Figures of more than a month are ratios of the months' sums."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.spans import SPAN_COLUMNS, compute_spans, first_known_month

METRICS = load_metrics()
SETTINGS = Settings(min_denominator=25)


def month_row(metric: str, month: str, numerator: float, denominator: float, **more: object) -> dict[str, object]:
    row = {"metric": metric, "facility_id": "all", "month": month, "numerator": numerator, "denominator": denominator}
    return {**row, "n_cases": denominator, "n_excluded": 0, "maturity": "final", "status": "ok", **more}


def spans(*rows: dict[str, object], month: Month = Month(2026, 3)) -> dict[str, dict[str, object]]:
    found = compute_spans(pd.DataFrame(list(rows)), METRICS, month, settings=SETTINGS)
    assert tuple(found.columns) == SPAN_COLUMNS
    return {row["span"]: row for row in found.to_dict("records")}


def test_a_span_is_the_ratio_of_its_sums_and_not_the_mean_of_its_months() -> None:
    found = spans(
        month_row("readmission_30d", "2025-04", 99, 100),  # twelve months ago: the first of them
        month_row("readmission_30d", "2025-03", 99, 100),  # thirteen
        month_row("readmission_30d", "2025-12", 30, 100),
        month_row("readmission_30d", "2026-01", 10, 100),
        month_row("readmission_30d", "2026-03", 30, 300, maturity="provisional"),
        month_row("readmission_30d", "2026-04", 99, 100),
    )
    assert found["month"]["value"] == 10
    year = found["year to date"]
    assert (year["numerator"], year["denominator"], year["value"], year["first_month"]) == (40, 400, 10, "2026-01")
    assert year["months_not_final"] == 1
    low, high = proportion_confint(40, 400, method="wilson")
    assert (year["lower"], year["upper"]) == pytest.approx((100 * low, 100 * high))
    assert (found["12 months"]["numerator"], found["12 months"]["denominator"]) == (169, 600)
    assert "smallest span with enough cases" not in found


@pytest.mark.parametrize(("month", "first"), [("2026-02", "2026-01"), ("2025-11", "2025-10"), ("2025-06", "2025-04")])
def test_few_cases_roll_up_to_three_six_or_twelve_months_and_say_so(month: str, first: str) -> None:
    found = spans(month_row("readmission_30d", "2026-03", 1, 5), month_row("readmission_30d", month, 4, 20))
    assert found["month"]["status"] == "few_cases:25"
    rolled = found["smallest span with enough cases"]
    assert (rolled["first_month"], rolled["value"], rolled["status"]) == (first, 20, "ok")


def test_a_year_of_too_few_cases_shows_no_value() -> None:
    rolled = spans(month_row("readmission_30d", "2026-03", 1, 24))["smallest span with enough cases"]
    assert rolled["first_month"] == "2025-04"
    assert math.isnan(float(str(rolled["value"])))
    assert rolled["status"] == "few_cases:25"


def test_a_count_is_summed_and_a_stock_is_that_of_the_last_month() -> None:
    rows = [month_row("discharges", month, 10, math.nan, n_cases=10) for month in ("2026-01", "2026-03")]
    assert spans(*rows)["year to date"]["value"] == 20
    stock = [month_row("cm_cases_open", month, 10, math.nan, n_cases=10) for month in ("2026-01", "2026-03")]
    assert spans(*stock)["year to date"]["value"] == 10


def test_a_median_is_not_made_from_months() -> None:
    found = spans(month_row("length_of_stay_median_days", "2026-03", 90, 30))["12 months"]
    assert math.isnan(float(str(found["value"])))
    assert found["status"] == "no_sum:median"


def test_no_span_begins_before_the_data_nor_counts_months_known_in_part() -> None:
    values = pd.DataFrame(
        [
            month_row("readmission_30d", "2026-01", 90, 100, status="before_data"),
            month_row("readmission_30d", "2026-02", 10, 100),
            month_row("readmission_30d", "2026-03", 20, 100),
        ]
    )
    known_from = first_known_month(values)
    assert known_from == Month(2026, 2)
    found = compute_spans(values, METRICS, Month(2026, 3), settings=SETTINGS, known_from=known_from)
    rows = {row["span"]: (row["first_month"], row["value"]) for row in found.to_dict("records")}
    assert rows["12 months"] == rows["year to date"] == ("2026-02", 15.0)
