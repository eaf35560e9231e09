"""A read-only session of a database: one consistent view of it, rows from a cursor on the server, errors of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from kpi_pipeline.core.errors import Fault, InputError

CONNECTION_ERRORS = (OperationalError, InterfaceError)
"""What may be gone when one tries again."""

_READ_ONLY = "25006"
"""SQLSTATE of a write in a read-only transaction."""

_GROUPS = {"mssql_python": '"kpi-pipeline[mssql]"', "oracledb": '"kpi-pipeline[oracle]"'}
"""Drivers that a group of our own optional dependencies brings, with all that goes with them."""

_FIRST_STATEMENT = {"oracle": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = ON"}
_OPTIONS: dict[str, dict[str, object]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
"""SQL Server has no read-only session: its login must be one that may only SELECT."""


@contextmanager
def reading(url: URL, *, rows_at_once: int) -> Iterator[Connection]:
    """A connection that cannot write and sees one moment of the database, as far as it knows such a thing."""
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and not Path(url.database).is_file():
        raise InputError(Fault("url", f"there is no database file {url.database}.", "Check the path."))
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        name = error.name or ""
        cure = f"Install it: pip install {_GROUPS.get(name, name)}."
        raise InputError(Fault("url", f"the driver {name} is not installed.", cure)) from None
    options = {"stream_results": True, "max_row_buffer": rows_at_once, **_OPTIONS.get(backend, {})}
    try:
        with engine.connect().execution_options(**options) as connection:
            if backend in _FIRST_STATEMENT:
                connection.exec_driver_sql(_FIRST_STATEMENT[backend])
            yield connection
    finally:
        engine.dispose()


def fault_of(where: str, error: DBAPIError, secret: SecretStr | None) -> Fault:
    """A database's error without the statement's values; its own words only where they are on names, not on data."""
    state = getattr(error.orig, "sqlstate", None) or type(error.orig).__name__
    told = " ".join(str(error.orig).split())
    if secret is not None and secret.get_secret_value():
        told = told.replace(secret.get_secret_value(), "…")
    if state == _READ_ONLY:
        return Fault(where, "the statement writes, and an extract only reads.", "Take the part that writes out of it.")
    if isinstance(error, (ProgrammingError, *CONNECTION_ERRORS)):
        cure = "Check the address, the login and its rights, and the statement."
        return Fault(where, f"the database says: {told[:300]} ({state})", cure)
    return Fault(where, f"the database cannot give the rows ({state}).", "Run the statement there to see why.")
