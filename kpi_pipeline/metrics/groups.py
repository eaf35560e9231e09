"""A measure's figures by group: facility, unit, service line, payer, cohort, age band, sex, language, race,
ethnicity.

The sums and the formulas are those of the monthly figures (`cases.sum_columns_sql`, `compute.value_frame`), so that a
group is a ratio of sums as every other cut. Where a month has too few cases of a group, it is 3, 6 or 12 months, and
the row says which. Not here: which of it may leave the hospital (`judgement`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.sql_graph import columns_selected, source_of_column
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.metrics.cases import cases_sql, missing_inputs, quantile_sql, sum_columns_sql
from kpi_pipeline.metrics.compute import value_frame
from kpi_pipeline.metrics.declaration import Metric

ROLL_UP_MONTHS = (1, 3, 6, 12)
"""The spans tried, shortest first."""

NOT_RECORDED = ""
"""The group of the cases of which the group is not known."""

GROUP_COLUMNS = (
    "metric", "dimension", "group", "months", "first_month", "last_month", "numerator", "denominator", "value", "lower",
    "upper", "cases", "status",
)  # fmt: skip

AGE_BANDS = ("0–17", "18–44", "45–64", "65–74", "75–84", "85 and over")
"""In order; the last ends at 120, since a birth date further back is a placeholder."""


def age_years_sql(born_on: str, day: str) -> str:
    """SQL: completed years of age on a day; NULL where the birth date is unknown, later, or 120 years back."""
    had_birthday = f"MONTH({day}) * 100 + DAY({day}) >= MONTH({born_on}) * 100 + DAY({born_on})"
    age = f"(YEAR({day}) - YEAR({born_on}) - CASE WHEN {had_birthday} THEN 0 ELSE 1 END)"
    return f"(CASE WHEN {age} BETWEEN 0 AND 120 THEN {age} END)"


def age_band_sql(rows: str) -> str:
    """SQL: the age band on admission of rows with birth_date and admitted_on; NULL where the age is unknown."""
    age = age_years_sql(f"{rows}.birth_date", f"{rows}.admitted_on")
    ends = (18, 45, 65, 75, 85, 121)
    bands = " ".join(f"WHEN {age} < {end} THEN {literal(band)}" for end, band in zip(ends, AGE_BANDS, strict=True))
    return f"CASE {bands} END"


_SEX = (
    "CASE LOWER(TRIM(subjects.sex)) WHEN 'f' THEN 'Female' WHEN 'female' THEN 'Female' WHEN 'm' THEN 'Male' "
    "WHEN 'male' THEN 'Male' ELSE TRIM(subjects.sex) END"
)

DIMENSIONS: Mapping[str, str] = {
    "facility": "cases.facility_id",
    "unit": "cases.unit_id",
    "service_line": "TRIM(subjects.service_line)",
    "payer": "TRIM(subjects.payer)",
    "cohort": "care.cohort",
    "age_band": age_band_sql("subjects"),
    "sex": _SEX,
    "language": "TRIM(subjects.language)",
    "race": "TRIM(subjects.race)",
    "ethnicity": "TRIM(subjects.ethnicity)",
    "reason_code": "CAST(NULL AS VARCHAR)",
    "condition": "CAST(NULL AS VARCHAR)",
}
"""Dimension → SQL over a case, its stay or encounter (`subjects`), and what the stay was treated for (`care`). A column
of that name which the measure lists itself goes before: the payer who denied, the reason of a denial."""

_OF_EVERY_CASE = ("facility", "unit")
_ONLY_LISTED = ("reason_code", "condition")


@dataclass(frozen=True, slots=True)
class Span:
    """Months looked at together: from `first` to `last`."""

    months: int
    last: Month

    @property
    def first(self) -> Month:
        """Its first month."""
        return self.last.plus(1 - self.months)


def groupable_by(metric: Metric) -> tuple[str, ...]:
    """The dimensions a measure can be cut by: those of its cases' stays or encounters, and those it lists itself.

    Cases that are neither (a task, a shift) have facility and unit. Never told by a number that happens to be the same
    as a stay's: the measure's own SELECT must give the id of a stay or an encounter, as case_id or beside it.
    """
    listed = columns_selected(metric.sql)
    rows, _ = _subject(metric)
    lacking = {"stays": (), "encounters": ("cohort",)}.get(rows, tuple(DIMENSIONS))
    return tuple(
        name
        for name in DIMENSIONS
        if name in _OF_EVERY_CASE or name in listed or (name not in lacking and name not in _ONLY_LISTED)
    )


def _subject(metric: Metric) -> tuple[str, str]:
    """The table of the patients behind the cases (stays or encounters; '' for none) and the join that finds them."""
    if source_of_column(metric.sql, "case_id") == "stay_id":
        return "stays", "cases.case_id = subjects.stay_id"
    if "stay_id" in columns_selected(metric.sql):
        return "stays", "cases.stay_id = subjects.stay_id"
    if source_of_column(metric.sql, "case_id") == "encounter_id":
        return "encounters", "cases.case_id = subjects.encounter_id"
    return "", ""


def check_groupable(metric: Metric, dimension: str) -> None:
    """Raises InputError where a measure cannot be cut this way."""
    known = groupable_by(metric)
    if dimension not in known:
        what = f"{metric.name} cannot be cut by {dimension!r}."
        raise InputError(Fault("by", what, f"Choose one of: {', '.join(known)}."))


def compute_groups(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    dimension: str,
    month: Month,
    *,
    settings: Settings,
    facility: str | None = None,
) -> pd.DataFrame:
    """A measure by group up to a month: GROUP_COLUMNS, each group over the shortest span with enough cases.

    The whole (group 'all') comes last, once for each span that a group has, so that each can be compared with the whole
    of its own months. A group without enough cases in twelve months has no value. Raises InputError for a dimension
    the measure does not have, and where what the measure needs was not supplied.
    """
    check_groupable(metric, dimension)
    if missing := missing_inputs(connection, metric):
        raise InputError(Fault(metric.name, f"is {missing[0].replace('_', ' ')}."))
    spans = [Span(length, month) for length in ROLL_UP_MONTHS]
    sums = query_groups(connection, metric, [dimension], spans, facility=facility)
    values = value_frame(sums, metric, settings)
    values["cases"] = values["n_cases"] - values["n_excluded"]
    groups = values[values["dimension"] == dimension]
    chosen = [_shortest(own, metric.fewest_cases(settings)) for _, own in groups.groupby("group")]
    rows = pd.DataFrame([row for row in chosen if row is not None])
    if rows.empty:
        return pd.DataFrame(columns=list(GROUP_COLUMNS))
    wholes = values[(values["dimension"] == "") & values["months"].isin(rows["months"])].assign(
        dimension=dimension, group="all"
    )
    found = pd.concat([rows, wholes], ignore_index=True)
    found["first_month"] = [str(Span(int(months), month).first) for months in found["months"]]
    found["last_month"], found["metric"] = str(month), metric.name
    found = found.astype({"months": int, "cases": int})
    found["status"] = found["status_reason"].where(found["status"] != "ok", "ok")
    return found[list(GROUP_COLUMNS)].reset_index(drop=True)


def _shortest(own: pd.DataFrame, fewest: int) -> pd.Series | None:
    """The row of the shortest span with enough cases; without one the longest. None where a group has no case."""
    ordered = own.sort_values("months")
    enough = ordered[ordered["cases"] >= fewest]
    row: pd.Series = enough.iloc[0] if len(enough) else ordered.iloc[-1]
    return row if row["cases"] > 0 else None


def query_groups(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    dimensions: Sequence[str],
    spans: Sequence[Span],
    *,
    facility: str | None = None,
) -> pd.DataFrame:
    """The sums of a measure's cases by group and span, one row each; dimension '' is all cases of the span.

    Columns: dimension, group ('' not recorded), months, n_cases, n_excluded, is_before_data (never), n_persons and
    n_event_persons (missing where cases are no stays or encounters), quantile, and those of `cases.sum_columns_sql`.
    """
    cuts = ", ".join(f"(months, cut_{name})" for name in dimensions)
    flags = " ".join(f"WHEN GROUPING(cut_{name}) = 0 THEN {literal(name)}" for name in dimensions)
    names = " ".join(f"WHEN GROUPING(cut_{name}) = 0 THEN cut_{name}" for name in dimensions)
    subject, _ = _subject(metric)
    n_people = _list_cases(connection, metric, dimensions, spans, facility)
    found = connection.execute(
        f"""
        SELECT
            CASE {flags} ELSE '' END AS dimension,
            CASE {names} ELSE '' END AS "group",
            months,
            COUNT(*) AS n_cases,
            COUNT(exclusion_reason) AS n_excluded,
            {_people_sql("exclusion_reason IS NULL", n_people)} AS n_persons,
            {_people_sql("exclusion_reason IS NULL AND numerator <> 0", n_people)} AS n_event_persons,
            {quantile_sql(metric)} AS quantile,
            {sum_columns_sql(metric)}
        FROM grouped_cases
        LEFT JOIN grouped_people USING (person_id)
        GROUP BY GROUPING SETS ((months), {cuts})
        ORDER BY 1, 2, 3
        """
    ).df()
    if not subject:
        found[["n_persons", "n_event_persons"]] = np.nan
    found["is_before_data"] = False
    numbers = [name for name in found.columns if name not in ("dimension", "group", "is_before_data")]
    return found.astype(dict.fromkeys(numbers, float))


def _list_cases(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    dimensions: Sequence[str],
    spans: Sequence[Span],
    facility: str | None,
) -> int:
    """Lists the cases of all spans in the temporary table grouped_cases, and their people, numbered from 0, in
    grouped_people; gives the number of people."""
    days = ", ".join(
        f"({span.months}, DATE '{span.first.first_day}', DATE '{span.last.plus(1).first_day}')" for span in spans
    )
    at = "" if facility is None else "AND cases.facility_id = $facility"
    subject, link = _subject(metric)
    person = "subjects.person_id" if subject else "CAST(NULL AS VARCHAR)"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMPORARY TABLE grouped_cases AS
        WITH cases AS ({cases_sql(metric)}),
        spans AS (SELECT * FROM (VALUES {days}) AS spans (months, first_day, end_day))
        SELECT
            spans.months,
            {", ".join(f"{_cut_sql(metric, name)} AS cut_{name}" for name in dimensions)},
            {person} AS person_id,
            cases.exclusion_reason,
            CAST(cases.numerator AS DOUBLE) AS numerator,
            CAST(cases.denominator AS DOUBLE) AS denominator
        FROM cases
        INNER JOIN spans ON cases.event_date >= spans.first_day AND cases.event_date < spans.end_day {at}
        {f"LEFT JOIN {subject} AS subjects ON {link}" if subject else ""}
        {"LEFT JOIN stay_planned_care AS care ON subjects.stay_id = care.stay_id" if subject == "stays" else ""}
        """,
        {} if facility is None else {"facility": facility},
    )
    listed = connection.execute(
        """
        CREATE OR REPLACE TEMPORARY TABLE grouped_people AS
        SELECT person_id, CAST(ROW_NUMBER() OVER () - 1 AS INTEGER) AS person
        FROM (SELECT DISTINCT person_id FROM grouped_cases WHERE person_id IS NOT NULL)
        """
    ).fetchone()
    return int(listed[0]) if listed else 0


def _people_sql(condition: str, n_people: int) -> str:
    """SQL: how many people there are among the rows that meet a condition. One bit a person, where COUNT(DISTINCT)
    keeps a table of ids for each cut: a third of the time and 60 MB less."""
    last = max(n_people - 1, 0)
    marks = f"BITSTRING_AGG(person, 0, {last}) FILTER (WHERE {condition})"
    return f"COALESCE(BIT_COUNT({marks}), 0)"


def _cut_sql(metric: Metric, dimension: str) -> str:
    """The group of a case: the column the measure lists itself, where it does, else that of its stay or encounter."""
    listed = dimension in columns_selected(metric.sql) and dimension not in _OF_EVERY_CASE
    return f"COALESCE({f'TRIM(cases.{dimension})' if listed else DIMENSIONS[dimension]}, '')"
