"""On random hospitals every measure lists its oracle's cases, and its values follow from them by plain Python."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.metrics.definition_diff import compare_definitions
from kpi_pipeline.metrics.proof import read_spec_file
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.properties.conftest import BuiltHospital
from tests.support.oracle import ended
from tests.support.oracles import Listed, find_oracle, with_followup
from tests.support.pipeline import assert_same, metric_cases

METRICS = load_metrics()
OF_DEPARTMENT = {
    "budget", "case_managers", "census", "licences", "staffing", "survey_answers", "training", "watermarks",
}  # fmt: skip
"""Tables that begin where they begin, whatever stays an extract holds."""
YEARS_LONG = {"high_cost_outliers", "total_cost_drg_index"}
"""Need twelve whole months before; test_years_before holds them against their oracle over years."""
LONGEST_FOLLOWED = 150
"""No random hospital is watched for so many days; what needs more is counted in its spec alone."""
SPECS = {
    file.metric: file
    for file in map(read_spec_file, sorted((Path(__file__).parent.parent / "metrics").glob("*.spec.yaml")))
}


def expected_cases(metric: Metric, built: BuiltHospital) -> dict[str, Listed]:
    listed = find_oracle(SPECS[metric.name].oracle)(built)
    return with_followup(listed, built.options, matures_after_days=metric.matures_after_days)


def test_every_metric_has_an_oracle_in_plain_python() -> None:
    assert SPECS.keys() == METRICS.keys()
    assert [name for name, file in SPECS.items() if not file.oracle] == []


@pytest.mark.parametrize("name", METRICS)
def test_cases_are_the_oracles_cases(name: str, built: BuiltHospital) -> None:
    expected = {case_id: one.case for case_id, one in expected_cases(METRICS[name], built).items()}
    assert len(expected) > 20
    if METRICS[name].matures_after_days < LONGEST_FOLLOWED and name not in YEARS_LONG:
        assert any(not isinstance(case, str) for case in expected.values())
    assert_same(rounded(expected), rounded(metric_cases(built.warehouse, name)))


@pytest.mark.parametrize("name", METRICS)
def test_values_follow_from_the_oracles_cases(name: str, built: BuiltHospital) -> None:
    metric = METRICS[name]
    groups: dict[str, list[Listed]] = {}
    for one in expected_cases(metric, built).values():
        for of_whom in (one.facility_id, "all"):
            groups.setdefault(f"{of_whom} {one.on:%Y-%m}", []).append(one)
    rows = read_values(built.warehouse, [name]).values.to_dict("records")
    found = {f"{row['facility_id']} {row['month']}": row for row in rows}
    begins = {} if metric.tables <= OF_DEPARTMENT else first_months(built)
    expected = {
        key: summed(metric, cases, has_value=key.split()[1] >= begins.get(key.split()[0], ""))
        for key, cases in groups.items()
    }
    assert_same(expected, {key: stored(row) for key, row in found.items()})
    for row in rows:
        assert math.isnan(row["lower"]) or row["lower"] <= row["value"] <= row["upper"]


def first_months(built: BuiltHospital) -> dict[str, str]:
    """The first month with a discharge, of each facility and of any: earlier months are known in part."""
    months: dict[str, str] = {}
    for stay in ended(built.stays):
        for of_whom in (stay.facility_id, "all"):
            months[of_whom] = min(months.get(of_whom, "9999-99"), f"{stay.discharged_on:%Y-%m}")
    return months


def summed(metric: Metric, cases: Sequence[Listed], *, has_value: bool) -> tuple[float | None, ...]:
    """Cases listed, left out, too young, and the value by the definition of the measure's kind."""
    counted = [one.case for one in cases if not isinstance(one.case, str)]
    young = sum(one.case == "insufficient_followup" for one in cases)
    return len(cases), len(cases) - len(counted), young, tidy(value_of(metric, counted)) if has_value else None


