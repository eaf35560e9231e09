"""A hospital's own columns become ours by a few lines of landing.yaml, and every fault in them is told at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.support.landings import faults_of, refused_rows, staged_rows, take_in
from tests.support.said import said

EXTRACT = (
    "VisitNo;MRN;Class;AdmDate;AdmTime;DischDt;Charges\n"
    "001;P1;IP;10/01/2026;08:30;10/05/2026 14:00;1.234,50\n"
    "002;P2;ob;10/02/2026;24:00;;12,5\n"
    "003;P3;XX;13/01/2026;08:00;;\n"
)
MAPPING = """
time_zone: America/New_York
tables:
  encounters:
    files: ADT_*.csv
    delimiter: ;
    decimal: ","
    columns:
      encounter_id: VisitNo
      person_id: mrn
      encounter_type: Class
      admitted_at: [AdmDate, AdmTime]
      discharged_at: DischDt
      total_charges: Charges
    constants: {facility_id: MAIN}
    values: {encounter_type: {IP: acute inpatient, OB: observation}}
    dates: "%m/%d/%Y %H:%M"
"""


def test_own_names_values_dates_and_numbers_are_read(tmp_path: Path) -> None:
    intake = take_in(tmp_path, {"ADT_2026_10.csv": EXTRACT, "landing.yaml": MAPPING})
    columns = "encounter_id, person_id, facility_id, encounter_type, admitted_at, discharged_at, total_charges"
    assert staged_rows(intake, columns) == [
        ("001", "P1", "MAIN", "acute inpatient", datetime(2026, 10, 1, 8, 30), datetime(2026, 10, 5, 14), 1234.5)
    ]
    assert said(intake.warnings) == ()
    refused = refused_rows(intake)
    assert [(where, reasons) for _, where, reasons, _ in refused] == [
        (3, ["invalid_admitted_at"]),
        (4, ["invalid_admitted_at"]),
    ]
    assert refused[1][3]["admdate"] == "13/01/2026"  # the row as it was sent


def test_every_fault_of_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    options = """
tables:
  encounters:
    columns: {encounter_id: VisitNo, visit: X}
    values: {ward: {A: B}}
    dates: {total_cost: "%Y-%m-%d"}
  patients: {}
"""
    found = faults_of(tmp_path, {"encounters.csv": EXTRACT, "landing.yaml": options})
    assert [fault.split(" Known")[0] for fault in found] == [
        "landing.yaml: tables.encounters.columns: 'visit' is not a column of encounters.",
        "landing.yaml: tables.encounters.values: 'ward' is not a column of encounters.",
        "landing.yaml: tables.encounters.dates: total_cost holds no dates; it is a number. Leave it out.",
        "landing.yaml: tables.patients: is not a table of ours.",
    ]


def test_words_that_are_no_options_are_told_at_once(tmp_path: Path) -> None:
    options = """
tables:
  encounters: {delimiter: ab, encoding: klingon, dates: soon, header_row: 0, colour: red}
"""
    found = faults_of(tmp_path, {"encounters.csv": EXTRACT, "landing.yaml": options})
    assert len(found) == 5
    assert any("'klingon' is no encoding of text" in fault for fault in found)
    assert any("'soon' is no form of a date" in fault for fault in found)
    assert any("tables.encounters.colour is not a known field. Known are files, columns" in fault for fault in found)


def test_a_mapped_column_that_is_not_there_names_file_line_column_and_cure(tmp_path: Path) -> None:
    options = MAPPING.replace("person_id: mrn", "person_id: PatientNo")
    assert faults_of(tmp_path, {"ADT_1.csv": EXTRACT, "landing.yaml": options}) == [
        "ADT_1.csv:1: has no column 'PatientNo', which landing.yaml reads as person_id; found VisitNo, MRN, Class, "
        "AdmDate, AdmTime, DischDt, Charges. Correct tables: columns: person_id in landing.yaml, or the file."
    ]


def test_a_pattern_that_fits_no_file_is_told(tmp_path: Path) -> None:
    found = faults_of(tmp_path, {"encounters.csv": EXTRACT, "landing.yaml": MAPPING})
    assert len(found) == 1
    assert "no file fits ADT_*.csv, which landing.yaml names for encounters." in found[0]


def test_another_mapping_of_the_same_file_stages_it_anew(tmp_path: Path) -> None:
    first = take_in(tmp_path, {"ADT_1.csv": EXTRACT, "landing.yaml": MAPPING})
    second = take_in(tmp_path, {"landing.yaml": MAPPING.replace("MAIN", "WEST")})
    assert staged_rows(first, "facility_id") == [("MAIN",)]
    assert staged_rows(second, "facility_id") == [("WEST",)]


REPAIRS = """
tables:
  encounters:
    repairs:
      encounter_id: {whole_number: true, width: 8}
      person_id: {unknown: [TEST, Nobody]}
      discharge_disposition_code: {width: 2}
      drg_code: {width: 3, unknown: "0"}
  denials:
    repairs: {encounter_id: {whole_number: true, width: 8}}
