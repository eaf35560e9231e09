"""The pipeline finds, of each measure, what the generator says it made; a fitted risk model expects what it expects."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.risk_models import Span, fit_risk_model
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.synthetic import Truth, generate_hospital
from kpi_pipeline.synthetic.truth import FaultTruth
from kpi_pipeline.warehouse.connection import open_warehouse

METRICS = load_metrics()
MEASURES = (
    "appeals_overturned", "avoidable_days_captured", "caseload_p90", "cm_cases_closed", "cm_cases_open",
    "cm_cases_opened", "cm_cases_reopened_30d", "cm_open_case_age_days", "contact_within_2_business_days",
    "denials_appealed", "denials_peer_to_peer", "denied_usd_not_recovered", "denied_usd_per_discharge",
    "denied_usd_received", "department_spending_pct_of_budget", "direct_cost_per_case_usd", "discharge_before_noon",
    "discharged_home", "discharged_home_health", "discharged_hospice", "discharged_rehabilitation",
    "discharged_skilled_nursing", "ed_return_30d", "ed_return_72h", "follow_ups_done", "follow_ups_on_time",
    "high_cost_outliers", "hours_to_initial_assessment", "important_message_first", "important_message_follow_up",
    "inpatient_changed_to_outpatient", "length_of_stay_geometric_days", "length_of_stay_geometric_index",
    "length_of_stay_median_days", "length_of_stay_p90_days", "length_of_stay_risk_index", "licences_expired",
    "licences_expiring_60d", "long_stay_14d_discharges", "long_stay_14d_in_house", "long_stay_21d_discharges",
    "long_stay_21d_in_house", "long_stay_30d_discharges", "long_stay_30d_in_house", "long_stay_7d_discharges",
    "long_stay_7d_in_house", "net_excess_days_per_discharge", "observation_hours", "observation_notice_36h",
    "observation_over_48h", "observation_share", "observation_to_inpatient", "overtime_share",
    "paid_hours_per_discharge", "peer_to_peer_overturned", "planned_readmission_30d", "post_acute_wait_days",
    "readmission_14d", "readmission_30d_index", "readmission_7d", "readmission_90d", "readmission_conditions_30d",
    "readmission_pcr_like_30d", "return_days_per_100_discharges", "returns_among_admissions", "reviews_on_time",
    "survey_help_after_discharge", "survey_plans_with_patient", "survey_symptoms_in_writing", "total_cost_drg_index",
    "total_cost_risk_index", "training_on_time", "training_overdue", "transferred_to_acute_care",
    "variable_direct_cost_per_case_usd", "visit_within_14d", "visit_within_7d", "weekend_discharges",
)  # fmt: skip

IN_MONTHS = {
    "avoidable_days_per_100_discharges", "case_mix_adjusted_cost_per_case_usd", "case_mix_index",
    "caseload_per_case_manager", "denials_per_100_discharges", "discharges", "initial_assessment_within_24h",
    "length_of_stay_days", "length_of_stay_index", "readmission_30d", "total_cost_per_case_usd",
}  # fmt: skip
"""Of these the truth of the months speaks: test_truth, test_hospital."""
BASELINE = Span(Month(2025, 4), Month(2026, 3))
LIKELY_ERRORS = 3.0

Sums = Mapping[tuple[str, str], tuple[float, float]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A hospital, with risk models that say of each DRG what the generator expects of it."""
    folder = tmp_path_factory.mktemp("truth")
    truth = generate_hospital(folder / "landing", seed=11, months=19, last_month=Month(2026, 10), scale=0.02)
    for metric in {one.metric for one in truth.expectations}:
        file = folder / f"{metric}.yaml"
        file.write_text(json.dumps(model_of(truth, metric)), encoding="utf-8")
        import_reference("risk-model", file, folder / "reference", imported_at=datetime(2026, 11, 1, tzinfo=UTC))
    warehouse = folder / "hospital.duckdb"
    every = Settings(min_denominator=1)
    build_warehouse(folder / "landing", warehouse, settings=every, reference=folder / "reference")
    return warehouse, truth


def model_of(truth: Truth, metric: str) -> dict[str, object]:
    """A model file that gives each DRG what the generator expects."""
    is_share = METRICS[metric].kind == "proportion"
    expected = {one.drg_code or "other": one.expected for one in truth.expectations if one.metric == metric}
    terms = [("intercept", "", 0.0)]
    for code, mean in expected.items():
        likely = min(max(mean, 1e-12), 1 - 1e-12) if is_share else mean
        terms.append(("drg", code, math.log(likely / (1 - likely)) if is_share else math.log(likely)))
    keys = ("factor", "level", "coefficient")
    numbers = dict.fromkeys(("n_stays", "observed", "expected", "slope", "discrimination"), 1)
    return {
        "metric": metric,
        "metric_version": METRICS[metric].version,
        "link": "logit" if is_share else "log",
        "fitted_by": "the generator",
        "factors": ["drg"],
        "baseline": {"first_month": "2025-04", "last_month": "2026-03", "intercept": 0, "groups": [], **numbers},
        "terms": [dict(zip(keys, term, strict=True)) | {"standard_error": 0.1, "n_stays": 100} for term in terms],
    }


