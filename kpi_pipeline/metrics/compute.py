"""The one aggregation: cases → values by facility and month, and for the whole system. Ratios are ratios of sums.

Also decides what each value is worth: its maturity, its 95 % interval, and whether it may be shown at all.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql_text import literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.cases import cases_sql, feeds_of, missing_inputs, sum_cases, watermarks_sql
from kpi_pipeline.metrics.completeness import mark_incomplete_months
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.metrics.intervals import gamma_interval, log_delta_interval, log_normal_interval, wilson_interval
from kpi_pipeline.metrics.survival import survival_medians_sql

SILENT_AFTER_DAYS = 92
"""A facility without a row for a quarter is taken as closed; it no longer keeps the system's months open."""

_OF_EVENTS = ("proportion", "rate")
"""Kinds whose numerator counts what happened to patients; one patient may be behind many events."""

VALUE_COLUMNS = (
    "metric", "version", "facility_id", "month", "numerator", "denominator", "value", "lower", "upper",
    "maturity", "status", "status_reason", "n_cases", "n_excluded", "n_immature", "is_incomplete",
    "n_event_patients",
)  # fmt: skip
EXCLUSION_COLUMNS = ("metric", "facility_id", "month", "exclusion_reason", "n_cases")


_WHY_NO_VALUE = {
    "geometric_mean": "a case is not above zero",
    "survival_median": "fewer than half had an end in the time watched",
}
"""Why enough cases give no value, where it is not that the denominator is zero."""


