"""Invented cases of an invented measure, aggregated by the real library function: no SQL file, no warehouse file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.compute import compute_values
from kpi_pipeline.metrics.declaration import Kind, Metric
from tests.support.frozen_metrics import FROZEN_METRICS

Case = tuple[str, str, float | None, float | None, str | None]
"""facility_id, event_date, numerator, denominator, exclusion_reason."""

LONG_AGO_AND_COMPLETE = {"F1": "2030-12-31", "F2": "2030-12-31"}
ONE_IS_ENOUGH = Settings(min_denominator=1, min_cost_cases=1)


def measure(kind: Kind, **declared: Any) -> Metric:
    """A measure over the table `listed`: the declaration of `discharges`, made into another kind."""
    update = {"name": "trial", "kind": kind, "needs": (), "sql": "SELECT * FROM listed", **declared}
    made = FROZEN_METRICS["discharges"].model_copy(update=update)
    vars(made).pop("tables", None)  # a copy keeps what the original had worked out of its own SQL
    return made


def case(
    numerator: float | None = 1,
    denominator: float | None = 1,
    *,
    facility: str = "F1",
    on: str = "2026-10-15",
    excluded: str | None = None,
) -> Case:
    return facility, on, numerator, denominator, excluded


@contextmanager
def warehouse_of(
    cases: Sequence[Case], *, complete_through: dict[str, str] = LONG_AGO_AND_COMPLETE, closed_on: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with `listed`, `watermarks`, `facilities` and an empty `supply` and `feed_ends`; F2 may be closed."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            CREATE TABLE listed (
                case_id VARCHAR, facility_id VARCHAR, unit_id VARCHAR, event_date DATE,
                numerator DOUBLE, denominator DOUBLE, exclusion_reason VARCHAR
            );
            CREATE TABLE watermarks (
                facility_id VARCHAR, complete_through DATE, is_held_back BOOLEAN DEFAULT FALSE,
                is_material BOOLEAN DEFAULT TRUE
            );
            CREATE TABLE feed_gaps (facility_id VARCHAR, table_name VARCHAR, starts_on DATE, ends_before DATE);
            CREATE TABLE feed_ends (
                facility_id VARCHAR, table_name VARCHAR, complete_through DATE, is_held_back BOOLEAN
            );
            CREATE TABLE facilities (facility_id VARCHAR, closed_on DATE);
            CREATE TABLE supply (item VARCHAR, is_supplied BOOLEAN, status VARCHAR, reason VARCHAR);
            """
        )
        frame = pd.DataFrame(cases, columns=["facility_id", "event_date", "numerator", "denominator", "reason"])
        connection.register("invented", frame)
        connection.execute(
            """
            INSERT INTO listed
            SELECT 'C' || ROW_NUMBER() OVER (), facility_id, NULL, event_date, numerator, denominator, reason
            FROM invented
            """
        )
        for facility, day in complete_through.items():
            connection.execute(
                "INSERT INTO watermarks (facility_id, complete_through) VALUES (?, ?)",
                [facility, date.fromisoformat(day)],
            )
            closed = closed_on if facility == "F2" else None
            connection.execute("INSERT INTO facilities VALUES (?, ?)", [facility, closed])
        yield connection


def values_of(
    cases: Sequence[Case],
    metric: Metric,
    *,
    settings: Settings = ONE_IS_ENOUGH,
    complete_through: dict[str, str] = LONG_AGO_AND_COMPLETE,
    closed_on: str | None = None,
) -> dict[tuple[str, str], dict[str, Any]]:
    """(facility, month) → the row of values."""
    with warehouse_of(cases, complete_through=complete_through, closed_on=closed_on) as connection:
        ((_, values, _),) = compute_values(connection, [metric], settings=settings)
    return {(row["facility_id"], row["month"]): dict(row) for row in values.to_dict("records")}


def exclusions_of(cases: Sequence[Case], metric: Metric) -> pd.DataFrame:
    """The exclusion counts."""
    with warehouse_of(cases) as connection:
        ((_, _, exclusions),) = compute_values(connection, [metric], settings=ONE_IS_ENOUGH)
    return exclusions
