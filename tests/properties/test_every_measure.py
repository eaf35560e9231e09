"""On random hospitals every other measure lists the cases a naive loop lists, and its values are their sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from tests.properties.conftest import BuiltHospital
from tests.support import oracle_measures
from tests.support.oracle import ended
from tests.support.oracle_measures import Cases
from tests.support.pipeline import assert_same, metric_cases

# CMS IPPS FY2026 Table 5, the DRGs the random hospitals use.
AMLOS = {"291": 5.0, "470": 2.2, "193": 4.9, "871": 6.4, "885": 9.8}
WEIGHT = {"291": 1.2838, "470": 1.9289, "193": 1.3144, "871": 1.9425, "885": 1.3968}

SUMS = ("numerator", "denominator", "n_cases", "n_excluded", "n_immature")

# Metric → the oracle's cases, and the days of follow-up its file declares.
ORACLES: dict[str, tuple[Callable[[BuiltHospital], Cases], int]] = {
    "discharges": (lambda built: oracle_measures.discharges(ended(built.stays)), 0),
    "length_of_stay_days": (lambda built: oracle_measures.length_of_stay(ended(built.stays)), 0),
    "length_of_stay_index": (lambda built: oracle_measures.length_of_stay_index(ended(built.stays), AMLOS), 0),
    "case_mix_index": (lambda built: oracle_measures.case_mix_index(ended(built.stays), WEIGHT), 0),
    "total_cost_per_case_usd": (lambda built: oracle_measures.cost_per_case(ended(built.stays)), 0),
    "case_mix_adjusted_cost_per_case_usd": (
        lambda built: oracle_measures.case_mix_adjusted_cost(ended(built.stays), WEIGHT),
        0,
    ),
    "avoidable_days_per_100_discharges": (
        lambda built: oracle_measures.avoidable_days(ended(built.stays), built.hospital.avoidable_days),
        0,
    ),
    "denials_per_100_discharges": (
        lambda built: oracle_measures.denials(ended(built.stays), built.hospital.denials),
        30,
    ),
    "initial_assessment_within_24h": (
        lambda built: oracle_measures.assessment_within_24h(built.stays, built.hospital.cm_cases, built.options),
        1,
    ),
    "caseload_per_case_manager": (
        lambda built: oracle_measures.caseload(built.hospital.census, built.hospital.staffing),
        0,
    ),
}


@pytest.mark.parametrize("metric", ORACLES)
def test_cases_are_the_oracles_cases(metric: str, built: BuiltHospital) -> None:
    oracle, matures_after_days = ORACLES[metric]
    assert load_metrics()[metric].matures_after_days == matures_after_days
    expected = oracle_measures.with_followup(
        oracle(built), events(metric, built), built.options, matures_after_days=matures_after_days
    )
    assert "insufficient_followup" in expected.values()
    assert len({str(case) for case in expected.values()}) >= 2
    assert_same(rounded(expected), rounded(metric_cases(built.warehouse, metric)))


@pytest.mark.parametrize("metric", ORACLES)
def test_values_are_ratios_of_sums_of_the_oracles_cases(metric: str, built: BuiltHospital) -> None:
    declared = load_metrics()[metric]
    oracle, matures_after_days = ORACLES[metric]
    days = events(metric, built)
    cases = oracle_measures.with_followup(oracle(built), days, built.options, matures_after_days=matures_after_days)
    expected: dict[str, dict[str, float]] = {}
    for case_id, case in cases.items():
        facility, day = days[case_id]
        for of_whom in (facility, "all"):
            sums = expected.setdefault(f"{of_whom} {day:%Y-%m}", dict.fromkeys(SUMS, 0.0))
            sums["n_cases"] += 1
            if isinstance(case, str):
                sums["n_excluded"] += 1  # immature cases are among the excluded
                sums["n_immature"] += case == "insufficient_followup"
            else:
                sums["numerator"] += case[0]
                sums["denominator"] += case[1]
    found = read_values(built.warehouse, [metric]).values.fillna({"numerator": 0.0}).to_dict("records")
    counts_only = declared.kind == "count"
    assert_same(
        {key: rounded_sums(sums, counts_only=counts_only) for key, sums in expected.items()},
        {f"{row['facility_id']} {row['month']}": rounded_sums(row, counts_only=counts_only) for row in found},
    )
    for row in found:
        if row["n_cases"] == row["n_excluded"] or (not counts_only and row["denominator"] == 0):
            assert math.isnan(row["value"])
        else:
            value = row["numerator"] if counts_only else row["numerator"] / row["denominator"]
            assert row["value"] == pytest.approx(value * declared.scale)
            assert math.isnan(row["lower"]) or row["lower"] <= row["value"] <= row["upper"]


def rounded_sums(sums: Mapping[Any, Any], *, counts_only: bool) -> dict[str, float]:
    """The sums of one facility and month; a count has no denominator, and none counted is none."""
    names = [name for name in SUMS if not (counts_only and name == "denominator")]
    return {name: 0.0 if sums[name] != sums[name] else round(float(sums[name]), 4) for name in names}


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


def events(metric: str, built: BuiltHospital) -> dict[str, tuple[str, date]]:
    """case_id → facility and day of the event the case belongs to."""
    if metric == "caseload_per_case_manager":
        days = [(row["facility_id"], row["unit_id"], row["census_on"]) for row in built.hospital.census]
        return {"|".join(key): (key[0], date.fromisoformat(key[2])) for key in days}
    if metric == "initial_assessment_within_24h":
        return {stay.stay_id: (stay.facility_id, stay.admitted_on) for stay in built.stays}
    return {stay.stay_id: (stay.facility_id, stay.discharged_on) for stay in ended(built.stays)}


def rounded(cases: Cases) -> Cases:
    return {
        key: case if isinstance(case, str) else (round(case[0], 6), round(case[1], 6)) for key, case in cases.items()
    }
