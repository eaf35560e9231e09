"""Rows read are held against the rows counted in the file's bytes; a file that changes is not believed."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake import ingest as ingest_module
from kpi_pipeline.intake.reading import scan as scan_module
from kpi_pipeline.intake.reading.scan import scan_file
from tests.support.landings import GOOD, HEADER, encounters, faults_of, line, staged_rows, take_in
from tests.support.said import said

CELLS = st.text(st.sampled_from(list('ab,"\n\r 5')), max_size=6)


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8), chunk=st.integers(1, 7))
def test_records_are_counted_as_pythons_own_reader_counts_them(
    rows: list[list[str]], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path_factory.mktemp("scan") / "t.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    before = scan_module._CHUNK
    scan_module._CHUNK = chunk
    try:
        assert scan_file(path, is_text=True).records == len(rows)
    finally:
        scan_module._CHUNK = before


def test_an_inch_mark_within_a_value_is_a_letter(tmp_path: Path) -> None:
    rows = [line(f"E{n}", person_id=f'{n}" tube') for n in range(5)]
    intake = take_in(tmp_path, encounters(*rows))
    assert staged_rows(intake, "person_id") == [(f'{n}" tube',) for n in range(5)]


def test_a_stray_quote_that_swallows_rows_up_to_the_next_one_is_named_with_its_line(tmp_path: Path) -> None:
    many = "".join(line(f"E{n}") for n in range(19_800))
    content = HEADER + GOOD + 'E2,"P2,F1\n' + many + 'E3,P3",F1,acute inpatient,2026-10-01,2026-10-02\n'
    assert faults_of(tmp_path, {"encounters.csv": content}) == [
        "encounters.csv:3: has a quotation mark that is not closed: it would swallow the 19,800 lines after it. "
        "Close the quotation mark, or export the file again."
    ]


@pytest.mark.parametrize("megabytes", [3, 33])
def test_a_line_too_long_is_named_and_never_vanishes(megabytes: int, tmp_path: Path) -> None:
    content = HEADER + GOOD + line("E2", person_id="x" * megabytes * 1_000_000) + line("E3")
    (fault,) = faults_of(tmp_path, {"encounters.csv": content})
    assert fault.startswith("encounters.csv:3: begins a row of more than 2 MB")


def test_a_file_that_is_written_while_it_is_read_is_refused_and_poisons_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "_PAUSE_SECONDS", 0.0)
    whole = HEADER + "".join(line(f"E{n}") for n in range(100))
    half = HEADER + "".join(line(f"E{n}") for n in range(40))
    land_path = tmp_path / "landing" / "encounters.csv"
    real = ingest_module.open_all

    def rewrites(*arguments: object) -> object:
        opened = real(*arguments)  # type: ignore[arg-type]
        land_path.write_text(half)  # the exporter begins anew, after the file was hashed
        return opened

    monkeypatch.setattr(ingest_module, "open_all", rewrites)
    (fault,) = faults_of(tmp_path, {"encounters.csv": whole})
    assert fault == "encounters.csv: changed while it was read. Wait until its export has ended, then try again."
    monkeypatch.setattr(ingest_module, "open_all", real)
    intake = take_in(tmp_path, {"encounters.csv": whole})  # the same bytes in the end
    assert len(staged_rows(intake, "encounter_id")) == 100


def test_a_file_whose_export_ends_meanwhile_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "_PAUSE_SECONDS", 0.0)
    whole = HEADER + "".join(line(f"E{n}") for n in range(100))
    land_path = tmp_path / "landing" / "encounters.csv"
    real, attempts = ingest_module.open_all, []

    def grows_once(*arguments: object) -> object:
        opened = real(*arguments)  # type: ignore[arg-type]
        attempts.append(land_path.stat().st_size)
        if len(attempts) == 1:
            land_path.write_text(whole)
        return opened

    monkeypatch.setattr(ingest_module, "open_all", grows_once)
    intake = take_in(tmp_path, {"encounters.csv": whole[: len(whole) // 2].rsplit("\n", 1)[0] + "\n"})
    assert len(attempts) == 2
    assert len(staged_rows(intake, "encounter_id")) == 100


def test_files_are_staged_side_by_side_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Among them the same bytes twice, which become one staged file, and a broken one beside good ones."""
    sizes = {"a": 1, "b": 4_000, "c": 30, "d": 30}
    files = {
        f"encounters_{name}.csv": HEADER + "".join(line(f"{name if name < 'd' else 'c'}{n}") for n in range(size))
        for name, size in sizes.items()
    }
    files |= {"census.csv": "facility_id,census_on,patients\nF1,2026-10-01,7\n"}
    intake = take_in(tmp_path, files, settings=Settings(threads=3))
    assert [(file.file_name, file.rows_in) for file in intake.files] == [
        ("census.csv", 1),
        *((f"encounters_{name}.csv", size) for name, size in sizes.items()),
    ]
    (fault,) = faults_of(tmp_path, {"encounters_e.csv": HEADER + GOOD + "E2,P2\n"})
    assert fault.startswith("encounters_e.csv:3: has fewer fields")


