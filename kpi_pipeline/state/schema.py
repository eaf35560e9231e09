"""Which schema a state has, and how it gets the present one. The steps themselves are in `migrations/versions`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from kpi_pipeline.core.errors import Fault, WarehouseError

SCHEMA = "0003"
"""The schema this program reads and writes: the newest of `migrations/versions`."""
_FIRST = "0001"
"""The journal alone, as it was before schemas were numbered."""


def create_or_check(connection: Connection) -> None:
    """Makes the tables of an empty database; raises WarehouseError for a database of another schema."""
    found = schema_of(connection)
    if found is None:
        upgrade(connection)
    elif found < SCHEMA:
        what = f"is of schema {found}, older than {SCHEMA}, which this program needs."
        raise WarehouseError(Fault("state", what, "Make a backup, then run kpi state upgrade."))
    elif found > SCHEMA:
        what = f"is of schema {found}, newer than {SCHEMA}, the newest this program knows."
        raise WarehouseError(Fault("state", what, "Install the release that wrote it."))


def schema_of(connection: Connection) -> str | None:
    """The schema of a database; None when it holds none of our tables."""
    tables = set(inspect(connection).get_table_names())
    if "kpi_schema" in tables:
        versions = connection.execute(text("SELECT version_num FROM kpi_schema")).scalars().all()
        if versions:
            return str(versions[0])
    return _FIRST if "journal" in tables else None


def upgrade(connection: Connection) -> tuple[str | None, str]:
    """Brings a database to the present schema; returns the schema before and now. The caller's transaction holds it."""
    from alembic import command
    from alembic.config import Config

    before = schema_of(connection)
    if before is not None and before > SCHEMA:
        create_or_check(connection)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if before == _FIRST and "kpi_schema" not in inspect(connection).get_table_names():
        command.stamp(config, _FIRST)
    command.upgrade(config, SCHEMA)
    return before, SCHEMA
