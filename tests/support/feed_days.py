"""Runs the judgement of feeds alone, over rows counted by day: no landing folder, no other table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.core.resources import resource_folder

INPUTS = {
    "feed_days": "facility_id VARCHAR, table_name VARCHAR, happened_on DATE, n_rows BIGINT",
    "encounter_days": "facility_id VARCHAR, table_name VARCHAR, happened_on DATE, n_rows BIGINT",
    "claimed_watermarks": "facility_id VARCHAR, complete_through DATE",
    "facilities": "facility_id VARCHAR, closed_on DATE",
    "declared_closures": "facility_id VARCHAR, starts_on DATE, ends_on DATE",
}
"""The tables that the judgement reads, with their columns."""
JUDGED = ("feed_usual_days", "feed_gaps", "feed_ends")
RULES = Path(str(resource_folder("sql"))) / "warehouse"


def judge_feeds(connection: duckdb.DuckDBPyConnection, rules: Path = RULES) -> None:
    """Makes `feed_usual_days`, `feed_gaps` and `feed_ends` anew. rules: the folder with their SQL files."""
    for name in JUDGED:
        sql = (rules / f"{name}.sql").read_text(encoding="utf-8")
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")


@contextmanager
def judged_days(rows: pd.DataFrame, complete_through: date, rules: Path = RULES) -> Iterator[duckdb.DuckDBPyConnection]:
    """rows: facility_id, table_name, happened_on and n_rows, of any tables but the encounters."""
    with duckdb.connect() as connection:
        for name, columns in INPUTS.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
        connection.register("rows", rows)
        connection.execute("INSERT INTO feed_days SELECT facility_id, table_name, happened_on, n_rows FROM rows")
        connection.execute(
            "INSERT INTO claimed_watermarks SELECT DISTINCT facility_id, ? FROM rows", [complete_through]
        )
        connection.execute("INSERT INTO facilities SELECT DISTINCT facility_id, CAST(NULL AS DATE) FROM rows")
        judge_feeds(connection, rules)
        yield connection