def test_staged_rows_that_were_damaged_are_read_again_and_said(tmp_path: Path) -> None:
    intake = take_in(tmp_path, encounters(GOOD))
    staged = intake.files[0].staged
    staged.write_bytes(staged.read_bytes()[:-1] + b"X")
    again = take_in(tmp_path, {})
    assert said(again.warnings) == (
        "encounters.csv: rows of it in the store are no longer those that were staged; the file was read again.",
    )
    assert staged_rows(again, "encounter_id") == [("E1",)]
    assert said(take_in(tmp_path, {}).warnings) == ()


def test_a_store_that_was_poisoned_before_is_healed(tmp_path: Path) -> None:
    intake = take_in(tmp_path, encounters(GOOD, line("E2")))
    record = intake.files[0].staged.with_suffix(".json")
    body = json.loads(record.read_text())
    record.write_text(json.dumps({**body, "rows_read": 1}))
    assert len(staged_rows(take_in(tmp_path, {}), "encounter_id")) == 2


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_holds_patients_is_for_its_owner_alone_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        take_in(tmp_path, encounters(GOOD, line("E2", admitted_at="soon")))
    finally:
        os.umask(before)
    open_to_others = [
        str(path.relative_to(tmp_path))
        for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_what_a_killed_run_left_in_scratch_is_gone_after_the_next(tmp_path: Path) -> None:
    left = tmp_path / "store" / "scratch" / "intake" / "encounters.xlsx.csv"
    left.parent.mkdir(parents=True)
    left.write_text("a patient")
    take_in(tmp_path, encounters(GOOD))
    assert not left.exists()


def test_a_link_out_of_the_folder_a_pipe_and_a_device_are_refused(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "outside.csv").write_text(HEADER + GOOD)
    (tmp_path / "landing" / "encounters_link.csv").symlink_to(tmp_path / "outside.csv")
    (tmp_path / "landing" / "encounters_zero.csv").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "landing" / "encounters_pipe.csv")
    assert faults_of(tmp_path, encounters(GOOD)) == [
        "encounters_link.csv: is a link that leads out of the landing folder. Put the file itself there.",
        "encounters_pipe.csv: is no plain file (a pipe, a device, or a link to nothing). Put a plain file there.",
        "encounters_zero.csv: is a link that leads out of the landing folder. Put the file itself there.",
    ]


def test_a_name_with_pattern_characters_reads_its_own_file_and_a_folder_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "facility_id=EVIL" / "g5[a]"
    intake = take_in(folder, {"encounters[1].csv": HEADER + line("E1"), "encounters1.csv": HEADER + line("E2")})
    assert sorted(staged_rows_exactly(intake)) == [("E1", "F1"), ("E2", "F1")]


def staged_rows_exactly(intake: ingest_module.IntakeResult) -> list[tuple[str, str]]:
    import duckdb

    from kpi_pipeline.core.sql.sql_text import parquet_file

    with duckdb.connect() as connection:
        return [
            (str(row[0]), str(row[1]))
            for file in intake.files
            for row in connection.execute(
                f"SELECT encounter_id, facility_id FROM {parquet_file(file.staged)}"
            ).fetchall()
        ]
