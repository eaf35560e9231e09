"""A terminal for tests: runs `kpi` commands as the installed program does, over one small site."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kpi_pipeline.cli import main as cli
from tests.support.landings import HEADER, land, line

SECRET = "Q7731"
"""A patient's number in a refused row: only --show-rows may print it."""


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs commands as `kpi` does: through `main`, with its own arguments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str | Path) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["kpi", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        shown = self._capsys.readouterr()
        return Ran(code, shown.out, shown.err)


def open_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in an empty folder, without settings from outside."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("KPI_SETTINGS", raising=False)
    monkeypatch.delenv("KPI_PROJECT", raising=False)
    monkeypatch.delenv("KPI_DEBUG", raising=False)
    return Terminal(monkeypatch, capsys)


def land_site(folder: Path) -> Path:
    """30 discharges in October at F1 and one in September at F2, two refused rows, a duplicate, a column too many."""

    rows = [line(f"E{number:02}", person_id=f"P{number}", discharged_at="2026-10-05") for number in range(30)]
    rows += [
        line("S1", person_id="P90", facility_id="F2", admitted_at="2026-09-01", discharged_at="2026-09-03"),
        rows[0],
        line("BAD", person_id=SECRET, admitted_at="10/01/2026"),
        line("", person_id=SECRET, discharged_at="2026-09-05"),
    ]
    content = HEADER.replace("\n", ",remark\n") + "".join(rows).replace("\n", ",x\n")
    return land(folder / "landing", {"encounters.csv": content, "landing.yaml": "complete_through: 2026-10-31\n"})


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of CSV as printed."""
    return list(csv.DictReader(io.StringIO(text)))
