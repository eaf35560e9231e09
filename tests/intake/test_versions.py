"""Rows sent twice: duplicates collapse, corrections supersede, and nothing is restaged that has not changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.intake.reading.file_order import name_date
from kpi_pipeline.intake.staged.current_rows import create_current_rows, create_ledger_tables
from tests.support.landings import GOOD, HEADER, NOW, encounters, faults_of, line, staged_rows, take_in

VERSIONED = HEADER.replace("\n", ",payer,updated_at\n")


def version(payer: str, updated_at: str = "", *, encounter_id: str = "E1") -> str:
    """One version of an encounter, told apart by its payer."""
    return line(encounter_id).replace("\n", f",{payer},{updated_at}\n")


def current(
    intake: IntakeResult, columns: str = "payer", table: str = "encounters"
) -> tuple[list[tuple[Any, ...]], dict[str, tuple[int, ...]]]:
    """The current rows, and per file (rows in, staged, quarantined, duplicate, superseded)."""
    with duckdb.connect() as connection:
        create_ledger_tables(connection)
        newest_file, feed = intake.options.of_table(table).newest_file, intake.options.feed_of(table)
        files = intake.of_table(table)
        create_current_rows(connection, load_contracts()[table], files, newest_file=newest_file, feed=feed)
        rows = connection.execute(f"SELECT {columns} FROM staged_{table} ORDER BY ALL").fetchall()
        ledger = connection.execute(
            "SELECT file_name, rows_in, staged, quarantined, duplicate, superseded FROM row_ledger"
        ).fetchall()
    return rows, {name: tuple(counts) for name, *counts in ledger}


def test_the_version_updated_last_wins_wherever_it_stands(tmp_path: Path) -> None:
    files = {
        "encounters_a.csv": VERSIONED + version("third", "2026-10-09 10:00") + version("first", "2026-10-07 10:00"),
        "encounters_b.csv": VERSIONED + version("second", "2026-10-08 10:00"),
    }
    intake = take_in(tmp_path, files)
    assert current(intake) == (
        [("third",)],
        {"encounters_a.csv": (2, 1, 0, 0, 1), "encounters_b.csv": (1, 0, 0, 0, 1)},
    )
    # the earlier versions stay where they were staged
    assert staged_rows(intake, "payer") == [("third",), ("first",), ("second",)]


def test_a_known_update_wins_over_an_unknown_one_that_arrives_later(tmp_path: Path) -> None:
    take_in(tmp_path, {"encounters_1.csv": VERSIONED + version("known", "2026-10-07")})
    later = {"encounters_2.csv": VERSIONED + version("unknown") + version("unreadable", "yesterday")}
    rows, _ = current(take_in(tmp_path, later, now=NOW + timedelta(days=1)))
    assert rows == [("known",)]


@pytest.mark.parametrize("updated_at", ["", "2026-10-07 10:00"])
@pytest.mark.parametrize(
    ("names", "declared"),
    [
        (("encounters_2026-09.csv", "encounters_2026-10.csv"), ""),
        (("encounters_20261031.csv", "encounters_20261101.csv"), "date"),
        (("encounters_2.csv", "encounters_10.csv"), "name"),
    ],
)
def test_of_versions_updated_at_the_same_time_that_of_the_newer_file_wins_in_whatever_order_they_arrive(
    names: tuple[str, str], declared: str, updated_at: str, tmp_path: Path
) -> None:
    older, newer = names
    options = f"tables: {{encounters: {{newest_file: {declared}}}}}" if declared else ""
    files = {
        older: VERSIONED + version("earlier", updated_at),
        newer: VERSIONED + version("later", updated_at),
        "landing.yaml": options,
    }
    for number, first in enumerate(names):
        folder = tmp_path / str(number)
        take_in(folder, {first: files[first], "landing.yaml": options})
        rows, ledger = current(take_in(folder, files, now=NOW + timedelta(days=9)))
        assert rows == [("later",)]
        assert ledger == {newer: (1, 1, 0, 0, 0), older: (1, 0, 0, 0, 1)}


@pytest.mark.parametrize(
    "names", [("encounters_a.csv", "encounters_b.csv"), ("encounters_2026-10.csv", "encounters_b.csv")]
)
def test_files_without_a_date_each_in_their_names_are_in_no_order(names: tuple[str, str], tmp_path: Path) -> None:
    winners = set()
    for number, payers in enumerate((("left", "right"), ("right", "left"))):
        files = {name: VERSIONED + version(payer) for name, payer in zip(names, payers, strict=True)}
        rows, _ = current(take_in(tmp_path / str(number), files))
        winners.add(rows[0])
    assert len(winners) == 1


def test_a_date_that_is_declared_to_tell_the_newest_must_be_in_every_name(tmp_path: Path) -> None:
    files = {"encounters_a.csv": HEADER + GOOD, "landing.yaml": "tables: {encounters: {newest_file: date}}"}
    assert faults_of(tmp_path, files) == [
        "landing.yaml: tables.encounters.newest_file is date, but encounters_a.csv has not one date in its name. "
        "Name it like encounters_2026-10-31.csv, or write newest_file: name."
    ]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ADT_2026_10_31.csv", date(2026, 10, 31)),
        ("adt-202610.csv", date(2026, 10, 1)),
        ("adt_31102026.csv", None),  # the day first: no one reading
        ("adt_2026-10_2026-11.csv", None),
        ("adt_20261331.csv", None),
        ("adt_2026-02-30.csv", None),
        ("2026-10/encounters.csv", None),  # a folder's name is not the file's
    ],
)
def test_a_date_in_a_name_is_read_in_one_way_or_not_at_all(name: str, day: date | None) -> None:
    assert name_date(name) == day


def test_where_nothing_else_decides_neither_row_order_nor_file_names_do(tmp_path: Path) -> None:
    winners = set()
    for number, (one, other) in enumerate([("left", "right"), ("right", "left")]):
        in_one_file = {"encounters.csv": VERSIONED + version(one) + version(other)}
        in_two_files = {"encounters_1.csv": VERSIONED + version(one), "encounters_2.csv": VERSIONED + version(other)}
        for name, files in (("one", in_one_file), ("two", in_two_files)):
            rows, ledger = current(take_in(tmp_path / f"{name}{number}", files))
            assert [sum(column) for column in zip(*ledger.values(), strict=True)] == [2, 1, 0, 0, 1]
            winners.add(rows[0])
    assert len(winners) == 1


def test_rows_equal_in_every_column_are_duplicates_even_if_a_column_we_do_not_use_differs(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",remark\n") + GOOD.replace("\n", ",a\n") + GOOD.replace("\n", ",b\n") * 2
    rows, ledger = current(take_in(tmp_path, {"encounters.csv": content}), "encounter_id")
    assert rows == [("E1",)]
    assert ledger == {"encounters.csv": (3, 1, 0, 2, 0)}


def test_copies_and_versions_of_one_row_are_counted_apart(tmp_path: Path) -> None:
    content = VERSIONED + version("old", "2026-10-07") * 2 + version("new", "2026-10-08") * 2
    content += version("other", encounter_id="E2") + line("", person_id="P9").replace("\n", ",refused,\n")
    rows, ledger = current(take_in(tmp_path, {"encounters.csv": content}))
    assert rows == [("new",), ("other",)]
    # six rows in: one refused, the copy of each version, and the first of the old version superseded
    assert ledger == {"encounters.csv": (6, 2, 1, 2, 1)}


def test_a_key_with_an_empty_part_is_still_a_key(tmp_path: Path) -> None:
    diagnoses = "encounter_id,sequence,code\nE1,,I10\nE1,,I10\nE1,,I11\nE1,1,I10\n"
    rows, ledger = current(
        take_in(tmp_path, {**encounters(GOOD), "diagnoses.csv": diagnoses}), "code, sequence", "diagnoses"
    )
    assert rows == [("I10", 1), ("I10", None), ("I11", None)]
    assert ledger == {"diagnoses.csv": (4, 3, 0, 1, 0)}


def test_a_correction_that_is_refused_leaves_the_earlier_version(tmp_path: Path) -> None:
    bad = version("corrected", "2026-10-09").replace("2026-10-05 11:00", "2026-09-05 11:00")
    rows, ledger = current(take_in(tmp_path, {"encounters.csv": VERSIONED + version("first", "2026-10-07") + bad}))
    assert rows == [("first",)]
    assert ledger == {"encounters.csv": (2, 1, 1, 0, 0)}


def test_the_same_bytes_under_two_names_count_once(tmp_path: Path) -> None:
    content = HEADER + GOOD + line("E2")
    intake = take_in(tmp_path, {"encounters.csv": content, "encounters (1).csv": content})
    rows, ledger = current(intake, "encounter_id")
    assert rows == [("E1",), ("E2",)]
    assert sorted(ledger.values()) == [(2, 0, 0, 2, 0), (2, 2, 0, 0, 0)]
    assert len({file.staged for file in intake.files}) == 1


def test_an_unchanged_folder_is_not_staged_again(tmp_path: Path) -> None:
    files = {
        "encounters.csv": HEADER + GOOD + line("E2", admitted_at="soon"),
        "denials.csv": "denial_id,encounter_id\n",
    }
    first = take_in(tmp_path, files)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*") if path.is_file()}
    second = take_in(tmp_path, {}, now=NOW + timedelta(days=30))
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*") if path.is_file()}
    changed = {path.name for path in after if after[path] != before.get(path)}
    assert changed <= {"intake.lock"}
    assert second == first


def test_a_renamed_file_keeps_its_first_arrival_and_is_not_staged_again(tmp_path: Path) -> None:
    first = take_in(tmp_path, encounters(GOOD))
    (tmp_path / "landing" / "encounters.csv").rename(tmp_path / "landing" / "encounters_october.csv")
    second = take_in(tmp_path, {}, now=NOW + timedelta(days=30))
    assert second.files[0].file_name == "encounters_october.csv"
    assert (second.files[0].arrived_at, second.files[0].staged) == (first.files[0].arrived_at, first.files[0].staged)


def test_an_option_that_changes_what_is_refused_stages_anew(tmp_path: Path) -> None:
    first = take_in(tmp_path, encounters(GOOD))
    second = take_in(tmp_path, {"landing.yaml": "plausible_until: 2026-10-04\n"})
    assert (first.files[0].rows_quarantined, second.files[0].rows_quarantined) == (0, 1)
    third = take_in(tmp_path, {"landing.yaml": ""})
    assert third.files[0].staged == first.files[0].staged


def test_a_lookup_that_names_a_key_twice_is_refused_rather_than_doubling_rows(tmp_path: Path) -> None:
    head = "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,TOTAL_CLAIM_COST,PAYER_COVERAGE\n"
    files = {
        "encounters.csv": head + "1,2026-10-01T08:00:00Z,2026-10-05T08:00:00Z,P1,F1,D1,Y1,inpatient,100,80\n",
        "patients.csv": "Id,BIRTHDATE,GENDER\nP1,1950-01-01,F\nP1,1950-01-02,F\n",
        "payers.csv": "Id,NAME\nY1,Medicare\n",
    }
    assert faults_of(tmp_path, files, source="synthea") == [
        "encounters.csv: 1 row became several rows of encounters, since patients.csv or payers.csv has a key more "
        "than once. Remove the repeated rows there."
    ]


def test_faults_of_a_lookup_are_told_as_the_lookups(tmp_path: Path) -> None:
    head = "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,TOTAL_CLAIM_COST,PAYER_COVERAGE\n"
    files = {
        "encounters.csv": head + "1,2026-10-01T08:00:00Z,2026-10-05T08:00:00Z,P1,F1,D1,Y1,inpatient,100,80\n",
        "patients.csv": "Id,BIRTHDATE,GENDER\nP1,1950-01-01,F\nP2\n",
    }
    assert faults_of(tmp_path, files, source="synthea") == [
        f"{tmp_path / 'landing'}: no payers file (.csv, .parquet or .xlsx) was found; the source 'synthea' needs it. "
        "Put it into this folder."
    ]
    assert faults_of(tmp_path, {"payers.csv": "Id,NAME\nY1,Medicare\n"}, source="synthea") == [
        "patients.csv:3: has fewer fields than the 3 of the header. Export the file again."
    ]
