"""`kpi build --verify-store`: what earlier builds staged is verified, said, and read again where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.intake.store_check import verify_store
from tests.support.landings import GOOD, HEADER, encounters, line, staged_rows, take_in
from tests.support.terminal import Terminal, open_terminal

TWO = {"encounters_1.csv": HEADER + GOOD, "encounters_2.csv": HEADER + line("E2", person_id="P2")}


@pytest.fixture
def kpi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


def test_a_sound_store_is_left_as_it_is(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    before = {path: path.read_bytes() for path in (tmp_path / "store").rglob("*.*")}
    checked = verify_store(tmp_path / "store")
    assert (checked.n_sound, checked.found) == (2, ())
    assert {path: path.read_bytes() for path in (tmp_path / "store").rglob("*.*")} == before
    assert verify_store(tmp_path / "none").n_sound == 0


def test_what_is_damaged_is_named_removed_and_read_again(tmp_path: Path) -> None:
    intake = take_in(tmp_path, TWO)
    changed, record = intake.files[0].staged, intake.files[1].staged.with_suffix(".json")
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    body = json.loads(record.read_text())
    record.write_text(json.dumps({**body, "rows_staged": 7}))
    left_over = changed.with_name(".0123456789abcdef.building")
    left_over.write_bytes(b"half a file")
    checked = verify_store(tmp_path / "store")
    assert checked.n_sound == 0
    said = "\n".join(checked.found)
    assert f"encounters/{changed.stem}: rows of it in the store are no longer those that were staged; removed" in said
    assert f"encounters/{record.stem}: holds 1 row, but its record says 7; removed" in said
    assert f"encounters/{left_over.name}: left behind by a run that was broken off; removed" in said
    assert not any((tmp_path / "store" / "staged" / "encounters").iterdir())
    assert staged_rows(take_in(tmp_path, TWO), "encounter_id") == [("E1",), ("E2",)]
    assert verify_store(tmp_path / "store").n_sound == 2


def test_a_damaged_register_is_a_matter_for_the_backup(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    register = tmp_path / "store" / "landing_register.jsonl"
    register.write_text("no line of it\n" + register.read_text())
    with pytest.raises(InputError, match="Restore it from the backup"):
        verify_store(tmp_path / "store")


def test_the_build_says_what_it_found_in_the_store(kpi: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "encounters.csv").write_text(str(encounters(GOOD)["encounters.csv"]))
    arguments = ("build", "--landing", folder, "--warehouse", tmp_path / "kpi.duckdb", "--verify-store")
    assert kpi(*arguments).out.startswith("store: sound 0 · damaged or left over, and removed 0\n")
    (record,) = (tmp_path / "kpi.store" / "staged" / "encounters").glob("*.json")
    staged = record.with_suffix(".parquet")
    staged.write_bytes(b"no Parquet")
    ran = kpi(*arguments)
    assert ran.code == 0
    assert ran.out.startswith("store: sound 0 · damaged or left over, and removed 1\n")
    assert "are no longer those that were staged; removed, its file will be read again" in ran.err
