"""What a landing folder may look like: everything here is read, and read right."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.support.landings import GOOD, HEADER, encounters, faults_of, line, refused_rows, staged_rows, take_in
from tests.support.said import said

BAD_DATE = line("E9", admitted_at="10/01/2026")
"""A row that is refused: its line number shows how lines are counted."""

TIMES = (datetime(2026, 10, 1, 8), datetime(2026, 10, 5, 11))


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_unknown_columns_are_ignored_with_one_warning_each(tmp_path: Path) -> None:
    files = {"encounters.csv": HEADER.replace("\n", ",remark,Ward [old]\n") + GOOD.replace("\n", ",a,b\n") * 2}
    intake = take_in(tmp_path, files)
    assert said(intake.warnings) == (
        "encounters.csv: the column 'remark' is not in the layout; ignored.",
        "encounters.csv: the column 'Ward [old]' is not in the layout; ignored.",
    )
    assert staged_rows(intake, "encounter_id") == [("E1",), ("E1",)]


def test_a_header_only_optional_table_is_zero_rows_and_supplied(tmp_path: Path) -> None:
    intake = take_in(tmp_path, {**encounters(GOOD), "denials.csv": "denial_id,encounter_id\n"})
    (denials,) = intake.of_table("denials")
    assert (denials.rows_in, denials.rows_staged, denials.rows_quarantined) == (0, 0, 0)
    assert said(intake.warnings) == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a byte order mark", "\ufeff" + HEADER + GOOD),
        ("CRLF", (HEADER + GOOD).replace("\n", "\r\n")),
        ("no newline at the end", (HEADER + GOOD).removesuffix("\n")),
        ("blank lines between and after", HEADER + "\n" + GOOD + "\n\n"),
        ("an upper-case header", HEADER.upper() + GOOD),
        ("blanks around names and values", HEADER.replace(",", " , ") + GOOD.replace(",", " , ")),
        ("no-break spaces around values", HEADER + GOOD.replace(",", "\u00a0,\u00a0")),
        (
            "a zero byte in a field nobody prints",
            HEADER.replace("\n", ",attending_provider_id\n") + GOOD.replace("\n", ",a\0b\n"),
        ),
        ("everything quoted", '"' + (HEADER + GOOD).strip().replace(",", '","').replace("\n", '"\n"') + '"\n'),
    ],
)
def test_a_csv_file_may_have(name: str, content: str, tmp_path: Path) -> None:
    intake = take_in(tmp_path, {"encounters.csv": content})
    columns = "encounter_id, person_id, facility_id, encounter_type, admitted_at, discharged_at"
    assert staged_rows(intake, columns) == [("E1", "P1", "F1", "acute inpatient", *TIMES)]
    assert said(intake.warnings) == ()


@pytest.mark.parametrize(
    ("name", "rows", "expected_line"),
    [
        ("nothing special", [GOOD, BAD_DATE], 3),
        ("a quoted newline before it", [GOOD.replace("P1", '"P\n1"'), BAD_DATE], 4),
        ("two quoted newlines in one field", [GOOD.replace("P1", '"P\n\n1"'), BAD_DATE], 5),
        ("blank lines before it", [GOOD, "\n\n", BAD_DATE], 5),
        ("a blank line and a quoted newline", ["\n", GOOD.replace("P1", '"P\n1"'), BAD_DATE], 5),
        ("no newline at the end", [GOOD, BAD_DATE.removesuffix("\n")], 3),
        ("a quoted newline in itself", [GOOD, BAD_DATE.replace("P1", '"P\n1"')], 3),
    ],
)
def test_a_refused_row_is_found_on_its_physical_line(
    name: str, rows: list[str], expected_line: int, tmp_path: Path
) -> None:
    intake = take_in(tmp_path, encounters(*rows))
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake)] == [
        (expected_line, ["invalid_admitted_at"])
    ]


def test_lines_are_counted_right_in_a_file_that_is_read_in_several_parts(tmp_path: Path) -> None:
    rows = [line(f"E{number}", person_id='"P\n1"' if number % 10 == 0 else "P" * 50) for number in range(60_000)]
    rows[59_990] = line("BAD", admitted_at="soon")
    intake = take_in(tmp_path, encounters(*rows))
    # header, then 59,990 rows before it, every tenth of them on two lines
    assert [where for _, where, _, _ in refused_rows(intake)] == [1 + 59_990 + 5_999 + 1]


def test_a_field_may_hold_a_newline_and_keeps_it(tmp_path: Path) -> None:
    intake = take_in(tmp_path, encounters(GOOD.replace("P1", '"P\n1"')))
    assert staged_rows(intake, "person_id") == [("P\n1",)]


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    intake = take_in(tmp_path, encounters(GOOD))
    (file,) = intake.files
    assert file.columns_supplied == (
        "encounter_id",
        "person_id",
        "facility_id",
        "encounter_type",
        "admitted_at",
        "discharged_at",
    )
    assert staged_rows(intake, "drg_code, total_cost, updated_at, updated_at_kind") == [(None, None, None, None)]


def test_a_column_without_a_single_value_is_not_supplied(tmp_path: Path) -> None:
    intake = take_in(tmp_path, {"encounters.csv": HEADER.replace("\n", ",drg_code\n") + GOOD.replace("\n", ",\n")})
    assert "drg_code" not in intake.files[0].columns_supplied


def test_several_files_make_one_table(tmp_path: Path) -> None:
    files = {"encounters_2026_09.csv": HEADER + line("E1"), "Encounters-October.CSV": HEADER + line("E2")}
    intake = take_in(tmp_path, files)
    assert sorted(staged_rows(intake, "encounter_id")) == [("E1",), ("E2",)]


def test_other_files_are_left_aside_with_one_warning_each(tmp_path: Path) -> None:
    files = {
        **encounters(GOOD),
        "readme.txt": "see encounters",
        "budget_notes.docx": "x",
        "patients.csv": "a\n1\n",
        ".hidden.csv": "x",
        "~$encounters.xlsx": "x",
    }
    (tmp_path / "landing" / "archive").mkdir(parents=True)
    intake = take_in(tmp_path, files)
    assert said(intake.warnings) == tuple(
        f"{name}: is no table of the source 'canonical'; left aside."
        for name in ("budget_notes.docx", "patients.csv", "readme.txt")
    )
    assert [file.file_name for file in intake.files] == ["encounters.csv"]


def test_the_longest_pattern_decides_which_table_a_file_is(tmp_path: Path) -> None:
    intake = take_in(
        tmp_path,
        {
            **encounters(GOOD),
            "cm_cases_2026.csv": "cm_case_id,encounter_id\nC1,E1\n",
            "cm_tasks_2026.csv": "task_id,cm_case_id\nT1,C1\n",
        },
    )
    assert {file.file_name: file.table for file in intake.files} == {
        "encounters.csv": "encounters",
        "cm_cases_2026.csv": "cm_cases",
        "cm_tasks_2026.csv": "cm_tasks",
    }


def test_parquet_with_typed_columns_is_read_as_its_values_say(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT * FROM (VALUES
                    (101, 7, 'F1', 'acute inpatient', TIMESTAMP '2026-10-01 08:00:00.250',
                        TIMESTAMP '2026-10-05 11:00', 1250.5, DATE '1950-02-03',
                        TIMESTAMPTZ '2026-10-06 12:00:00+02'),
                    (102, NULL, 'F1', 'acute inpatient', TIMESTAMP '2026-10-01', NULL, NULL, NULL, NULL)
                ) AS rows (encounter_id, person_id, facility_id, Encounter_Type, admitted_at, discharged_at,
                    total_cost, birth_date, updated_at)
            ) TO '{tmp_path / "landing" / "encounters.parquet"}' (FORMAT parquet)"""
        )
    intake = take_in(tmp_path, {})
    columns = "encounter_id, person_id, admitted_at, discharged_at, total_cost, birth_date, updated_at, updated_at_kind"
    assert staged_rows(intake, columns) == [
        (
            "101",
            "7",
            datetime(2026, 10, 1, 8, 0, 0, 250_000),
            datetime(2026, 10, 5, 11),
            1250.5,
            date(1950, 2, 3),
            datetime(2026, 10, 6, 10),
            "instant",
        )
    ]
    # a Parquet file has no header line: its second row is row 2
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake)] == [(2, ["missing_person_id"])]


