"""SQL that makes monthly sums, with their maturity and exclusions, of the summed cases of a metric.

Not here: the cases (`cases`), and what a sum is worth as a value (`compute`).
"""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.metrics.sums.lists import DATABASE
from kpi_pipeline.metrics.sums.summing import feeds_key

SILENT_AFTER_DAYS = 92
"""A facility without a row for a quarter is taken as closed; it no longer keeps the system's months open."""


def totals_sql(metrics: Sequence[Metric], *, has_large: bool) -> str:
    """The sums by metric, facility and month and for the whole system, each with its maturity, the patients behind its
    events and its quantile.

    All metrics in one statement: planning it for each takes longer than the sums themselves. has_large: some of them
    have numbers too large for exact sums. A month in which a feed was silent, or whose follow-up reaches into such a
    time, is provisional.
    """
    tables = ["case_sums", "large_sums"] if has_large else ["case_sums"]
    return f"""
    WITH rules (metric, fingerprint, matures_after_days, feeds) AS ({_rules_sql(metrics)}),
    watermarks AS (SELECT * FROM {DATABASE}.watermarks),
    sums AS ({" UNION ALL ".join(_sums_sql(table) for table in tables)}),
    {_KNOWN_UNTIL},
    totals AS ({_TOTALS})
    SELECT totals.* EXCLUDE (fingerprint), event_patients.n_event_patients, quantiles.quantile
    FROM totals
    LEFT JOIN {DATABASE}.event_patients USING (fingerprint, facility_id, month)
    LEFT JOIN {DATABASE}.quantiles USING (fingerprint, facility_id, month)
    ORDER BY totals.metric, totals.is_system DESC, totals.facility_id, totals.month
    """


_TOTALS = f"""
    SELECT
        sums.metric,
        CASE sums.is_system WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE sums.facility_id END AS facility_id,
        STRFTIME(sums.month_starts_on, '%Y-%m') AS month,
        sums.* EXCLUDE (metric, facility_id, month_starts_on),
        CASE
            WHEN complete.complete_through < months.ends_on THEN 'open'
            WHEN complete.complete_through - months.matures_after_days < months.ends_on THEN 'provisional'
            WHEN silent_places.facility_id IS NOT NULL OR silent_months.month_starts_on IS NOT NULL THEN 'provisional'
            ELSE 'final'
        END AS maturity
    FROM sums
    INNER JOIN months ON sums.metric = months.metric AND sums.month_starts_on = months.month_starts_on
    INNER JOIN last_days ON months.feeds = last_days.feeds
    LEFT JOIN open_facilities
        ON months.feeds = open_facilities.feeds AND sums.month_starts_on = open_facilities.month_starts_on
        AND sums.is_system = 1
    LEFT JOIN watermarks
        ON months.feeds = watermarks.feeds AND sums.facility_id = watermarks.facility_id AND sums.is_system = 0
    LEFT JOIN silent_places
        ON sums.metric = silent_places.metric AND sums.month_starts_on = silent_places.month_starts_on
        AND sums.facility_id = silent_places.facility_id AND sums.is_system = 0
    LEFT JOIN silent_months
        ON sums.metric = silent_months.metric AND sums.month_starts_on = silent_months.month_starts_on
        AND sums.is_system = 1
    CROSS JOIN LATERAL (
        SELECT COALESCE(watermarks.complete_through, open_facilities.complete_through, last_days.complete_through)
            AS complete_through
    ) AS complete
"""
"""The sums of each cut with their maturity."""


def _rules_sql(metrics: Sequence[Metric]) -> str:
    rows = (
        f"({literal(one.name)}, {literal(one.fingerprint)}, {one.matures_after_days}, {literal(feeds_key(one))})"
        for one in metrics
    )
    return f"VALUES {', '.join(rows)}"


