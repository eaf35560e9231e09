"""What changed since an issue that outsiders have is worked out only where it is asked for, and once for each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure.earlier import Behind
from kpi_pipeline.pipeline.history import shown_before
from kpi_pipeline.pipeline.history.issue_before import IssueBefore
from kpi_pipeline.pipeline.history.shown_before import ShownIssue


def test_an_issue_is_compared_once_for_its_own_place_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, str]] = []

    def behind_since(before: IssueBefore, *_: object, scope: str, **__: object) -> Behind:
        compared.append((before.number, scope))
        return {("denials", scope, "2026-09"): len(compared)}

    monkeypatch.setattr(shown_before, "behind_since", behind_since)
    issues = [
        ShownIssue(
            IssueBefore(Path(str(n)), n, Month(2026, 9), {}),
            {"scope": ("all", "north")[n % 2], "month": "2026-09", "made_from": {"warehouse": str(n)}},
        )
        for n in range(24)
    ]
    behind = shown_before.behind_each(issues, Path("kpi.duckdb"), "snapshot")
    assert compared == []
    told = [[behind(at) for at in range(24)] for _ in range(3)]
    assert compared == [(n, ("all", "north")[n % 2]) for n in range(24)]
    assert told[0] == told[1] == told[2]
    twin = replace(issues[22], issue=IssueBefore(Path("twin"), 99, Month(2026, 9), {}))
    behind = shown_before.behind_each([*issues, twin], Path("kpi.duckdb"), "snapshot", issues[22].issue)
    behind(24)
    behind(23)
    assert compared[24:] == [(22, "all"), (23, "north")]
