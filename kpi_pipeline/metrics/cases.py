"""The cases behind a number: who counts in a measure, who does not, and why. A query, not a stored table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric, load_metrics
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.supply import NOT_COMPUTABLE, PLANNED_CARE, RISK_MODELS, UNPLANNED_RETURNS

_LISTED_WHOLE = 12
"""So many names can be read in one sentence."""


def cases_sql(metric: Metric) -> str:
    """The metric's SELECT, with the cases left out whose follow-up reaches past their facility's watermark.

    A case with `event_date` later than the watermark minus `matures_after_days` is excluded for
    insufficient_followup, unless another exclusion already applies. An excluded case has neither numerator
    nor denominator, so that the columns of a list add up to the printed figure. A facility without encounters has
    no watermark; its cases (of a census, say) still count.
    """
    return f"""
    WITH watermarks AS ({watermarks_sql(metric)}),
    listed_cases AS ({metric.sql}),
    followed_cases AS (
        SELECT listed_cases.* REPLACE (
            CASE WHEN {is_immature_sql(metric)} THEN '{INSUFFICIENT_FOLLOWUP}' ELSE listed_cases.exclusion_reason END
                AS exclusion_reason
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


def unknown_metric(name: str, metrics: Collection[str]) -> Fault:
    """What is wrong with a name that no metric has, and the names most like it; all of them where they are few."""
    alike = metrics if len(metrics) <= _LISTED_WHOLE else get_close_matches(name, metrics, n=3, cutoff=0.4)
    cure = f"Choose one of: {', '.join(alike)}." if alike else ""
    all_of_them = "" if len(metrics) <= _LISTED_WHOLE else "All are in docs/metrics.md, and in kpi values."
    return Fault("metric", f"{name!r} is not a metric.", f"{cure} {all_of_them}".strip())


def find_metric(name: str, metrics: dict[str, Metric] | None = None) -> Metric:
    """The metric of this name; an unknown name is an InputError with those most like it."""
    metrics = metrics or load_metrics()
    if name not in metrics:
        raise InputError(unknown_metric(name, metrics))
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
            refuse_unknown_facility(connection, facility)
    return cases


def refuse_unknown_facility(connection: duckdb.DuckDBPyConnection, facility: str) -> None:
    """Raises InputError for a facility that the data do not have, with those they have."""
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


Supply = Mapping[str, tuple[bool, str, str]]
"""Of each input of the warehouse: whether it was supplied, and else the status and the reason why not."""


def read_supply(connection: duckdb.DuckDBPyConnection) -> Supply:
    """What was supplied, of everything that a metric may need."""
    found = connection.execute("SELECT item, is_supplied, status, reason FROM supply").fetchall()
    return {str(item): (bool(is_supplied), str(status), str(reason)) for item, is_supplied, status, reason in found}


def missing_inputs(
    connection: duckdb.DuckDBPyConnection, metric: Metric, supply: Supply | None = None
) -> tuple[str, str] | None:
    """The status and reason (`core.reasons`) why a metric has no values, or None when all it needs was supplied.

    supply: as read before, by who asks for many metrics.
    """
    supply = read_supply(connection) if supply is None else supply
    for item in metric.needs:
        if item not in supply:
            return NOT_COMPUTABLE, str(Reason("item_unknown", item))
        is_supplied, status, reason = supply[item]
        if not is_supplied:
            return status, reason
        if item in RISK_MODELS and _is_of_another_version(connection, RISK_MODELS[item]):
            return NOT_COMPUTABLE, str(Reason("risk_model_outdated", RISK_MODELS[item]))
    return None


def _is_of_another_version(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a loaded model was fitted to a measure that has been declared otherwise since."""
    found = connection.execute("SELECT MAX(metric_version) FROM reference_risk_terms WHERE model = ?", [name])
    return bool(found.fetchall()[0][0] != find_metric(name).version)


@dataclass(frozen=True, slots=True)
class CaseCount:
    """How many cases a metric lists in a published warehouse, how many it excludes, and what is wrong with them."""

    n_cases: int
    n_excluded: int
    faults: tuple[str, ...]


def count_cases(connection: duckdb.DuckDBPyConnection, metric: Metric) -> CaseCount:
    """Counts a metric's cases in one light pass, apart from the sums: an independent look at a published warehouse."""
    n_cases, n_excluded, n_repeated, n_empty, reasons = connection.execute(
        f"""
        SELECT
            COUNT(event_date),
            COUNT(exclusion_reason) FILTER (WHERE event_date IS NOT NULL),
            COUNT(*) - COUNT(DISTINCT case_id),
            COUNT(*) FILTER (
                WHERE exclusion_reason IS NULL AND (numerator IS NULL OR denominator IS NULL OR event_date IS NULL)
            ),
            LIST(DISTINCT exclusion_reason) FILTER (WHERE exclusion_reason IS NOT NULL)
        FROM ({cases_sql(metric)}) AS cases
        """
    ).fetchall()[0]
    reasons = set(reasons or ()) - {INSUFFICIENT_FOLLOWUP}
    return CaseCount(n_cases, n_excluded, tuple(describe_faults(metric, reasons, n_repeated, n_empty)))


def sum_columns_sql(metric: Metric, *, exact: bool = True) -> str:
    """SQL: the sums over cases from which every value and interval is made: numerator, denominator, sum_nn, sum_nd,
    sum_dd, least, log_sum, log_square_sum, n_logs, and the largest number among them.

    The sum of decimals (`exact`) does not depend on the order of the rows: the same data give the same figures to the
    last bit, however the work is spread over threads. Numbers too large for that are left out, and noticed by
    `largest`. Logarithms count to ten digits after the point: further ones are not the same in every library.
    """

    def total(expression: str, kind: str = "DECIMAL(38, 10)") -> str:
        return f"SUM(TRY_CAST({expression} AS {kind}))" if exact else f"SUM({expression})"

    has_spread = metric.kind in ("mean", "ratio", "rate")
    products = {"nn": "numerator * numerator", "nd": "numerator * denominator", "dd": "denominator * denominator"}
    spread = "".join(f"{total(sql) if has_spread else 'NULL'} AS sum_{name},\n" for name, sql in products.items())
    log_sum, log_square_sum, n_logs = "CAST(NULL AS DOUBLE)", "CAST(NULL AS DOUBLE)", "0"
    if metric.kind == "geometric_mean":
        has_log = "numerator > 0 AND denominator > 0"
        log = f"CASE WHEN {has_log} THEN CAST(TRY_CAST(LN(numerator / denominator) AS DECIMAL(38, 10)) AS DOUBLE) END"
        log_sum, log_square_sum = total(log, "DECIMAL(38, 18)"), total(f"{log} * {log}", "DECIMAL(38, 18)")
        n_logs = f"COUNT(*) FILTER (WHERE {has_log})"
    return f"""
        {total("numerator")} AS numerator,
        {total("denominator")} AS denominator,
        {spread}
        MIN(numerator) AS least,
        {log_sum} AS log_sum,
        {log_square_sum} AS log_square_sum,
        {n_logs} AS n_logs,
        MAX(GREATEST(ABS(numerator), ABS(denominator))) AS largest"""


def quantile_sql(metric: Metric) -> str:
    """SQL: the quantile of the numerators that is a metric's value, to ten digits after the point; NULL where none is.

    What lies between two cases is interpolated with other last bits by processors that multiply and add at once
    (26.200000000000003 for 26.2): ten digits are the same wherever a report is made again, and whatever computes it.
    """
    if metric.quantile is None or metric.kind == "survival_median":
        return "CAST(NULL AS DOUBLE)"
    between = f"PERCENTILE_CONT({metric.quantile}) WITHIN GROUP (ORDER BY numerator)"
    return f"COALESCE(CAST(TRY_CAST({between} AS DECIMAL(38, 10)) AS DOUBLE), {between})"


def watermarks_sql(metric: Metric) -> str:
    """SQL: facility_id, is_material, complete_through, is_held_back: the last day for which all the tables that a
    metric reads are complete. A table whose rows stop earlier than the encounters holds the metric back."""
    tables = ", ".join(literal(table) for table in feeds_of(metric))
    return f"""
    SELECT
        marks.facility_id,
        marks.is_material,
        LEAST(marks.complete_through, MIN(feed_ends.complete_through)) AS complete_through,
        marks.is_held_back OR COALESCE(BOOL_OR(feed_ends.is_held_back), FALSE) AS is_held_back
    FROM main.watermarks AS marks
    LEFT JOIN feed_ends ON marks.facility_id = feed_ends.facility_id AND feed_ends.table_name IN ({tables})
    GROUP BY marks.facility_id, marks.is_material, marks.complete_through, marks.is_held_back
    """


def feeds_of(metric: Metric) -> list[str]:
    """The tables of the landing folder on which a metric's figures rest."""
    of_care = {"procedures"} if {PLANNED_CARE, UNPLANNED_RETURNS} & set(metric.needs) else set()
    of_risk = {"diagnoses"} if RISK_MODELS.keys() & set(metric.needs) else set()
    return sorted(metric.tables | {"encounters"} | of_care | of_risk)


def is_immature_sql(metric: Metric) -> str:
    """SQL: whether a listed case would count, but its follow-up reaches past its facility's watermark."""
    return (
        "(listed_cases.exclusion_reason IS NULL AND COALESCE("
        f"listed_cases.event_date > watermarks.complete_through - {metric.matures_after_days}, FALSE))"
    )


def describe_faults(metric: Metric, reasons: set[str], n_repeated: int, n_empty: int | None) -> Iterator[str]:
    """What is wrong, in words. reasons: for which a metric excludes cases; n_empty: counted without number or date."""
    for reason in sorted(reasons - metric.exclusions.keys()):
        yield f"excludes cases for {reason!r}, which its exclusions do not declare."
    if n_repeated:
        yield f"lists {n_repeated:,} cases more than once."
    if n_empty:
        yield f"counts {n_empty:,} cases without numerator, denominator or event_date."