def value_of(metric: Metric, counted: Sequence[tuple[float, float]]) -> float:
    """The figure of some cases; NaN where none may be shown."""
    if not counted:
        return math.nan
    numerators = [numerator for numerator, _ in counted]
    if metric.kind == "count":
        return sum(numerators)
    total = sum(denominator for _, denominator in counted)
    if total <= 0:
        return math.nan
    if metric.kind == "survival_median":
        return waiting_median(counted)
    if metric.quantile is not None:
        return float(np.quantile(numerators, metric.quantile))
    if metric.kind == "geometric_mean":
        return math.exp(statistics.fmean(round(math.log(above / below), 10) for above, below in counted))
    return metric.scale * sum(numerators) / total


def waiting_median(counted: Sequence[tuple[float, float]]) -> float:
    """The first time at which no more than half are left waiting, by statsmodels' own Kaplan and Meier."""
    times, ended = zip(*counted, strict=True)
    curve = SurvfuncRight(times, ended)
    return next(
        (time for time, left in zip(curve.surv_times, curve.surv_prob, strict=True) if left <= 0.5 + 1e-9), math.nan
    )


def stored(row: dict[Any, Any]) -> tuple[float | None, ...]:
    return row["n_cases"], row["n_excluded"], row["n_immature"], tidy(row["value"])


def tidy(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.9g}")


def test_open_cases_are_those_open_before_and_opened_less_those_closed(built: BuiltHospital) -> None:
    names = ("cm_cases_open", "cm_cases_opened", "cm_cases_closed")
    values = read_values(built.warehouse, names).values
    figures = {
        name: rows.set_index(["facility_id", "month"])["numerator"].fillna(0) for name, rows in values.groupby("metric")
    }
    opened, closed = (figures[name].groupby("facility_id").cumsum() for name in names[1:])
    for (facility, month), still_open in figures[names[0]].items():
        if facility != "all":
            until = lambda sums: sums[facility][lambda one: one.index <= month]  # noqa: B023, E731
            before = [until(sums).iloc[-1] if facility in sums and len(until(sums)) else 0 for sums in (opened, closed)]
            assert still_open == before[0] - before[1]
    assert len(figures[names[0]]) > 50


@pytest.mark.parametrize("other", ["readmission_pcr_like_30d", "readmission_7d", "planned_readmission_30d"])
def test_the_way_from_one_rate_to_another_begins_and_ends_at_their_figures(other: str, built: BuiltHospital) -> None:
    names = ["readmission_30d", other]
    with open_warehouse(built.warehouse) as connection:
        steps = compare_definitions(connection, *(METRICS[name] for name in names)).to_dict("records")
    values = read_values(built.warehouse, names).values
    whole = values[values["facility_id"] == "all"]
    for name, step in zip(names, (steps[0], steps[-1]), strict=True):
        sums = whole.loc[whole["metric"] == name, ["numerator", "denominator"]].sum()
        assert (step["numerator"], step["denominator"]) == (sums["numerator"], sums["denominator"])
    for part in ("numerator", "denominator"):
        assert sum(step[part] for step in steps[:-1]) == steps[-1][part]
    assert len(steps) > 2


def test_an_interval_of_a_proportion_is_wilsons(built: BuiltHospital) -> None:
    values = read_values(built.warehouse, ["readmission_30d"]).values
    whole = values[(values["facility_id"] == "all") & (values["denominator"] > 1)].to_dict("records")
    assert len(whole) > 6
    for row in whole:
        lower, upper = proportion_confint(row["numerator"], row["denominator"], alpha=0.05, method="wilson")
        assert (row["lower"], row["upper"]) == pytest.approx((100 * lower, 100 * upper))


@pytest.mark.parametrize("metric", ["denials_per_100_discharges", "avoidable_days_per_100_discharges"])
def test_an_interval_of_a_rate_is_never_below_zero_and_none_seen_is_not_none_possible(
    metric: str, built: BuiltHospital
) -> None:
    values = read_values(built.warehouse, [metric]).values.dropna(subset=["lower", "upper"])
    assert (values["numerator"] == 0).any()
    for row in values.to_dict("records"):
        assert row["lower"] >= 0
        assert row["upper"] > row["lower"]


def rounded(cases: dict[str, tuple[float, float] | str]) -> dict[str, Any]:
    return {
        key: case if isinstance(case, str) else (round(case[0], 6), round(case[1], 6)) for key, case in cases.items()
    }
