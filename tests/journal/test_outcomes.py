"""`kpi decision`: an answer is kept with who and when, a wrong one is refused, the list shows what is open."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.cli import main as cli
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.journal import open_journal, read_report_decisions
from kpi_pipeline.pipeline import build as pipeline
from kpi_pipeline.state.journal import state_url

COMMENTARY = """
months:
  2026-09:
    decisions:
      - {what: Fund weekends., owner: CNO, by: 2026-10-20}
      - {what: Name a lead., owner: CMO, by: 2026-10-31}
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "utc_now", lambda: datetime(2026, 11, 4, 15, 0, tzinfo=UTC))
    (tmp_path / "commentary.yaml").write_text(COMMENTARY)
    (tmp_path / "decisions.yaml").write_text("- {decision: 2026-09/2, became: granted, answered_on: 2026-10-27}\n")
    (tmp_path / "kpi.yaml").write_text("report: {commentary: commentary.yaml, decisions: decisions.yaml}\n")
    return tmp_path / "hospital.duckdb"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["kpi", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_an_answer_is_recorded_listed_and_read_by_the_next_report(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ("decision", "record", "2026-09/1", "--by", "CNO", "--warehouse", warehouse)
    assert run(monkeypatch, *record, "--became", "postponed", "--on", "2026-10-20", "--note", "Until the budget.") == 0
    assert run(monkeypatch, *record, "--became", "refused") == 0
    assert "Recorded: 2026-09/1 refused on 2026-11-04: Fund weekends." in capsys.readouterr().out
    outcomes = read_report_decisions(warehouse, settings=Settings()).outcomes
    assert {key: (one.became, one.said_by, one.note) for key, one in outcomes.items()} == {
        "2026-09/1": ("refused", "CNO", None)
    }
    with open_journal(state_url(warehouse)) as journal:
        assert [one.body["became"] for one in journal.history("decision", "2026-09/1")] == ["postponed", "refused"]
    assert run(monkeypatch, "decision", "list", "--warehouse", warehouse, "--format", "json") == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["decision"], one["became"], one["on"]) for one in listed] == [
        ("2026-09/1", "refused", "2026-11-04"),
        ("2026-09/2", "granted", "2026-10-27"),
    ]


def test_what_may_not_be_recorded_is_refused_with_every_reason(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("--became", "maybe", "--by", " ", "--on", "2026-12-24", "--note", "MRN 1234567")
    assert run(monkeypatch, "decision", "record", "2026-09/7", *wrong, "--warehouse", warehouse) != 0
    said = capsys.readouterr().err
    for part in ("--became", "--by", "--on", "--note", "'2026-09/7' was not asked for", "2026-09/1, 2026-09/2"):
        assert part in said
    assert "1234567" not in said
    with open_journal(state_url(warehouse)) as journal:
        assert journal.current("decision") == []
