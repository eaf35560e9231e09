"""Measures of casework by case manager over a year: each person's own figure with its interval, beside that of all.

For an appraisal talk, never for a report: no ranks, no flags, in the order of ids. Only work that a record gives to one
person is taken: cases, tasks, and what a measure itself gives to a `case_manager_id`; outcomes of patients are nobody's
alone. Not here: who may see it, and that it is written down (`pipeline.people`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.sql_graph import columns_selected, source_of_column
from kpi_pipeline.metrics.cases import cases_sql, missing_inputs, quantile_sql, sum_columns_sql
from kpi_pipeline.metrics.compute import value_frame
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import final_year
from kpi_pipeline.metrics.groups import Span

FEWEST_OF_A_PERSON = 25
"""Below this many cases of a person nothing is said of her work, whatever the hospital's own setting."""


@dataclass(frozen=True, slots=True)
class PersonFigure:
    """One case manager's figure. value, lower, upper: None where cases are fewer than FEWEST_OF_A_PERSON."""

    case_manager_id: str
    n_cases: int
    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class MeasureByPerson:
    """One measure: people in the order of their ids. whole: of all cases of the same months, None where too few."""

    metric: Metric
    span: Span
    people: tuple[PersonFigure, ...]
    whole: PersonFigure
    n_of_nobody: int

    @property
    def n_shown(self) -> int:
        """People with a figure."""
        return sum(one.value is not None for one in self.people)

    @property
    def n_apart(self) -> int:
        """Of those, whose interval leaves out the figure of all."""
        value = self.whole.value
        return sum(
            value is not None
            and one.lower is not None
            and one.upper is not None
            and not one.lower <= value <= one.upper
            for one in self.people
        )


def can_be_appraised(metric: Metric) -> bool:
    """Whether each case of a measure is one person's own work, and its value has an interval."""
    return metric.kind != "count" and _link(metric) is not None


def _link(metric: Metric) -> tuple[str, str] | None:
    """The column that says whose a case is, and the join that finds it; None where cases are nobody's own."""
    if "case_manager_id" in columns_selected(metric.sql):
        return "cases.case_manager_id", ""
    source = source_of_column(metric.sql, "case_id")
    own = "LEFT JOIN cm_cases AS own_cases ON"
    if source == "cm_case_id":
        return "own_cases.case_manager_id", f"{own} cases.case_id = own_cases.cm_case_id"
    if source == "task_id":
        tasks = "LEFT JOIN cm_tasks AS own_tasks ON cases.case_id = own_tasks.task_id"
        return "own_cases.case_manager_id", f"{tasks} {own} own_tasks.cm_case_id = own_cases.cm_case_id"
    return None


def read_appraisal(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    *,
    metrics: Mapping[str, Metric],
    values: pd.DataFrame,
    settings: Settings,
    facility: str | None = None,
) -> tuple[MeasureByPerson, ...]:
    """Every measure of casework over the twelve months that end with its last final one, up to `month`.

    values: as stored; they tell which months are final. A measure whose input was not supplied is left out.
    """
    found = []
    for metric in metrics.values():
        if metric.section != "case management" or not can_be_appraised(metric):
            continue
        span = final_year(values, metric.name, month, facility)
        if span is None or missing_inputs(connection, metric) is not None:
            continue
        sums = _sums(connection, metric, span, facility)
        if len(sums):
            found.append(compute_by_person(sums, metric, span, settings=settings))
    return tuple(found)


def _sums(connection: duckdb.DuckDBPyConnection, metric: Metric, span: Span, facility: str | None) -> pd.DataFrame:
    """The sums of each case manager's cases and of all (is_whole), as `metrics.compute.value_frame` wants them."""
    column, join = _link(metric) or ("", "")
    at = "" if facility is None else "AND cases.facility_id = $facility"
    found = connection.execute(
        f"""
        WITH cases AS ({cases_sql(metric)}),
        counted AS (
            SELECT
                COALESCE({column}, '') AS person,
                cases.exclusion_reason,
                CAST(cases.numerator AS DOUBLE) AS numerator,
                CAST(cases.denominator AS DOUBLE) AS denominator
            FROM cases
            {join}
            WHERE cases.event_date >= $first_day AND cases.event_date < $end_day {at}
        )
        SELECT
            GROUPING(person) = 1 AS is_whole,
            COALESCE(person, '') AS person,
            COUNT(*) AS n_cases,
            COUNT(exclusion_reason) AS n_excluded,
            {quantile_sql(metric)} AS quantile,
            {sum_columns_sql(metric)}
        FROM counted
        GROUP BY GROUPING SETS ((person), ())
        ORDER BY is_whole, person
        """,
        {"first_day": span.first.first_day, "end_day": span.last.plus(1).first_day}
        | ({} if facility is None else {"facility": facility}),
    ).df()
    numbers = [name for name in found.columns if name not in ("is_whole", "person")]
    return found.astype(dict.fromkeys(numbers, float)).assign(is_before_data=False)


def compute_by_person(sums: pd.DataFrame, metric: Metric, span: Span, *, settings: Settings) -> MeasureByPerson:
    """A measure's figures from its sums: a row a person, '' where nobody is recorded, and the whole (is_whole)."""
    judged = value_frame(sums, metric, settings)
    figures = [_figure(row, metric.fewest_cases(settings)) for row in judged.to_dict("records")]
    whole = next(figure for figure, is_whole in zip(figures, sums["is_whole"], strict=True) if is_whole)
    people = [figure for figure, is_whole in zip(figures, sums["is_whole"], strict=True) if not is_whole]
    return MeasureByPerson(
        metric,
        span,
        tuple(sorted((one for one in people if one.case_manager_id), key=lambda one: one.case_manager_id)),
        whole,
        sum(one.n_cases for one in people if not one.case_manager_id),
    )


def _figure(row: Mapping[Any, Any], fewest: int) -> PersonFigure:
    n_cases = int(row["n_cases"] - row["n_excluded"])
    is_shown = row["status"] == "ok" and n_cases >= max(fewest, FEWEST_OF_A_PERSON)
    value, lower, upper = (
        float(row[name]) if is_shown and not pd.isna(row[name]) else None for name in ("value", "lower", "upper")
    )
    return PersonFigure(str(row["person"]), n_cases, value, lower, upper)
