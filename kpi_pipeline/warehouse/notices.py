"""The notices of a build in its warehouse: a table with a column for each fact, so that SQL can ask for them, too."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from kpi_pipeline.core.notices import Notice


def write_notices(connection: duckdb.DuckDBPyConnection, notices: Sequence[Notice]) -> None:
    """Creates the table `build_notices`: one row each, in the order to print."""
    connection.execute(
        "CREATE TABLE build_notices (position INTEGER, kind VARCHAR, file_name VARCHAR, table_name VARCHAR, "
        "facility_id VARCHAR, columns VARCHAR[], counts MAP(VARCHAR, BIGINT), details MAP(VARCHAR, VARCHAR))"
    )
    counts, details = pa.map_(pa.string(), pa.int64()), pa.map_(pa.string(), pa.string())
    rows = pa.table(
        {
            "position": pa.array(range(len(notices)), pa.int32()),
            "kind": pa.array([one.kind for one in notices], pa.string()),
            "file_name": pa.array([one.file for one in notices], pa.string()),
            "table_name": pa.array([one.table for one in notices], pa.string()),
            "facility_id": pa.array([one.facility_id for one in notices], pa.string()),
            "columns": pa.array([list(one.columns) for one in notices], pa.list_(pa.string())),
            "counts": pa.array([list(one.counts.items()) for one in notices], counts),
            "details": pa.array([list(one.details.items()) for one in notices], details),
        }
    )
    connection.register("notices_to_write", rows)
    connection.execute("INSERT INTO build_notices SELECT * FROM notices_to_write")
    connection.unregister("notices_to_write")


def read_notices(connection: duckdb.DuckDBPyConnection) -> tuple[Notice, ...]:
    """The notices of the snapshot the connection is open on."""
    rows = connection.execute(
        "SELECT kind, file_name, table_name, facility_id, columns, MAP_KEYS(counts), MAP_VALUES(counts), "
        "MAP_KEYS(details), MAP_VALUES(details) FROM build_notices ORDER BY position"
    ).fetchall()
    return tuple(
        Notice(
            kind,
            file=file,
            table=table,
            facility_id=facility_id,
            columns=tuple(columns),
            counts=dict(zip(names, counts, strict=True)),
            details=dict(zip(keys, details, strict=True)),
        )
        for kind, file, table, facility_id, columns, names, counts, keys, details in rows
    )
