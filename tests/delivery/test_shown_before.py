"""A copy for outsiders is made knowing what any outsider was shown before, whatever the place and the audience."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import yaml

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.audiences import Audiences
from kpi_pipeline.delivery.archive import read_manifest
from kpi_pipeline.delivery.outsiders import archived_for_outsiders
from kpi_pipeline.pipeline.history.shown_before import is_newest_shown, issues_shown, newest_shown, read_issues_shown
from kpi_pipeline.pipeline.issuing.issue_draft import draft_month
from kpi_pipeline.pipeline.issuing.issue_publication import Published, approve_month, publish_month
from tests.support.delivery import NOON, OCTOBER, StubDesk

SEPTEMBER = OCTOBER.plus(-1)
READERS = """
allowed_domains: [hospital.example]
operators: [it@hospital.example]
audiences:
  - {name: executives, scope: all, profile: internal, people: [{address: ceo@hospital.example, name: A}]}
  - {name: board, scope: all, profile: board, people: [{address: chair@hospital.example, name: B}]}
  - {name: state, scope: all, profile: external, people: [{address: state@hospital.example, name: C}]}
  - {name: lakeside, scope: [north], profile: board, people: [{address: lakeside@hospital.example, name: D}]}
"""
OUTSIDERS = ("board", "lakeside", "state")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubDesk:
    desk = StubDesk(tmp_path, f"sqlite:///{tmp_path / 'state.db'}", monkeypatch)
    desk.audiences = Audiences.model_validate(yaml.safe_load(READERS))
    return desk


def draft(desk: StubDesk, month: Month, audience: str | None = None, why: str = "") -> None:
    draft_month(desk, month, by="Analyst", at=NOON, audience=audience, why=why)
    approve_month(desk, month, by="Director", at=NOON, audience=audience)


def publish(desk: StubDesk, month: Month, audience: str | None = None) -> list[Published]:
    return publish_month(desk, month, by="Analyst", at=NOON, audience=audience)


def shown_before(desk: StubDesk, month: Month, audience: str) -> list[str]:
    """What the manifest of a month's newest issue names."""
    path = max(path for path, _ in archived_for_outsiders(desk.database) if f"{month}/" in path and audience in path)
    manifest = read_manifest(desk.archive, path)
    return [one.path for one in read_issues_shown(desk.archive, manifest["shown"])]


def test_a_copy_knows_what_other_readers_were_shown_and_internal_copies_are_no_outsiders(desk: StubDesk) -> None:
    draft(desk, SEPTEMBER)
    publish(desk, SEPTEMBER)
    desk.hashes = {"warehouse": "6666"}
    draft(desk, OCTOBER)
    publish(desk, OCTOBER)
    before = {f"all/{SEPTEMBER}/issue-1-board", f"north/{SEPTEMBER}/issue-1-lakeside", f"all/{SEPTEMBER}/issue-1-state"}
    for audience in OUTSIDERS:
        assert shown_before(desk, SEPTEMBER, audience) == []
        assert set(shown_before(desk, OCTOBER, audience)) == before
    executives = read_manifest(desk.archive, f"all/{OCTOBER}/issue-2-executives")
    assert executives["shown"] == []


def test_copies_made_side_by_side_are_published_one_after_another(desk: StubDesk) -> None:
    draft(desk, OCTOBER)
    for audience in OUTSIDERS:
        assert len(publish(desk, OCTOBER, audience)) == 1
        assert shown_before(desk, OCTOBER, audience) == []


def test_a_draft_does_not_leave_after_outsiders_were_shown_something_else(desk: StubDesk) -> None:
    draft(desk, SEPTEMBER, "board")
    publish(desk, SEPTEMBER, "board")
    desk.hashes = {"warehouse": "6666"}
    draft(desk, OCTOBER, "lakeside")
    draft(desk, SEPTEMBER, "board", why="late stays")
    publish(desk, SEPTEMBER, "board")
    with pytest.raises(DeliveryError, match=r"issued to outsiders since it was drafted.*Draft it anew"):
        publish(desk, OCTOBER, "lakeside")
    draft(desk, OCTOBER, "lakeside")
    publish(desk, OCTOBER, "lakeside")
    assert len(shown_before(desk, OCTOBER, "lakeside")) == 2


def test_the_issue_before_is_not_the_newest_where_others_were_shown_newer_data(desk: StubDesk) -> None:
    draft(desk, SEPTEMBER)
    publish(desk, SEPTEMBER)
    shown = issues_shown(desk.archive, desk.database, OCTOBER, {"warehouse": "6666"})
    befores = {one.path: one.issue for one in shown}
    assert all(is_newest_shown(shown, one) for one in befores.values())
    assert not is_newest_shown(shown, None)
    desk.hashes = {"warehouse": "6666"}
    draft(desk, OCTOBER, "board")
    publish(desk, OCTOBER, "board")
    shown = issues_shown(desk.archive, desk.database, OCTOBER, {"warehouse": "7777"})
    assert not is_newest_shown(shown, befores[f"north/{SEPTEMBER}/issue-1-lakeside"])


@pytest.mark.parametrize("seed", range(4))
def test_what_a_manifest_names_is_what_the_register_knew_however_issues_come(seed: int, desk: StubDesk) -> None:
    """Random months, data and readers: from the newest alone the archive finds all that outsiders had been shown."""
    rng = Random(seed)
    for step in range(12):
        if rng.random() < 0.5:
            desk.hashes = {"warehouse": f"{step:04}"}
        month, audience = rng.choice([SEPTEMBER, OCTOBER, OCTOBER.plus(1)]), rng.choice([*OUTSIDERS, "executives"])
        before = {path for path, _ in archived_for_outsiders(desk.database)}
        known = issues_shown(desk.archive, desk.database, month, desk.hashes)
        draft(desk, month, audience, why="again")
        (done,) = publish(desk, month, audience)
        manifest = read_manifest(desk.archive, str(done.folder.relative_to(desk.archive)))
        if audience == "executives":
            assert manifest["shown"] == []
            continue
        assert manifest["shown"] == newest_shown(known)
        found = read_issues_shown(desk.archive, manifest["shown"])
        assert [one.path for one in found] == [one.path for one in known]
        beside = before - {one.path for one in known}
        manifests = [read_manifest(desk.archive, path) for path in beside]
        assert all((one["month"], one["made_from"]) == (str(month), dict(desk.hashes)) for one in manifests)
