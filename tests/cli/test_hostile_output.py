"""Nothing a file holds steers a terminal or runs in a spreadsheet; a full disk is called by its name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.landings import HEADER, land, line

ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x9b2J"


def kpi(*arguments: object, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kpi_pipeline.cli.main", *map(str, arguments)],
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        line("=HYPERLINK(1)", facility_id="Nord – Café / 1"),
        line("'=2", facility_id="F2"),
        line("'s-Gravenhage", facility_id="F2"),
        line(f"E{ESCAPES}"),
        line("E8", facility_id=f"F{ESCAPES}"),
        line("E9", facility_id="F" * 201),
    ]
    land(folder / "landing", {f"encounters{ESCAPES.replace('/', '')}.csv": HEADER + "".join(rows)})
    built = kpi("build", "--landing", folder / "landing", "--warehouse", folder / "h.duckdb")
    assert built.returncode == 0, built.stderr
    assert not set(built.stdout + built.stderr) & set("\x1b\x07\x9b")
    return folder / "h.duckdb"


@pytest.mark.parametrize(
    "arguments", [["cases", "discharges"], ["quarantine", "--show-rows"], ["values", "discharges"]]
)
def test_no_sign_that_steers_a_terminal_is_printed(arguments: list[str], warehouse: Path) -> None:
    done = kpi(*arguments, "--warehouse", warehouse)
    assert done.returncode == 0
    assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b")


def test_case_lists_are_guarded_against_formulas(warehouse: Path) -> None:
    text = kpi("cases", "discharges", "--warehouse", warehouse, "--format", "csv").stdout
    first_cells = {row.split(",")[0] for row in text.splitlines()[1:]}
    assert "'=HYPERLINK(1)" in first_cells
    assert "'s-Gravenhage" in first_cells
    assert "'=2" not in first_cells  # the guard of the file itself was taken off, and put on again
    assert not any(cell.startswith("=") for cell in first_cells)


def test_ids_with_blanks_and_accents_are_printed_and_unprintable_ones_refused(warehouse: Path, tmp_path: Path) -> None:
    refused = kpi("quarantine", "--warehouse", warehouse, "--format", "csv").stdout
    assert refused.count("unprintable_id") == 2
    done = kpi("report", "2026-10", "--warehouse", warehouse, "--out", tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_full_disk_is_called_so(warehouse: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = kpi("cases", "discharges", "--warehouse", warehouse, "--format", "csv", stdout=full.fileno())
    assert done.returncode == 5
    assert "the disk is full" in done.stderr


def test_a_log_collector_gets_one_object_a_line(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_LOG_FORMAT", "json")
    done = kpi("issue", "approve", "2026-10", "--by", "", "--warehouse", warehouse)
    assert done.returncode != 0
    lines = [json.loads(one) for one in (done.stdout + done.stderr).splitlines()]
    assert lines
    assert {tuple(one) for one in lines} == {("at", "level", "program", "message")}
    assert "error" in {one["level"] for one in lines}
    assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b")
