"""Looking after the state: what it holds, its schema, and a declared new beginning."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.journal.initiatives import text_faults
from kpi_pipeline.journal.known_state import forget_known_state
from kpi_pipeline.state.database import Database, sqlite_file
from kpi_pipeline.state.events import append_event
from kpi_pipeline.state.models import EventEntry, IssueEntry, JournalEntry, OutboxEntry
from kpi_pipeline.state.schema import SCHEMA, schema_of, upgrade

_HELD = (("decisions", JournalEntry), ("issues", IssueEntry), ("mails", OutboxEntry), ("events", EventEntry))


def upgrade_state(url: str) -> tuple[str | None, str]:
    """Brings a state to the present schema; returns the schema before (None: there was none) and now."""
    _must_be_there(url)
    database = Database(url, any_schema=True)
    try:
        with database.connected() as connection:
            return upgrade(connection)
    finally:
        database.close()


def describe_state(url: str) -> list[str]:
    """Where a state is kept, its schema and how much it holds, a line each. Never its URL: it may hold a password."""
    _must_be_there(url)
    database = Database(url, any_schema=True)
    try:
        with database.connected() as connection:
            found = schema_of(connection)
        lines = [
            f"Kept in {sqlite_file(url) or 'PostgreSQL'}",
            f"Schema {found or 'none'}; this program needs {SCHEMA}",
        ]
        if found == SCHEMA:
            with database.reading() as session:
                counts = [(name, session.scalar(select(func.count()).select_from(one))) for name, one in _HELD]
            lines.append(", ".join(f"{count:,} {name}" for name, count in counts))
        return lines
    finally:
        database.close()


def declare_new_state(url: str, warehouse: Path, *, by: str, why: str, at: datetime) -> None:
    """Lets the journal of a warehouse begin anew, and puts on record who said so and why."""
    if faults := [*text_faults("--by", by), *text_faults("--why", why)]:
        raise InputError(faults)
    database = Database(url)
    try:
        with database.writing() as session:
            append_event(session, "state declared new", warehouse.name, by=by, at=at, body={"why": why})
    finally:
        database.close()
    forget_known_state(warehouse)


def _must_be_there(url: str) -> None:
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        raise InputError(Fault("state", f"there is no state at {file}.", "Check --warehouse or --state."))
