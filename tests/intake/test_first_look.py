"""`kpi map` on files as people send them: what it proposes is a landing.yaml with which they are read."""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.intake.reading.landing_options import read_landing_options
from kpi_pipeline.pipeline.checking.map_files import propose_mapping
from tests.support.landings import land, staged_rows, take_in

HEADER = "VisitNo;MRN;Facility;Patient Class;Admit Date;Discharge Date\n"
TABLE = HEADER + "1;Müller;MAIN;IP;10/31/2026 08:00;11/15/2026 09:00\n2;P2;MAIN;OBS;10/30/2026 08:00;\n"
TITLES = "Patients in the house\nPrinted;November 3\n\n" + TABLE
READ = [("1", "Müller", "acute inpatient", "2026-10-31"), ("2", "P2", "observation", "2026-10-30")]


def workbook(sheets: Mapping[str, str], hidden: str = "") -> bytes:
    """A workbook of tables as text, their cells parted by semicolons."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, text in sheets.items():
        sheet = book.create_sheet(title)
        for row in text.splitlines():
            sheet.append(row.split(";"))
        if title == hidden:
            sheet.sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def proposed(folder: Path, **files: str | bytes) -> str:
    land(folder, {name.replace("_", "."): content for name, content in files.items()})
    return propose_mapping(sorted(folder.iterdir()))


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("adt.csv", TABLE, []),
        ("adt.txt", TABLE.replace(";", "\t"), []),
        ("adt.csv", "sep=;\n" + TABLE, []),
        ("adt.csv", "sep=~\n" + TABLE.replace(";", "~"), []),
        ("adt.csv", codecs.BOM_UTF8 + TABLE.encode(), []),
        ("adt.csv", TITLES, ["header_row: 4"]),
        ("adt.csv", TITLES.encode("cp1252"), ["encoding: cp1252", "header_row: 4"]),
        ("adt.csv", TITLES.encode("utf-16"), ["header_row: 4"]),
        ("adt.csv", TABLE.encode("utf-16-le"), ["encoding: utf-16-le"]),
        ("adt.csv", TABLE.encode("utf-16-be"), ["encoding: utf-16-be"]),
        ("adt.csv.gz", gzip.compress(TITLES.encode()), ["header_row: 4"]),
        ("adt[1].csv", TABLE, []),
        ("adt.xlsx", workbook({"ADT": TABLE}), []),
        ("adt.xlsx", workbook({"Notes": "Read me;please", "ADT": TITLES}), ["sheet: ADT", "header_row: 4"]),
        ("adt.xlsx", workbook({"Old": HEADER[:-1] + ";Payer;Sex", "ADT": TABLE}, hidden="Old"), []),
    ],
)
def test_what_is_proposed_for_a_file_as_people_send_it_reads_it(
    tmp_path: Path, name: str, content: str | bytes, declared: list[str]
) -> None:
    text = propose_mapping([land(tmp_path / "given", {name: content}) / name])
    lines = [line.strip().split("  #")[0] for line in text.splitlines()]
    assert [line for line in lines if line.startswith(("encoding:", "header_row:", "sheet:"))] == declared
    assert "MISSING" not in text
    assert [line for line in text.splitlines() if "UNSURE" in line and "encoding" not in line] == []
    intake = take_in(tmp_path, {name: content, "landing.yaml": text + "plausible_until: 2026-12-31\n"})
    columns = "encounter_id, person_id, encounter_type, CAST(CAST(admitted_at AS DATE) AS VARCHAR)"
    assert staged_rows(intake, columns) == READ


@pytest.mark.parametrize(
    ("days", "hours", "proposed_columns"),
    [
        (("10/31/2026", "10/30/2026"), ("08:00", "21:15"), "[Admit Date, Admit Time]"),
        (("2026-10-31", "2026-10-30"), ("8:00:00", ""), "[Admit Date, Admit Time]"),
        (("10/31/2026", "10/30/2026"), ("8:00 AM", "9:15 PM"), "[Admit Date, Admit Time]"),
        (("10/31/2026", ""), ("08:00", "00:00"), "Admit Date"),  # joined, an hour without a day would refuse the row
        (("10/31/2026", "10/30/2026"), ("3 h", "4 h"), "Admit Date"),
        (("10/31/2026", "10/30/2026"), ("", ""), "Admit Date"),
        (("10/31/2026 08:00", "10/30/2026 21:15"), ("08:00", "21:15"), "Admit Date"),
    ],
)
def test_a_day_and_its_hour_in_two_columns_are_joined_where_they_fit(
    tmp_path: Path, days: tuple[str, str], hours: tuple[str, str], proposed_columns: str
) -> None:
    header = "VisitNo;MRN;Facility;Patient Class;Admit Date;Admit Time;Discharge Date\n"
    rows = "".join(f"{n};P{n};MAIN;IP;{days[n]};{hours[n]};2026-11-03\n" for n in (0, 1))
    text = proposed(tmp_path / "given", adt_csv=header + rows)
    assert f"      admitted_at: {proposed_columns}" in text
    if proposed_columns.startswith("["):
        assert "UNSURE" not in text
        intake = take_in(tmp_path, {"adt.csv": header + rows, "landing.yaml": text})
        assert [row[0][:10] for row in staged_rows(intake, "CAST(admitted_at AS VARCHAR)")] == [
            "2026-10-31",
            "2026-10-30",
        ]


def test_an_encoding_that_the_bytes_do_not_prove_is_marked(tmp_path: Path) -> None:
    text = proposed(tmp_path, adt_csv=TABLE.encode("cp1252"))
    assert "    encoding: cp1252  # UNSURE: it is not UTF-8; look at a word with an accent" in text.splitlines()


def test_an_accent_far_below_is_seen(tmp_path: Path) -> None:
    rows = "".join(f"{number};P{number};MAIN;IP;10/31/2026 08:00;\n" for number in range(3_000))
    assert "encoding: cp1252" in proposed(tmp_path, adt_csv=(HEADER + rows + TABLE[len(HEADER) :]).encode("cp1252"))


def test_parts_of_one_extract_share_a_mapping_and_an_id_may_come_back_in_the_next(tmp_path: Path) -> None:
    later = TABLE.replace("10/31", "10/11").replace("10/30", "10/12").replace("11/15", "11/12")
    text = proposed(tmp_path, adt1_csv=TABLE, adt2_csv=later)
    assert "files: [adt1.csv, adt2.csv]" in text
    assert "UNSURE" not in text, "the first part proves the form of the dates in the second"
    land(tmp_path, {"landing.yaml": text})
    assert read_landing_options(tmp_path).tables["encounters"].files == ("adt1.csv", "adt2.csv")


def test_files_of_one_name_in_dated_folders_are_read_by_a_pattern_of_folders(tmp_path: Path) -> None:
    paths = [land(tmp_path / month, {"adt.csv": TABLE}) / "adt.csv" for month in ("2026-09", "2026-10")]
    assert "    files: '*/adt.csv'" in propose_mapping(paths).splitlines()


def test_an_id_that_comes_back_within_a_file_is_no_key(tmp_path: Path) -> None:
    text = proposed(tmp_path, adt_csv=TABLE + "1;P3;MAIN;IP;10/31/2026 08:00;\n")
    assert "      encounter_id: VisitNo  # UNSURE: its values come more than once" in text


def test_files_of_other_columns_are_a_comment_and_the_one_that_lacks_least_is_not(tmp_path: Path) -> None:
    text = proposed(tmp_path, a_csv="Acct No;Total Cost\n1;500\n", b_csv=TABLE)
    land(tmp_path, {"landing.yaml": text})
    assert read_landing_options(tmp_path).tables["encounters"].files == ("b.csv",)
    assert "  # a.csv: other columns than b.csv has; a table has one mapping. Rename them, or give --table:" in text
    assert "  #   files: a.csv" in text
    assert all(line.startswith("  #") for line in text.split("  #\n", 1)[1].splitlines())


@pytest.mark.parametrize(
    ("header", "row", "table"),
    [
        ("Encounter ID,ICD Code,Rank", "1,I50.9,1", "diagnoses"),
        ("CSN,Px Code,Procedure Date", "1,0JH60DZ,2026-10-01", "procedures"),
        ("Denial Number,Account Number,Payer,Denial Date,Denied Amount", "D1,1,Aetna,2026-10-01,500", "denials"),
        ("Department ID,Facility,Department Name", "4W,MAIN,4 West", "units"),
        ("Colour,Shape", "red,round", "encounters"),
    ],
)
def test_a_table_is_told_by_its_columns_where_its_name_does_not_and_is_marked(
    tmp_path: Path, header: str, row: str, table: str
) -> None:
    text = proposed(tmp_path, export_csv=f"{header}\n{row}\n")
    assert f"  {table}:  # UNSURE: told by the columns alone; --table says which it is" in text.splitlines()
    named = propose_mapping([tmp_path / "export.csv"], table=table)
    assert f"  {table}:" in named.splitlines()


def test_a_name_that_many_columns_have_is_marked(tmp_path: Path) -> None:
    text = proposed(tmp_path, adt_csv=TABLE.replace("Admit Date", "Date").replace("Patient Class", "Class"))
    assert "      admitted_at: Date  # UNSURE: so common a name may mean something else" in text
    assert "      encounter_type: Class  # UNSURE: so common a name may mean something else" in text


def test_all_files_that_are_no_tables_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "empty.csv": "",
        "old.xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(3_000),
        "broken.xlsx": b"PK\x03\x04",
        "broken.csv.gz": b"\x1f\x8bnothing",
        "patients.ndjson": '{"resourceType": "Patient"}\n',
        "patients.txt": '{"resourceType": "Patient"}\n',
    }
    land(tmp_path, files)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        propose_mapping([*(tmp_path / name for name in files), tmp_path / "folder", tmp_path / "nothing.csv"])
    assert [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults] == [
        "empty.csv: is empty: not even a header row. Export the file again.",
        "old.xls: is not a text file. Give a CSV, Excel (.xlsx) or Parquet file.",
        "broken.xlsx: is not a readable Excel workbook (.xlsx). "
        "Save it again from Excel, without a password, or as CSV.",
        "broken.csv.gz: is not a readable packed file. Pack or copy it again.",
        "patients.ndjson: is JSON, which has no columns. FHIR R4 is read as it is, without a mapping: "
        "kpi check --source fhir.",
        "patients.txt: is JSON, which has no columns. Give a CSV, Excel (.xlsx) or Parquet file.",
        "folder: is a folder. Name its files, as in kpi map FOLDER/*.csv.",
        "nothing.csv: there is no such file. Check the path.",
    ]


def test_a_quotation_mark_that_is_never_closed_ends_the_look_and_not_the_command(tmp_path: Path) -> None:
    text = proposed(tmp_path, adt_csv=TABLE + '3;"' + "x;" * 200_000)
    assert "encounter_id: VisitNo" in text
