"""Each reason to refuse a row, with the row just inside and the row just outside of it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.mapping.checked_rows import reason_words
from tests.support.landings import GOOD, HEADER, encounters, line, refusals, refused_rows, staged_rows, take_in
from tests.support.said import said

WITH_AMOUNTS = HEADER.replace("\n", ",total_cost,birth_date,updated_at\n")


def judged(tmp_path: Path, *rows: str, options: str = "") -> dict[str, list[str]]:
    """The refused encounters and why; the rest was staged."""
    files = {**encounters(*rows), **({"landing.yaml": options} if options else {})}
    return refusals(take_in(tmp_path, files))


def test_what_is_required_may_not_be_empty_and_every_reason_is_told(tmp_path: Path) -> None:
    found = refused_rows(take_in(tmp_path, encounters(GOOD, ",,,,,2026-10-05\n", "NULL,\\N, ,#N/A,,2026-10-05\n")))
    expected = [
        "missing_encounter_id",
        "missing_person_id",
        "missing_facility_id",
        "missing_encounter_type",
        "missing_admitted_at",
    ]
    assert [(where, reasons) for _, where, reasons, _ in found] == [(3, expected), (4, expected)]
    assert found[1][3]["encounter_id"] == "NULL"


def test_lines_of_commas_alone_are_no_rows_and_are_counted(tmp_path: Path) -> None:
    intake = take_in(tmp_path, encounters(GOOD, ",,,,,\n" * 200, line("E2"), ' , ,,"",,\n'))
    (file,) = intake.files
    assert (file.rows_in, file.rows_staged, file.rows_quarantined) == (2, 2, 0)
    assert said(intake.warnings) == (
        "encounters.csv: 201 rows hold not a single value (commas alone); left aside as empty.",
    )


def test_a_discharge_that_is_empty_is_a_patient_in_the_house(tmp_path: Path) -> None:
    assert judged(tmp_path, line("IN_HOUSE", discharged_at="")) == {}


READABLE_TIMES = {
    "2026-10-01": (datetime(2026, 10, 1), "date"),
    "2026-10-01 08:30": (datetime(2026, 10, 1, 8, 30), "local"),
    "2026-10-01T08:30": (datetime(2026, 10, 1, 8, 30), "local"),
    "2026-10-01 8:30": (datetime(2026, 10, 1, 8, 30), "local"),
    "2026-10-01 08:30:15": (datetime(2026, 10, 1, 8, 30, 15), "local"),
    "2026-10-01T08:30:15.5": (datetime(2026, 10, 1, 8, 30, 15, 500_000), "local"),
    "2026-10-01T08:30:00Z": (datetime(2026, 10, 1, 8, 30), "instant"),
    "2026-10-01 08:30 UTC": (datetime(2026, 10, 1, 8, 30), "instant"),
    "2026-10-01 08:30:00+00": (datetime(2026, 10, 1, 8, 30), "instant"),
    "2026-10-01T23:30-0400": (datetime(2026, 10, 2, 3, 30), "instant"),
    "2026-10-01T23:30:00+05:30": (datetime(2026, 10, 1, 18), "instant"),
    "2026-10-01 23:30:00.0000000 -04:00": (datetime(2026, 10, 2, 3, 30), "instant"),
    "20261001": (datetime(2026, 10, 1), "date"),
    "202610011405": (datetime(2026, 10, 1, 14, 5), "local"),
    "20261001140530": (datetime(2026, 10, 1, 14, 5, 30), "local"),
    "202610012400": (datetime(2026, 10, 2), "local"),
    "2026-10-01 24:00": (datetime(2026, 10, 2), "local"),
    "2026-10-01T24:00:00": (datetime(2026, 10, 2), "local"),
}
UNREADABLE_TIMES = (
    "10/01/2026",
    "01.10.2026",
    "20261301",
    "00011001",
    "202610012500",
    "2026-13-01",
    "2026-02-29",
    "2026-10-1",
    "2026-10",
    "26-10-01",
    "46296",  # a day as Excel counts them
    "2026-10-01 25:00",
    "2026-10-01 08:60",
    "2026-10-01 08:00 PM",  # read as 08:00 it would be twelve hours wrong
    "2026-10-01 8:00:00 AM",
    "2026-10-01 08:00 America/New_York",
    "2026-10-01 08:00 ET",
    "2026-10-01Z",
    "epoch",
    "today",
)


def test_a_time_is_kept_as_written_or_in_utc_where_it_has_an_offset(tmp_path: Path) -> None:
    rows = [line(written, admitted_at=written, discharged_at="") for written in READABLE_TIMES]
    intake = take_in(tmp_path, encounters(*rows))
    found = {row[0]: row[1:] for row in staged_rows(intake, "encounter_id, admitted_at, admitted_at_kind")}
    assert found == READABLE_TIMES


def test_a_time_that_is_not_iso_is_never_guessed_at(tmp_path: Path) -> None:
    rows = [line(written, admitted_at=written, discharged_at="") for written in UNREADABLE_TIMES]
    assert judged(tmp_path, *rows) == {written: ["invalid_admitted_at"] for written in UNREADABLE_TIMES}


def test_discharge_before_admission(tmp_path: Path) -> None:
    in_order = [
        ("2026-10-02", "2026-10-02"),
        ("2026-10-02 08:00", "2026-10-02 08:00"),
        # a date says nothing of the hour: only days are compared
        ("2026-10-02 08:00", "2026-10-02"),
        ("2026-10-02", "2026-10-02 00:00"),
    ]
    reversed_order = [
        ("2026-10-02", "2026-10-01"),
        ("2026-10-02 08:00", "2026-10-02 07:59"),
        ("2026-10-02 00:01", "2026-10-01"),
        ("2026-10-02", "2026-10-01 23:59"),
    ]
    rows = [
        line(f"{admitted_at} to {discharged_at}", admitted_at=admitted_at, discharged_at=discharged_at)
        for admitted_at, discharged_at in in_order + reversed_order
    ]
    assert judged(tmp_path, *rows) == {f"{start} to {end}": ["discharge_before_admit"] for start, end in reversed_order}


def test_a_date_after_the_last_plausible_day_is_refused(tmp_path: Path) -> None:
    assert judged(
        tmp_path,
        line("INSIDE", admitted_at="2026-10-20 23:59", discharged_at=""),
        line("OUTSIDE", admitted_at="2026-10-21", discharged_at=""),
        line("NEXT_YEAR", discharged_at="2027-10-05"),
        options="complete_through: 2026-12-31\nplausible_until: 2026-10-20",
    ) == {"OUTSIDE": ["future_date"], "NEXT_YEAR": ["future_date"]}


def test_an_id_in_scientific_notation_is_lost(tmp_path: Path) -> None:
    lost = ["1.23E+11", "1.23e+11", "1,23E+11", "-4E+05", "1E+9"]
    whole = ["1234E5", "10S0QS", "E+11", "1.23E+11X", "12E3456", "123E-4"]
    rows = [line(f'"{encounter_id}"') for encounter_id in lost + whole]
    assert judged(tmp_path, *rows) == {encounter_id: ["mangled_id"] for encounter_id in lost}


def test_any_id_of_a_row_may_be_the_mangled_one(tmp_path: Path) -> None:
    assert judged(tmp_path, line("E1", person_id="9.9E+10")) == {"E1": ["mangled_id"]}


def test_a_date_before_1900_is_implausible_but_a_birth_date_is_nobodys_stay(tmp_path: Path) -> None:
    content = WITH_AMOUNTS + "".join(
        row.replace("\n", f",1,{born},\n")
        for row, born in [
            (line("FIRST_DAY", admitted_at="1900-01-01", discharged_at="1900-01-02"), "1850-01-01"),
            (line("DAY_BEFORE", admitted_at="1899-12-31", discharged_at="1900-01-02"), "1899-12-31"),
        ]
    )
    assert refusals(take_in(tmp_path, {"encounters.csv": content})) == {"DAY_BEFORE": ["implausible_date"]}


def test_a_row_with_several_faults_lists_them_all(tmp_path: Path) -> None:
    rows = [line("1E+10", person_id="", admitted_at="2027-05-01", discharged_at="1899-01-01")]
    assert list(judged(tmp_path, *rows, options="plausible_until: 2026-11-01").values()) == [
        ["missing_person_id", "mangled_id", "implausible_date", "discharge_before_admit", "future_date"]
    ]


def test_an_optional_value_that_cannot_be_read_is_unknown_with_one_warning_for_its_column(tmp_path: Path) -> None:
    values = ["1250.50,1950-02-03,2026-10-06", "n/a,03.02.1950,yesterday", "nan,,", "inf,1950-02-30,", '"1,250",,']
    content = WITH_AMOUNTS + "".join(
        line(f"E{number}").replace("\n", f",{value}\n") for number, value in enumerate(values)
    )
    intake = take_in(tmp_path, {"encounters.csv": content})
    assert refusals(intake) == {}
    assert [row[0] for row in staged_rows(intake, "total_cost")] == [1250.5, None, None, None, 1250.0]
    assert said(intake.warnings) == (
        "encounters.csv: 2 values of birth_date cannot be read; treated as unknown.",
        "encounters.csv: 3 values of total_cost cannot be read; treated as unknown.",
        "encounters.csv: 1 value of updated_at cannot be read; treated as unknown.",
    )


def test_a_count_is_a_whole_number(tmp_path: Path) -> None:
    census = "facility_id,census_on,patients\n" + "".join(
        f"F1,2026-10-{day:02},{patients}\n" for day, patients in enumerate(["12", "12.0", "12.5", "twelve", "nan"], 1)
    )
    intake = take_in(tmp_path, {**encounters(GOOD), "census.csv": census})
    assert staged_rows(intake, "patients", "census") == [(12,), (12,)]
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake, "census")] == [
        (4, ["invalid_patients"]),
        (5, ["invalid_patients"]),
        (6, ["invalid_patients"]),
    ]


def test_a_month_is_a_month_or_a_day_in_it(tmp_path: Path) -> None:
    months = ["2026-10", "2026-10-01", "2026-10-31", "2026-13", "2026-10-32", "Oct 2026"]
    budget = "facility_id,month,account,budget_usd\n" + "".join(f"F1,{month},{month},100\n" for month in months)
    intake = take_in(tmp_path, {**encounters(GOOD), "budget.csv": budget})
    assert staged_rows(intake, "account, month", "budget") == [(month, date(2026, 10, 1)) for month in months[:3]]
    assert [reasons for _, _, reasons, _ in refused_rows(intake, "budget")] == [["invalid_month"]] * 3


def test_a_delay_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    waits = "encounter_id,starts_on,ends_on\nE1,2026-10-02,2026-10-02\nE2,2026-10-02,2026-10-01\nE3,2026-10-02,\n"
    intake = take_in(tmp_path, {**encounters(GOOD), "avoidable_days.csv": waits})
    assert refusals(intake, "avoidable_days") == {"E2": ["ends_before_start"]}


def test_the_original_row_is_kept_as_it_came(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",Ward\n") + line("E9", admitted_at="soon").replace("\n", ',"4 West, ""old"""\n')
    ((file, where, reasons, original),) = refused_rows(take_in(tmp_path, {"encounters.csv": content}))
    assert (file, where, reasons) == ("encounters.csv", 2, ["invalid_admitted_at"])
    assert original == {
        "encounter_id": "E9",
        "person_id": "P1",
        "facility_id": "F1",
        "encounter_type": "acute inpatient",
        "admitted_at": "soon",
        "discharged_at": "2026-10-05 11:00",
        "ward": '4 West, "old"',
    }


