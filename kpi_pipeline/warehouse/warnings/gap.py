"""What a build notices to be missing: columns of the encounters that are empty at one place or in one month though
elsewhere they are filled. Figures over them can be computed, and would mislead. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal

_NEEDED = ("discharge_disposition_code", "primary_diagnosis_code", "drg_code", "total_cost")
"""Columns without which a stay is left out of measures."""

_MANY = 0.10
"""Above this share of empty cells what is left may no longer stand for the whole."""
_SETTLED_DAYS = 75
"""Codes and costs of younger discharges may still come; that is what makes a month provisional."""
_FEWEST_ROWS = 11


def find_gaps(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Empty columns by facility, then by month."""
    if not _count_empty(connection):
        return []
    notices = [*_empty_at_a_facility(connection), *_empty_in_a_month(connection)]
    connection.execute("DROP TABLE empty_cells")
    return notices


def _count_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    """Counts in `empty_cells` the discharged stays of each facility and month and those without a code or a cost, apart
    where they have had their time (is_settled). False where no such column is supplied."""
    supplied = {
        item
        for (item,) in connection.execute(
            "SELECT SPLIT_PART(item, '.', 2) FROM supply WHERE is_supplied AND SPLIT_PART(item, '.', 1) = 'encounters'"
        ).fetchall()
    }
    columns = [name for name in _NEEDED if name in supplied]
    if not columns:
        return False
    empty = ", ".join(f"COUNT(*) FILTER (WHERE stays.{identifier(name)} IS NULL)" for name in columns)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMPORARY TABLE empty_cells AS
        SELECT
            stays.facility_id, CAST(DATE_TRUNC('month', stays.discharged_on) AS DATE) AS month,
            stays.discharged_on <= watermarks.complete_through - INTERVAL {_SETTLED_DAYS} DAY AS is_settled,
            UNNEST({list_literal(columns)}) AS column_name, UNNEST([{empty}]) AS n_empty, COUNT(*) AS n
        FROM stays INNER JOIN watermarks USING (facility_id)
        WHERE NOT stays.is_in_house AND stays.discharged_on <= watermarks.complete_through
        GROUP BY 1, 2, 3
        """
    )
    return True


def _empty_at_a_facility(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    rows = connection.execute(
        "SELECT facility_id, column_name, CAST(SUM(n_empty) AS BIGINT), CAST(SUM(n) AS BIGINT) FROM empty_cells "
        "WHERE is_settled GROUP BY facility_id, column_name "
        f"HAVING SUM(n_empty) >= GREATEST({_FEWEST_ROWS}, {_MANY} * SUM(n)) ORDER BY ALL"
    ).fetchall()
    return [
        Notice(
            "values_missing",
            table="encounters",
            facility_id=facility,
            columns=(column,),
            counts={"stays": empty, "of_stays": of},
        )
        for facility, column, empty, of in rows
    ]


def _empty_in_a_month(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months of all facilities together with many empty cells, twice as many as over all months. A month whose codes
    and costs may still come is looked at only where a younger one has less than half as many empty."""
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT
                column_name, month, CAST(SUM(n_empty) AS BIGINT) AS n_empty, CAST(SUM(n) AS BIGINT) AS n,
                COALESCE(SUM(n_empty) FILTER (WHERE is_settled), 0) AS n_empty_settled,
                COALESCE(SUM(n) FILTER (WHERE is_settled), 0) AS n_settled
            FROM empty_cells GROUP BY column_name, month
        ),
        compared AS (
            SELECT
                *,
                COALESCE(MIN(n_empty / n) OVER younger, 1) AS least_share_since,
                SUM(n_empty_settled) OVER (PARTITION BY column_name)
                    / NULLIF(SUM(n_settled) OVER (PARTITION BY column_name), 0) AS usual_share
            FROM by_month
            WINDOW younger AS (
                PARTITION BY column_name ORDER BY month ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
            )
        )
        SELECT column_name, STRFTIME(month, '%Y-%m'), n_empty, n FROM compared
        WHERE n_empty >= GREATEST({_FEWEST_ROWS}, {_MANY} * n) AND n_empty > 2 * n * usual_share
            AND (n_settled = n OR n_empty > 2 * n * least_share_since)
        ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "values_missing_in_month",
            table="encounters",
            columns=(column,),
            counts={"stays": empty, "of_stays": of},
            details={"month": month},
        )
        for column, month, empty, of in rows
    ]
