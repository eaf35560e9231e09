"""Opens DuckDB for one purpose: it may read and write the folders it is given, and nothing else of this machine.

Every connection of the program is made here. External access is off, extensions are neither fetched nor loaded, and
the configuration is locked but for the few options a build changes. A link that leads out of a folder is refused by
DuckDB itself, which compares real paths.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.sql_text import escaped, list_literal, literal

_MAY_CHANGE = (
    "TimeZone",
    "disabled_optimizers",
    "enable_progress_bar",
    "max_vacuum_tasks",
    "preserve_insertion_order",
    "threads",
)
"""Options that say how a query runs, not what it may reach."""
_OF_EACH_CONNECTION = {
    "TimeZone": literal("UTC"),
    "enable_progress_bar": literal(False),  # else on wherever Python looks interactive, and in its output
}
"""Options that a further connection to the same database does not inherit."""


def connect(
    database: Path | None = None,
    *,
    folders: Iterable[Path] = (),
    files: Collection[Path] = (),
    scratch: Path | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection in UTC that reaches `folders` (with all below them), `files` and its own database alone.

    database: None holds it in memory. scratch: where a query that outgrows memory spills; None: nowhere, and the
    query ends with "out of memory" instead. memory_limit is written like `4GB`.
    """
    connection = duckdb.connect(":memory:" if database is None else str(database))
    try:
        options = {
            **_OF_EACH_CONNECTION,
            "autoinstall_known_extensions": literal(False),
            "autoload_known_extensions": literal(False),
            "allow_community_extensions": literal(False),
            "allowed_configs": list_literal(_MAY_CHANGE),
            "temp_directory": literal(str(_whole(scratch)) if scratch is not None else ""),
            "allowed_directories": list_literal(_spellings(folders)),
            "allowed_paths": list_literal(
                _spellings([*files, *(file.with_name(f"{file.name}.wal") for file in files)])
            ),
        }
        if memory_limit is not None:
            options["memory_limit"] = literal(memory_limit)
        if threads is not None:
            options["threads"] = literal(threads)
        for name, value in options.items():
            connection.execute(f"SET {name} = {value}")
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_again(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A further connection to the same database, for another thread: it reaches the same, and has views of its own."""
    other = connection.cursor()
    for name, value in _OF_EACH_CONNECTION.items():
        other.execute(f"SET {name} = {value}")
    return other


def _spellings(paths: Iterable[Path]) -> list[str]:
    """Each path as it is, and as it is read, its pattern characters escaped: DuckDB compares the text it is given."""
    return [text for path in paths for text in dict.fromkeys((str(_whole(path)), escaped(_whole(path))))]


def _whole(path: Path) -> Path:
    """The path as DuckDB compares it: absolute, links followed."""
    return path.resolve()
