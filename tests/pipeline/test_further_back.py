"""What changed since issues further back is worked out only where it is asked for, and once for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.judgement.disclosure.earlier import Behind
from kpi_pipeline.pipeline import report


def test_an_issue_further_back_is_compared_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []

    def behind_since(before: object, *_: object, **__: object) -> Behind:
        compared.append(before)
        return {("denials", "all", "2026-09"): len(compared)}

    monkeypatch.setattr(report, "issues_until", lambda _: [f"issue {number}" for number in range(24)])
    monkeypatch.setattr(report, "behind_since", behind_since)
    behind = report._behind_each(None, Path("kpi.duckdb"), "all", "snapshot")
    assert compared == []
    told = [[behind(at) for at in range(24)] for _ in range(3)]
    assert compared == [f"issue {number}" for number in range(24)]
    assert told[0] == told[1] == told[2]
