"""OMOP CDM 5.4: what becomes of concepts, source values and what a table may lack."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.support.fhir import staged_rows, take_in
from tests.support.landing import write_rows
from tests.support.said import said

Row = dict[str, str | None]


def visit(visit_id: str, **fields: str) -> Row:
    """A visit of three days at care site 7 of person 1."""
    return {
        "visit_occurrence_id": visit_id,
        "person_id": "1",
        "visit_concept_id": "9201",
        "visit_start_date": "2026-03-01",
        "visit_end_date": "2026-03-04",
        "care_site_id": "7",
        "discharged_to_concept_id": "8536",
        **fields,
    }


def land(folder: Path, **tables: list[Row]) -> Path:
    folder.mkdir()
    tables = {"person": [{"person_id": "1", "year_of_birth": "1950", "month_of_birth": "2", "day_of_birth": "3",
                          "gender_concept_id": "8532"}]} | tables  # fmt: skip
    for table, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        write_rows(folder / f"{table}.csv", rows, columns=columns)
    return folder


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        ("9201", "acute inpatient"),
        ("262", "acute inpatient"),
        ("9203", "emergency department"),
        ("581385", "observation"),
        ("8920", "inpatient rehabilitation"),
        ("8971", "inpatient psychiatric"),
        ("8863", "skilled nursing"),
        ("9202", "outpatient"),
        ("0", "visit concept 0"),
    ],
)
def test_visit_concepts_say_what_kind_of_encounter_it_is(tmp_path: Path, concept: str, expected: str) -> None:
    result = take_in(
        land(tmp_path / "landing", visit_occurrence=[visit("1", visit_concept_id=concept)]),
        tmp_path / "store",
        source="omop",
    )
    assert staged_rows(result, "encounters", "encounter_type") == [(expected,)]


def test_the_smallest_model_gives_encounters_and_names_what_is_missing(tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", visit_occurrence=[visit("1")])
    result = take_in(landing, tmp_path / "store", source="omop")
    columns = "encounter_id, person_id, facility_id, discharge_disposition_code, birth_date, sex, payer"
    assert staged_rows(result, "encounters", columns) == [("1", "1", "7", "01", date(1950, 2, 3), "F", None)]
    assert "no payer_plan_period* file was found: payers are not known." in said(result.warnings)
    assert "no cost file was found: DRGs and amounts are not known." in said(result.warnings)


@pytest.mark.parametrize(
    ("concept", "written", "expected"),
    [("8516", "", "Black or African American"), ("8527", "Irish", "Irish"), ("0", "", None), ("", "", None)],
)
def test_race_is_what_was_written_or_what_its_concept_says(
    concept: str, written: str, expected: str | None, tmp_path: Path
) -> None:
    person = {"person_id": "1", "race_concept_id": concept, "race_source_value": written}
    result = take_in(
        land(tmp_path / "landing", person=[person], visit_occurrence=[visit("1")]), tmp_path / "store", source="omop"
    )
    assert staged_rows(result, "encounters", "race") == [(expected,)]


def test_every_table_adds_its_part(tmp_path: Path) -> None:
    landing = land(
        tmp_path / "landing",
        visit_occurrence=[visit("1", visit_start_datetime="2026-03-01 10:15:00", discharged_to_source_value="06")],
        care_site=[
            {"care_site_id": "7", "care_site_name": "North Hospital", "care_site_source_value": "NORTH"},
            {"care_site_id": "8", "care_site_name": "4 West", "care_site_source_value": "4W"},
            {"care_site_id": "9", "care_site_name": "ICU", "care_site_source_value": "ICU"},
        ],
        visit_detail=[
            {"visit_detail_id": "12", "visit_occurrence_id": "1", "care_site_id": "8",
             "visit_detail_start_date": "2026-03-02"},
            {"visit_detail_id": "3", "visit_occurrence_id": "1", "care_site_id": "9",
             "visit_detail_start_date": "2026-03-01"},
        ],
        condition_occurrence=[
            {"condition_occurrence_id": "2", "visit_occurrence_id": "1", "condition_source_value": "I50.9",
             "condition_status_concept_id": "32903", "condition_source_concept_id": "45"},
            {"condition_occurrence_id": "1", "visit_occurrence_id": "1", "condition_source_value": "E11.9",
             "condition_status_concept_id": "32908", "condition_source_concept_id": "46"},
            {"condition_occurrence_id": "3", "visit_occurrence_id": "", "condition_source_value": "Z00"},
        ],
        concept=[{"concept_id": "45", "vocabulary_id": "ICD10CM"}],
        procedure_occurrence=[
            {"visit_occurrence_id": "1", "procedure_source_value": "0210093", "procedure_date": "2026-03-02"}
        ],
        payer_plan_period=[
            {"person_id": "1", "payer_plan_period_start_date": "2020-01-01",
             "payer_plan_period_end_date": "2026-02-28", "payer_source_value": "Medicaid"},
            {"person_id": "1", "payer_plan_period_start_date": "2026-03-01",
             "payer_plan_period_end_date": "2026-12-31", "payer_source_value": "Medicare"},
        ],
        cost=[
            {"cost_id": "1", "cost_event_id": "1", "cost_domain_id": "Visit", "total_charge": "100.5",
             "total_cost": "40", "total_paid": "30", "amount_allowed": "35", "drg_source_value": "291"},
            {"cost_id": "2", "cost_event_id": "1", "cost_domain_id": "Drug", "total_charge": "999"},
        ],
    )  # fmt: skip
    result = take_in(landing, tmp_path / "store", source="omop")
    columns = (
        "facility_id, unit_id, payer, admitted_at_kind, discharged_at_kind, discharge_disposition_code, "
        "primary_diagnosis_code, drg_code, total_charges, total_cost, paid_amount, allowed_amount"
    )
    assert staged_rows(result, "encounters", columns) == [
        ("NORTH", "4W", "Medicare", "local", "date", "06", "I50.9", "291", 100.5, 40.0, 30.0, 35.0)
    ]
    assert staged_rows(result, "diagnoses", "encounter_id, code, sequence, code_type") == [
        ("1", "E11.9", None, None),  # its concept is not among those given
        ("1", "I50.9", 1, "icd-10-cm"),
    ]
    assert staged_rows(result, "facilities", "facility_id, facility_name") == [("NORTH", "North Hospital")]
    assert staged_rows(result, "units", "unit_id, facility_id, unit_name") == [
        ("4W", "NORTH", "4 West"),
        ("ICU", "NORTH", "ICU"),
    ]
    left_out = "condition_occurrence.csv: 1 row left out of diagnoses: the condition belongs to no visit."
    assert left_out in said(result.warnings)


def test_a_patient_still_there_on_the_day_of_the_extract_is_in_the_house(tmp_path: Path) -> None:
    still = {"discharged_to_concept_id": "32220"}
    visits = [
        visit("1", visit_end_date="2026-03-31", **still),  # ended by the convention of the model
        visit("2", visit_end_date="2026-03-10", **still),  # left on the tenth, coded as still a patient
    ]
    landing = land(tmp_path / "landing", visit_occurrence=visits, cdm_source=[{"source_release_date": "2026-03-31"}])
    result = take_in(landing, tmp_path / "store", source="omop")
    assert staged_rows(result, "encounters", "encounter_id, CAST(discharged_at AS DATE)::VARCHAR") == [
        ("1", None),
        ("2", "2026-03-10"),
    ]


@pytest.mark.parametrize(("end", "kind"), [("09:00:00", "local"), ("00:00:00", "date")])
def test_where_all_is_midnight_the_hours_are_not_known(tmp_path: Path, end: str, kind: str) -> None:
    times = {"visit_start_datetime": "2026-03-01 00:00:00", "visit_end_datetime": f"2026-03-04 {end}"}
    landing = land(tmp_path / "landing", visit_occurrence=[visit("1", **times)])
    result = take_in(landing, tmp_path / "store", source="omop")
    assert staged_rows(result, "encounters", "admitted_at_kind, discharged_at_kind") == [(kind, kind)]
