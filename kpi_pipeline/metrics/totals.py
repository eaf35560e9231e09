"""SQL that makes monthly sums, with their maturity and exclusions, of the summed cases of a metric.

Not here: the cases (`cases`), and what a sum is worth as a value (`compute`).
"""

from __future__ import annotations

from kpi_pipeline.core.sql_text import literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.cases import feeds_of, watermarks_sql
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric

SILENT_AFTER_DAYS = 92
"""A facility without a row for a quarter is taken as closed; it no longer keeps the system's months open."""


def totals_sql(metric: Metric, table: str) -> str:
    """The sums by facility and month and for the whole system, each with its maturity.

    A month in which a feed was silent, or whose follow-up reaches into such a time, is provisional.
    """
    return f"""
    WITH watermarks AS ({watermarks_sql(metric)}),
    {_sums_sql(table)},
    {_known_until_sql(metric)}
    SELECT
        CASE sums.is_system WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE sums.facility_id END AS facility_id,
        STRFTIME(sums.month_starts_on, '%Y-%m') AS month,
        sums.* EXCLUDE (is_system, facility_id, month_starts_on),
        CASE
            WHEN complete.complete_through < months.ends_on THEN 'open'
            WHEN complete.complete_through - {metric.matures_after_days} < months.ends_on THEN 'provisional'
            WHEN silent_places.facility_id IS NOT NULL OR silent_months.month_starts_on IS NOT NULL THEN 'provisional'
            ELSE 'final'
        END AS maturity
    FROM sums
    INNER JOIN months ON sums.month_starts_on = months.month_starts_on
    LEFT JOIN open_facilities ON sums.month_starts_on = open_facilities.month_starts_on AND sums.is_system = 1
    LEFT JOIN watermarks ON sums.facility_id = watermarks.facility_id AND sums.is_system = 0
    LEFT JOIN silent_places
        ON sums.month_starts_on = silent_places.month_starts_on AND sums.facility_id = silent_places.facility_id
        AND sums.is_system = 0
    LEFT JOIN silent_months ON sums.month_starts_on = silent_months.month_starts_on AND sums.is_system = 1
    CROSS JOIN last_days
    CROSS JOIN LATERAL (
        SELECT COALESCE(watermarks.complete_through, open_facilities.complete_through, last_days.complete_through)
            AS complete_through
    ) AS complete
    ORDER BY sums.is_system DESC, 1, 2
    """


def _sums_sql(table: str) -> str:
    """The common table `sums`: by facility and month, and by month alone."""
    return f"""
    counted_sums AS (
        SELECT *, listed_reason IS NULL AND NOT is_immature AS is_counted
        FROM {table}
        WHERE month_starts_on IS NOT NULL
    ),
    sums AS (
        SELECT
            GROUPING(facility_id) AS is_system,
            facility_id,
            month_starts_on,
            CAST(SUM(numerator) FILTER (WHERE is_counted) AS DOUBLE) AS numerator,
            CAST(SUM(denominator) FILTER (WHERE is_counted) AS DOUBLE) AS denominator,
            CAST(SUM(sum_nn) FILTER (WHERE is_counted) AS DOUBLE) AS sum_nn,
            CAST(SUM(sum_nd) FILTER (WHERE is_counted) AS DOUBLE) AS sum_nd,
            CAST(SUM(sum_dd) FILTER (WHERE is_counted) AS DOUBLE) AS sum_dd,
            MIN(least) FILTER (WHERE is_counted) AS least,
            CAST(SUM(n_cases) AS BIGINT) AS n_cases,
            CAST(COALESCE(SUM(n_cases) FILTER (WHERE NOT is_counted), 0) AS BIGINT) AS n_excluded,
            CAST(COALESCE(SUM(n_cases) FILTER (WHERE is_immature), 0) AS BIGINT) AS n_immature,
            CAST(SUM(log_sum) FILTER (WHERE is_counted) AS DOUBLE) AS log_sum,
            CAST(SUM(log_square_sum) FILTER (WHERE is_counted) AS DOUBLE) AS log_square_sum,
            CAST(SUM(n_logs) FILTER (WHERE is_counted) AS DOUBLE) AS n_logs
        FROM counted_sums
        GROUP BY GROUPING SETS ((facility_id, month_starts_on), (month_starts_on))
    )
    """


def _known_until_sql(metric: Metric) -> str:
    """Common tables on how far the data of each month reach: of open facilities, and where feeds were silent."""
    feeds = ", ".join(literal(table) for table in feeds_of(metric))
    return f"""
    months AS (
        SELECT DISTINCT month_starts_on, CAST(month_starts_on + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS ends_on
        FROM sums
    ),
    last_days AS (SELECT MAX(complete_through) AS complete_through FROM watermarks),
    open_facilities AS (
        SELECT months.month_starts_on, MIN(watermarks.complete_through) AS complete_through
        FROM months
        CROSS JOIN last_days
        CROSS JOIN watermarks
        INNER JOIN facilities ON watermarks.facility_id = facilities.facility_id
        WHERE
            (NOT watermarks.is_held_back OR watermarks.is_material)
            AND (
                watermarks.is_held_back
                OR watermarks.complete_through
                >= LEAST(months.ends_on, last_days.complete_through) - {SILENT_AFTER_DAYS}
            )
            AND (facilities.closed_on IS NULL OR facilities.closed_on >= months.month_starts_on)
        GROUP BY months.month_starts_on
    ),
    silent_places AS (
        SELECT DISTINCT months.month_starts_on, feed_gaps.facility_id
        FROM months
        INNER JOIN feed_gaps
            ON feed_gaps.starts_on <= months.ends_on + {metric.matures_after_days}
            AND feed_gaps.ends_before > months.month_starts_on
        WHERE feed_gaps.table_name IN ({feeds})
    ),
    silent_months AS (
        SELECT DISTINCT silent_places.month_starts_on
        FROM silent_places INNER JOIN watermarks ON silent_places.facility_id = watermarks.facility_id
        WHERE watermarks.is_material
    )
    """


def exclusions_sql(table: str) -> str:
    """How many cases each reason excludes, by facility and month and for the whole system."""
    return f"""
    WITH excluded_sums AS (
        SELECT
            facility_id,
            STRFTIME(month_starts_on, '%Y-%m') AS month,
            CASE WHEN is_immature THEN '{INSUFFICIENT_FOLLOWUP}' ELSE listed_reason END AS exclusion_reason,
            n_cases
        FROM {table}
        WHERE month_starts_on IS NOT NULL AND (is_immature OR listed_reason IS NOT NULL)
    )
    SELECT
        CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END AS facility_id,
        month,
        exclusion_reason,
        CAST(SUM(n_cases) AS BIGINT) AS n_cases
    FROM excluded_sums
    GROUP BY GROUPING SETS ((facility_id, month, exclusion_reason), (month, exclusion_reason))
    ORDER BY ALL
    """
