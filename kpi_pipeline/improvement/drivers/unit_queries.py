"""A metric's cases by unit, beside what the same patients would have at the rates of all units together.

SQL on an open connection, set-based. Which units may be shown is decided in `judgement.drivers.units`.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from kpi_pipeline.improvement.drivers.queries import Window
from kpi_pipeline.metrics.cases import cases_sql
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.groups import age_band_sql

_PRIOR_CASES = 20


def query_units(connection: duckdb.DuckDBPyConnection, metric: Metric, window: Window) -> pd.DataFrame:
    """A metric's cases by unit: unit_id ('' not recorded), unit_name, facility_name, numerator, denominator, expected.

    expected: the numerator that the unit's cases would have at the rates of all units together, by diagnosis group
    (CCS) and age (indirect standardisation). The rate of a cell is drawn towards that of its diagnosis group, and
    that towards the overall rate, each by the weight of 20 cases, so that a cell of few cases is not its own
    yardstick. share_known: of the unit's cases, those whose diagnosis group and age are known; the others are a cell
    of their own.
    """
    return connection.execute(_units_sql(cases_sql(metric), window), window.values).df()


def _units_sql(cases: str, window: Window) -> str:
    return f"""
        WITH cases AS ({cases}),
        counted AS (
            SELECT
                cases.facility_id,
                cases.unit_id,
                CAST(cases.numerator AS DOUBLE) AS numerator,
                CAST(cases.denominator AS DOUBLE) AS denominator,
                stays.primary_diagnosis_ccs AS diagnosis_group,
                {age_band_sql("stays")} AS age_band
            FROM cases
            LEFT JOIN stays ON cases.case_id = stays.stay_id
            WHERE {window.condition("cases", "event_date")} AND cases.exclusion_reason IS NULL
        ),
        overall AS (
            SELECT
                SUM(numerator) / NULLIF(SUM(denominator), 0) AS rate
            FROM counted
        ),
        groups AS (
            SELECT
                counted.diagnosis_group,
                (SUM(counted.numerator) + {_PRIOR_CASES} * ANY_VALUE(overall.rate))
                    / (SUM(counted.denominator) + {_PRIOR_CASES}) AS rate
            FROM counted
            CROSS JOIN overall
            GROUP BY counted.diagnosis_group
        ),
        cells AS (
            SELECT
                counted.diagnosis_group,
                counted.age_band,
                (SUM(counted.numerator) + {_PRIOR_CASES} * ANY_VALUE(groups.rate))
                    / (SUM(counted.denominator) + {_PRIOR_CASES}) AS rate
            FROM counted
            INNER JOIN groups ON counted.diagnosis_group IS NOT DISTINCT FROM groups.diagnosis_group
            GROUP BY counted.diagnosis_group, counted.age_band
        )
        SELECT
            COALESCE(counted.unit_id, '') AS unit_id,
            COALESCE(MIN(units.unit_name), counted.unit_id, '') AS unit_name,
            MIN(facilities.facility_name) AS facility_name,
            SUM(counted.numerator) AS numerator,
            SUM(counted.denominator) AS denominator,
            CAST(SUM(CAST(counted.denominator * cells.rate AS DECIMAL(38, 9))) AS DOUBLE) AS expected,
            AVG(CASE WHEN counted.diagnosis_group IS NOT NULL AND counted.age_band IS NOT NULL THEN 1.0 ELSE 0.0 END)
                AS share_known
        FROM counted
        INNER JOIN cells
            ON counted.diagnosis_group IS NOT DISTINCT FROM cells.diagnosis_group
            AND counted.age_band IS NOT DISTINCT FROM cells.age_band
        LEFT JOIN units ON counted.unit_id = units.unit_id
        LEFT JOIN facilities ON counted.facility_id = facilities.facility_id
        GROUP BY counted.facility_id, counted.unit_id
        ORDER BY counted.facility_id, counted.unit_id
    """
