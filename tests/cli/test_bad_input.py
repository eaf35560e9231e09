"""A landing folder that cannot be used: one clear message for each fault, exit code 3, and nothing is replaced."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.cli import main as cli
from kpi_pipeline.intake.contract import source_names
from kpi_pipeline.pipeline.build import build_warehouse
from tests.support.bad_folders import BAD, EXPORT_AGAIN, SECRET
from tests.support.landings import GOOD, Files, encounters, land


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("good")
    build_warehouse(land(folder / "landing", encounters(GOOD)), folder / "kpi.duckdb")
    return (folder / "kpi.duckdb").read_bytes()


def build_in_vain(
    landing: Path,
    good_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *more: str,
) -> list[str]:
    """Runs `kpi build` over a good warehouse, checks that nothing was replaced, and returns the error lines."""
    warehouse = landing.parent / "kpi.duckdb"
    warehouse.write_bytes(good_bytes)
    monkeypatch.setattr(sys, "argv", ["kpi", "build", "--landing", str(landing), "--warehouse", str(warehouse), *more])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr()
    assert ended.value.code == 3
    assert shown.out == ""
    assert SECRET not in shown.err
    assert "Traceback" not in shown.err
    assert warehouse.read_bytes() == good_bytes
    assert not list(warehouse.parent.glob("kpi.duckdb.building*"))
    return shown.err.splitlines()


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_cannot_be_used_says_why_and_replaces_nothing(
    name: str,
    tmp_path: Path,
    good_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files, expected = BAD[name]
    shown = build_in_vain(land(tmp_path / "landing", files), good_bytes, monkeypatch, capsys)
    assert shown == [f"Error: {fault}" for fault in expected]


def broken_parquet(tmp_path: Path) -> bytes:
    """A Parquet file with a whole footer and damaged data: its columns can be read, its rows cannot."""
    path = tmp_path / "whole.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT 'E' || i AS encounter_id, '{SECRET}' AS person_id, 'F1' AS facility_id,
                    'acute inpatient' AS encounter_type, '2026-10-01' AS admitted_at, '2026-10-05' AS discharged_at
                FROM range(50000) AS numbers (i)
            ) TO '{path}' (FORMAT parquet)"""
        )
    content = bytearray(path.read_bytes())
    content[100:10_000] = b"\x5a" * 9_900
    return bytes(content)


def test_parquet_with_damaged_rows_is_refused(
    tmp_path: Path, good_bytes: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = land(tmp_path / "landing", {"encounters.parquet": broken_parquet(tmp_path)})
    assert build_in_vain(landing, good_bytes, monkeypatch, capsys) == [
        f"Error: encounters.parquet: is not a readable Parquet file (broken or cut short). {EXPORT_AGAIN}"
    ]


def test_a_missing_folder_is_named(
    tmp_path: Path, good_bytes: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = tmp_path / "nowhere"
    assert build_in_vain(landing, good_bytes, monkeypatch, capsys) == [
        f"Error: {landing}: there is no such landing folder. Check the path after --landing."
    ]


@pytest.mark.parametrize(
    ("files", "has", "hint"),
    [
        ({"remarks.csv": "a\n1\n"}, "it has none of the tables we read", ""),
        ({"diagnoses.csv": "encounter_id,code\nE1,I10\n"}, "it has diagnoses only", ""),
        (
            {"2010_claims.csv": "desynpuf_id\n1\n"},
            "it has none of the tables we read",
            " Or it is another source: try --source synpuf.",
        ),
    ],
)
def test_a_folder_without_encounters_says_what_it_has(
    files: Files,
    has: str,
    hint: str,
    tmp_path: Path,
    good_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    landing = land(tmp_path / "landing", files)
    assert build_in_vain(landing, good_bytes, monkeypatch, capsys) == [
        f"Error: {landing}: no encounters file (encounters*.csv, .parquet or .xlsx) was found; {has}. "
        f"Put the encounters file into this folder, or check the path.{hint}"
    ]


def test_a_source_that_is_asked_for_and_unknown_lists_the_known_ones(
    tmp_path: Path, good_bytes: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = land(tmp_path / "landing", encounters(GOOD))
    assert build_in_vain(landing, good_bytes, monkeypatch, capsys, "--source", "epic") == [
        f"Error: --source: 'epic' is not a known source. Choose one of: {', '.join(source_names())}."
    ]
