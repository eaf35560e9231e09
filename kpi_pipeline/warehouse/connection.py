"""Opening the warehouse: many readers, one builder. The builder works on `<file>.building` and swaps it in.

A reader never waits and never sees half a build: until the swap it reads the last good file. A build that
dies leaves only the `.building` file, which the next build removes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import filelock

from kpi_pipeline.core.errors import Fault, WarehouseError
from kpi_pipeline.core.files import PRIVATE_FILE, disk_full, is_disk_full, private_files, replace_file, scratch_folder
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import path_literal

SCHEMA_VERSION = 4
"""Raised when a table or column changes (`tests/warehouse/schema.txt`); an older file is then refused and rebuilt."""


def store_folder(warehouse: Path) -> Path:
    """The folder beside the warehouse that holds staged files, the landing register and metric values."""
    return warehouse.with_suffix(".store")


@contextmanager
def open_warehouse(
    path: Path, *, any_schema: bool = False, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the last good warehouse.

    Raises WarehouseError when there is none, when it is no warehouse, or when another version built it.
    any_schema: another version's will do; a build that replaces the file asks only whether it is ours. threads: None is
    one a core.
    """
    if not path.is_file():
        raise WarehouseError(
            Fault(str(path), "there is no warehouse.", "Build one: kpi build --landing DIR --warehouse FILE.")
        )
    # Attached to a database of its own: by path, DuckDB would hand out the file that another reader of this
    # process still has open, although it has been replaced meanwhile.
    connection = connect(files=[path], threads=threads)
    try:
        connection.execute(f"ATTACH {path_literal(path.resolve())} AS warehouse (READ_ONLY); USE warehouse")
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.IOException) and "lock" in str(error):
            what, cure = "is open for writing in another program.", "Close it there, then try again."
        else:
            what, cure = "is not a readable DuckDB file.", "Move it away and build anew, or restore the backup."
        raise WarehouseError(Fault(str(path), what, cure)) from error
    try:
        _check_version(connection, path, any_schema=any_schema)
        yield connection
    finally:
        connection.close()


@contextmanager
def build_and_swap(
    path: Path, *, settings: Settings, reads: Iterable[Path] = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty `.building` file that replaces the warehouse when the block ends well.

    It reaches the store beside the warehouse and the folders `reads`, nothing else of the machine.
    Raises WarehouseError when another build holds the lock. On any error the last good file stays.
    """
    with private_files():
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(f"{path}.lock", mode=PRIVATE_FILE)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise WarehouseError(
            Fault(str(path), "another build is writing this warehouse.", "Wait until it has ended, then try again.")
        ) from error
    building = path.with_name(f"{path.name}.building")
    try:
        for left_over in (building, building.with_name(f"{building.name}.wal")):
            left_over.unlink(missing_ok=True)
        store = store_folder(path)
        with private_files(), scratch_folder(store / "scratch" / "build") as scratch:
            connection = connect(
                building,
                folders=[store, *reads],
                scratch=scratch,
                memory_limit=settings.memory_limit,
                threads=settings.threads,
            )
            try:
                yield connection
                connection.execute("CHECKPOINT")
            finally:
                connection.close()
        replace_file(building, path)
    except (duckdb.Error, OSError) as error:
        if is_disk_full(error):
            raise disk_full(str(path)) from error
        raise
    finally:
        for half_built in (building, building.with_name(f"{building.name}.wal")):
            half_built.unlink(missing_ok=True)
        lock.release()


def read_snapshot_id(connection: duckdb.DuckDBPyConnection) -> str:
    """The id of the snapshot a connection reads: the same inputs, settings and code give the same id."""
    return str(connection.execute("SELECT snapshot_id FROM build_info").fetchall()[0][0])


def _check_version(connection: duckdb.DuckDBPyConnection, path: Path, *, any_schema: bool) -> None:
    try:
        version = connection.execute("SELECT schema_version FROM build_info").fetchall()[0][0]
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        what, cure = "is damaged: it was cut short, or written over.", "Build it anew, or restore the backup."
        raise WarehouseError(Fault(str(path), what, cure)) from error
    except (duckdb.CatalogException, duckdb.BinderException, IndexError) as error:
        raise WarehouseError(
            Fault(str(path), "is a DuckDB file, but no warehouse of ours.", "Check the path after --warehouse.")
        ) from error
    if version != SCHEMA_VERSION and not any_schema:
        raise WarehouseError(
            Fault(
                str(path),
                f"was built by another version (schema {version}, this program needs {SCHEMA_VERSION}).",
                "Rebuild it with kpi build.",
            )
        )
