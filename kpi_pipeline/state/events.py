"""The chain of events: who did what, when, on which account. Appended only; each event carries the hash of the last.

An event that is changed, taken out or put in between breaks the chain, and `chain_faults` says where. It holds no
patient's data: subjects are months, scopes, audiences, addresses of recipients and names of files.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kpi_pipeline.state.models import EventEntry

FIRST = "0" * 64
"""What stands for the hash before the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. at: UTC; account: the machine's account that did it, `user@host`; body: what was looked at."""

    id: int
    at: datetime
    actor: str
    account: str
    kind: str
    subject: str
    body: Mapping[str, Any]
    hash: str


def append_event(
    session: Session, kind: str, subject: str, *, by: str, at: datetime, body: Mapping[str, Any] | None = None
) -> str:
    """Appends an event within the caller's writing transaction, and returns its hash."""
    last = session.scalars(select(EventEntry).order_by(EventEntry.id.desc()).limit(1)).first()
    entry = EventEntry(
        at=as_stored(at),
        actor=by,
        account=machine_account(),
        kind=kind,
        subject=subject,
        body=json.dumps(body or {}, sort_keys=True, ensure_ascii=False),
        previous_hash=FIRST if last is None else last.hash,
    )
    entry.hash = _hash(entry)
    session.add(entry)
    session.flush()
    return entry.hash


def read_events(session: Session, *, subject: str = "", kind: str = "") -> list[Event]:
    """Events in the order in which they were appended; of one kind or subject only, where given."""
    asked = select(EventEntry).order_by(EventEntry.id)
    if subject:
        asked = asked.where(EventEntry.subject == subject)
    if kind:
        asked = asked.where(EventEntry.kind == kind)
    return [
        Event(one.id, as_utc(one.at), one.actor, one.account, one.kind, one.subject, json.loads(one.body), one.hash)
        for one in session.scalars(asked)
    ]


def chain_faults(session: Session) -> list[str]:
    """What is wrong with the chain, in words; empty when every event is as it was written, and none is missing."""
    faults = []
    before = FIRST
    for entry in session.scalars(select(EventEntry).order_by(EventEntry.id)):
        if entry.previous_hash != before:
            faults.append(f"event {entry.id}: the event before it is missing or was changed")
        if entry.hash != _hash(entry):
            faults.append(f"event {entry.id}: was changed after it was written")
        before = entry.hash
    return faults


def machine_account() -> str:
    """The account this process runs under: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        user = "unnamed"
    return f"{user}@{socket.gethostname()}"[:200]


def as_stored(moment: datetime) -> datetime:
    """A moment as the state keeps it: UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def as_utc(stored: datetime) -> datetime:
    """A moment as the state gave it, with its zone again."""
    return stored.replace(tzinfo=UTC)


def _hash(entry: EventEntry) -> str:
    parts = [
        entry.previous_hash,
        entry.at.isoformat(timespec="microseconds"),
        entry.actor,
        entry.account,
        entry.kind,
        entry.subject,
        entry.body,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
