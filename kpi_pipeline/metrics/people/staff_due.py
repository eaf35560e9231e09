"""Which courses and licences of which case managers are overdue, expired or soon due: names, for their manager alone.

What is overdue, expired or expiring are the cases behind the measures of that name, so that list and figure agree. Not
here: who may have it, and that it is written down (`pipeline.people`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.sql_graph import columns_selected
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.metrics.cases import cases_sql, find_metric, missing_inputs

DUE_COLUMNS = ("facility_id", "case_manager_id", "state", "item", "due_on", "days_left", "as_of")
"""days_left: from the last day of the newest whole month (as_of) to the day; below zero where that day is over."""

DAYS_AHEAD = 60
"""As far as the measure of expiring licences looks."""

_COURSES_DUE = "course due in 60 days"
_OF_MEASURES = (
    ("training_overdue", "course overdue", "course", "due_on"),
    ("licences_expired", "licence expired", "licence", "expires_on"),
    ("licences_expiring_60d", "licence expires in 60 days", "licence", "expires_on"),
)
"""Measure, what its cases with a numerator are, and the columns that name the thing and its day."""


@dataclass(frozen=True, slots=True)
class StaffDue:
    """frame: DUE_COLUMNS, by facility, case manager and day. not_supplied: measure → the reason it has no cases."""

    frame: pd.DataFrame
    not_supplied: dict[str, str]


def query_staff_due(connection: duckdb.DuckDBPyConnection, *, facility: str | None = None) -> StaffDue:
    """All that is owed at the end of the newest whole month of each facility, and what falls due in 60 days after it.

    Raises InputError where neither courses nor licences were supplied.
    """
    parts, lacking = [], {}
    for name, state, item, day in _OF_MEASURES:
        metric = find_metric(name)
        missing = missing_inputs(connection, metric)
        if missing is not None:
            lacking[name] = missing[1]
            continue
        if unlisted := {"case_manager_id", item, day} - columns_selected(metric.sql):
            what = f"does not list {', '.join(sorted(unlisted))}, so nobody can be named."
            raise InputError(Fault(metric.where, what, "Add the column to the measure's SELECT."))
        parts.append(
            f"SELECT cases.facility_id, cases.case_manager_id, {literal(state)} AS state, cases.{item} AS item, "
            f"cases.{day} AS due_on, last_month_ends.month_end AS as_of FROM ({cases_sql(metric)}) AS cases "
            "INNER JOIN last_month_ends ON cases.facility_id = last_month_ends.facility_id "
            "AND cases.event_date = last_month_ends.month_end WHERE cases.numerator = 1"
        )
    if not parts:
        raise InputError(Fault("training, licences", "neither was supplied.", "See the data dictionary."))
    if "training_overdue" not in lacking:
        parts.append(_COMING_SQL)
    at = "" if facility is None else "WHERE facility_id = $facility"
    frame = connection.execute(
        f"""
        WITH last_month_ends AS ({_LAST_MONTH_ENDS_SQL}),
        owed AS ({" UNION ALL ".join(parts)})
        SELECT facility_id, case_manager_id, state, item, due_on, DATE_DIFF('day', as_of, due_on) AS days_left, as_of
        FROM owed
        {at}
        ORDER BY facility_id, case_manager_id, due_on, state, item
        """,
        {} if facility is None else {"facility": facility},
    ).df()
    for column in ("due_on", "as_of"):
        frame[column] = pd.to_datetime(frame[column]).dt.date
    return StaffDue(frame[list(DUE_COLUMNS)], lacking)


_LAST_MONTH_ENDS_SQL = """
    SELECT
        facility_id,
        CAST(DATE_TRUNC('month', CAST(complete_through + INTERVAL 1 DAY AS DATE)) - INTERVAL 1 DAY AS DATE) AS month_end
    FROM watermarks
"""

_COMING_SQL = f"""
    SELECT
        case_managers.facility_id,
        training.case_manager_id,
        {literal(_COURSES_DUE)} AS state,
        training.course AS item,
        training.due_on,
        last_month_ends.month_end AS as_of
    FROM training
    INNER JOIN case_managers ON training.case_manager_id = case_managers.case_manager_id
    INNER JOIN last_month_ends ON case_managers.facility_id = last_month_ends.facility_id
    WHERE
        training.due_on BETWEEN last_month_ends.month_end + 1 AND last_month_ends.month_end + {DAYS_AHEAD}
        AND training.completed_on IS NULL
        AND case_managers.last_shift_on > CAST(last_month_ends.month_end - INTERVAL 12 MONTH AS DATE)
"""
"""Courses that fall due, of people who had a shift in the year before; no measure counts them before their day."""
