"""The seam between what is computed and what computes it: makes the declared tables, gives heavy queries' results.

DuckDB is the engine unless another is asked for (`spark`). Intake, checks and the report always run on the
DuckDB connection, which reads every table whatever made it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import duckdb

from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.warehouse.tables import WarehouseTable, load_tables


class Engine(Protocol):
    """Runs the project's SQL over the tables that a connection holds.

    holds_lists: whether lists of cases may be kept beside their sums; else what is asked of them is asked anew.
    at_once: of how many measures one statement lists the cases; more where a statement has a price of its own.
    """

    holds_lists: bool
    at_once: int

    def create_tables(self, connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
        """Makes every declared table readable on the connection, in build order; those that are kept, in its file."""

    def result(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        """A SELECT for this connection that gives the rows of `sql`, to be run before the next call."""


class DuckDbEngine:
    """The engine that is always there: the connection itself."""

    holds_lists = True
    at_once = 1

    def create_tables(self, connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
        """Creates every declared table in its order.

        Joins run as they are written, rows of the left side streaming past the right side held in memory: the planner
        misjudges how many rows a filter leaves and would hold the widest table, which also loses the order of its rows.
        Tables are written once; without max_vacuum_tasks each checkpoint would write them again to even out row groups.
        """
        connection.execute("SET max_vacuum_tasks = 0; SET disabled_optimizers = 'join_order,build_side_probe_side'")
        for table in load_tables():
            progress(table.name)
            rows = f"({table.sql}) LIMIT 0" if _is_empty(connection, table) else f"({table.sql})"
            connection.execute(f"CREATE {KINDS[table.stored]} {table.name} AS FROM {rows}")
        connection.execute("RESET disabled_optimizers")

    def result(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        """The statement itself."""
        return sql


def _is_empty(connection: duckdb.DuckDBPyConnection, table: WarehouseTable) -> bool:
    """Whether a table is declared to have no rows without those of another, and that has none."""
    other = table.empty_without
    return other is not None and not connection.execute(f"SELECT 1 FROM {identifier(other)} LIMIT 1").fetchall()


KINDS = {"kept": "TABLE", "temporary": "TEMPORARY TABLE", "never": "TEMPORARY VIEW"}
"""How a declared table is stored in DuckDB."""

DUCKDB: Engine = DuckDbEngine()
