"""What goes after its time, and what never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.delivery_settings import DeliverySettings
from kpi_pipeline.core.errors import DeliveryError, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.rights import check_right
from kpi_pipeline.pipeline.issuing.issue_draft import draft_month
from kpi_pipeline.pipeline.upkeep.retention import find_old, remove_old
from kpi_pipeline.state.events import chain_faults, read_events
from tests.support.delivery import NOON, OCTOBER, StubDesk, issue_month

pytestmark = pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)


def test_case_lists_and_drafts_go_once_they_are_old_and_nothing_else_does(desk: StubDesk) -> None:
    for month in (OCTOBER.plus(-13), OCTOBER.plus(-12)):
        issue_month(desk, month=month)
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    before = sorted(path for path in desk.archive.rglob("*") if path.is_file())
    found = find_old(desk.archive, desk.drafts, today=OCTOBER, months=12)
    assert {str(one.month) for one in found} == {"2025-09"}  # thirteen months ago; twelve are kept
    assert sorted({one.what for one in found}) == ["case list", "drafts"]
    assert all(one.n_bytes > 0 for one in found)
    assert sorted(path for path in desk.archive.rglob("*") if path.is_file()) == before  # asking removes nothing

    remove_old(desk.database, desk.archive, found, by="Privacy officer", at=NOON, deciders={})
    assert find_old(desk.archive, desk.drafts, today=OCTOBER, months=12) == []
    left = {path for path in desk.archive.rglob("*") if path.is_file() and path.name != "removed.json"}
    lists = {one.path for one in found if one.what == "case list"}
    assert set(before) - left == lists
    assert len(lists) == 2
    for issue in desk.archive.glob("*/*/issue-*"):
        assert folder_faults(issue) == []
        assert issue.stat().st_mode & 0o777 == 0o500
    with desk.database.reading() as session:
        assert chain_faults(session) == []
        told = list(read_events(session, kind="case list removed"))
    assert [one.actor for one in told] == ["Privacy officer"] * 2
    assert all(one.body["sha256"] for one in told)


def test_only_the_case_list_may_be_missing(desk: StubDesk) -> None:
    (issue, _) = issue_month(desk)
    found = find_old(desk.archive, desk.drafts, today=Month(2028, 1), months=1)
    remove_old(desk.database, desk.archive, found, by="Privacy officer", at=NOON, deciders={})
    issue.folder.chmod(0o700)
    (issue.folder / "kpi-report.pdf").unlink()
    assert folder_faults(issue.folder) == ["kpi-report.pdf is missing"]


def test_a_removal_has_a_name_and_one_that_cannot_be_done_is_said(desk: StubDesk, tmp_path: Path) -> None:
    issue_month(desk)
    found = find_old(desk.archive, desk.drafts, today=Month(2028, 1), months=1)
    with pytest.raises(InputError, match="--by"):
        remove_old(desk.database, desk.archive, found, by="", at=NOON, deciders={})
    assert all(one.path.exists() for one in found)
    first = next(one for one in found if one.what == "drafts")
    first.path.rename(tmp_path / "moved")
    with pytest.raises(InputError, match="cannot be removed"):
        remove_old(desk.database, desk.archive, [first], by="Privacy officer", at=NOON, deciders={})


def test_only_those_who_are_listed_remove_what_is_old(desk: StubDesk) -> None:
    issue_month(desk)
    found = find_old(desk.archive, desk.drafts, today=Month(2028, 1), months=1)
    listed = DeliverySettings(approvers={"M. Alvarez": ""}, deciders={"Privacy officer": ""})
    with pytest.raises(
        DeliveryError, match=r"Analyst may not remove what is old\. Those who may: Privacy officer, M\."
    ):
        remove_old(desk.database, desk.archive, found, by="Analyst", at=NOON, deciders=listed.all_deciders)
    assert all(one.path.exists() for one in found)
    remove_old(desk.database, desk.archive, found, by="Privacy officer", at=NOON, deciders=listed.all_deciders)
    assert not any(one.path.exists() for one in found)
    with pytest.raises(DeliveryError, match="Privacy officer may not approve"):
        check_right(listed.approvers, "Privacy officer", "approve")
