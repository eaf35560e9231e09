"""The chain of events: appended, never changed, and a change is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, chain_faults, read_events

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def fill(database: Database, n: int = 5) -> None:
    for number in range(n):
        with database.writing() as session:
            append_event(session, "approved", f"2026-{number + 1:02}", by="Åsa", at=NOON, body={"sha256": "ab"})


def test_an_untouched_chain_has_no_fault(database: Database) -> None:
    fill(database)
    with database.reading() as session:
        assert chain_faults(session) == []
        assert [one.subject for one in read_events(session)] == [f"2026-0{n}" for n in range(1, 6)]
        assert read_events(session)[0].at == NOON
        assert [one.subject for one in read_events(session, subject="2026-02")] == ["2026-02"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE events SET actor = 'Mallory' WHERE id = 3", "event 3: was changed"),
        ("UPDATE events SET body = '{}' WHERE id = 5", "event 5: was changed"),
        ("UPDATE events SET at = '2026-11-05 12:00:00' WHERE id = 2", "event 2: was changed"),
        ("DELETE FROM events WHERE id = 3", "event 4: the event before it is missing"),
        ("DELETE FROM events WHERE id = 1", "event 2: the event before it is missing"),
    ],
)
def test_a_changed_or_missing_event_is_found(database: Database, change: str, found: str) -> None:
    fill(database)
    with database.writing() as session:
        session.execute(text(change))
    with database.reading() as session:
        faults = chain_faults(session)
    assert found in "; ".join(faults)


def test_many_writers_at_once_make_one_chain(state_url: str, database: Database) -> None:
    def write(number: int) -> None:
        own = Database(state_url)
        fill(own, 5)
        own.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with database.reading() as session:
        assert len(read_events(session)) == 40
        assert chain_faults(session) == []


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    def break_off() -> None:
        with database.writing() as session:
            append_event(session, "approved", "2026-10", by="Asa", at=NOON)
            raise WarehouseError([])

    with pytest.raises(WarehouseError):
        break_off()
    with database.reading() as session:
        assert read_events(session) == []
