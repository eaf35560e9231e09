"""The journal of decisions: append-only versions of named records, such as initiatives and rebase decisions.

A record is a kind, a key and a JSON body. Writing appends a version and never changes an earlier one, so who
decided what, and when, stays on record; retiring a record is a version too. Each version is an event of the
chain, by its hash. What a body may hold is its own room's matter (`improvement`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import Fault, WarehouseError
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, as_stored, as_utc, read_events
from kpi_pipeline.state.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record. `recorded_at` is in UTC; `body` is the whole record as it then was."""

    kind: str
    key: str
    version: int
    body: Mapping[str, Any]
    is_retired: bool
    recorded_by: str
    recorded_at: datetime


class Journal:
    """The journal in one database. Opening it creates the tables of an empty database."""

    def __init__(self, url: str):
        self._database = Database(url)

    def write(
        self,
        kind: str,
        key: str,
        body: Mapping[str, Any],
        *,
        by: str,
        at: datetime,
        is_retired: bool = False,
        after: int | None = None,
    ) -> Version | None:
        """Appends a version and returns it; None when the latest version already says the same.

        after: the version the change was made from (0: there was none); any other by now is a WarehouseError.
        Two writers at once cannot lose a version: one waits for the other.
        """
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        with self._database.writing() as session:
            latest = session.scalars(
                select(JournalEntry)
                .where(JournalEntry.kind == kind, JournalEntry.key == key)
                .order_by(JournalEntry.version.desc())
                .limit(1)
            ).first()
            if after is not None and after != (0 if latest is None else latest.version):
                raise _changed_meanwhile(kind, key)
            if latest is not None and latest.body == text and latest.is_retired == is_retired:
                return None
            entry = JournalEntry(
                kind=kind,
                key=key,
                version=1 if latest is None else latest.version + 1,
                body=text,
                is_retired=is_retired,
                recorded_by=by,
                recorded_at=as_stored(at),
            )
            session.add(entry)
            session.flush()
            what = "retired" if is_retired else "recorded"
            body_of = {"version": entry.version, "sha256": _sha256(text)}
            append_event(session, f"{kind} {what}", key, by=by, at=at, body=body_of)
            return _version(entry)

    def current(self, kind: str) -> list[Version]:
        """The latest version of every record of a kind that is not retired, in order of keys."""
        latest: dict[str, Version] = {}
        with self._database.reading() as session:
            for entry in session.scalars(
                select(JournalEntry).where(JournalEntry.kind == kind).order_by(JournalEntry.version)
            ):
                latest[entry.key] = _version(entry)
        return [latest[key] for key in sorted(latest) if not latest[key].is_retired]

    def history(self, kind: str, key: str) -> list[Version]:
        """Every version of one record, oldest first; empty when there is none."""
        with self._database.reading() as session:
            entries = session.scalars(
                select(JournalEntry)
                .where(JournalEntry.kind == kind, JournalEntry.key == key)
                .order_by(JournalEntry.version)
            )
            return [_version(entry) for entry in entries]

    def digest(self, n_entries: int | None = None) -> tuple[int, str]:
        """How many entries there are, and one hash over all of them, or over the first n in the order of writing."""
        digest = hashlib.sha256()
        with self._database.reading() as session:
            entries = session.scalars(select(JournalEntry).order_by(JournalEntry.id).limit(n_entries)).all()
        for entry in entries:
            parts = [entry.kind, entry.key, entry.version, entry.body, entry.is_retired]
            digest.update(json.dumps(parts, ensure_ascii=False).encode() + b"\n")
        return len(entries), digest.hexdigest()

    def close(self) -> None:
        """Gives the database's files back to the operating system."""
        self._database.close()


def journal_faults(session: Session) -> list[str]:
    """Records that are not as their events say, in words. Records from before there were such events are not held."""
    held = {(one.kind, one.key, one.version): one for one in session.scalars(select(JournalEntry))}
    faults = []
    for event in read_events(session):
        kind, _, what = event.kind.rpartition(" ")
        if what not in ("recorded", "retired") or "version" not in event.body:
            continue
        name = f"{kind} {event.subject}, version {event.body['version']}"
        entry = held.get((kind, event.subject, event.body["version"]))
        if entry is None:
            faults.append(f"{name}: is missing")
        elif _sha256(entry.body) != event.body["sha256"] or entry.is_retired != (what == "retired"):
            faults.append(f"{name}: was changed after it was written")
    return faults


def state_url(warehouse: Path) -> str:
    """The journal beside a warehouse file: `hospital.state.sqlite`."""
    return f"sqlite:///{warehouse.with_suffix('.state.sqlite').resolve()}"


def _changed_meanwhile(kind: str, key: str) -> WarehouseError:
    return WarehouseError(Fault(f"{kind} {key}", "was changed by someone else at the same moment.", "Try again."))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _version(entry: JournalEntry) -> Version:
    return Version(
        kind=entry.kind,
        key=entry.key,
        version=entry.version,
        body=json.loads(entry.body),
        is_retired=entry.is_retired,
        recorded_by=entry.recorded_by,
        recorded_at=as_utc(entry.recorded_at),
    )
