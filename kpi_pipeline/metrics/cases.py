"""The cases behind a number: who counts in a measure, who does not, and why. A query, not a stored table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.declaration import CASE_COLUMNS, INSUFFICIENT_FOLLOWUP, Metric, load_metrics
from kpi_pipeline.warehouse.connection import open_warehouse


def cases_sql(metric: Metric) -> str:
    """The metric's SELECT, with the cases left out whose follow-up reaches past their facility's watermark.

    A case with `event_date` later than the watermark minus `matures_after_days` is excluded for
    insufficient_followup, unless another exclusion already applies. An excluded case has neither numerator
    nor denominator, so that the columns of a list add up to the printed figure. A facility without encounters has
    no watermark; its cases (of a census, say) still count.
    """
    return f"""
    WITH listed_cases AS ({metric.sql}),
    followed_cases AS (
        SELECT listed_cases.* REPLACE (
            CASE
                WHEN listed_cases.exclusion_reason IS NULL
                    AND listed_cases.event_date > watermarks.complete_through - {metric.matures_after_days}
                    THEN '{INSUFFICIENT_FOLLOWUP}'
                ELSE listed_cases.exclusion_reason
            END AS exclusion_reason
        )
        FROM listed_cases
        LEFT JOIN watermarks ON listed_cases.facility_id = watermarks.facility_id
    )
    SELECT * REPLACE (
        CASE WHEN exclusion_reason IS NULL THEN numerator END AS numerator,
        CASE WHEN exclusion_reason IS NULL THEN denominator END AS denominator
    )
    FROM followed_cases
    """


def find_metric(name: str, metrics: dict[str, Metric] | None = None) -> Metric:
    """The metric of this name; an unknown name is an InputError that lists the known ones."""
    metrics = metrics or load_metrics()
    if name not in metrics:
        raise InputError(Fault("metric", f"{name!r} is not a metric.", f"Choose one of: {', '.join(metrics)}."))
    return metrics[name]


def read_cases(
    warehouse: Path, metric: Metric | str, *, month: str | None = None, facility: str | None = None
) -> pd.DataFrame:
    """The cases of a metric: case_id, facility_id, unit_id, event_date, numerator, denominator, exclusion_reason, …

    month: `YYYY-MM`, the month of event_date; None for all. Ordered by event_date and case_id. Raises InputError
    for a facility that the data do not have.
    """
    declared = find_metric(metric) if isinstance(metric, str) else metric
    with open_warehouse(warehouse) as connection:
        cases = query_cases(connection, declared, month=month, facility=facility)
        if cases.empty and facility is not None:
            _refuse_unknown_facility(connection, facility)
    return cases


def _refuse_unknown_facility(connection: duckdb.DuckDBPyConnection, facility: str) -> None:
    known = [row[0] for row in connection.execute("SELECT facility_id FROM facilities ORDER BY ALL").fetchall()]
    if facility not in known:
        shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
        raise InputError(Fault("facility", f"{facility!r} is not in the data.", f"Choose one of: {shown}."))


def query_cases(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    *,
    month: str | None = None,
    facility: str | None = None,
) -> pd.DataFrame:
    """As `read_cases`, on an open connection."""
    conditions: list[str] = []
    values: list[object] = []
    if month is not None:
        asked = Month.parse(month)
        conditions.append("event_date >= ? AND event_date < ?")
        values += [asked.first_day, asked.plus(1).first_day]
    if facility is not None:
        conditions.append("facility_id = ?")
        values.append(facility)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return connection.execute(
        f"SELECT * FROM ({cases_sql(metric)}) AS cases {where} ORDER BY event_date, case_id", values
    ).df()


def case_faults(connection: duckdb.DuckDBPyConnection, metric: Metric) -> list[Fault]:
    """What is wrong with a metric's cases: missing columns, undeclared exclusions, no number where one must be."""
    where = f"sql/metrics/{metric.name}.sql"
    columns = [row[0] for row in connection.execute(f"DESCRIBE {metric.sql}").fetchall()]
    if tuple(columns[: len(CASE_COLUMNS)]) != CASE_COLUMNS:
        return [Fault(where, f"must select {', '.join(CASE_COLUMNS)} first; got {', '.join(columns[:7])}.")]
    faults = []
    reasons = {
        row[0]
        for row in connection.execute(
            f"SELECT DISTINCT exclusion_reason FROM ({metric.sql}) AS cases WHERE exclusion_reason IS NOT NULL"
        ).fetchall()
    }
    for reason in sorted(reasons - metric.exclusions.keys()):
        faults.append(Fault(where, f"excludes cases for {reason!r}, which its exclusions do not declare."))
    repeated, empty = connection.execute(
        f"SELECT COUNT(*) - COUNT(DISTINCT case_id), COUNT(*) FILTER (WHERE exclusion_reason IS NULL AND "
        f"(numerator IS NULL OR denominator IS NULL OR event_date IS NULL)) FROM ({metric.sql}) AS cases"
    ).fetchall()[0]
    if repeated:
        faults.append(Fault(where, f"lists {repeated:,} cases more than once."))
    if empty:
        faults.append(Fault(where, f"counts {empty:,} cases without numerator, denominator or event_date."))
    return faults
