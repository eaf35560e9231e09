"""Which staged row of each key is current: duplicates collapse, corrected re-sends supersede.

Of several rows with one key the latest `updated_at` wins, then of encounters one that has ended over one that has
not, then the newer file where the files' names tell it, then a fixed order of contents; that last choice is a guess
and is counted (`is_tie`). When a file arrived is not asked. Earlier versions stay staged.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.contract import Contract
from kpi_pipeline.intake.reading.file_order import NewestFile, file_ranks
from kpi_pipeline.intake.reading.table_options import Feed
from kpi_pipeline.intake.staged.full_feeds import create_removed_table, remove_rows_not_sent_again
from kpi_pipeline.intake.staged.staged_files import StagedFile, staged_rows_sql


def create_current_rows(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: list[StagedFile],
    *,
    newest_file: NewestFile | None = None,
    feed: Feed = "delta",
) -> None:
    """Creates the view `staged_<table>` of current rows and appends to `row_ledger` and `row_versions`.

    newest_file: what the names of the files say about which is newer, as landing.yaml declares it. feed: with `full`
    the newest extract decides before anything else, and what it does not hold is removed (counted as superseded).
    `row_ledger` has one row per file: rows_in = staged + quarantined + duplicate + superseded.
    `row_versions` names each row that is not current, with its fate.
    """
    table = contract.table
    if not files:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW staged_{table} AS {_no_rows_sql(contract)}")
        return
    connection.execute(f"CREATE OR REPLACE TEMP VIEW all_{table} AS {_all_rows_sql(contract, files)}")
    ranks = file_ranks([file.file_name for file in files], newest_file)
    _find_older_versions(connection, contract, ranks, feed=feed)
    if feed == "full":
        remove_rows_not_sent_again(connection, contract, ranks)
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW staged_{table} AS
        SELECT rows.* EXCLUDE (file_number, file_row_number)
        FROM all_{table} AS rows
        ANTI JOIN older_{table} AS older USING (file_number, file_row_number)"""
    )
    _append_ledger(connection, table, files)


def _all_rows_sql(contract: Contract, files: list[StagedFile]) -> str:
    return "\nUNION ALL BY NAME ".join(
        f"SELECT *, {number} AS file_number FROM ({staged_rows_sql(file.staged, contract)})"
        for number, file in enumerate(files)
    )


