"""Two measures of the same thing side by side: the difference of their figures, rule by rule, exactly.

Both measures list cases by the same ids. Every case of either falls into one step, and the steps add up to the
difference: nothing is estimated. Not here: printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.cases import cases_sql, missing_inputs
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric

OUTCOME_RULE = "outcome_rule"
"""The further column by which a metric says what made a case's numerator; the difference then says it, too."""

DIFF_COLUMNS = ("step", "rule", "cases", "numerator", "denominator", "value")


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two measures, with what its case list has."""

    metric: Metric
    has_rule: bool


def compare_definitions(
    connection: duckdb.DuckDBPyConnection,
    first: Metric,
    second: Metric,
    *,
    months: tuple[Month, Month] | None = None,
    facility: str | None = None,
) -> pd.DataFrame:
    """The way from one measure's figure to the other's: DIFF_COLUMNS, in order.

    The first row is the first measure and the last row the second. Each row between is one rule: how many cases it
    concerns, what it adds to numerator and denominator, and the value after it. months: first and last month of
    event_date; None for all. Raises InputError for measures that cannot be laid side by side.
    """
    _refuse_unlike(connection, first, second)
    one, other = (_Side(metric, _has_rule(connection, metric)) for metric in (first, second))
    conditions, values = _window(months, facility)
    found = connection.execute(_diff_sql(one, other, conditions), values * 2).df()
    return _as_steps(found, first, second)


def _refuse_unlike(connection: duckdb.DuckDBPyConnection, first: Metric, second: Metric) -> None:
    faults = []
    for metric in (first, second):
        if not metric.is_ratio_of_sums:
            what = f"{metric.name} is a {metric.kind}, which is no sum over cases."
            faults.append(Fault("definitions diff", what, "Compare proportions, rates, means or ratios."))
        elif missing := missing_inputs(connection, metric):
            what = f"{metric.name} has no cases: it is {missing[0].replace('_', ' ')}."
            faults.append(Fault("definitions diff", what, "See why with kpi values."))
    if not faults and (first.unit, first.scale) != (second.unit, second.scale):
        what = f"{first.name} is in {first.unit}, {second.name} in {second.unit}."
        faults.append(Fault("definitions diff", what, "Compare two measures of one unit."))
    if faults:
        raise InputError(faults)


def _has_rule(connection: duckdb.DuckDBPyConnection, metric: Metric) -> bool:
    return OUTCOME_RULE in [row[0] for row in connection.execute(f"DESCRIBE {metric.sql}").fetchall()]


def _window(months: tuple[Month, Month] | None, facility: str | None) -> tuple[str, list[Any]]:
    conditions = ["event_date IS NOT NULL"]
    values: list[Any] = []
    if months is not None:
        conditions.append("event_date >= ? AND event_date < ?")
        values += [months[0].first_day, months[1].plus(1).first_day]
    if facility is not None:
        conditions.append("facility_id = ?")
        values.append(facility)
    return " AND ".join(conditions), values


def _diff_sql(first: _Side, second: _Side, conditions: str) -> str:
    """One row for each step and rule: cases and what they add going from the first measure to the second."""
    return f"""
    WITH first_cases AS ({_listed_sql(first, conditions)}),
    second_cases AS ({_listed_sql(second, conditions)}),
    pairs AS (
        SELECT
            first_cases.case_id IS NOT NULL AND first_cases.exclusion_reason IS NULL AS in_first,
            second_cases.case_id IS NOT NULL AND second_cases.exclusion_reason IS NULL AS in_second,
            first_cases.case_id IS NOT NULL AS is_listed_first,
            second_cases.case_id IS NOT NULL AS is_listed_second,
            first_cases.exclusion_reason AS first_reason,
            second_cases.exclusion_reason AS second_reason,
            first_cases.outcome_rule AS first_rule,
            second_cases.outcome_rule AS second_rule,
            COALESCE(first_cases.numerator, 0) AS first_numerator,
            COALESCE(first_cases.denominator, 0) AS first_denominator,
            COALESCE(second_cases.numerator, 0) AS second_numerator,
            COALESCE(second_cases.denominator, 0) AS second_denominator
        FROM first_cases
        FULL OUTER JOIN second_cases ON first_cases.case_id = second_cases.case_id
    ),
    judged AS (
        SELECT
            CASE
                WHEN NOT in_first AND NOT in_second THEN 'counted by neither'
                WHEN in_first AND NOT is_listed_second THEN 'no case of the second'
                WHEN in_first AND NOT in_second THEN 'left out by the second'
                WHEN in_second AND NOT is_listed_first THEN 'no case of the first'
                WHEN in_second AND NOT in_first THEN 'left out by the first'
                WHEN first_numerator = second_numerator AND first_denominator = second_denominator
                    THEN 'counted alike'
                ELSE 'counted otherwise'
            END AS step,
            *
        FROM pairs
    )
    SELECT
        step,
        CASE step
            WHEN 'left out by the second' THEN second_reason
            WHEN 'left out by the first' THEN first_reason
            WHEN 'counted otherwise' THEN COALESCE(first_rule, '?') || ' | ' || COALESCE(second_rule, '?')
            ELSE ''
        END AS rule,
        COUNT(*) AS cases,
        {_total("first_numerator")} AS first_numerator,
        {_total("first_denominator")} AS first_denominator,
        {_total("second_numerator")} AS second_numerator,
        {_total("second_denominator")} AS second_denominator
    FROM judged
    GROUP BY ALL
    ORDER BY ALL
    """


def _total(column: str) -> str:
    return f"SUM(CAST({column} AS DECIMAL(38, 10)))"


def _listed_sql(side: _Side, conditions: str) -> str:
    rule = OUTCOME_RULE if side.has_rule else "CAST(NULL AS VARCHAR) AS outcome_rule"
    return f"""
        SELECT case_id, exclusion_reason, numerator, denominator, {rule}
        FROM ({cases_sql(side.metric)}) AS cases
        WHERE {conditions}
    """


_ORDER = (
    "no case of the second",
    "left out by the second",
    "no case of the first",
    "left out by the first",
    "counted otherwise",
)


def _as_steps(found: pd.DataFrame, first: Metric, second: Metric) -> pd.DataFrame:
    """The rows as a way: where it begins, each rule, where it ends."""
    numerator, denominator = (float(found[f"first_{part}"].sum()) for part in ("numerator", "denominator"))
    n_first, n_second = (_n_counted(found, which) for which in ("first", "second"))
    rows = [_row(first.title, first.follows, n_first, numerator, denominator, first.scale)]
    place = {step: number for number, step in enumerate(_ORDER)}
    ordered = sorted(found.to_dict("records"), key=lambda row: (place.get(row["step"], 9), -row["cases"], row["rule"]))
    at = [numerator, denominator]
    for row in ordered:
        if row["step"] not in place:
            continue
        change = [float(row[f"second_{part}"]) - float(row[f"first_{part}"]) for part in ("numerator", "denominator")]
        at = [before + added for before, added in zip(at, change, strict=True)]
        value = first.scale * at[0] / at[1] if at[1] else float("nan")
        words = _rule_words(row["step"], row["rule"], first, second)
        rows.append((*_step_words(row["step"], words), int(row["cases"]), *change, value))
    ends = [float(found[f"second_{part}"].sum()) for part in ("numerator", "denominator")]
    rows.append(_row(second.title, second.follows, n_second, ends[0], ends[1], second.scale))
    return pd.DataFrame(rows, columns=list(DIFF_COLUMNS))


def _n_counted(found: pd.DataFrame, which: str) -> int:
    other = "second" if which == "first" else "first"
    counting = ["counted alike", "counted otherwise", f"no case of the {other}", f"left out by the {other}"]
    return int(found.loc[found["step"].isin(counting), "cases"].sum())


def _row(step: str, rule: str, cases: int, numerator: float, denominator: float, scale: float) -> tuple[Any, ...]:
    value = scale * numerator / denominator if denominator else float("nan")
    return step, rule, cases, numerator, denominator, value


def _step_words(step: str, rule: str) -> tuple[str, str]:
    signs = {"no case of the second": "-", "left out by the second": "-", "counted otherwise": "±"}
    return f"{signs.get(step, '+')} {step}", rule


def _rule_words(step: str, rule: str, first: Metric, second: Metric) -> str:
    """A rule in the words of the measure that has it."""
    if step == "counted otherwise":
        one, _, other = rule.partition(" | ")
        return f"{one}; {other}" if "?" not in (one, other) else "another numerator or denominator"
    if step.startswith("left out"):
        metric = second if step.endswith("second") else first
        if rule == INSUFFICIENT_FOLLOWUP:
            return f"{rule}: the follow-up of {metric.matures_after_days} days is not over"
        return f"{rule}: {metric.exclusions.get(rule, rule)}"
    metric = second if step.endswith("second") else first
    return f"not among: {metric.denominator}"
