"""Builds one landing folder with DuckDB and with Spark, and says where the two differ."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from tests.support.pipeline import SETTINGS


def _clock() -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def session_for_tests(folder: Path, master: str = "") -> Iterator[Any]:
    """A Spark session that takes little of the machine; skips the test where PySpark or Java is absent."""
    pytest.importorskip("pyspark", reason="PySpark is not installed: run make test-spark")
    if shutil.which("java") is None:
        pytest.skip("no Java is here: run make test-spark")
    from kpi_pipeline.warehouse.engines.spark import start_session

    session = start_session(master or os.environ.get("KPI_SPARK_MASTER", "local[2]"), folder, memory="1500MB")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    try:
        yield session
    finally:
        session.stop()


def differences(session: Any, landing: Path, folder: Path, **options: Any) -> list[str]:
    """What differs between the warehouses and values that the two engines make of a landing folder."""
    from kpi_pipeline.warehouse.engines.spark import SparkEngine

    ours, sparks = folder / "duckdb.duckdb", folder / "spark.duckdb"
    scratch = sparks.with_suffix(".store") / "spark"
    scratch.mkdir(parents=True)
    how = {"settings": SETTINGS, "clock": _clock, **options}
    build_warehouse(landing, ours, **how)
    build_warehouse(landing, sparks, **how, engine=SparkEngine(session, scratch))
    return compared(ours, sparks)


def compared(ours: Path, sparks: Path, *, one_clock: bool = True) -> list[str]:
    """What differs between two warehouses that were built of the same files with DuckDB and with Spark.

    one_clock: both were told the same time, so that also when they were built and the files came is compared.
    """
    without = set() if one_clock else {"build_info", "row_ledger"}
    snapshots = [read_values(warehouse).snapshot_id for warehouse in (ours, sparks)]
    differ = ["the snapshots differ"] if one_clock and snapshots[0] != snapshots[1] else []
    return [*differ, *_different_tables(ours, sparks, without), *_different_values(ours, sparks)]


def _different_tables(ours: Path, sparks: Path, without: set[str]) -> Iterator[str]:
    """Every table but some: its columns, types and rows, exactly."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{ours}' AS ours (READ_ONLY); ATTACH '{sparks}' AS sparks (READ_ONLY)")
        names = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = ? ORDER BY 1, 2"
        columns, others = (connection.execute(names, [one]).fetchall() for one in ("ours", "sparks"))
        assert len(columns) > 100, "the warehouse has hundreds of columns"
        yield from (f"column {column}" for column in {*columns} ^ {*others})
        for table in sorted({name for name, _, _ in columns} - without):
            for one, other in (("ours", "sparks"), ("sparks", "ours")):
                rows = f"SELECT * FROM {one}.{table} EXCEPT ALL SELECT * FROM {other}.{table}"
                count = connection.execute(f"SELECT COUNT(*) FROM ({rows})").fetchall()[0][0]
                if count:
                    yield f"{count} rows of {table} are only in {one}: {connection.execute(rows).fetchmany(2)}"


def _different_values(ours: Path, sparks: Path) -> Iterator[str]:
    """Every value, bit by bit."""
    left, right = read_values(ours), read_values(sparks)
    if not left.exclusions.equals(right.exclusions):
        yield "the exclusion counts differ"
    place = ["metric", "facility_id", "month"]
    if not left.values[place].equals(right.values[place]):
        yield "the values are of other places and months"
        return
    for column in left.values.columns:
        one, other = left.values[column], right.values[column]
        same = (one == other) | (one.isna() & other.isna())
        if not same.all():
            where = left.values.loc[~same, [*place, column]].assign(spark=right.values.loc[~same, column])
            yield f"{column} differs {int((~same).sum())} times: {where.head(3).to_dict('records')}"