def _sums_sql(table: str) -> str:
    """The sums of the metrics whose cases a table sums up: by facility and month, and by month alone."""
    return f"""(
        SELECT
            metric,
            fingerprint,
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
        FROM (
            SELECT table_sums.*, rules.metric, listed_reason IS NULL AND NOT is_immature AS is_counted
            FROM {DATABASE}.{table} AS table_sums
            INNER JOIN rules ON table_sums.fingerprint = rules.fingerprint
            WHERE month_starts_on IS NOT NULL
        ) AS summed_cases
        GROUP BY GROUPING SETS (
            (metric, fingerprint, facility_id, month_starts_on), (metric, fingerprint, month_starts_on)
        )
    )"""


_KNOWN_UNTIL = f"""
    months AS (
        SELECT DISTINCT
            rules.metric,
            rules.feeds,
            rules.matures_after_days,
            sums.month_starts_on,
            CAST(sums.month_starts_on + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS ends_on
        FROM sums INNER JOIN rules ON sums.metric = rules.metric
    ),
    last_days AS (SELECT feeds, MAX(complete_through) AS complete_through FROM watermarks GROUP BY feeds),
    months_of_feeds AS (SELECT DISTINCT feeds, month_starts_on, ends_on FROM months),
    open_facilities AS (
        SELECT months.feeds, months.month_starts_on, MIN(watermarks.complete_through) AS complete_through
        FROM months_of_feeds AS months
        INNER JOIN last_days ON months.feeds = last_days.feeds
        INNER JOIN watermarks ON months.feeds = watermarks.feeds
        INNER JOIN facilities ON watermarks.facility_id = facilities.facility_id
        WHERE
            (NOT watermarks.is_held_back OR watermarks.is_material)
            AND (
                watermarks.is_held_back
                OR watermarks.complete_through
                >= LEAST(months.ends_on, last_days.complete_through) - {SILENT_AFTER_DAYS}
            )
            AND (facilities.closed_on IS NULL OR facilities.closed_on >= months.month_starts_on)
        GROUP BY months.feeds, months.month_starts_on
    ),
    silent_places AS (
        SELECT DISTINCT months.metric, months.feeds, months.month_starts_on, feed_gaps.facility_id
        FROM months
        INNER JOIN feed_gaps
            ON LIST_CONTAINS(STR_SPLIT(months.feeds, ' '), feed_gaps.table_name)
            AND feed_gaps.starts_on <= months.ends_on + months.matures_after_days
            AND feed_gaps.ends_before > months.month_starts_on
    ),
    silent_months AS (
        SELECT DISTINCT silent_places.metric, silent_places.month_starts_on
        FROM silent_places
        INNER JOIN watermarks
            ON silent_places.feeds = watermarks.feeds AND silent_places.facility_id = watermarks.facility_id
        WHERE watermarks.is_material
    )
"""
"""Common tables on how far the data of each month reach: of open facilities, and where feeds were silent."""


def exclusions_sql(metrics: Sequence[Metric]) -> str:
    """How many cases each reason excludes, by metric, facility and month and for the whole system."""
    rules = ", ".join(f"({literal(one.name)}, {literal(one.fingerprint)})" for one in metrics)
    columns = "fingerprint, facility_id, month_starts_on, is_immature, listed_reason, n_cases"
    return f"""
    WITH rules (metric, fingerprint) AS (VALUES {rules}),
    sums AS (
        SELECT {columns} FROM {DATABASE}.case_sums UNION ALL SELECT {columns} FROM {DATABASE}.large_sums
    ),
    excluded_sums AS (
        SELECT
            rules.metric,
            sums.facility_id,
            STRFTIME(sums.month_starts_on, '%Y-%m') AS month,
            CASE WHEN sums.is_immature THEN '{INSUFFICIENT_FOLLOWUP}' ELSE sums.listed_reason END AS exclusion_reason,
            sums.n_cases
        FROM sums
        INNER JOIN rules ON sums.fingerprint = rules.fingerprint
        WHERE sums.month_starts_on IS NOT NULL AND (sums.is_immature OR sums.listed_reason IS NOT NULL)
    )
    SELECT
        metric,
        CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END AS facility_id,
        month,
        exclusion_reason,
        CAST(SUM(n_cases) AS BIGINT) AS n_cases
    FROM excluded_sums
    GROUP BY GROUPING SETS ((metric, facility_id, month, exclusion_reason), (metric, month, exclusion_reason))
    ORDER BY ALL
    """