def test_a_workbook_with_dates_numbers_blank_rows_and_a_second_sheet(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        rows: list[list[object]] = [
            [],
            [*HEADER.strip().split(","), "total_cost", "birth_date", None],
            [1001, "P1", "F1", "acute inpatient", datetime(2026, 10, 1, 8, 30), datetime(2026, 10, 5), 1250.5, None],
            [],
            [1002.0, "007", "F1", "observation", "2026-10-02 09:00", None, 3, date(1950, 2, 3)],
            [1003, "P3", "F1", "acute inpatient", 45932, None, None, None],
        ]
        for row in rows:
            sheet.append(row)
        book.create_sheet("Notes").append(["nothing for us"])

    intake = take_in(tmp_path, {"encounters.xlsx": workbook(fill)})
    columns = "encounter_id, person_id, admitted_at, admitted_at_kind, discharged_at, discharged_at_kind, total_cost"
    assert staged_rows(intake, f"{columns}, birth_date") == [
        ("1001", "P1", datetime(2026, 10, 1, 8, 30), "local", datetime(2026, 10, 5), "date", 1250.5, None),
        ("1002", "007", datetime(2026, 10, 2, 9), "local", None, None, 3.0, date(1950, 2, 3)),
    ]
    # an Excel serial number is no date we may guess at; its row in the sheet is told
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake)] == [(6, ["invalid_admitted_at"])]
    assert said(intake.warnings) == ("encounters.xlsx: only the sheet Sheet is read; Notes left aside.",)