def _find_older_versions(
    connection: duckdb.DuckDBPyConnection, contract: Contract, ranks: list[int], *, feed: Feed
) -> None:
    table = contract.table
    key = ", ".join(identifier(column) for column in contract.key)
    names = [identifier(column) for column in contract.key]
    same_key = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM contested.{name}" for name in names)
    updated_at = "rows.updated_at" if "updated_at" in contract.columns else "NULL"
    is_stay = {"admitted_at", "discharged_at"} <= contract.columns.keys()
    admitted_at, is_open = ("rows.admitted_at", "rows.discharged_at IS NULL") if is_stay else ("NULL", "FALSE")
    newer = " ".join(f"WHEN {number} THEN {rank}" for number, rank in enumerate(ranks))
    # An open row is the earlier version of an ended one; where their admissions differ, that is a guess.
    newest = "updated_at DESC NULLS LAST, is_open AND has_ended, file_rank DESC"
    order = "updated_at DESC NULLS LAST, is_open, file_rank DESC, row_hash DESC, file_number, file_row_number"
    if feed == "full":
        newest, order = f"file_rank DESC, {newest}", f"file_rank DESC, {order}"
    # Different hashes are different keys: where each row has its own, and most tables are so, none is older.
    n_same = connection.execute(f"SELECT COUNT(*) - COUNT(DISTINCT HASH({key})) FROM all_{table}").fetchall()[0][0]
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE older_{table} AS
        WITH contested AS (SELECT {key} FROM all_{table} GROUP BY ALL HAVING COUNT(*) > 1),
        versions AS (
            SELECT
                rows.file_number, rows.file_row_number, rows.source_line, rows.row_hash,
                {", ".join(f"rows.{identifier(column)}" for column in contract.key if column != "updated_at")},
                {updated_at} AS updated_at,
                {is_open} AS is_open,
                BOOL_OR(NOT ({is_open})) OVER (
                    PARTITION BY {", ".join(f"rows.{name}" for name in names)}, {admitted_at}
                ) AS has_ended,
                CASE rows.file_number {newer} END AS file_rank
            FROM all_{table} AS rows
            INNER JOIN contested ON {same_key}
        ),
        ranked AS (
            SELECT
                *,
                ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order}) AS version,
                RANK() OVER (PARTITION BY {key} ORDER BY {newest}) AS age,
                ROW_NUMBER() OVER (PARTITION BY {key}, row_hash ORDER BY {order}) AS copy
            FROM versions
        )
        SELECT
            file_number, file_row_number, source_line,
            CASE WHEN copy > 1 THEN 'duplicate' ELSE 'superseded' END AS fate,
            copy = 1 AND age = 1 AS is_tie
        FROM ranked
        WHERE version > 1 {"" if n_same else "LIMIT 0"}"""
    )


def _append_ledger(connection: duckdb.DuckDBPyConnection, table: str, files: list[StagedFile]) -> None:
    fates = {
        (int(number), str(fate)): int(n)
        for number, fate, n in connection.execute(
            f"SELECT file_number, fate, COUNT(*) FROM older_{table} GROUP BY ALL"
        ).fetchall()
    }
    for number, file in enumerate(files):
        duplicate = fates.get((number, "duplicate"), 0)
        superseded = fates.get((number, "superseded"), 0) + fates.get((number, "removed"), 0)
        staged = file.rows_staged - duplicate - superseded
        connection.execute(
            "INSERT INTO row_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                table,
                file.file_name,
                file.sha256,
                file.arrived_at,
                file.rows_in,
                staged,
                file.rows_quarantined,
                duplicate,
                superseded,
            ],
        )
        connection.execute(
            f"""INSERT INTO row_versions
            SELECT ?, ?, source_line, fate FROM older_{table} WHERE file_number = ?""",
            [table, file.file_name, number],
        )


def create_ledger_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates the empty tables `row_ledger`, `row_versions`, `quarantine` and, for the build alone, `removed_rows`."""
    create_removed_table(connection)
    connection.execute(
        """
        CREATE TABLE row_ledger (
            table_name VARCHAR, file_name VARCHAR, file_sha256 VARCHAR, arrived_at VARCHAR,
            rows_in BIGINT, staged BIGINT, quarantined BIGINT, duplicate BIGINT, superseded BIGINT
        );
        CREATE TABLE row_versions (table_name VARCHAR, file_name VARCHAR, source_line BIGINT, fate VARCHAR);
        CREATE TABLE quarantine (
            table_name VARCHAR, file_name VARCHAR, source_line BIGINT, reasons VARCHAR[], original_row VARCHAR
        );
        """
    )


def append_quarantine(connection: duckdb.DuckDBPyConnection, file: StagedFile) -> None:
    """Copies a file's refused rows into the table `quarantine`, `source_line` being the line in the file."""
    connection.execute(
        f"""INSERT INTO quarantine
        SELECT ?, ?, line, reasons, original_row
        FROM {parquet_file(file.quarantine)}""",
        [file.table, file.file_name],
    )


def _no_rows_sql(contract: Contract) -> str:
    types = {"number": "DOUBLE", "integer": "BIGINT", "date": "DATE", "month": "DATE", "moment": "TIMESTAMP"}
    columns = [
        f"CAST(NULL AS {types.get(column.type, 'VARCHAR')}) AS {identifier(name)}"
        for name, column in contract.columns.items()
    ]
    columns += [
        f"CAST(NULL AS VARCHAR) AS {identifier(f'{name}_kind')}"
        for name, column in contract.columns.items()
        if column.type == "moment"
    ]
    columns += ["CAST(NULL AS BIGINT) AS source_line", "CAST(NULL AS UBIGINT) AS row_hash"]
    return f"SELECT {', '.join(columns)} WHERE false"
