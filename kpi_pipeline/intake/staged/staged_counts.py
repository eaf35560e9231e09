"""What is counted of the rows of a file once they are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.contract import Contract


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that are not left out, how many of them were refused, and values of each column that cannot be read."""

    rows: int
    refused: int
    unreadable: dict[str, int]


def count_left_out(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Why a mapping leaves rows out → how many."""
    found = connection.execute(
        f"SELECT left_out, COUNT(*) FROM {parquet_file(path)} WHERE left_out IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {str(reason): int(n) for reason, n in found}


def unread_numbers(connection: duckdb.DuckDBPyConnection, path: Path, contract: Contract, counts: Counts) -> list[str]:
    """The number columns with values that cannot be read, whether that refuses their rows or not."""
    numbers = [name for name, column in contract.columns.items() if column.type in ("number", "integer")]
    unread = [name for name in numbers if name in counts.unreadable]
    strict = [name for name in numbers if contract.columns[name].when_unreadable == "quarantine"]
    if counts.refused and strict:
        reasons = {
            str(row[0])
            for row in connection.execute(
                f"SELECT DISTINCT UNNEST(STRING_SPLIT(reasons, ' ')) FROM {parquet_file(path)} "
                "WHERE reasons IS NOT NULL"
            ).fetchall()
        }
        unread += [name for name in strict if f"invalid_{name}" in reasons]
    return unread


def columns_supplied(connection: duckdb.DuckDBPyConnection, staged: Path, contract: Contract) -> tuple[str, ...]:
    """The columns that have a value in some row."""
    names = list(contract.columns)
    counts = ", ".join(f"COUNT({identifier(name)})" for name in names)
    row = connection.execute(f"SELECT {counts} FROM {parquet_file(staged)}").fetchall()[0]
    return tuple(name for name, count in zip(names, row, strict=True) if count)
