"""The journal of decisions: append-only versions of named records, such as initiatives and rebase decisions.

A record is a kind, a key and a JSON body. Writing appends a version and never changes an earlier one, so who
decided what, and when, stays on record; retiring a record is a version too. What a body may hold is its own
room's matter (`improvement`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, DateTime, Engine, String, Text, UniqueConstraint, create_engine, event, select
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from kpi_pipeline.core.errors import Fault, WarehouseError


class _Base(DeclarativeBase):
    pass


class _Entry(_Base):
    __tablename__ = "journal"
    __table_args__ = (UniqueConstraint("kind", "key", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    is_retired: Mapped[bool] = mapped_column(Boolean)
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(DateTime)


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
    """The journal in one database. Opening it creates the table if it is not there."""

    def __init__(self, url: str):
        self._engine: Engine = create_engine(url)
        if url.startswith("sqlite"):
            event.listen(self._engine, "connect", _use_write_ahead_log)
        try:
            _Base.metadata.create_all(self._engine)
        except DatabaseError as error:
            raise WarehouseError(
                Fault("state", "the database of decisions cannot be opened.", "Check its path or URL, or its backup.")
            ) from error

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
        Two writers at once cannot lose a version: the later one gets a WarehouseError and tries again.
        """
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        with Session(self._engine) as session:
            latest = session.scalars(
                select(_Entry).where(_Entry.kind == kind, _Entry.key == key).order_by(_Entry.version.desc()).limit(1)
            ).first()
            if after is not None and after != (0 if latest is None else latest.version):
                raise _changed_meanwhile(kind, key)
            if latest is not None and latest.body == text and latest.is_retired == is_retired:
                return None
            entry = _Entry(
                kind=kind,
                key=key,
                version=1 if latest is None else latest.version + 1,
                body=text,
                is_retired=is_retired,
                recorded_by=by,
                recorded_at=at.astimezone(UTC).replace(tzinfo=None),
            )
            session.add(entry)
            try:
                session.commit()
            except IntegrityError as error:
                raise _changed_meanwhile(kind, key) from error
            return _version(entry)

    def current(self, kind: str) -> list[Version]:
        """The latest version of every record of a kind that is not retired, in order of keys."""
        latest: dict[str, Version] = {}
        with Session(self._engine) as session:
            for entry in session.scalars(select(_Entry).where(_Entry.kind == kind).order_by(_Entry.version)):
                latest[entry.key] = _version(entry)
        return [latest[key] for key in sorted(latest) if not latest[key].is_retired]

    def history(self, kind: str, key: str) -> list[Version]:
        """Every version of one record, oldest first; empty when there is none."""
        with Session(self._engine) as session:
            entries = session.scalars(
                select(_Entry).where(_Entry.kind == kind, _Entry.key == key).order_by(_Entry.version)
            )
            return [_version(entry) for entry in entries]

    def close(self) -> None:
        """Gives the database's files back to the operating system."""
        self._engine.dispose()


def state_url(warehouse: Path) -> str:
    """The journal beside a warehouse file: `hospital.state.sqlite`."""
    return f"sqlite:///{warehouse.with_suffix('.state.sqlite').resolve()}"


def _changed_meanwhile(kind: str, key: str) -> WarehouseError:
    return WarehouseError(Fault(f"{kind} {key}", "was changed by someone else at the same moment.", "Try again."))


def _use_write_ahead_log(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _version(entry: _Entry) -> Version:
    return Version(
        kind=entry.kind,
        key=entry.key,
        version=entry.version,
        body=json.loads(entry.body),
        is_retired=entry.is_retired,
        recorded_by=entry.recorded_by,
        recorded_at=entry.recorded_at.replace(tzinfo=UTC),
    )
