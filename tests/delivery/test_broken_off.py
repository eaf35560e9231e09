"""Processes killed (-9) at every point of draft, publication, archive and sending: nothing lost, nothing sent twice.

Here each point once; `test_many_faults` mixes in everything else that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kpi_pipeline.delivery.outbox import LEASE
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from tests.support.delivery import NOON, StubDesk, killed_at
from tests.support.delivery_life import check_month, live_through
from tests.support.smtp_sink import PASSWORD, Sink, settings_for, start_sink


def in_child(desk: StubDesk, room: Mailroom, days: int) -> Callable[[], None]:
    def act() -> None:
        desk.reopen()
        room.database = desk.database
        live_through(desk, room, at=NOON + timedelta(days=days))

    return act


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
    check_month(desk, sink)
    sink.stop()
