"""What a build notices to be missing: months of a feed that are thin or empty, and columns that are empty at one place
or in one month though elsewhere they are filled. Figures over them can be computed, and would mislead. No patient's
data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal, literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.warehouse.row_warnings import ENCOUNTER_TYPES
from kpi_pipeline.warehouse.supply import WORDED_ROWS

_FEWEST_MONTHS = 6
"""Months needed before a number of rows can be called usual."""

_ONCE_IN = 10_000
"""A month is thin where chance alone gives so few rows less than once in so many (Chernoff's bound for a Poisson
count), and where it has no more than half of what is usual."""

_QUIET_DAYS = 7
"""A hospital with so many days without an encounter at the end of a month was open all the same."""

_NEEDED = ("discharge_disposition_code", "primary_diagnosis_code", "drg_code", "total_cost")
"""Columns without which a stay is left out of measures."""

_MANY = 0.10
"""Above this share of empty cells what is left may no longer stand for the whole."""
_SETTLED_DAYS = 75
"""Codes and costs of younger discharges may still come; that is what makes a month provisional."""
_FEWEST_ROWS = 11


def find_gaps(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Thin months by table and facility, then empty columns by facility and month."""
    return [*_thin_months(connection), *_empty_at_a_facility(connection), *_empty_in_a_month(connection)]


