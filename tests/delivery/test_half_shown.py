"""Outsiders never have two issues of which neither knows the other, wherever a publication breaks off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.delivery.archive import read_manifest
from kpi_pipeline.delivery.outsiders import archived_for_outsiders
from kpi_pipeline.delivery.points import forget_listeners, listen
from kpi_pipeline.delivery.register import Issue, list_issues
from kpi_pipeline.pipeline.history.shown_before import read_issues_shown
from kpi_pipeline.pipeline.issuing.issue_story import withdraw_issue
from tests.delivery.test_shown_before import OUTSIDERS, SEPTEMBER, desk, draft, publish
from tests.support.delivery import NOON, OCTOBER, StubDesk, failing_at

__all__ = ["desk"]
BEFORE_THE_SEAL = ("publish.numbered", "publish.reserved", "publish.built")
SEALED = ("publish.sealed", "folder.manifest.json", "folder.written", "folder.renamed", "publish.archived")
SEALED_TOO = ("publish.issued",)


class _BrokenOffError(Exception):
    pass


def break_off(desk: StubDesk, month: Month, audience: str, point: str) -> None:
    with failing_at(point, _BrokenOffError()), pytest.raises(_BrokenOffError):
        publish(desk, month, audience)


def state_of(desk: StubDesk, audience: str) -> str:
    return [one.state for one in list_issues(desk.database) if one.audience == audience][-1]


def strangers(desk: StubDesk) -> list[tuple[str, str]]:
    """Pairs that outsiders have of which neither knows the other, and that were not made side by side."""
    issued = [path for path, _ in archived_for_outsiders(desk.database)]
    manifests = {path: read_manifest(desk.archive, path) for path in issued}
    knows = {path: {one.path for one in read_issues_shown(desk.archive, manifests[path]["shown"])} for path in issued}
    return [
        (one, other)
        for at, one in enumerate(issued)
        for other in issued[at + 1 :]
        if one not in knows[other] and other not in knows[one]
        and any(manifests[one][name] != manifests[other][name] for name in ("month", "made_from", "shown"))
    ]  # fmt: skip


def half_published(desk: StubDesk, point: str) -> None:
    """September's board copy broke off at a point, then new data came; October's copy of a place is approved."""
    draft(desk, SEPTEMBER, "board")
    break_off(desk, SEPTEMBER, "board", point)
    desk.hashes = {"warehouse": "6666"}
    draft(desk, OCTOBER, "lakeside")


@pytest.mark.parametrize("point", [*SEALED, *SEALED_TOO])
def test_nothing_leaves_that_does_not_know_what_is_half_published(desk: StubDesk, point: str) -> None:
    half_published(desk, point)
    with pytest.raises(DeliveryError, match=r"2026-09 all board: number 1 is half published") as raised:
        publish(desk, OCTOBER, "lakeside")
    assert "kpi issue publish 2026-09 --audience board" in str(raised.value)
    assert "kpi issue withdraw 2026-09 --audience board --scope all" in str(raised.value)
    assert (state_of(desk, "board"), state_of(desk, "lakeside")) == ("publishing", "approved")


@pytest.mark.parametrize("point", ["folder.renamed", "publish.archived", *SEALED_TOO])
def test_finished_it_is_known(desk: StubDesk, point: str) -> None:
    half_published(desk, point)
    publish(desk, SEPTEMBER, "board")
    with pytest.raises(DeliveryError, match=r"issued to outsiders since it was drafted.*Draft it anew"):
        publish(desk, OCTOBER, "lakeside")
    draft(desk, OCTOBER, "lakeside")
    publish(desk, OCTOBER, "lakeside")
    assert len(archived_for_outsiders(desk.database)) == 2
    assert strangers(desk) == []


@pytest.mark.parametrize("point", [*SEALED, *SEALED_TOO])
def test_taken_back_it_stands_in_nobodys_way_and_is_never_issued(desk: StubDesk, point: str) -> None:
    half_published(desk, point)
    withdraw_issue(desk, SEPTEMBER, "board", "all", by="Director", why="The data went on.", at=NOON)
    publish(desk, OCTOBER, "lakeside")
    assert publish(desk, SEPTEMBER, "board") == []
    assert [path for path, _ in archived_for_outsiders(desk.database)] == [f"north/{OCTOBER}/issue-1-lakeside"]


@pytest.mark.parametrize("point", BEFORE_THE_SEAL)
def test_without_a_seal_it_is_refused_itself_when_others_were_shown_something(desk: StubDesk, point: str) -> None:
    half_published(desk, point)
    publish(desk, OCTOBER, "lakeside")
    desk.hashes = {"warehouse": "5555", "settings": "a"}  # the old data again
    with pytest.raises(DeliveryError, match="issued to outsiders since it was drafted"):
        publish(desk, SEPTEMBER, "board")


def test_copies_made_side_by_side_and_internal_ones_need_not_wait(desk: StubDesk) -> None:
    draft(desk, OCTOBER)
    break_off(desk, OCTOBER, "board", "publish.archived")
    for audience in ("lakeside", "state", "executives"):
        assert len(publish(desk, OCTOBER, audience)) == 1
    assert len(publish(desk, OCTOBER, "board")) == 1
    assert strangers(desk) == []


def meanwhile(point: str, act: Callable[[], object]) -> None:
    """Has another process do something when this one passes a point, once."""

    def once(passed: str) -> None:
        if passed == point:
            forget_listeners()
            act()

    listen(once)


def test_of_two_at_once_the_one_that_is_sealed_first_leaves(desk: StubDesk) -> None:
    draft(desk, SEPTEMBER, "board")
    draft(desk, OCTOBER, "lakeside")
    meanwhile("publish.built", lambda: publish(desk, OCTOBER, "lakeside"))
    with pytest.raises(DeliveryError, match=r"2026-09 all board.*issued to outsiders.*withdraw.*Draft it anew"):
        publish(desk, SEPTEMBER, "board")
    assert (state_of(desk, "board"), state_of(desk, "lakeside")) == ("publishing", "issued")


def test_of_two_at_once_the_second_waits_for_the_seal_of_the_first(desk: StubDesk) -> None:
    draft(desk, SEPTEMBER, "board")
    draft(desk, OCTOBER, "lakeside")

    def too_late() -> None:
        with pytest.raises(DeliveryError, match="number 1 is half published"):
            publish(desk, OCTOBER, "lakeside")

    meanwhile("publish.sealed", too_late)
    publish(desk, SEPTEMBER, "board")
    assert (state_of(desk, "board"), state_of(desk, "lakeside")) == ("issued", "approved")


def test_one_from_before_there_were_seals_in_the_way_is_not_finished_over_another(
    desk: StubDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release before this one let the other leave."""
    half_published(desk, "publish.archived")
    for room in ("pipeline.issuing.issue_publication", "delivery.issues"):
        monkeypatch.setattr(f"kpi_pipeline.{room}.refuse_unknown_to", lambda *_, **__: None)
    publish(desk, OCTOBER, "lakeside")
    monkeypatch.undo()
    with pytest.raises(DeliveryError, match=r"2026-09 all board.*issued to outsiders since it was drafted.*withdraw"):
        publish(desk, SEPTEMBER, "board")


