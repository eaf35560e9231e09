"""Days on which something else fails: a database restarted or held, an archive nobody may write, a clock set back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kpi_pipeline.core.errors import DeliveryError, WarehouseError
from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.outbox import claim, counts, settle
from kpi_pipeline.delivery.points import forget_listeners, listen
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issue_draft import draft_month
from kpi_pipeline.pipeline.issuing.issue_publication import approve_month, publish_month
from kpi_pipeline.state.database import sqlite_file
from kpi_pipeline.state.events import chain_faults
from tests.support.delivery import NOON, OCTOBER, StubDesk, failing_at

DRAFT_POINTS = ("draft.recorded",)
PUBLISH_POINTS = ("publish.numbered", "publish.built", "publish.issued")
"""Inside a transaction, between two, and inside the last one."""
EASTERN = ZoneInfo("America/New_York")


def check_whole(desk: StubDesk) -> None:
    """Both reports issued once, as number 1, each mail queued once, the chain unbroken."""
    assert [(one.state, one.number) for one in list_issues(desk.database)] == [("issued", 1)] * 2
    assert counts(desk.database) == {"queued": 3}
    with desk.database.reading() as session:
        assert chain_faults(session) == []


def once_at(point: str, act: Callable[[], None]) -> None:
    """Has something done when a point is passed for the first time."""

    def look(passed: str) -> None:
        if passed == point:
            forget_listeners()
            act()

    listen(look)


@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("point", [*DRAFT_POINTS, *PUBLISH_POINTS])
def test_a_server_restarted_at_any_step_is_said_or_not_noticed_and_the_next_try_finishes(
    desk: StubDesk, point: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("state_server")

    def restart() -> None:
        server.stop()
        server.start()

    def month() -> None:
        if not list_issues(desk.database):
            draft_month(desk, OCTOBER, by="Analyst", at=NOON)
        if any(one.state == "in_review" for one in list_issues(desk.database)):
            draft_month(desk, OCTOBER, by="Analyst", at=NOON)
            approve_month(desk, OCTOBER, by="Director", at=NOON)
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)

    once_at(point, restart)
    try:
        month()
    except WarehouseError:
        desk.reopen()
        month()
    check_whole(desk)


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_a_state_that_another_program_holds_is_said_and_nothing_is_half_done(
    desk: StubDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    monkeypatch.setattr("kpi_pipeline.state.database._WAIT_SECONDS", 0.2)
    desk.reopen()
    file = sqlite_file(desk.url)
    assert file is not None
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WarehouseError, match="held by another program"):
        approve_month(desk, OCTOBER, by="Director", at=NOON)
    assert {one.state for one in list_issues(desk.database)} == {"in_review"}  # readers are not kept waiting
    other.close()
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    check_whole(desk)


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), PermissionError(13, "Permission denied")])
def test_an_archive_that_cannot_be_written_is_said_and_the_number_is_kept(desk: StubDesk, error: OSError) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    with failing_at("folder.kpi-report.pdf", error), pytest.raises(DeliveryError, match=str(error.strerror)):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert counts(desk.database) == {}
    assert len(publish_month(desk, OCTOBER, by="Analyst", at=NOON)) == 2
    check_whole(desk)


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_an_archive_folder_that_is_a_file_is_said(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    desk.archive.write_text("in the way", encoding="utf-8")
    with pytest.raises(DeliveryError, match="cannot be written"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    desk.archive.unlink()
    publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    check_whole(desk)


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "moments",
    [
        (NOON, NOON - timedelta(days=1), NOON - timedelta(days=2)),
        # 1 November 2026: 01:50 comes twice, first in summer time.
        (
            datetime(2026, 11, 1, 1, 50, tzinfo=EASTERN),
            datetime(2026, 11, 1, 1, 50, fold=1, tzinfo=EASTERN),
            datetime(2026, 11, 1, 1, 10, fold=1, tzinfo=EASTERN),
        ),
        # 14 March 2027: there is no 02:30.
        (
            datetime(2027, 3, 14, 1, 59, tzinfo=EASTERN),
            datetime(2027, 3, 14, 2, 30, tzinfo=EASTERN),
            datetime(2027, 3, 14, 3, 1, tzinfo=EASTERN),
        ),
    ],
    ids=["a day back", "the hour that comes twice", "the hour that is missing"],
)
def test_a_clock_that_jumps_between_the_steps_loses_and_doubles_nothing(
    desk: StubDesk, moments: tuple[datetime, datetime, datetime]
) -> None:
    drafted, approved, published = moments
    draft_month(desk, OCTOBER, by="Analyst", at=drafted)
    approve_month(desk, OCTOBER, by="Director", at=approved)
    publish_month(desk, OCTOBER, by="Analyst", at=published)
    check_whole(desk)
    taken = []
    while (mail := claim(desk.database, now=published)) is not None:
        assert settle(desk.database, mail, "sent", "250 ok", now=published)
        taken.append(mail.recipient)
    assert len(taken) == len(set(taken)) == 3


def test_publishing_twice_at_the_same_time_numbers_and_queues_once(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    # Another process publishes the very same while this one is half-way.
    once_at("publish.built", lambda: publish_month(desk, OCTOBER, by="Scheduler", at=NOON) and None)
    publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    check_whole(desk)


def test_a_draft_begun_before_the_report_was_issued_is_not_a_second_report(desk: StubDesk) -> None:
    """Dagster begins to draft; a person drafts, has it approved and publishes meanwhile."""

    def person() -> None:
        draft_month(desk, OCTOBER, by="Analyst", at=NOON)
        approve_month(desk, OCTOBER, by="Director", at=NOON)
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)

    once_at("draft.built", person)
    with pytest.raises(DeliveryError, match="number 1 was issued while this draft was made"):
        draft_month(desk, OCTOBER, by="Dagster", at=NOON)
    check_whole(desk)


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_two_who_write_the_same_issue_at_the_same_time_do_not_mix_their_files(
    desk: StubDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    other = StubDesk(tmp_path, desk.url, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        second = []

        def begin() -> None:
            second.append(pool.submit(publish_month, other, OCTOBER, by="Scheduler", at=NOON))
            time.sleep(0.5)  # long enough for it to come as far as the folder that is being written

        once_at("folder.kpi-report.pdf", begin)
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
        second[0].result(timeout=30)
    other.close()
    check_whole(desk)
    folders = [path.parent for path in desk.archive.rglob("manifest.json")]
    assert [folder_faults(folder) for folder in folders] == [[], []]
