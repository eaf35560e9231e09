"""Packed files are unpacked within limits; copies of files in the scratch folder never meet."""

from __future__ import annotations

import gzip
from pathlib import Path

import openpyxl
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.intake.reading.opened import copy_in
from kpi_pipeline.intake.reading.packed import unpacked_chunks
from tests.support.landings import faults_of, staged_rows, take_in

HEADER = ["encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at"]


def test_what_unpacks_out_of_nearly_nothing_is_refused_long_before_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "encounters.csv.gz"
    path.write_bytes(gzip.compress(bytes(120_000_000), compresslevel=1))
    with pytest.raises(InputError, match="unpacks to more than 200 times its size, as no table does"):
        sum(map(len, unpacked_chunks(path, path.name, Limits())))


def test_a_packed_line_without_end_is_refused_and_not_held(tmp_path: Path) -> None:
    line = b'{"resourceType": "Encounter", "id": "' + b"x" * 150_000_000
    faults = faults_of(tmp_path, {"Encounter.ndjson.gz": gzip.compress(line, compresslevel=1)}, source="fhir")
    assert "Encounter.ndjson.gz: unpacks to more than 200 times its size, as no table does." in faults[0]


def test_two_workbooks_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = tmp_path / "landing" / f"2026-0{number}"
        folder.mkdir(parents=True)
        book = openpyxl.Workbook()
        book.worksheets[0].append(HEADER)
        book.worksheets[0].append([f"E{number}", "P1", "F1", "acute inpatient", "2026-01-01", f"2026-01-0{number + 3}"])
        book.save(folder / "adt.xlsx")
    options = "tables: {encounters: {files: '*/adt.xlsx'}}\n"
    intake = take_in(tmp_path, {"landing.yaml": options})
    assert sorted(staged_rows(intake, "encounter_id")) == [("E1",), ("E2",)]
    assert copy_in(tmp_path, Path("/a/x"), "csv") != copy_in(tmp_path, Path("/b/x"), "csv")


@pytest.mark.parametrize("row", ['<row r="1">', '<row r="2000000000">', "<row r='-3'>"])
def test_rows_that_go_back_or_beyond_all_rows_are_refused(row: str, tmp_path: Path) -> None:
    from zipfile import ZipFile

    book = openpyxl.Workbook()
    book.worksheets[0].append(HEADER)
    book.worksheets[0].append(["E1", "P1", "F1", "acute inpatient", "2026-01-01", "2026-01-04"])
    (tmp_path / "landing").mkdir()
    path, whole = tmp_path / "landing" / "encounters.xlsx", tmp_path / "whole.xlsx"
    book.save(whole)
    with ZipFile(whole) as source, ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", row.encode() + b"<c><v>1</v></c></row></sheetData>")
            target.writestr(name, content)
    (fault,) = faults_of(tmp_path, {})
    assert "after row 2, which no Excel writes" in fault


def test_a_link_in_the_place_of_landing_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "outside.yaml").write_text("icd9: true\n")
    (tmp_path / "landing" / "landing.yaml").symlink_to(tmp_path / "outside.yaml")
    (fault,) = faults_of(tmp_path, {"encounters.csv": ",".join(HEADER) + "\n"})
    assert fault.startswith("landing.yaml: is a link that leads out of the landing folder.")


def test_a_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, {"encounters\udcff.csv": ",".join(HEADER) + "\n"})
    assert fault.endswith("has a name that is not UTF-8. Rename it with letters, digits and blanks.")
