"""How a state gets its tables, and that one of another schema is named, never half read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import kpi_pipeline.state.migrations
from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.journal.keeping import describe_state, upgrade_state
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.journal import Journal
from kpi_pipeline.state.models import Base
from kpi_pipeline.state.schema import SCHEMA, schema_of


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.connected() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "kpi_schema"})
        assert compare_metadata(context, Base.metadata) == []
        assert schema_of(connection) == SCHEMA


def test_the_newest_migration_is_the_schema_of_the_program() -> None:
    folder = Path(kpi_pipeline.state.migrations.__file__).parent
    assert ScriptDirectory(str(folder)).get_heads() == [SCHEMA]


def test_a_journal_from_before_schemas_were_numbered_is_older_and_is_upgraded_with_all_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "hospital.state.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TABLE journal (id INTEGER PRIMARY KEY, kind VARCHAR(40) NOT NULL, key VARCHAR(200) NOT NULL, "
            "version INTEGER NOT NULL, body TEXT NOT NULL, is_retired BOOLEAN NOT NULL, recorded_by VARCHAR(200) "
            "NOT NULL, recorded_at DATETIME NOT NULL, UNIQUE (kind, key, version))"
        )
        connection.execute(
            "INSERT INTO journal VALUES (1, 'rebase', 'x', 1, '{}', 0, 'Director', '2026-01-02 03:04:05.000000')"
        )
    connection.close()
    url = f"sqlite:///{file}"
    with pytest.raises(WarehouseError, match=r"schema 0001, older than .*kpi state upgrade"):
        Journal(url)
    assert upgrade_state(url) == ("0001", SCHEMA)
    assert upgrade_state(url) == (SCHEMA, SCHEMA)
    journal = Journal(url)
    assert [one.recorded_by for one in journal.current("rebase")] == ["Director"]
    journal.close()


def test_a_newer_schema_is_refused_by_name_also_by_the_upgrade(state_url: str) -> None:
    database = Database(state_url)
    with database.connected() as connection:
        connection.execute(text("UPDATE kpi_schema SET version_num = '0999'"))
    database.close()
    for attempt in (Database, upgrade_state):
        with pytest.raises(WarehouseError, match="schema 0999, newer than"):
            attempt(state_url)
    assert "Schema 0999" in "\n".join(describe_state(state_url))


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    with pytest.raises(WarehouseError, match="cannot be read or written") as raised:
        Database("postgresql+psycopg://kpi:s3cret@127.0.0.1:1/kpi")
    assert "s3cret" not in str(raised.value)


def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'hospital.state.sqlite'}")
    with database.writing() as session:
        session.execute(text("SELECT 1"))
        files = list((tmp_path / "new").iterdir())
    assert len(files) >= 2  # the log lies beside it
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    database.close()
