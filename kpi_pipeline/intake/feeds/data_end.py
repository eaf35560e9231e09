"""The day on which the encounters of a folder end, found from their own dates: what lies far beyond was mistyped.

No clock is asked, neither today's nor that of a file's arrival: the same files must make the same figures on any day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.staged.staged_files import StagedFile

NO_END = date(9000, 1, 1)
"""Stands for no last plausible day; years of five digits are none."""

HAPPENED = {
    "encounters": ("admitted_at", "discharged_at"),
    "procedures": ("performed_on",),
    "denials": ("denied_on", "appealed_on", "decided_on"),
    "avoidable_days": ("starts_on",),
    "cm_cases": ("opened_at", "first_assessed_at", "closed_at"),
    "cm_tasks": ("done_at",),
    "reviews": ("done_at",),
    "notices": ("delivered_at",),
    "census": ("census_on",),
    "training": ("completed_on",),
}
"""The dates of what has happened, by table; what is due, planned or runs out may lie ahead."""

_CHANGED = {"encounters": ("updated_at",)}

_SLACK_DAYS = 31
"""The end of a feed is a guess of some days: rows of the month after it are never called mistyped."""
_FEWEST_DATES = 20
"""Ten rows, each with an admission and a discharge: fewer make no rate to hold anything against."""
_FEWEST_EXPECTED = 50
_MOST_STRAYS = 0.1
"""Of all dates; more of them are no typing errors of single rows."""
_STRAY_SHARE = 0.02
"""Dates beyond the end are strays when there are no more than this share of what usually comes in such a time. A feed
that dries up, or of which the newest rows are not yet entered, brings more."""


def find_data_end(connection: duckdb.DuckDBPyConnection, files: Sequence[StagedFile]) -> date | None:
    """The last plausible day of admissions and discharges, where dates lie far beyond it; None: none do.

    The end is the day after which dates come least compared with half the usual rate, that of the median month.
    """
    files = [file for file in files if _is_of_encounters(file)]
    dates = " UNION ALL ".join(
        f"SELECT CAST({column} AS DATE) AS day FROM {parquet_file(file.staged)} WHERE {column} IS NOT NULL"
        for file in files
        for column in ("admitted_at", "discharged_at")
    )
    found = connection.execute(
        f"""
        WITH days AS (SELECT day, COUNT(*) AS n FROM ({dates}) GROUP BY day),
        months AS (SELECT DATE_TRUNC('month', day) AS month, SUM(n) AS n FROM days GROUP BY ALL),
        usual AS (SELECT MEDIAN(n) * 12 / 365.25 AS a_day, SUM(n) AS n FROM months),
        since AS (
            SELECT
                day,
                COALESCE(SUM(n) OVER (ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0) AS n,
                MAX(day) OVER () - day AS n_days
            FROM days
        )
        SELECT since.day, since.n, since.n_days, usual.a_day * since.n_days
        FROM since CROSS JOIN usual
        -- Strays are few of all: a stray of long ago must not make all others look like strays.
        WHERE usual.n >= {_FEWEST_DATES} AND since.n <= {_MOST_STRAYS} * usual.n
        ORDER BY usual.a_day * since.n_days / 2 - since.n DESC, since.day DESC LIMIT 1
        """
    ).fetchall()
    if not found:
        return None
    day, n, n_days, expected = found[0]
    is_stray = n_days > _SLACK_DAYS and expected >= _FEWEST_EXPECTED and n <= _STRAY_SHARE * expected
    return day + timedelta(days=_SLACK_DAYS) if is_stray else None


def reaches_beyond(connection: duckdb.DuckDBPyConnection, file: StagedFile, day: date) -> bool:
    """Whether a file of encounters holds dates after a day; what other tables speak of may well lie ahead."""
    return _is_of_encounters(file) and _count_after(connection, file, day, HAPPENED) > 0


def dates_ahead(
    connection: duckdb.DuckDBPyConnection, files: Sequence[StagedFile], options: LandingOptions
) -> list[Notice]:
    """Rows of what has happened that are dated two days and more after their file came, or after the last plausible
    day where that is declared: they count as written, and that is told. So are rows changed so late, except where the
    newest extract decides: they count before every correction until then."""
    notices = []
    for file in files:
        last = options.plausible_until or date.fromisoformat(file.arrived_at[:10]) + timedelta(days=1)
        if n_dated := _count_after(connection, file, last, HAPPENED):
            notices.append(Notice("dates_ahead", file=file.file_name, table=file.table, counts={"rows": n_dated}))
        decides = options.feed_of(file.table) == "delta"
        if decides and (n_changed := _count_after(connection, file, last, _CHANGED)):
            notices.append(Notice("updates_ahead", file=file.file_name, table=file.table, counts={"rows": n_changed}))
    return notices


def _is_of_encounters(file: StagedFile) -> bool:
    return file.table == "encounters"


def _count_after(
    connection: duckdb.DuckDBPyConnection, file: StagedFile, day: date, columns: Mapping[str, Sequence[str]]
) -> int:
    """Rows of a file that have a date after the day in one of its table's columns."""
    if file.table not in columns:
        return 0
    is_after = " OR ".join(f"CAST({identifier(name)} AS DATE) > $day" for name in columns[file.table])
    return int(
        connection.execute(
            f"SELECT COUNT(*) FROM {parquet_file(file.staged)} WHERE {is_after}", {"day": day}
        ).fetchall()[0][0]
    )
