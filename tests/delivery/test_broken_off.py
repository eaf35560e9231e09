"""Processes killed (-9) at every point of draft, publication, archive and sending: nothing lost, nothing sent twice.

`make faults` runs many rounds with what mail servers do mixed in, and prints the counts; here each point once.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.issues import list_issues
from kpi_pipeline.delivery.outbox import LEASE, list_mails
from kpi_pipeline.pipeline.issues import approve_month, draft_month, open_issues, publish_month
from kpi_pipeline.pipeline.mailing import Mailroom, drain_outbox
from kpi_pipeline.state.events import chain_faults, read_events
from tests.support.delivery import NOON, OCTOBER, StubDesk, killed_at
from tests.support.smtp_sink import PASSWORD, Sink, settings_for, start_sink

ROUNDS = int(os.environ.get("KPI_FAULT_ROUNDS", "0"))
SERVERS = [
    "",
    "",
    "",
    "grey",
    "soft",
    "nouser",
    "body4",
    "body5",
    "drop_before",
    "drop_during",
    "drop_after",
    "drop_forget",
]


def one_life(desk: StubDesk, room: Mailroom, *, days: int = 0) -> None:
    """Whatever is still to be done for the month, from wherever it stopped."""
    at = NOON + timedelta(days=days)
    if not list_issues(desk.database):
        draft_month(desk, OCTOBER, by="Analyst", at=at)
    missing = 2 - len({one.audience for one in list_issues(desk.database)})
    if missing:
        draft_month(desk, OCTOBER, by="Analyst", at=at)
    if any(one.state == "in_review" for one in open_issues(desk.database, str(OCTOBER))):
        approve_month(desk, OCTOBER, by="Director", at=at)
    publish_month(desk, OCTOBER, by="Analyst", at=at)
    drain_outbox(room, clock=lambda: at)


def in_child(desk: StubDesk, room: Mailroom, days: int) -> Callable[[], None]:
    def act() -> None:
        desk.reopen()
        room.database = desk.database
        one_life(desk, room, days=days)

    return act


def check_everything(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    issues = list_issues(desk.database)
    assert sorted((one.audience, one.state, one.number) for one in issues) == [
        ("board", "issued", 1), ("executives", "issued", 1),
    ]  # fmt: skip
    folders = sorted(path for path in desk.archive.glob("*/*/*"))
    assert [folder.name for folder in folders if not folder.name.startswith(".")] == [
        "issue-1-board",
        "issue-1-executives",
    ]
    assert all(folder_faults(folder) == [] for folder in folders if not folder.name.startswith("."))
    mails = list_mails(desk.database)
    assert sorted(mail.recipient.split("@")[0] for mail in mails) == [
        "ceo",
        "cfo",
        "chair",
    ]  # nobody lost, nobody twice
    taken = sink.taken()
    assert max(taken.values(), default=0) <= 1
    for mail in mails:
        if mail.state == "sent":
            assert taken[mail.recipient] == 1, "called sent, and it never arrived"
        elif mail.state in ("queued", "refused"):
            assert taken[mail.recipient] == 0, f"arrived, and is called {mail.state}"
        else:
            assert mail.state == "uncertain"  # a person asks: it may have arrived or not
    with desk.database.reading() as session:
        assert chain_faults(session) == []
        assert Counter(event.kind for event in read_events(session))["issued"] == 2


def kill_through(desk: StubDesk, room: Mailroom, sink: Sink, *, every: int, start: int) -> int:
    """Kills the work at point `start`, then, begun again, `every` points later, until it ends. Returns the kills."""
    step = start
    for kills in range(60):
        desk.database.close()  # no connection is shared with a child
        was_killed = killed_at(step, in_child(desk, room, kills))
        desk.reopen()
        room.database = desk.database
        if not was_killed:
            return kills
        step += every
    raise AssertionError("it never ended")


@pytest.fixture
def room(desk: StubDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    sink = start_sink(tmp_path)
    made = Mailroom(desk.database, desk.archive, desk.audiences, settings_for(sink, tmp_path))
    made.sink = sink  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("start", range(1, 9))
def test_killed_at_point_after_point_the_month_is_finished_once(desk: StubDesk, room: Mailroom, start: int) -> None:
    sink: Sink = room.sink  # type: ignore[attr-defined]
    kills = kill_through(desk, room, sink, every=8, start=start)
    days = timedelta(days=60) + LEASE
    drain_outbox(room, clock=lambda: NOON + days)
    assert kills >= 3
    check_everything(desk, room, sink)
    sink.stop()


@pytest.mark.skipif(not ROUNDS, reason="make faults runs it")
def test_many_rounds_of_kills_and_servers_that_fail(
    tmp_path: Path, state_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    chance, kills, told, ends = random.Random(20261127), 0, Counter[str](), Counter[str]()
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        url = state_url.replace("hospital.state", f"hospital{number}.state")
        if "postgresql" in state_url:
            _empty(state_url)
        desk = StubDesk(folder, url, monkeypatch)
        sink = start_sink(folder)
        sink.script = {f"{who}@hospital.example": chance.choice(SERVERS) for who in ("ceo", "cfo", "chair")}
        told.update(what for what in sink.script.values() if what)
        room = Mailroom(desk.database, desk.archive, desk.audiences, settings_for(sink, folder))
        kills += kill_through(desk, room, sink, every=chance.randint(0, 6) or 1, start=chance.randint(1, 30))
        check_everything(desk, room, sink)
        ends.update(mail.state for mail in list_mails(desk.database))
        desk.close()
        sink.stop()
    with capsys.disabled():
        print(f"\n{state_url.split(':')[0]}: {ROUNDS} months, {kills:,} kills, {told.total():,} faults of servers "
              f"({dict(told)}); mails ended {dict(ends)}; lost 0, sent twice 0")  # fmt: skip


def _empty(url: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    engine.dispose()
