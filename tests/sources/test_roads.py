"""One hospital on four roads: written as canonical files, FHIR, OMOP and Tuva it has the same values and cases."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from kpi_pipeline.metrics.cases import read_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.synthetic import generate_hospital
from kpi_pipeline.synthetic.care.faults import KINDS
from kpi_pipeline.synthetic.roads import write_as_fhir, write_as_omop, write_as_tuva, write_with_dates_only
from kpi_pipeline.warehouse.connection import open_warehouse

_CASE_COLUMNS = ["case_id", "facility_id", "event_date", "numerator", "denominator", "exclusion_reason"]
_VALUE_KEYS = ["metric", "facility_id", "month"]


@pytest.mark.slow
def test_values_cases_and_faults_are_identical_on_every_road(tmp_path: Path) -> None:
    landing = tmp_path / "canonical"
    truth = generate_hospital(landing, months=8, scale=0.1)
    assert {fault.name for fault in truth.faults} == {kind.name for kind in KINDS}
    write_as_fhir(landing, tmp_path / "fhir", ending="ndjson.gz")
    write_as_omop(landing, tmp_path / "omop", released_on="2026-11-01")
    write_as_tuva(landing, tmp_path / "tuva")
    write_with_dates_only(landing, tmp_path / "dates")  # all that the Tuva input layer can say
    roads = {road: tmp_path / f"{road}.duckdb" for road in ("canonical", "fhir", "omop", "dates", "tuva")}
    for road, warehouse in roads.items():
        build_warehouse(tmp_path / road, warehouse)
    for base, road in (("canonical", "fhir"), ("canonical", "omop"), ("dates", "tuva")):
        _assert_same_values(roads[base], roads[road])
        _assert_same_cases(roads[base], roads[road], has_numbers_for_ids=road == "omop")
        assert _reasons(roads[base]) == _reasons(roads[road]) != []
        spoken = ("race", "language") if road == "fhir" else ("race",)  # OMOP and Tuva have no language of a patient
        for column in spoken:
            assert _counts(roads[base], column) == _counts(roads[road], column)
            assert len(_counts(roads[road], column)) > 3
        if road != "fhir":
            assert _supply(roads[road]) == "column_not_supplied:encounters.language"


def _only_canonical(warehouse: Path) -> set[str]:
    """Measures of what only our own files say: on this road each says by name that it was not supplied."""
    needing = {name for name, one in load_metrics().items() if "encounters.condition_codes" in one.needs}
    values = read_values(warehouse).values
    own = values[values["metric"].isin(needing)]
    assert set(own["metric"]) == needing
    if set(own["status"]) != {"not_supplied"}:
        return set()
    assert set(own["status_reason"]) == {"column_not_supplied:encounters.condition_codes"}
    return needing


def _assert_same_values(*warehouses: Path) -> None:
    lacking = _only_canonical(warehouses[1])
    expected, found = (
        frame[~frame["metric"].isin(lacking)].reset_index(drop=True)
        for frame in (read_values(one).values.sort_values(_VALUE_KEYS) for one in warehouses)
    )
    assert set(expected["metric"]) | lacking == load_metrics().keys()
    assert expected["value"].notna().mean() > 0.5
    pd.testing.assert_frame_equal(expected, found, check_exact=True)


def _assert_same_cases(base: Path, road: Path, *, has_numbers_for_ids: bool) -> None:
    for metric in load_metrics().keys() - _only_canonical(road):
        expected, found = (read_cases(warehouse, metric)[_CASE_COLUMNS] for warehouse in (base, road))
        if has_numbers_for_ids:
            without_zeros = expected["case_id"].str.replace(
                r"^((?:observation|stay) )?0+(?=\d+(\||$))", r"\1", regex=True
            )
            expected = expected.assign(case_id=without_zeros)
        frames = [frame.sort_values(_CASE_COLUMNS[:3]).reset_index(drop=True) for frame in (expected, found)]
        assert len(frames[0]) > 0, metric
        pd.testing.assert_frame_equal(*frames, check_exact=True, obj=metric)


def _counts(warehouse: Path, column: str) -> list[tuple[str | None, int]]:
    with open_warehouse(warehouse) as connection:
        return connection.execute(f"SELECT {column}, COUNT(*) FROM stays GROUP BY ALL ORDER BY ALL").fetchall()


def _supply(warehouse: Path) -> str:
    with open_warehouse(warehouse) as connection:
        (row,) = connection.execute("SELECT reason FROM supply WHERE item = 'encounters.language'").fetchall()
    return str(row[0])


def _reasons(warehouse: Path) -> list[tuple[list[str], int]]:
    with open_warehouse(warehouse) as connection:
        query = "SELECT reasons, COUNT(*) FROM quarantine WHERE table_name = 'encounters' GROUP BY ALL ORDER BY ALL"
        return connection.execute(query).fetchall()


_CDM_5_4 = {
    "person": "person_id gender_concept_id year_of_birth month_of_birth day_of_birth birth_datetime race_concept_id "
    "ethnicity_concept_id location_id provider_id care_site_id person_source_value gender_source_value "
    "gender_source_concept_id race_source_value race_source_concept_id ethnicity_source_value "
    "ethnicity_source_concept_id",
    "visit_occurrence": "visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime "
    "visit_end_date visit_end_datetime visit_type_concept_id provider_id care_site_id visit_source_value "
    "visit_source_concept_id admitted_from_concept_id admitted_from_source_value discharged_to_concept_id "
    "discharged_to_source_value preceding_visit_occurrence_id",
    "visit_detail": "visit_detail_id person_id visit_detail_concept_id visit_detail_start_date "
    "visit_detail_start_datetime visit_detail_end_date visit_detail_end_datetime visit_detail_type_concept_id "
    "provider_id care_site_id visit_detail_source_value visit_detail_source_concept_id admitted_from_concept_id "
    "admitted_from_source_value discharged_to_source_value discharged_to_concept_id preceding_visit_detail_id "
    "parent_visit_detail_id visit_occurrence_id",
    "condition_occurrence": "condition_occurrence_id person_id condition_concept_id condition_start_date "
    "condition_start_datetime condition_end_date condition_end_datetime condition_type_concept_id "
    "condition_status_concept_id stop_reason provider_id visit_occurrence_id visit_detail_id condition_source_value "
    "condition_source_concept_id condition_status_source_value",
    "procedure_occurrence": "procedure_occurrence_id person_id procedure_concept_id procedure_date procedure_datetime "
    "procedure_end_date procedure_end_datetime procedure_type_concept_id modifier_concept_id quantity provider_id "
    "visit_occurrence_id visit_detail_id procedure_source_value procedure_source_concept_id modifier_source_value",
    "care_site": "care_site_id care_site_name place_of_service_concept_id location_id care_site_source_value "
    "place_of_service_source_value",
    "payer_plan_period": "payer_plan_period_id person_id payer_plan_period_start_date payer_plan_period_end_date "
    "payer_concept_id payer_source_value payer_source_concept_id plan_concept_id plan_source_value "
    "plan_source_concept_id sponsor_concept_id sponsor_source_value sponsor_source_concept_id family_source_value "
    "stop_reason_concept_id stop_reason_source_value stop_reason_source_concept_id",
    "cost": "cost_id cost_event_id cost_domain_id cost_type_concept_id currency_concept_id total_charge total_cost "
    "total_paid paid_by_payer paid_by_patient paid_patient_copay paid_patient_coinsurance paid_patient_deductible "
    "paid_by_primary paid_ingredient_cost paid_dispensing_fee payer_plan_period_id amount_allowed "
    "revenue_code_concept_id revenue_code_source_value drg_concept_id drg_source_value",
    "cdm_source": "cdm_source_name cdm_source_abbreviation cdm_holder source_description "
    "source_documentation_reference cdm_etl_reference source_release_date cdm_release_date cdm_version "
    "cdm_version_concept_id vocabulary_version",
}
"""The fields of the common data model 5.4 in the order of its data definition (OHDSI, CommonDataModel, 5.4)."""

_REQUIRED = {
    "person": "person_id gender_concept_id year_of_birth race_concept_id ethnicity_concept_id",
    "visit_occurrence": "visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date "
    "visit_type_concept_id",
    "visit_detail": "visit_detail_id person_id visit_detail_concept_id visit_detail_start_date "
    "visit_detail_end_date visit_detail_type_concept_id visit_occurrence_id",
    "condition_occurrence": "condition_occurrence_id person_id condition_concept_id condition_start_date "
    "condition_type_concept_id",
    "procedure_occurrence": "procedure_occurrence_id person_id procedure_concept_id procedure_date "
    "procedure_type_concept_id",
    "care_site": "care_site_id",
    "payer_plan_period": "payer_plan_period_id person_id payer_plan_period_start_date payer_plan_period_end_date",
    "cost": "cost_id cost_event_id cost_domain_id cost_type_concept_id",
    "cdm_source": "cdm_source_name cdm_source_abbreviation cdm_holder source_release_date cdm_release_date "
    "cdm_version_concept_id vocabulary_version",
}
"""Its fields that may never be empty, by the same definition."""
_NO_NUMBERS = {"cost_domain_id"}
"""Ids that are words."""


def test_the_omop_road_has_exactly_the_fields_of_the_model(tmp_path: Path) -> None:
    """Names and order, what must be filled, whole numbers as ids, and days as dates."""
    generate_hospital(tmp_path / "canonical", months=6, scale=0.05, faults=False)
    write_as_omop(tmp_path / "canonical", tmp_path / "omop", released_on="2026-11-01")
    for table, fields in _CDM_5_4.items():
        rows = pd.read_csv(tmp_path / "omop" / f"{table}.csv", dtype=str, keep_default_na=False)
        assert list(rows.columns) == fields.split(), table
        assert len(rows) > 0, table
        empty = {field for field in _REQUIRED[table].split() if (rows[field] == "").any()}
        assert not empty, table
        for field in rows.columns.drop(_NO_NUMBERS, errors="ignore"):
            form = r"-?\d+" if field.endswith("_id") else r"\d{4}-\d\d-\d\d" if field.endswith("_date") else ".*"
            assert rows[field].str.fullmatch(f"({form})?", flags=re.DOTALL).all(), (table, field)