"""


def test_declared_repairs_put_right_what_is_certain_and_leave_the_rest(tmp_path: Path) -> None:
    head = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,"
    head += "discharge_disposition_code,drg_code\n"
    given = [
        ("1.0", "P1", "1", "39"),
        ("00000002", "test", "01", "0"),
        ("A3.0", "nobody", "X", "0039"),
        ("1.50", "P4", "", "470"),
        ("123456789", "P5", "6", "ABC"),
    ]
    rows = "".join(
        f"{one},{who},F1,acute inpatient,2026-10-01,2026-10-05,{left},{drg}\n" for one, who, left, drg in given
    )
    files = {
        "encounters.csv": head + rows,
        "denials.csv": "denial_id,encounter_id,denied_on\nD1,1.0,2026-10-09\nD2,2,2026-10-09\n",
        "landing.yaml": REPAIRS,
    }
    intake = take_in(tmp_path, files)
    assert staged_rows(intake, "encounter_id, person_id, discharge_disposition_code, drg_code") == [
        ("00000001", "P1", "01", "039"),
        ("00000002", "UNKNOWN", "01", None),
        ("A3.0", "UNKNOWN", "X", "0039"),
        ("1.50", "P4", None, "470"),
        ("123456789", "P5", "06", "ABC"),
    ]
    assert staged_rows(intake, "encounter_id", "denials") == [("00000001",), ("00000002",)]
    assert sorted(said(intake.warnings)) == [
        "denials.csv: 2 values of encounter_id in denials were repaired as landing.yaml declares (repairs).",
        "encounters.csv: 1 value of encounter_id in encounters was repaired as landing.yaml declares (repairs).",
        "encounters.csv: 2 values of discharge_disposition_code in encounters were repaired as landing.yaml declares "
        "(repairs).",
        "encounters.csv: 2 values of drg_code in encounters were repaired as landing.yaml declares (repairs).",
        "encounters.csv: 2 values of person_id in encounters were repaired as landing.yaml declares (repairs).",
    ]
    assert said(take_in(tmp_path, {}).warnings) == said(intake.warnings)  # staged before, and said again


def test_nothing_is_repaired_that_is_not_declared(tmp_path: Path) -> None:
    head = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,discharge_disposition_code\n"
    intake = take_in(tmp_path, {"encounters.csv": f"{head}1.0,P1,F1,acute inpatient,2026-10-01,2026-10-05,1\n"})
    assert staged_rows(intake, "encounter_id, discharge_disposition_code") == [("1.0", "1")]


def test_a_repair_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    options = """
tables:
  encounters:
    repairs: {total_cost: {width: 8}, ward: {width: 2}, admitted_at: {whole_number: true}}
"""
    faults = faults_of(tmp_path, {"encounters.csv": "x\n", "landing.yaml": options})
    assert [fault for fault in faults if "total_cost is a number" in fault]
    assert [fault for fault in faults if "'ward' is not a column" in fault]
    assert [fault for fault in faults if "admitted_at is a moment" in fault]
    too_narrow = "tables: {denials: {repairs: {denial_id: {width: 1}}}}"
    (fault,) = faults_of(tmp_path / "width", {"encounters.csv": "x\n", "landing.yaml": too_narrow})
    assert "width" in fault
