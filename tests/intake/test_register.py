"""The landing register: which bytes were first seen when, whatever became of the process that wrote it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import filelock
import pytest

from kpi_pipeline.core.errors import InputError, WarehouseError
from kpi_pipeline.intake import ingest
from tests.support.landings import GOOD, HEADER, NOW, encounters, faults_of, land, line, take_in


def register(folder: Path) -> Path:
    return folder / "store" / "landing_register.jsonl"


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entries(folder: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in register(folder).read_text(encoding="utf-8").splitlines()]


def test_each_file_is_noted_once_with_its_hash_size_and_arrival(tmp_path: Path) -> None:
    take_in(tmp_path, encounters(GOOD))
    take_in(tmp_path, {"encounters_late.csv": HEADER + line("E2")}, now=NOW + timedelta(days=3))
    content = HEADER + GOOD
    assert entries(tmp_path) == [
        {
            "sha256": sha256_of(tmp_path / "landing" / "encounters.csv"),
            "file_name": "encounters.csv",
            "size": len(content),
            "arrived_at": "2026-11-01T12:00:00+00:00",
        },
        {
            "sha256": sha256_of(tmp_path / "landing" / "encounters_late.csv"),
            "file_name": "encounters_late.csv",
            "size": len(content),
            "arrived_at": "2026-11-04T12:00:00+00:00",
        },
    ]


def test_arrival_is_noted_in_utc_whatever_the_clocks_zone(tmp_path: Path) -> None:
    take_in(tmp_path, encounters(GOOD), now=datetime(2026, 11, 1, 7, tzinfo=timezone(timedelta(hours=-5))))
    assert entries(tmp_path)[0]["arrived_at"] == "2026-11-01T12:00:00+00:00"


def test_a_file_that_is_refused_keeps_its_first_arrival(tmp_path: Path) -> None:
    faults_of(tmp_path, {**encounters(GOOD), "diagnoses.csv": "a;b\n"})
    (tmp_path / "landing" / "diagnoses.csv").unlink()
    intake = take_in(tmp_path, {}, now=NOW + timedelta(days=9))
    assert intake.files[0].arrived_at == "2026-11-01T12:00:00+00:00"


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_last_line_that_a_crash_cut_short_is_survived_and_stays_so(kept: int, tmp_path: Path) -> None:
    take_in(tmp_path, encounters(GOOD))
    first = register(tmp_path).read_bytes()
    take_in(tmp_path, {"encounters_2.csv": HEADER + line("E2")})
    second = register(tmp_path).read_bytes()[len(first) :]
    register(tmp_path).write_bytes(first + second[:kept])
    for days in (1, 2, 3):  # the next run mends it; the runs after that read what it wrote
        take_in(
            tmp_path,
            {f"encounters_later_{days}.csv": HEADER + line(f"L{days}")},
            now=NOW + timedelta(days=days),
        )
    names = [entry["file_name"] for entry in entries(tmp_path)]
    assert sorted(names) == ["encounters.csv", "encounters_2.csv", *(f"encounters_later_{n}.csv" for n in (1, 2, 3))]
    arrived = {entry["file_name"]: entry["arrived_at"] for entry in entries(tmp_path)}
    assert arrived["encounters.csv"] == "2026-11-01T12:00:00+00:00"
    # a line that is whole but for its newline is kept; of one cut short the file arrives anew
    assert arrived["encounters_2.csv"] == f"2026-11-0{1 if kept == -1 else 2}T12:00:00+00:00"


@pytest.mark.parametrize("broken", ["{", "null", '{"sha256": "a"}', "hello"])
def test_a_broken_line_in_the_middle_is_an_error(broken: str, tmp_path: Path) -> None:
    take_in(tmp_path, encounters(GOOD))
    whole = register(tmp_path).read_text(encoding="utf-8")
    register(tmp_path).write_text(f"{whole}{broken}\n{whole}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        take_in(tmp_path, {})
    assert str(caught.value) == (
        f"{register(tmp_path)}:2: is not a line of the landing register. Restore it from the backup."
    )


def test_of_two_entries_for_the_same_bytes_the_first_holds(tmp_path: Path) -> None:
    take_in(tmp_path, encounters(GOOD))
    entry = entries(tmp_path)[0]
    later = {**entry, "arrived_at": "2026-12-01T00:00:00+00:00"}
    register(tmp_path).write_text(f"{json.dumps(entry)}\n{json.dumps(later)}\n", encoding="utf-8")
    assert take_in(tmp_path, {}).files[0].arrived_at == "2026-11-01T12:00:00+00:00"


def test_the_landing_folder_is_only_read(tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", {**encounters(GOOD), "landing.yaml": "time_zone: UTC\n"})
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in landing.iterdir()}
    take_in(tmp_path, {})
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in landing.iterdir()} == before


def test_two_runs_do_not_fill_one_store_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(tmp_path, encounters(GOOD))
    monkeypatch.setattr(ingest, "_WAIT_SECONDS", 0.1)
    with filelock.FileLock(tmp_path / "store" / "intake.lock"), pytest.raises(WarehouseError) as caught:
        take_in(tmp_path, {})
    assert str(caught.value) == (
        f"{tmp_path / 'store'}: another run has been filling this store for more than ten minutes. "
        "Wait until it has ended, then try again."
    )
    assert take_in(tmp_path, {}).files[0].rows_staged == 1
