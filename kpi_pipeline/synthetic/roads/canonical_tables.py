"""Reads a canonical landing folder for those who write it in another form, and copies what has no place there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import literal, path_literal


@contextmanager
def canonical_tables(landing: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables of the landing folder as text, and `folder`, made empty, to write into.

    Views: encounters (every row, with `file`, the ending of its file's name), latest_encounters (one row for each
    encounter id: the one updated last), diagnoses, procedures, facilities, units.
    """
    folder.mkdir(parents=True)
    with connect(folders=[landing, folder], scratch=folder) as connection:
        connection.execute("SET preserve_insertion_order = true")
        for table in ("encounters", "diagnoses", "procedures", "facilities", "units"):
            files = literal(f"{landing}/{table}*.csv")
            connection.execute(
                f"CREATE VIEW {table} AS SELECT * EXCLUDE (filename), "
                f"REGEXP_EXTRACT(filename, '{table}_?([^/]*)[.]csv$', 1) AS file "
                f"FROM read_csv({files}, all_varchar = true, header = true, union_by_name = true, filename = true)"
            )
        connection.execute(
            """CREATE VIEW latest_encounters AS
            SELECT * FROM encounters WHERE encounter_id IS NOT NULL
            QUALIFY ROW_NUMBER() OVER (PARTITION BY encounter_id ORDER BY updated_at DESC) = 1"""
        )
        yield connection


def write_csv(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """The rows of a query as a CSV file."""
    connection.execute(f"COPY ({query}) TO {path_literal(path)} (FORMAT csv, HEADER)")


def write_lines(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """The one text column of a query as the lines of a file."""
    connection.execute(
        f"COPY ({query}) TO {path_literal(path)} "
        "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', NULL '')"
    )


def copy_the_rest(landing: Path, folder: Path, *, source: str, but: tuple[str, ...]) -> None:
    """Copies `landing.yaml`, with the source's name in it, and every table but those named."""
    for path in sorted(landing.iterdir()):
        if path.name == "landing.yaml":
            text = path.read_text(encoding="utf-8").replace("source: canonical", f"source: {source}")
            (folder / path.name).write_text(text, encoding="utf-8")
        elif not path.name.startswith(but):
            shutil.copyfile(path, folder / path.name)