def compute_values(
    connection: duckdb.DuckDBPyConnection, metric: Metric, *, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The values and the exclusion counts of one metric over the whole history.

    Returns (VALUE_COLUMNS, EXCLUSION_COLUMNS) frames. A metric whose inputs are missing gives one row with
    month '' and the reason; months without any case do not appear.
    """
    missing = missing_inputs(connection, metric)
    if missing is not None:
        return _unavailable(metric, *missing), pd.DataFrame(columns=list(EXCLUSION_COLUMNS))
    table = sum_cases(connection, metric)
    sums = connection.execute(_totals_sql(metric, table)).df()
    exclusions = connection.execute(_exclusions_sql(table)).df()
    connection.execute(f"DROP TABLE {table}")
    sums["quantile"] = np.nan if metric.quantile is None else _quantiles(connection, metric, sums)
    sums["n_event_patients"] = (
        _event_patients(connection, metric, sums) if _counts_events(connection, metric) else np.nan
    )
    exclusions.insert(0, "metric", metric.name)
    values = mark_incomplete_months(value_frame(sums, metric, settings), exclusions, metric)
    return values[list(VALUE_COLUMNS)], exclusions[list(EXCLUSION_COLUMNS)]


def _counts_events(connection: duckdb.DuckDBPyConnection, metric: Metric) -> bool:
    """Whether the numerator counts what happened to patients, and there are stays to know them by."""
    has_stays = connection.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'stays'").fetchall()
    return metric.kind in _OF_EVENTS and bool(has_stays)


def _event_patients(connection: duckdb.DuckDBPyConnection, metric: Metric, sums: pd.DataFrame) -> pd.Series:
    """How many patients are behind the numerator, for each row of the sums; missing where cases are no stays."""
    patients = connection.execute(
        f"""
        WITH event_cases AS (
            SELECT facility_id, STRFTIME(event_date, '%Y-%m') AS month, case_id
            FROM ({cases_sql(metric)}) AS cases
            WHERE exclusion_reason IS NULL AND event_date IS NOT NULL AND numerator <> 0
        )
        SELECT
            CASE GROUPING(event_cases.facility_id)
                WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE event_cases.facility_id END AS facility_id,
            event_cases.month,
            CASE WHEN COUNT(stays.person_id) = COUNT(*) THEN COUNT(DISTINCT stays.person_id) END AS n_event_patients
        FROM event_cases
        LEFT JOIN stays ON event_cases.case_id = stays.stay_id
        GROUP BY GROUPING SETS ((event_cases.facility_id, event_cases.month), (event_cases.month))
        """
    ).df()
    found = sums[["facility_id", "month"]].merge(patients, how="left", on=["facility_id", "month"])["n_event_patients"]
    return found.astype(float).mask(found.isna() & (sums["numerator"].fillna(0) == 0).to_numpy(), 0.0)


def _quantiles(connection: duckdb.DuckDBPyConnection, metric: Metric, sums: pd.DataFrame) -> pd.Series:
    """The median or percentile of the counted cases, for each row of the sums; the cases of a cut are pooled."""
    counted = f"""
        SELECT
            facility_id,
            STRFTIME(event_date, '%Y-%m') AS month,
            CAST(numerator AS DOUBLE) AS numerator,
            CAST(denominator AS DOUBLE) AS denominator
        FROM ({cases_sql(metric)}) AS cases
        WHERE exclusion_reason IS NULL AND event_date IS NOT NULL
    """
    sql = survival_medians_sql(counted) if metric.kind == "survival_median" else _pooled_sql(counted, metric)
    quantiles = connection.execute(sql).df()
    return sums[["facility_id", "month"]].merge(quantiles, how="left", on=["facility_id", "month"])["quantile"]


def _pooled_sql(counted: str, metric: Metric) -> str:
    """SQL: facility_id, month, quantile of the numerators of `counted`."""
    return f"""
    SELECT
        CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END AS facility_id,
        month,
        PERCENTILE_CONT({metric.quantile}) WITHIN GROUP (ORDER BY numerator) AS quantile
    FROM ({counted}) AS counted_cases
    GROUP BY GROUPING SETS ((facility_id, month), (month))
    """


def _totals_sql(metric: Metric, table: str) -> str:
    """The sums by facility and month and for the whole system, each with its maturity.

    A month in which a feed was silent, or whose follow-up reaches into such a time, is provisional.
    """
    feeds = ", ".join(literal(table) for table in feeds_of(metric))
    return f"""
    WITH watermarks AS ({watermarks_sql(metric)}),
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
    ),
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
            (
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
    silent_months AS (SELECT DISTINCT month_starts_on FROM silent_places)
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


def _exclusions_sql(table: str) -> str:
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


def value_frame(sums: pd.DataFrame, metric: Metric, settings: Settings) -> pd.DataFrame:
    """Sums of cases, one row for each cut → value, 95 % interval, status and its reason: the one place of the formulas.

    sums: n_cases, n_excluded, quantile, and the columns of `cases.sum_columns_sql`.
    """
    frame = sums.copy()
    fewest = settings.fewest_cases(is_cost=metric.unit == "usd")
    counted = frame["n_cases"] - frame["n_excluded"]
    for column in ("numerator", "denominator"):
        frame[column] = frame[column].astype(float)
    if metric.kind == "count":
        frame["value"] = frame["numerator"]
        frame["denominator"] = np.nan
        frame["lower"] = frame["upper"] = np.nan
        is_shown = counted > 0
    else:
        denominator = frame["denominator"].where(frame["denominator"] > 0)
        if metric.quantile is not None:
            frame["value"] = frame["quantile"]
        elif metric.kind == "geometric_mean":
            frame["value"] = np.exp(frame["log_sum"] / frame["n_logs"].where(frame["n_logs"] == counted))
        else:
            frame["value"] = metric.scale * frame["numerator"] / denominator
        frame["lower"], frame["upper"] = _interval(frame, metric, counted)
        is_shown = (counted >= fewest) & denominator.notna() & frame["value"].notna()
    frame["status"] = np.where(is_shown, "ok", "too_few")
    frame["status_reason"] = np.select(
        [is_shown, counted == 0, counted < fewest],
        ["", "no case counts", f"fewer than {fewest} cases"],
        _WHY_NO_VALUE.get(metric.kind, "the denominator is zero"),
    )
    frame.loc[~is_shown, ["value", "lower", "upper"]] = np.nan
    frame["metric"], frame["version"] = metric.name, metric.version
    return frame


def _interval(frame: pd.DataFrame, metric: Metric, counted: pd.Series) -> tuple[pd.Series, pd.Series]:
    """95 % interval: Wilson for proportions, gamma for rates, the ratio estimator on the log scale for means and
    ratios.

    The ratio variance (Cochran, Sampling Techniques, 3rd ed., section 6.4) uses the spread of the cases themselves, so
    that skewed costs widen it, where a normal or Poisson assumption would be too narrow.
    """
    if metric.quantile is not None:
        return pd.Series(np.nan, index=frame.index), pd.Series(np.nan, index=frame.index)
    n = counted.where(counted > 1).astype(float)
    if metric.kind == "proportion":
        lower, upper = wilson_interval(frame["numerator"], n)
    elif metric.kind == "rate":
        events = float(frame["numerator"].sum())
        usual = float(frame["sum_nn"].sum()) / events if events > 0 else 1.0
        lower, upper = gamma_interval(frame["numerator"], frame["sum_nn"], frame["denominator"], usual_weight=usual)
    elif metric.kind == "geometric_mean":
        lower, upper = log_normal_interval(frame["log_sum"], frame["log_square_sum"], n)
    else:
        ratio = frame["numerator"] / frame["denominator"]
        squares = (frame["sum_nn"] - 2 * ratio * frame["sum_nd"] + ratio**2 * frame["sum_dd"]).clip(lower=0)
        standard_error = np.sqrt(squares / (n - 1) / n) / (frame["denominator"] / n)
        lower, upper = log_delta_interval(ratio, standard_error, n, never_negative=frame["least"] >= 0)
    ends = (pd.Series(end, index=frame.index) for end in (metric.scale * lower, metric.scale * upper))
    return tuple(ends)  # type: ignore[return-value]


def _unavailable(metric: Metric, status: str, reason: str) -> pd.DataFrame:
    row = dict.fromkeys(VALUE_COLUMNS, np.nan) | {
        "metric": metric.name,
        "version": metric.version,
        "facility_id": WHOLE_SYSTEM,
        "month": "",
        "maturity": "final",
        "status": status,
        "status_reason": reason,
        "n_cases": 0,
        "n_excluded": 0,
        "n_immature": 0,
        "is_incomplete": False,
    }
    return pd.DataFrame([row], columns=list(VALUE_COLUMNS))
