"""What a build notices of days and hours: times that are midnight or missing where others have one, clocks of another
zone, days out of order, one day in many rows. No patient's data.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, literal

_FEWEST_ROWS = 11
_MANY = 0.05
"""Of a column that otherwise has times, such a share of days alone is no exception."""
_AT_MIDNIGHT, _FEWEST_AT_MIDNIGHT = 0.2, 20
"""One minute in 1,440 is midnight, and one full hour in 24."""
_HOURS_ASIDE, _FEWEST_TIMES = 3, 40
"""The middle of forty discharges lies within an hour of its usual place; zones differ by more."""
_ON_ONE_DAY, _FEWEST_ON_ONE_DAY, _FEWEST_DAYS = 0.2, 40, 60

_TIMED = {
    "encounters": ("admitted_at", "discharged_at"),
    "cm_cases": ("first_assessed_at",),
    "reviews": ("done_at",),
}
"""The columns whose time of day a measure uses."""

_DATED = {
    "denials": ("denied_on", "appealed_on", "decided_on"),
    "avoidable_days": ("starts_on",),
    "procedures": ("performed_on",),
    "notices": ("delivered_at",),
}


@dataclass(frozen=True, slots=True)
class _Order:
    """Two days of which the first cannot lie more than so many days after the second."""

    table: str
    first: str
    second: str
    days: int = 0
    of_stay: str = ""
    """SELECT of stay_id and the second day, where the first is the stay's."""


_ORDERS = (
    _Order("denials", "denied_on", "appealed_on"),
    _Order("denials", "appealed_on", "decided_on"),
    # Planned patients are seen, and their stays approved, in the weeks before.
    _Order(
        "cm_cases",
        "admitted_on",
        "first_assessed_at",
        14,
        "SELECT stay_id, CAST(first_assessed_at AS DATE) AS day FROM cm_cases",
    ),
    _Order("reviews", "admitted_on", "done_at", 60, "SELECT stay_id, done_on AS day FROM reviews"),
    _Order("notices", "admitted_on", "delivered_at", 60, "SELECT stay_id, delivered_on AS day FROM notices"),
)


def find_time_warnings(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """All of them, in the order to print; needs the views of staged rows and the warehouse tables."""
    return [
        *(notice for table, columns in _TIMED.items() for notice in _times_missing(connection, table, columns)),
        *(notice for table, columns in _TIMED.items() for notice in _at_midnight(connection, table, columns)),
        *_of_another_clock(connection),
        *_out_of_order(connection),
        *(notice for table, columns in _DATED.items() for notice in _on_one_day(connection, table, columns)),
    ]


def _times_missing(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[Notice]:
    """Days without a time in a column, where others of it, or of another column of these, have one."""
    counts = ", ".join(
        f"COUNT(*) FILTER (WHERE {identifier(f'{name}_kind')} = 'date'), COUNT({identifier(name)})" for name in columns
    )
    row = connection.execute(
        f"SELECT {counts}, (SELECT COUNT(*) FROM staged_encounters WHERE admitted_at_kind <> 'date') "
        f"FROM staged_{table}"
    ).fetchall()[0]
    if not row[-1]:
        return []  # a source of days alone: claims, say
    return [
        Notice("times_missing", table=table, columns=(name,), counts={"rows": dates, "of_rows": n})
        for name, dates, n in zip(columns, row[0:-1:2], row[1:-1:2], strict=True)
        # A column of the encounters that has no times at all is left out by the measures of hours, with its reason.
        if dates >= max(_FEWEST_ROWS, _MANY * n) and not (table == "encounters" and dates == n)
    ]


def _at_midnight(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[Notice]:
    """Places and months where a fifth of the times is midnight: days whose time nobody wrote."""
    place = "rows.facility_id" if table == "encounters" else "encounters.facility_id"
    joined = "" if table == "encounters" else "INNER JOIN staged_encounters AS encounters USING (encounter_id)"
    selects = [
        f"SELECT {place} AS facility_id, rows.{name} AS moment, {literal(name)} AS name "
        f"FROM staged_{table} AS rows {joined} WHERE rows.{name}_kind = 'local'"
        for name in columns
    ]
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT
                name, facility_id, DATE_TRUNC('month', moment) AS month, COUNT(*) AS n,
                COUNT(*) FILTER (WHERE moment = DATE_TRUNC('day', moment)) AS n_midnight
            FROM ({" UNION ALL ".join(selects)}) GROUP BY ALL
        )
        SELECT
            name, facility_id, STRFTIME(MIN(month), '%Y-%m'), STRFTIME(MAX(month), '%Y-%m'), SUM(n_midnight), SUM(n)
        FROM by_month
        WHERE n_midnight >= {_AT_MIDNIGHT} * n GROUP BY name, facility_id
        HAVING SUM(n_midnight) >= {_FEWEST_AT_MIDNIGHT} ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "times_at_midnight",
            table=table,
            facility_id=facility,
            columns=(name,),
            counts={"rows": int(midnight), "of_rows": int(n)},
            details={"first_month": first, "last_month": last},
        )
        for name, facility, first, last, midnight, n in rows
    ]