def test_a_row_of_an_unpivoted_file_is_refused_with_the_line_it_came_from(tmp_path: Path) -> None:
    claims = (
        "desynpuf_id,clm_id,claim_type,clm_from_dt,clm_thru_dt,prvdr_num,icd9_dgns_cd_1,icd9_dgns_cd_2,"
        "icd9_prcdr_cd_1,icd9_prcdr_cd_2,clm_pmt_amt\n"
        "P1,C1,Inpatient,2010-01-01,2010-01-05,F1,4280,,NULL,NULL,100\n"
        "P2,1E+14,Inpatient,2010-01-01,2010-01-05,F1,4280,25000,NULL,NULL,100\n"
    )
    intake = take_in(tmp_path, {"claims.csv": claims}, source="synpuf")
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake, "diagnoses")] == [
        (3, ["mangled_id"]),
        (3, ["mangled_id"]),
    ]


@pytest.mark.parametrize(
    ("table", "reason", "words"),
    [
        ("encounters", "missing_person_id", "person_id is empty."),
        ("encounters", "invalid_admitted_at", "admitted_at cannot be read as an ISO date or time."),
        ("census", "invalid_patients", "patients cannot be read as a whole number."),
        ("budget", "invalid_budget_usd", "budget_usd cannot be read as a number."),
        ("budget", "invalid_month", "month cannot be read as a month."),
        ("encounters", "future_date", "The admission or discharge lies after the last plausible day."),
        ("encounters", "implausible_date", "A date lies before 1900."),
        (
            "encounters",
            "mangled_id",
            "An id is in scientific notation (such as 1.23E+11): a spreadsheet destroyed it.",
        ),
    ],
)
def test_every_reason_has_words(table: str, reason: str, words: str) -> None:
    assert reason_words(reason, load_contracts()[table]) == words


def test_a_survey_cannot_have_more_best_answers_than_answers(tmp_path: Path) -> None:
    results = ["3,3", "40,82", "-1,", "5,-1", "100000,0", "100001,0", "40,", "Too few,Too few", ",4"]
    rows = "".join(f"F1,2026-{at:02},symptoms in writing,{result}\n" for at, result in enumerate(results, start=1))
    files = {**encounters(GOOD), "surveys.csv": "facility_id,month,item,n_answers,n_top_box\n" + rows}
    intake = take_in(tmp_path, files)
    found = [(line, reasons) for _, line, reasons, _ in refused_rows(intake, "surveys")]
    assert found == [
        (3, ["more_top_box_than_answers"]),
        (4, ["implausible_answers"]),
        (5, ["implausible_answers"]),
        (7, ["implausible_answers"]),
    ]
    assert staged_rows(intake, "n_answers, n_top_box", "surveys") == [
        (3, 3), (100000, 0), (40, None), (None, None), (None, 4),
    ]  # fmt: skip
    assert "is it a percentage?" in reason_words("more_top_box_than_answers", load_contracts()["surveys"])
