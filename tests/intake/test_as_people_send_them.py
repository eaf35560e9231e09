"""Files as people send them: titles, other encodings and delimiters, packed, split, in folders, from Excel."""

from __future__ import annotations

import gzip
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest

from tests.support.landings import GOOD, HEADER, encounters, faults_of, land, line, refused_rows, staged_rows, take_in
from tests.support.said import said

TEXT = HEADER + line("E1", person_id="Müller") + line("E2", person_id="P2")
IDS = [("E1", "Müller"), ("E2", "P2")]


def zstd(content: bytes) -> bytes:
    packed: bytes = pyarrow.Codec("zstd").compress(content, asbytes=True)
    return packed


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("encounters.csv", TEXT.encode("utf-16"), ""),
        ("encounters.csv", TEXT.encode("utf-8-sig"), ""),
        ("encounters.csv", TEXT.encode("cp1252"), "tables: {encounters: {encoding: cp1252}}"),
        ("encounters.csv", TEXT.encode("utf-16-le"), "tables: {encounters: {encoding: utf-16-le}}"),
        ("encounters.csv", TEXT.replace(",", ";").encode(), ""),
        ("encounters.csv", TEXT.replace(",", "\t").encode(), ""),
        ("encounters.csv", TEXT.replace(",", "|").encode(), ""),
        ("encounters.csv", TEXT.replace(",", "^").encode(), "tables: {encounters: {delimiter: ^}}"),
        ("encounters.csv", b"sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n").encode(), ""),
        ("encounters.csv", b"sep=,\n" + TEXT.encode(), ""),
        ("encounters.csv", b"\n\n" + TEXT.encode(), ""),
        ("encounters.csv.gz", gzip.compress(TEXT.encode()), ""),
        ("encounters.csv.zst", zstd(TEXT.encode()), ""),
        ("encounters.csv.gz", gzip.compress(TEXT.replace(",", ";").encode("utf-16")), ""),
        ("Encounters-0001.csv", TEXT.encode(), ""),
        ("ADT.txt", TEXT.encode(), "tables: {encounters: {files: 'adt*'}}"),
        ("encounters.csv", TEXT.encode() + b"Total,2,,,,\n", "tables: {encounters: {skip_footer: 1}}"),
        ("encounters.csv", TEXT.encode() + b"2 rows\n\n\n", "tables: {encounters: {skip_footer: 1}}"),
    ],
)
def test_a_text_file_is_read(name: str, content: bytes, options: str, tmp_path: Path) -> None:
    intake = take_in(tmp_path, {name: content, **({"landing.yaml": options} if options else {})})
    assert staged_rows(intake, "encounter_id, person_id") == IDS
    assert said(intake.warnings) == ()


def test_a_title_above_the_header_is_named_and_lines_stay_the_files_own(tmp_path: Path) -> None:
    content = "ADT extract of 2026-11-01\nprinted by, IT\n" + HEADER + GOOD + line("E2", admitted_at="soon")
    intake = take_in(tmp_path, {"encounters.csv": content})
    assert staged_rows(intake, "encounter_id") == [("E1",)]
    assert [where for _, where, _, _ in refused_rows(intake)] == [5]
    assert said(intake.warnings) == (
        "encounters.csv: the header row is line 3; lines 1 to 2 are taken for a title and left aside.",
    )


def test_a_declared_header_row_needs_no_warning(tmp_path: Path) -> None:
    files = {"encounters.csv": "a title\n" + HEADER + GOOD, "landing.yaml": "tables: {encounters: {header_row: 2}}"}
    assert said(take_in(tmp_path, files).warnings) == ()


def test_a_header_may_hold_a_quoted_newline_in_a_column_we_do_not_use(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",note") + "\n" + GOOD.replace("\n", ",x\n")
    assert staged_rows(take_in(tmp_path, {"encounters.csv": content}), "encounter_id") == [("E1",)]


def test_dated_folders_are_named_when_left_aside_and_read_when_declared(tmp_path: Path) -> None:
    land(tmp_path / "landing" / "2026-09", {"encounters.csv": HEADER + line("E2")})
    land(tmp_path / "landing" / "notes", {"readme.txt": "nothing"})
    intake = take_in(tmp_path, encounters(GOOD))
    assert staged_rows(intake, "encounter_id") == [("E1",)]
    assert len(said(intake.warnings)) == 1
    assert said(intake.warnings)[0].startswith("2026-09/: a folder of 1 file; left aside.")
    pattern = "tables: {encounters: {files: ['encounters*', '*/encounters*']}}"
    intake = take_in(tmp_path, {"landing.yaml": pattern})
    assert sorted(staged_rows(intake, "encounter_id")) == [("E1",), ("E2",)]
    assert {file.file_name for file in intake.files} == {"encounters.csv", "2026-09/encounters.csv"}
    assert said(intake.warnings) == ()