def _of_another_clock(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which a place's patients leave at other hours than in its other months."""
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT
                facility_id, DATE_TRUNC('month', discharged_on) AS month,
                MEDIAN(DATE_DIFF('minute', CAST(discharged_on AS TIMESTAMP), discharged_at) / 60.0) AS hour
            FROM stays WHERE NOT is_in_house AND has_discharge_time
            GROUP BY ALL HAVING COUNT(*) >= {_FEWEST_TIMES}
        ),
        compared AS (
            SELECT *, ABS(hour - MEDIAN(hour) OVER (PARTITION BY facility_id)) AS hours_aside FROM by_month
            QUALIFY COUNT(*) OVER (PARTITION BY facility_id) > 3
        )
        SELECT
            facility_id, STRFTIME(MIN(month), '%Y-%m'), STRFTIME(MAX(month), '%Y-%m'),
            CAST(MIN(ROUND(hours_aside)) AS INTEGER)
        FROM compared
        WHERE hours_aside >= {_HOURS_ASIDE} GROUP BY facility_id ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "hours_of_another_clock",
            facility_id=facility,
            columns=("discharged_at",),
            details={"first_month": first, "last_month": last, "hours": str(hours)},
        )
        for facility, first, last, hours in rows
    ]


def _out_of_order(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    found: dict[_Order, int] = {}
    for order in _ORDERS:
        if not order.of_stay:
            found[order] = connection.execute(
                f"SELECT COUNT(*) FROM staged_{order.table} "
                f"WHERE CAST({order.second} AS DATE) < {order.first} - {literal(order.days)}"
            ).fetchall()[0][0]
    # In one statement: the days of all stays are put together once.
    of_stays = [order for order in _ORDERS if order.of_stay]
    each = " UNION ALL ".join(
        f"SELECT {number} AS number, stay_id, day + {literal(order.days)} AS day FROM ({order.of_stay})"
        for number, order in enumerate(of_stays)
    )
    counted = connection.execute(
        f"SELECT number, COUNT(*) FROM ({each}) AS rows INNER JOIN stays ON rows.stay_id = stays.stay_id "
        "WHERE rows.day < stays.admitted_on GROUP BY number"
    ).fetchall()
    found |= {of_stays[number]: n for number, n in counted}
    return [
        Notice("days_out_of_order", table=order.table, columns=(order.first, order.second), counts={"rows": int(n)})
        for order in _ORDERS
        if (n := found.get(order, 0))
    ]


def _on_one_day(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[Notice]:
    """Days that a great part of a table's rows have: the day of a batch, not of what happened."""
    found = []
    for name in columns:
        rows = connection.execute(
            f"""
            WITH days AS (
                SELECT CAST({identifier(name)} AS DATE) AS day, COUNT(*) AS n FROM staged_{table}
                WHERE {identifier(name)} IS NOT NULL GROUP BY ALL
            )
            SELECT day, n, (SELECT SUM(n) FROM days) FROM days
            WHERE n >= GREATEST({_FEWEST_ON_ONE_DAY}, {_ON_ONE_DAY} * (SELECT SUM(n) FROM days))
                AND (SELECT DATE_DIFF('day', MIN(day), MAX(day)) FROM days) >= {_FEWEST_DAYS}
            ORDER BY day
            """
        ).fetchall()
        found += [
            Notice(
                "days_the_same",
                table=table,
                columns=(name,),
                counts={"rows": int(n), "of_rows": int(of)},
                details={"day": str(day)},
            )
            for day, n, of in rows
        ]
    return found
