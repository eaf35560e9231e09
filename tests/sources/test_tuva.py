"""The Tuva input layer: encounters of dates, payers from eligibility, costs from beside."""

from __future__ import annotations

from pathlib import Path

from tests.support.fhir import staged_rows, take_in
from tests.support.said import said

ENCOUNTER = (
    "encounter_id,person_id,encounter_type,encounter_start_date,encounter_end_date,facility_npi,"
    "discharge_disposition_code,primary_diagnosis_code,ms_drg_code,charge_amount,paid_amount\n"
)


def land(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_an_encounter_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    landing = land(
        tmp_path / "landing",
        encounter=f"{ENCOUNTER}e1,p1,acute inpatient,2026-03-01,2026-03-04,F1,06,I509,291,100,40\n"
        "e2,p1,inpatient psych,2026-04-01,2026-04-04,F1,01,F329,885,100,40\n"
        "e3,p2,inpatient skilled nursing,2026-04-01,2026-04-04,F1,01,I509,,100,40\n",
        patient="person_id,birth_date,sex,race\np1,1950-02-03,female,asian\n",
        eligibility="person_id,payer,enrollment_start_date,enrollment_end_date\n"
        "p1,Medicaid,2020-01-01,2026-03-01\np1,Medicare,2026-03-01,\n",
        costs="encounter_id,total_cost\ne1,41.50\n",
        condition="encounter_id,source_code,source_code_type,condition_rank,present_on_admit_code\n"
        "e1,I509,icd-10-cm,1,Y\n,Z00,icd-10-cm,1,\n",
        procedure="encounter_id,source_code,procedure_date\ne1,0210093,2026-03-02\n",
    )
    result = take_in(landing, tmp_path / "store", source="tuva")
    columns = "encounter_id, encounter_type, facility_id, payer, sex, race, drg_code, total_cost, admitted_at_kind"
    assert staged_rows(result, "encounters", columns) == [
        ("e1", "acute inpatient", "F1", "Medicare", "female", "asian", "291", 41.5, "date"),
        ("e2", "inpatient psychiatric", "F1", "Medicare", "female", "asian", "885", None, "date"),
        ("e3", "skilled nursing", "F1", None, None, None, None, None, "date"),
    ]
    assert staged_rows(result, "diagnoses", "encounter_id, code, sequence, code_type, present_on_admission") == [
        ("e1", "I509", 1, "icd-10-cm", "Y")
    ]
    assert staged_rows(result, "procedures", "encounter_id, procedure_code") == [("e1", "0210093")]
    assert "condition.csv: 1 row left out of diagnoses: the diagnosis belongs to no encounter." in said(result.warnings)


def test_encounters_alone_are_enough_and_the_rest_is_named(tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", encounter=f"{ENCOUNTER}e1,p1,acute inpatient,2026-03-01,,F1,,,,,\n")
    result = take_in(landing, tmp_path / "store", source="tuva")
    assert staged_rows(result, "encounters", "encounter_id, discharged_at") == [("e1", None)]
    assert "no eligibility* file was found: payers are not known." in said(result.warnings)
