"""Opening the state's database: SQLite (write-ahead log, full synchronisation) or PostgreSQL by URL.

A writer's transaction takes the database's one writing lock at its start, on either: what it read is still true when
it writes. Errors are ours and never repeat the URL, which may hold a password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.state.schema import create_or_check, schema_of

_CURE = "Write it like sqlite:////data/hospital.state.sqlite or postgresql+psycopg://host/database."
_WAIT_SECONDS = 30
"""How long a writer waits for another one."""
_POSTGRESQL_LOCK = 0x6B7069
"""The advisory lock of the state's writers, the letters `kpi`: gone with the transaction, also when a process dies."""


class Database:
    """The state in one database. An empty one gets its tables; one of another schema is refused by name."""

    def __init__(self, url: str, *, any_schema: bool = False):
        self._engine = _create_engine(url)
        self._writer = self._engine.execution_options(kpi_writes=True)
        if not any_schema:
            try:
                self._create_or_check()
            except WarehouseError:
                self.close()
                raise

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a server's."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads one moment of the state."""
        with _plain_errors(), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that holds the writing lock; committed when the block ends well, else undone."""
        with _plain_errors(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            self._lock(session.connection())
            yield session

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A bare connection in a writing transaction: for migrations."""
        with _plain_errors(), self._writer.begin() as connection:
            self._lock(connection)
            yield connection

    def close(self) -> None:
        """Gives the database's files back to the operating system."""
        self._engine.dispose()

    def _create_or_check(self) -> None:
        """Asks without the writing lock first, so that a reader never waits for a writer."""
        with _plain_errors(), self._engine.begin() as connection:
            is_empty = schema_of(connection) is None
            if not is_empty:
                create_or_check(connection)
        if is_empty:
            with self.connected() as connection:
                create_or_check(connection)

    def _lock(self, connection: Connection) -> None:
        if self.is_postgresql:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for a server, and for a URL nobody can read."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    return Path(parsed.database) if parsed.drivername.startswith("sqlite") and parsed.database else None


def _create_engine(url: str) -> Engine:
    file = sqlite_file(url)
    try:
        if file is None:
            parsed = make_url(url)
            waits = {"connect_timeout": _WAIT_SECONDS} if parsed.drivername.startswith("postgresql") else {}
            return create_engine(parsed, connect_args=waits, pool_pre_ping=True)
        _make_private(file)
        engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS})
    except (ArgumentError, ImportError, ValueError) as error:
        raise InputError(Fault("state", "is not the URL of a database this installation can open.", _CURE)) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Makes the file before SQLite does, for its owner alone; the log beside it gets the same rights."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        file.chmod(0o600)
    except OSError as error:
        what = f"{file} cannot be opened for writing ({error.strerror})."
        raise WarehouseError(Fault("state", what, "Check its path and your rights to it.")) from error


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("kpi_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turns what a driver says into one plain sentence; the texts of drivers can hold hosts, users and rows."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).lower()
        if "locked" in said or "lock timeout" in said:
            what, cure = "is held by another program.", "Wait until it has ended, then try again."
        elif "full" in said or "no space" in said:
            what, cure = "cannot be written: the disk is full.", "Make room, then try again."
        elif "not a database" in said or "malformed" in said:
            what, cure = "is no database, or a damaged one.", "Check its path, or restore the backup."
        else:
            what, cure = "cannot be read or written.", "Check its path or URL, its server, and your rights to it."
        raise WarehouseError(Fault("state", f"the database of decisions {what}", cure)) from error
