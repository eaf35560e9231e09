"""The sums of an archived case list (cases.parquet), by measure, place and month: what values are made of.

Not here: what a value is (`judgement.restated.split`), how two lists differ (`restatement`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import identifier, literal, path_literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.restated.split import Sums
from kpi_pipeline.metrics.declaration import Metric

FigureKey = tuple[str, str, str]
"""Measure, place and month."""

IS_WANTED = "(metric, CAST(DATE_TRUNC('month', event_date) AS DATE)) IN (SELECT metric, month FROM wanted_months)"
"""After `create_wanted_months`: a case list holds every case of years, and a report shows some of their months."""


def create_wanted_months(connection: duckdb.DuckDBPyConnection, figures: Collection[FigureKey]) -> None:
    """Creates `wanted_months` (metric, month): those of the figures, at every place. What is no month has no cases."""
    pairs = sorted({(name, f"{month}-01") for name, _, month in figures})
    connection.execute(
        """CREATE TABLE wanted_months AS
        SELECT UNNEST($names :: VARCHAR[]) AS metric, TRY_CAST(UNNEST($months :: VARCHAR[]) AS DATE) AS month""",
        {"names": [name for name, _ in pairs], "months": [month for _, month in pairs]},
    )


def sums_of_cases(file: Path, metrics: Mapping[str, Metric], figures: Collection[FigureKey]) -> dict[FigureKey, Sums]:
    """The sums of a cases.parquet by measure, place (hospitals and all together) and month, for the measures and months
    of these figures."""
    with connect(folders=[file.parent]) as connection:
        create_wanted_months(connection, figures)
        connection.execute(f"CREATE VIEW cases AS {cases_of_file(file)} WHERE {IS_WANTED}")
        return sums_of(connection, "cases", metrics)


def sums_of(connection: duckdb.DuckDBPyConnection, source: str, metrics: Mapping[str, Metric]) -> dict[FigureKey, Sums]:
    """Exact sums: of decimals, whatever the order of the cases. Each kind of value is asked only for what it needs."""
    logged = [name for name, metric in metrics.items() if metric.kind == "geometric_mean"]
    counted = f"""FROM (FROM {identifier(source)} SELECT *, DATE_TRUNC('month', event_date) AS begins)
        WHERE exclusion_reason IS NULL AND begins IS NOT NULL AND metric IN (SELECT UNNEST($metrics))"""
    places = "GROUP BY GROUPING SETS ((metric, facility_id, begins), (metric, begins))"
    key = f"""metric, CASE GROUPING(facility_id) WHEN 1 THEN {literal(WHOLE_SYSTEM)} ELSE facility_id END,
        STRFTIME(begins, '%Y-%m')"""
    rows = connection.execute(
        f"""WITH by_place AS (
            SELECT metric, facility_id, begins,
                SUM(CAST(numerator AS DECIMAL(38, 9))) AS numerator,
                SUM(CAST(denominator AS DECIMAL(38, 9))) AS denominator,
                COUNT(*) AS n,
                SUM(CAST(CASE WHEN metric IN (SELECT UNNEST($logged)) AND numerator > 0 AND denominator > 0
                    THEN LN(numerator / denominator) END AS DECIMAL(38, 18))) AS logs,
                COUNT(*) FILTER (WHERE numerator > 0 AND denominator > 0) AS n_logs
            {counted} GROUP BY ALL
        )
        SELECT {key}, CAST(SUM(numerator) AS DOUBLE), CAST(SUM(denominator) AS DOUBLE), SUM(n),
            CAST(SUM(logs) AS DOUBLE), SUM(n_logs)
        FROM by_place {places}""",
        {"metrics": list(metrics), "logged": logged},
    ).fetchall()
    listed = connection.execute(
        f"SELECT {key}, LIST([numerator, denominator] ORDER BY numerator) {counted} {places}",
        {"metrics": [name for name, metric in metrics.items() if metric.quantile is not None]},
    ).fetchall()
    cases = {tuple(at): tuple((one[0], one[1]) for one in pairs) for *at, pairs in listed}
    return {
        (name, place, month): Sums(
            float(numerator),
            float(denominator),
            int(n),
            logs if name in logged and n_logs == n else math.nan,
            cases.get((name, place, month), ()),
        )
        for name, place, month, numerator, denominator, n, logs, n_logs in rows
    }


def cases_of_file(file: Path) -> str:
    """A query of its cases, each with its month."""
    return f"""SELECT
        metric, case_id, facility_id, event_date, STRFTIME(event_date, '%Y-%m') AS month, numerator, denominator,
        exclusion_reason
    FROM READ_PARQUET({path_literal(file)})"""
