"""The pipeline finds, of each measure of casework, compliance, denials and staff, what the generator says it made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.synthetic import Truth, generate_hospital

METRICS = load_metrics()
MEASURES = (
    "appeals_overturned", "avoidable_days_captured", "cm_cases_closed", "cm_cases_open", "cm_cases_opened",
    "cm_cases_reopened_30d", "contact_within_2_business_days", "denials_appealed", "denials_peer_to_peer",
    "denied_usd_not_recovered", "denied_usd_per_discharge", "denied_usd_received",
    "department_spending_pct_of_budget", "direct_cost_per_case_usd", "discharge_before_noon", "discharged_home",
    "discharged_home_health", "discharged_hospice", "discharged_rehabilitation", "discharged_skilled_nursing",
    "follow_ups_done", "follow_ups_on_time", "high_cost_outliers", "important_message_first",
    "important_message_follow_up", "inpatient_changed_to_outpatient", "length_of_stay_geometric_index",
    "licences_expired", "licences_expiring_60d", "long_stay_14d_discharges", "long_stay_14d_in_house",
    "long_stay_21d_discharges", "long_stay_21d_in_house", "long_stay_30d_discharges", "long_stay_30d_in_house",
    "long_stay_7d_discharges", "long_stay_7d_in_house", "net_excess_days_per_discharge", "observation_notice_36h",
    "observation_over_48h", "observation_share", "overtime_share", "paid_hours_per_discharge",
    "peer_to_peer_overturned", "planned_readmission_30d", "post_acute_wait_days", "readmission_14d", "readmission_7d",
    "readmission_conditions_30d", "return_days_per_100_discharges", "reviews_on_time", "survey_help_after_discharge",
    "survey_plans_with_patient", "survey_symptoms_in_writing", "total_cost_drg_index", "training_on_time",
    "transferred_to_acute_care", "variable_direct_cost_per_case_usd", "weekend_discharges",
)  # fmt: skip

Sums = Mapping[tuple[str, str], tuple[float, float]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("truth")
    truth = generate_hospital(folder / "landing", seed=11, months=19, last_month=Month(2026, 10), scale=0.02)
    warehouse = folder / "hospital.duckdb"
    build_warehouse(folder / "landing", warehouse)
    return warehouse, truth


def test_the_truth_speaks_of_these_measures(built: tuple[Path, Truth]) -> None:
    assert sorted({one.metric for one in built[1].measures}) == list(MEASURES)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_finds_what_was_made(name: str, built: tuple[Path, Truth]) -> None:
    warehouse, truth = built
    months = {one.month for one in truth.months}
    expected: Sums = {
        (one.facility_id, one.month): (one.numerator, one.denominator) for one in truth.measures if one.metric == name
    }
    values = read_values(warehouse, [name]).values
    rows = values[(values["facility_id"] != "all") & values["month"].isin(months)].to_dict("records")
    counted = [row for row in rows if row["n_cases"] > row["n_excluded"]]
    is_count = METRICS[name].kind == "count"
    found: Sums = {
        (row["facility_id"], row["month"]): (row["numerator"], 0.0 if is_count else row["denominator"])
        for row in counted
    }
    assert any(numerator for numerator, _ in expected.values())
    assert found.keys() == expected.keys()
    for key, (numerator, denominator) in expected.items():
        assert found[key] == pytest.approx((numerator, 0.0 if is_count else denominator), abs=0.01), key
