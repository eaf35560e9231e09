"""The notices of a build in its warehouse: a table with a column for each fact, so that SQL can ask for them, too."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from kpi_pipeline.core.notices import Notice


def write_notices(connection: duckdb.DuckDBPyConnection, notices: Sequence[Notice]) -> None:
    """Creates the table `build_notices`: one row each, in the order to print."""
    connection.execute(
        "CREATE TABLE build_notices (position INTEGER, kind VARCHAR, file_name VARCHAR, table_name VARCHAR, "
        "facility_id VARCHAR, columns VARCHAR[], counts MAP(VARCHAR, BIGINT), details MAP(VARCHAR, VARCHAR))"
    )
    for position, one in enumerate(notices):
        connection.execute(
            "INSERT INTO build_notices SELECT ?, ?, ?, ?, ?, ?, MAP(?::VARCHAR[], ?::BIGINT[]), MAP(?::VARCHAR[], "
            "?::VARCHAR[])",
            [
                position,
                one.kind,
                one.file,
                one.table,
                one.facility_id,
                list(one.columns),
                list(one.counts),
                list(one.counts.values()),
                list(one.details),
                list(one.details.values()),
            ],
        )


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