def test_the_truth_speaks_of_every_measure(built: tuple[Path, Truth]) -> None:
    assert sorted({one.metric for one in built[1].measures}) == list(MEASURES)
    assert {*MEASURES, *IN_MONTHS} == METRICS.keys()


@pytest.mark.parametrize(
    ("metric", "index"),
    [
        ("readmission_30d", "readmission_30d_index"),
        ("length_of_stay_days", "length_of_stay_risk_index"),
        ("total_cost_per_case_usd", "total_cost_risk_index"),
    ],
)
def test_a_fitted_model_expects_what_the_generator_expects(metric: str, index: str, built: tuple[Path, Truth]) -> None:
    """Within three standard errors of the baseline's own outcome: so much may chance move what a model learns."""
    warehouse, truth = built
    model = fit_risk_model(warehouse, metric, BASELINE, factors=["drg"])
    assert model.later is not None
    first, last = model.later.first_month, model.later.last_month
    later = [one for one in truth.measures if one.metric == index and first <= one.month <= last]
    expected, observed = sum(one.denominator for one in later), sum(one.numerator for one in later)
    assert model.later.observed == pytest.approx(observed, abs=0.01)
    assert (first, model.baseline.n_stays > 500) == ("2026-04", True)
    off = model.later.expected / expected - 1
    assert abs(off) < LIKELY_ERRORS * standard_error(warehouse, index, BASELINE)


def standard_error(warehouse: Path, index: str, span: Span) -> float:
    """The standard error of observed ÷ expected over a span, relative, from the cases themselves."""
    with open_warehouse(warehouse) as connection:
        cases = query_cases(connection, METRICS[index])
    month = pd.to_datetime(cases["event_date"]).dt.strftime("%Y-%m")
    kept = cases[cases["exclusion_reason"].isna() & month.between(str(span.first), str(span.last))]
    ratio = kept["numerator"].sum() / kept["denominator"].sum()
    squares = ((kept["numerator"] - ratio * kept["denominator"]) ** 2).sum()
    return float(math.sqrt(squares) / kept["numerator"].sum())


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_finds_what_was_made(name: str, built: tuple[Path, Truth]) -> None:
    warehouse, truth = built
    months = {one.month for one in truth.months}
    of_metric = [one for one in truth.measures if one.metric == name]
    expected: Sums = {(one.facility_id, one.month): (one.numerator, one.denominator) for one in of_metric}
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
    of_value = {(one.facility_id, one.month): one.value for one in of_metric}
    if METRICS[name].quantile is None and METRICS[name].kind != "geometric_mean":
        assert set(of_value.values()) == {None}
        return
    shown = [row for row in counted if row["status"] == "ok"]
    assert shown
    for row in shown:
        assert row["value"] == pytest.approx(of_value[row["facility_id"], row["month"]], abs=1e-5), row["month"]


def test_every_injected_fault_is_counted_as_often_as_it_was_made(built: tuple[Path, Truth]) -> None:
    """Rows set aside by reason, copies and first versions in the ledger, rows joined into one stay, cases left out."""
    warehouse, truth = built
    of_outcome: dict[str, list[FaultTruth]] = {}
    for fault in truth.faults:
        of_outcome.setdefault(fault.outcome, []).append(fault)
    with open_warehouse(warehouse) as connection:

        def one(sql: str) -> int:
            ((number,),) = connection.execute(sql).fetchall()
            return int(number)

        reasons = connection.execute(
            "SELECT reason, COUNT(*) FROM (SELECT UNNEST(reasons) AS reason FROM quarantine WHERE table_name = "
            "'encounters') GROUP BY ALL"
        ).fetchall()
        assert dict(reasons) == {fault.reason: fault.rows for fault in of_outcome["quarantined"]}
        for counted, fault in (("duplicate", "exact_duplicate"), ("superseded", "corrected_resend")):
            of_ledger = f"SELECT SUM({counted}) FROM row_ledger WHERE table_name = 'encounters'"
            assert one(of_ledger) == truth.fault(fault).rows
        again = "SELECT COUNT(*) FROM encounters WHERE encounter_status = 'duplicate_stay'"
        assert one(again) == truth.fault("same_stay_other_number").rows
        joined = {encounter_id for fault in of_outcome["combined"] for encounter_id in fault.encounter_ids}
        found = connection.execute("SELECT encounter_id FROM stay_encounters WHERE encounter_id <> stay_id").fetchall()
        assert {encounter_id for (encounter_id,) in found} - set(
            truth.fault("same_stay_other_number").encounter_ids
        ) == (joined)
        for fault in of_outcome["excluded"]:
            for name in fault.excluded_from:
                cases = query_cases(connection, METRICS[name])
                left_out = set(cases.loc[cases["exclusion_reason"] == fault.reason, "case_id"])
                assert left_out >= set(fault.encounter_ids), (name, fault.name)
                # the stays of the last days are not costed either
                assert fault.reason == "not_costed" or len(left_out) == fault.rows, (name, fault.name)
    assert of_outcome.keys() == {"quarantined", "duplicate", "superseded", "combined", "excluded", "ordinary"}