def workbook(
    tmp_path: Path, sheets: dict[str, list[list[Any]]], *, hidden: str = "", merged: str = ""
) -> dict[str, bytes]:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title == hidden:
            sheet.sheet_state = "hidden"
        if merged and title != hidden:
            sheet.merge_cells(merged)
    stream = io.BytesIO()
    book.save(stream)
    return {"encounters.xlsx": stream.getvalue()}


NAMES = HEADER.strip().split(",")
ROW = ["E1", "P1", "F1", "acute inpatient", datetime(2026, 10, 1, 8), "2026-10-05 24:00"]


def test_the_visible_sheet_is_read_below_its_title_and_others_are_named(tmp_path: Path) -> None:
    sheets = {
        "Old": [NAMES, ["E9", *ROW[1:]]],
        "Notes": [["Read me"]],
        "ADT": [["ADT extract"], [], NAMES, ROW],
    }
    intake = take_in(tmp_path, workbook(tmp_path, sheets, hidden="Old"))
    assert staged_rows(intake, "encounter_id, discharged_at") == [("E1", datetime(2026, 10, 6))]
    assert said(intake.warnings) == (
        "encounters.xlsx: only the sheet ADT is read; Old (hidden), Notes left aside.",
        "encounters.xlsx: the header row is row 3; rows 1 to 2 are taken for a title and left aside.",
    )


def test_two_sheets_with_rows_are_never_chosen_between_in_silence(tmp_path: Path) -> None:
    sheets = {"North": [NAMES, ROW], "South": [NAMES, ["E2", *ROW[1:]]]}
    book = workbook(tmp_path, sheets)
    (fault,) = faults_of(tmp_path, book)
    assert fault.startswith("encounters.xlsx: the sheets North and South all hold encounters.")
    intake = take_in(tmp_path, {"landing.yaml": "tables: {encounters: {sheet: South}}"})
    assert staged_rows(intake, "encounter_id") == [("E2",)]


def test_merged_cells_and_formulas_without_a_value_are_named_by_cell(tmp_path: Path) -> None:
    sheets = {"ADT": [NAMES, ROW, ["=A2&1", None, *ROW[2:]]]}
    assert faults_of(tmp_path, workbook(tmp_path, sheets, merged="B2:B3")) == [
        "encounters.xlsx: the sheet ADT has formulas without a stored value: A3. "
        "Open it in Excel and save it, or paste the values.",
        "encounters.xlsx: the sheet ADT has merged cells among its rows: B2:B3. "
        "Unmerge them and fill in the value on every row.",
    ]


def test_errors_of_excel_are_empty_cells_and_day_numbers_are_read_where_declared(tmp_path: Path) -> None:
    rows = [[*NAMES, "payer"], [*ROW[:4], 46296.5, 46300, "#N/A"], ["total", *[None] * 5, "#REF!"]]
    files = {
        **workbook(tmp_path, {"ADT": rows}),
        "landing.yaml": "tables: {encounters: {dates: excel, skip_footer: 1}}",
    }
    intake = take_in(tmp_path, files)
    assert staged_rows(intake, "admitted_at, admitted_at_kind, discharged_at, discharged_at_kind, payer") == [
        (datetime(2026, 10, 1, 12), "local", datetime(2026, 10, 5), "date", None)
    ]
    assert said(intake.warnings) == ("encounters.xlsx: 2 cells hold an error of Excel (such as #N/A); taken as empty.",)


MONEY = HEADER.replace("\n", ";total_cost\n").replace(",", ";")


def costs(tmp_path: Path, *values: str, options: str = "") -> tuple[list[float | None], tuple[str, ...]]:
    rows = [line(f"E{n}").replace(",", ";").replace("\n", f";{value}\n") for n, value in enumerate(values)]
    files = {"encounters.csv": MONEY + "".join(rows), **({"landing.yaml": options} if options else {})}
    intake = take_in(tmp_path, files)
    return [row[0] for row in staged_rows(intake, "total_cost")], said(intake.warnings)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1,234.50", "999", "1,000"], [1234.5, 999, 1000]),
        (["1.234,50", "999", "1.000"], [1234.5, 999, 1000]),
        (["12,5", "1.234"], [12.5, 1234]),
        (["1 234,50", "2 000"], [1234.5, 2000]),
        (["$1,234.50", "($20.00)", "30.00-"], [1234.5, -20, -30]),
        (["1234.5", "1,234"], [1234.5, 1234]),
    ],
)
def test_numbers_are_read_where_one_value_proves_the_form_of_the_column(
    values: list[str], expected: list[float], tmp_path: Path
) -> None:
    assert costs(tmp_path, *values) == (expected, ())


def test_numbers_that_can_be_read_in_two_ways_are_named_and_read_as_declared(tmp_path: Path) -> None:
    found, warnings = costs(tmp_path, "1,234", "5,678")
    assert found == [None, None]
    assert any("numbers of total_cost can be read in two ways" in warning for warning in warnings)
    assert costs(tmp_path, "1,234", "5,678", options="tables: {encounters: {decimal: ','}}") == ([1.234, 5.678], ())
    assert costs(tmp_path, "1,234", "5,678", options="tables: {encounters: {decimal: .}}") == ([1234, 5678], ())