@pytest.mark.parametrize("seed", range(6))
def test_however_publications_break_off_no_two_are_strangers(seed: int, desk: StubDesk) -> None:
    """Random months, data, readers and points; what is half published is finished, taken back or left lying."""
    rng = Random(seed)
    points = [*BEFORE_THE_SEAL, *SEALED, *SEALED_TOO, "publish.committed"]
    for step in range(25):
        if rng.random() < 0.3:
            desk.hashes = {"warehouse": f"{step // 8:04}"}
        month, audience = rng.choice([SEPTEMBER, OCTOBER]), rng.choice(OUTSIDERS)
        at_work = [one for one in list_issues(desk.database) if one.state == "publishing"]
        if at_work and rng.random() < 0.6:
            take_back(desk, rng.choice(at_work))
        with suppress(DeliveryError):  # its own publication broke off: it is finished below, or stays as it is
            draft(desk, month, audience, why="again")
        point = rng.choice(points) if rng.random() < 0.5 else ""
        with suppress(_BrokenOffError, DeliveryError), failing_at(point, _BrokenOffError()):
            publish(desk, month, audience)
        assert strangers(desk) == []
    assert len(archived_for_outsiders(desk.database)) >= 3


def take_back(desk: StubDesk, issue: Issue) -> None:
    withdraw_issue(desk, Month.parse(issue.month), issue.audience, issue.scope, by="Director", why="Again.", at=NOON)