def _thin_months(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months with far fewer rows than the median month of the same table and facility, or of the table as a whole; and
    with far fewer of one kind that a measure counts (observation stays, say) though the table has its rows.

    Looked at are whole months from the first that is not thin itself up to the claimed watermark, but not after a
    facility's last encounters: that a feed of encounters stops is `feed_ends`'s matter.
    """
    notices = []
    for table, kind, place, month, n_rows, usual in connection.execute(_THIN_MONTHS).fetchall():
        counts, details = {"rows": n_rows, "usual": usual}, {"month": month}
        if kind:
            columns = (kind,)
            one = Notice("kind_thin", table=table, facility_id=place, columns=columns, counts=counts, details=details)
        else:
            one = Notice("month_thin", table=table, facility_id=place, counts=counts, details=details)
        notices.append(one)
    return notices


_KINDS = f"""
    SELECT facility_id, 'encounters' AS table_name, encounter_type AS kind, admitted_on AS happened_on
    FROM timed_encounters WHERE encounter_type IN ({", ".join(literal(one) for one in ENCOUNTER_TYPES)})
    UNION ALL
    SELECT facility_id, 'encounters', 'stays of Medicare', discharged_on
    FROM stays WHERE NOT is_in_house AND {WORDED_ROWS["medicare_payers"][1]}
    UNION ALL
    SELECT facility_id, 'cm_tasks', 'post-discharge contacts', done_on FROM cm_tasks
    WHERE {WORDED_ROWS["contact_tasks"][1]}
    UNION ALL
    SELECT facility_id, 'notices', UPPER(notice_type), delivered_on FROM notices WHERE notice_type IN ('im', 'moon')
    UNION ALL
    SELECT facility_id, 'diagnoses', 'of discharged encounters', discharged_on
    FROM staged_diagnoses INNER JOIN timed_encounters USING (encounter_id)
"""
"""Of the rows of a table those that a measure counts, or that come as a feed of their own."""

_THIN_MONTHS = f"""
    WITH ends AS (
        SELECT
            facility_id,
            CAST(DATE_TRUNC('month', LEAST(
                MAX(claimed.complete_through) + INTERVAL 1 DAY,
                MAX(rows.happened_on) + INTERVAL {_QUIET_DAYS} DAY
            )) AS DATE) AS before_month
        FROM claimed_watermarks AS claimed
        INNER JOIN feed_days AS rows USING (facility_id)
        WHERE rows.table_name = 'encounters'
        GROUP BY facility_id
    ),
    dated AS (
        SELECT facility_id, table_name, '' AS kind, happened_on, n_rows FROM feed_days
        UNION ALL
        SELECT facility_id, table_name, kind, CAST(happened_on AS DATE), COUNT(*) FROM ({_KINDS})
        WHERE happened_on IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT encounters.facility_id, 'procedures', '', procedures.performed_on, 1
        FROM staged_procedures AS procedures
        INNER JOIN staged_encounters AS encounters USING (encounter_id)
        WHERE procedures.performed_on IS NOT NULL
    ),
    counted AS (
        SELECT
            CASE GROUPING(dated.facility_id)
                WHEN 1 THEN {literal(WHOLE_SYSTEM)} ELSE dated.facility_id END AS place,
            dated.table_name, dated.kind,
            CAST(DATE_TRUNC('month', dated.happened_on) AS DATE) AS month,
            SUM(dated.n_rows) AS n_rows,
            MAX(ends.before_month) AS before_month
        FROM dated
        INNER JOIN ends ON dated.facility_id = ends.facility_id AND dated.happened_on < ends.before_month
        GROUP BY GROUPING SETS ((dated.facility_id, dated.table_name, dated.kind, 4), (dated.table_name, dated.kind, 4))
    ),
    usual AS (
        SELECT place, table_name, kind, MEDIAN(n_rows) AS usual, MAX(before_month) AS before_month
        FROM counted GROUP BY place, table_name, kind HAVING COUNT(*) >= {_FEWEST_MONTHS}
    ),
    first_months AS (
        SELECT counted.place, counted.table_name, counted.kind, MIN(counted.month) AS month
        FROM counted INNER JOIN usual USING (place, table_name, kind)
        WHERE counted.n_rows > usual.usual / 2
        GROUP BY counted.place, counted.table_name, counted.kind
    ),
    months AS (
        SELECT
            usual.place, usual.table_name, usual.kind, usual.usual,
            CAST(UNNEST(GENERATE_SERIES(
                first_months.month, usual.before_month - INTERVAL 1 MONTH, INTERVAL 1 MONTH
            )) AS DATE) AS month
        FROM usual INNER JOIN first_months USING (place, table_name, kind)
    ),
    thin AS (
        SELECT
            months.table_name, months.kind, months.place, months.month, months.usual,
            COALESCE(counted.n_rows, 0) AS n_rows
        FROM months LEFT JOIN counted USING (place, table_name, kind, month)
        WHERE COALESCE(counted.n_rows, 0) <= months.usual / 2
            AND months.usual - COALESCE(counted.n_rows, 0)
                + CASE WHEN counted.n_rows > 0 THEN counted.n_rows * LN(counted.n_rows / months.usual) ELSE 0 END
                >= LN({_ONCE_IN})
    )
    SELECT table_name, kind, place, STRFTIME(month, '%Y-%m'), CAST(n_rows AS BIGINT), CAST(usual AS BIGINT)
    FROM thin
    -- The whole is told where no single place is, and a kind where the table is not.
    WHERE NOT EXISTS (
        SELECT 1 FROM thin AS other
        WHERE other.table_name = thin.table_name AND other.month = thin.month
            AND (
                thin.place = {literal(WHOLE_SYSTEM)} AND other.place <> thin.place AND other.kind IN ('', thin.kind)
                OR thin.kind <> '' AND other.kind = '' AND other.place IN (thin.place, {literal(WHOLE_SYSTEM)})
            )
    )
    ORDER BY ALL
"""


def _settled_stays(connection: duckdb.DuckDBPyConnection, *, settled_days: int = _SETTLED_DAYS) -> str:
    """The SELECT of discharged stays with the columns that are supplied; of those older than so many days, and whether
    their codes and costs have had their time."""
    supplied = {
        item
        for (item,) in connection.execute(
            "SELECT SPLIT_PART(item, '.', 2) FROM supply WHERE is_supplied AND SPLIT_PART(item, '.', 1) = 'encounters'"
        ).fetchall()
    }
    columns = [name for name in _NEEDED if name in supplied]
    if not columns:
        return ""
    values = ", ".join(f"{identifier(name)} IS NULL" for name in columns)
    return f"""
        SELECT
            stays.facility_id, STRFTIME(stays.discharged_on, '%Y-%m') AS month,
            UNNEST({list_literal(columns)}) AS column_name, UNNEST([{values}]) AS is_empty,
            stays.discharged_on <= watermarks.complete_through - INTERVAL {_SETTLED_DAYS} DAY AS is_settled
        FROM stays INNER JOIN watermarks USING (facility_id)
        WHERE NOT stays.is_in_house
            AND stays.discharged_on <= watermarks.complete_through - INTERVAL {int(settled_days)} DAY
    """


def _empty_at_a_facility(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    stays = _settled_stays(connection)
    if not stays:
        return []
    rows = connection.execute(
        f"SELECT facility_id, column_name, COUNT(*) FILTER (WHERE is_empty), COUNT(*) FROM ({stays}) GROUP BY ALL "
        f"HAVING COUNT(*) FILTER (WHERE is_empty) >= GREATEST({_FEWEST_ROWS}, {_MANY} * COUNT(*)) ORDER BY ALL"
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
    stays = _settled_stays(connection, settled_days=0)
    if not stays:
        return []
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT
                column_name, month, COUNT(*) FILTER (WHERE is_empty) AS n_empty, COUNT(*) AS n,
                COUNT(*) FILTER (WHERE is_empty AND is_settled) AS n_empty_settled,
                COUNT(*) FILTER (WHERE is_settled) AS n_settled
            FROM ({stays}) GROUP BY ALL
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
        SELECT column_name, month, n_empty, n FROM compared
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