def test_a_workbook_with_cells_past_its_header_is_refused_with_their_rows(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.append(HEADER.strip().split(","))
        sheet.append([*GOOD.strip().split(","), "a remark"])

    assert faults_of(tmp_path, {"encounters.xlsx": workbook(fill)}) == [
        "encounters.xlsx:2: has cells to the right of the 6 columns of the header. "
        "Give those columns a name, or clear the cells."
    ]


def test_an_id_that_excel_turned_into_a_float_is_refused(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.append(HEADER.strip().split(","))
        sheet.append([1.5e20, *GOOD.strip().split(",")[1:]])

    intake = take_in(tmp_path, {"encounters.xlsx": workbook(fill)})
    assert [reasons for _, _, reasons, _ in refused_rows(intake)] == [["mangled_id"]]


def test_a_column_that_bears_our_own_name_for_lines_is_ignored_like_any_other(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",source_line\n") + GOOD.replace("\n", ",77\n") + BAD_DATE.replace("\n", ",88\n")
    intake = take_in(tmp_path, {"encounters.csv": content})
    assert staged_rows(intake, "source_line") == [(2,)]
    assert [where for _, where, _, _ in refused_rows(intake)] == [3]


def test_a_folder_and_files_whose_names_hold_a_quotation_mark_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "St. Mary's"
    intake = take_in(folder, {"encounters_mary's.csv": HEADER + GOOD + BAD_DATE})
    assert [(file.rows_staged, file.rows_quarantined) for file in intake.files] == [(1, 1)]


def test_data_in_a_form_we_do_not_read_is_told_as_missing(tmp_path: Path) -> None:
    intake = take_in(tmp_path / "beside", {**encounters(GOOD), "denials_2026.xls": "x", "Encounters_09.zip": "x"})
    assert said(intake.warnings) == tuple(
        f"{name}: has the name of a file of {table}, but its ending is not read, and its rows are missing. Save it as "
        ".csv, .parquet or .xlsx, or take it away."
        for name, table in (("Encounters_09.zip", "encounters"), ("denials_2026.xls", "denials"))
    )
    (fault,) = faults_of(tmp_path / "alone", {"encounters.xls": "x"})
    assert "encounters.xls has an ending we do not read" in fault
