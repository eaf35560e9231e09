"""What a build notices of the department's own tables: cells that are empty at one place or in one month, places that
no encounter has, shifts sent twice, budgets with holes. No patient's data.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal, literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.warehouse.warnings.row import ROWS_TO_NAME

OUTCOMES = ("overturned", "upheld", "open")
"""Of an appeal, as the layout has them."""
_FEWEST_ROWS = 11
_MANY = 0.1
"""Above this share of empty cells what is left may not stand for the whole."""
_FILLED_LEAST = 0.6
"""Of the share that is usually filled."""
_ONCE_IN = 10_000
"""How rarely chance alone fills so few (Chernoff's bound for a Poisson count)."""
_OTHER_SCALE = 10
_FEWEST_MONTHS = 4


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column to be filled, by the day `on`. is_whole: empty cells say that something was not sent, in any month; else
    they may say that nothing was done, and only a month that differs from the others is told. empty: what counts so."""

    table: str
    column: str
    on: str
    is_whole: bool = False
    empty: str = "{cell} IS NULL"


_CELLS = (
    _Cells("denials", "denied_on", "denied_on", is_whole=True),
    _Cells("denials", "denied_amount", "denied_on", is_whole=True),
    _Cells("cm_cases", "opened_at", "opened_at", is_whole=True),
    _Cells("cm_cases", "first_assessed_at", "opened_at"),
    _Cells("cm_tasks", "due_at", "due_at", is_whole=True),
    _Cells("cm_tasks", "done_at", "due_at"),
    _Cells("reviews", "due_at", "due_at", is_whole=True),
    _Cells("reviews", "done_at", "due_at"),
    _Cells("staffing", "paid_hours", "shift_on", is_whole=True, empty="COALESCE({cell}, 0) = 0"),
)


def find_department_warnings(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """All of them, in the order to print; needs the views of staged rows and the warehouse tables."""
    return [
        *(notice for cells in _CELLS for notice in _cells_empty(connection, cells)),
        *(
            notice
            for table in ("staffing", "census", "budget", "surveys")
            for notice in _unknown_places(connection, table)
        ),
        *_outcomes_unknown(connection),
        *_peer_to_peers_unsettled(connection),
        *_shifts_twice(connection),
        *_budget_holes(connection),
        *_budgets_of_another_scale(connection),
    ]


_PLACED = {
    "denials": "SELECT rows.*, encounters.facility_id FROM staged_denials AS rows INNER JOIN encounters "
    "USING (encounter_id)",
    "cm_cases": "SELECT * FROM cm_cases WHERE facility_id IS NOT NULL",
    "cm_tasks": "SELECT facility_id, due_on AS due_at, done_on AS done_at FROM cm_tasks WHERE facility_id IS NOT NULL",
    "reviews": "SELECT facility_id, due_on AS due_at, done_on AS done_at FROM reviews WHERE facility_id IS NOT NULL",
    "staffing": "SELECT * FROM staged_staffing",
}
"""The rows of a table with their facility: the warehouse's own, where it has put it beside each row."""


def _cells_empty(connection: duckdb.DuckDBPyConnection, cells: _Cells) -> list[Notice]:
    """Empty cells of a column: by place where they are many, else by place and month where they are more than usual."""
    supplied = connection.execute(
        "SELECT is_supplied FROM supply WHERE item = ?", [f"{cells.table}.{cells.column}"]
    ).fetchone()
    if not supplied or not supplied[0]:
        return []
    connection.execute(
        f"""
        CREATE OR REPLACE TEMPORARY TABLE cells_to_fill AS
        WITH by_place AS (
            SELECT
                facility_id AS place, CAST(DATE_TRUNC('month', {identifier(cells.on)}) AS DATE) AS month,
                COUNT(*) FILTER (WHERE {cells.empty.format(cell=identifier(cells.column))}) AS n_empty, COUNT(*) AS n
            FROM ({_PLACED[cells.table]}) GROUP BY ALL
        )
        SELECT
            CASE GROUPING(place) WHEN 1 THEN {literal(WHOLE_SYSTEM)} ELSE place END AS facility_id, month,
            CAST(SUM(n_empty) AS BIGINT) AS n_empty, CAST(SUM(n) AS BIGINT) AS n
        FROM by_place
        GROUP BY GROUPING SETS ((place, month), (month))
        """
    )
    whole = (
        connection.execute(
            "SELECT facility_id, SUM(n_empty), SUM(n) FROM cells_to_fill "
            f"WHERE facility_id <> {literal(WHOLE_SYSTEM)} GROUP BY facility_id "
            f"HAVING SUM(n_empty) >= GREATEST({_FEWEST_ROWS}, {_MANY} * SUM(n)) ORDER BY ALL"
        ).fetchall()
        if cells.is_whole
        else []
    )
    told = {facility for facility, _, _ in whole}
    months = connection.execute(_EMPTY_IN_A_MONTH).fetchall()
    told |= {WHOLE_SYSTEM} if told or any(one[0] != WHOLE_SYSTEM for one in months) else set()
    columns = (cells.column,)
    return [
        *(
            Notice(
                "cells_empty",
                table=cells.table,
                facility_id=facility,
                columns=columns,
                counts={"rows": int(empty), "of_rows": int(n)},
            )
            for facility, empty, n in whole
        ),
        *(
            Notice(
                "cells_empty_in_month",
                table=cells.table,
                facility_id=facility,
                columns=columns,
                counts={"rows": int(empty), "of_rows": int(n)},
                details={"month": month},
            )
            for facility, month, empty, n in months
            if facility not in told
        ),
    ]


_EMPTY_IN_A_MONTH = f"""
    WITH of_other_months AS (
        SELECT
            *,
            MIN(CASE WHEN n >= {_FEWEST_ROWS} THEN n_empty / n END) OVER (
                PARTITION BY facility_id ORDER BY month ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
            ) AS least_share_since,
            n - n_empty AS n_filled,
            n * (1 - (SUM(n_empty) OVER place - n_empty) / NULLIF(SUM(n) OVER place - n, 0)) AS n_usual
        FROM cells_to_fill WHERE month IS NOT NULL
        WINDOW place AS (PARTITION BY facility_id)
    )
    SELECT facility_id, STRFTIME(month, '%Y-%m'), n_empty, n FROM of_other_months
    WHERE n_empty >= GREATEST({_FEWEST_ROWS}, {_MANY} * n) AND n_filled <= {_FILLED_LEAST} * n_usual
        AND n_usual - n_filled + CASE WHEN n_filled > 0 THEN n_filled * LN(n_filled / n_usual) ELSE 0 END
            >= LN({_ONCE_IN})
        -- The newest months are being filled: told is a month of which a younger one is better filled.
        AND n_filled <= {_FILLED_LEAST} * n * (1 - least_share_since)
    ORDER BY ALL
"""


def _unknown_places(connection: duckdb.DuckDBPyConnection, table: str) -> list[Notice]:
    """Rows of a facility that has no encounter: nothing can be divided by its discharges."""
    rows = connection.execute(
        f"SELECT rows.facility_id, COUNT(*) FROM staged_{table} AS rows "
        "ANTI JOIN staged_encounters AS encounters USING (facility_id) GROUP BY ALL ORDER BY COUNT(*) DESC, 1"
    ).fetchall()
    if not rows:
        return []
    named = tuple(name for name, n in rows if n >= ROWS_TO_NAME)[:6]
    counts = {"rows": sum(n for _, n in rows)}
    return [Notice("facilities_without_encounters", table=table, columns=named, counts=counts)]


def _outcomes_unknown(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    known = list_literal(OUTCOMES)
    rows = connection.execute(
        "SELECT LOWER(TRIM(outcome)), COUNT(*) FROM staged_denials "
        f"WHERE outcome IS NOT NULL AND LOWER(TRIM(outcome)) NOT IN (SELECT UNNEST({known})) "
        "GROUP BY ALL ORDER BY COUNT(*) DESC, 1"
    ).fetchall()
    if not rows:
        return []
    named = tuple(name for name, n in rows if n >= ROWS_TO_NAME)[:6]
    return [Notice("outcomes_unknown", table="denials", columns=named, counts={"rows": sum(n for _, n in rows)})]


def _peer_to_peers_unsettled(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Denials that a peer-to-peer overturned, and that stand as if it had not."""
    n = connection.execute(
        "SELECT COUNT(*) FROM staged_denials WHERE LOWER(peer_to_peer_outcome) = 'overturned' "
        "AND (decided_on IS NULL OR LOWER(outcome) IS DISTINCT FROM 'overturned')"
    ).fetchall()[0][0]
    return [Notice("peer_to_peers_unsettled", counts={"rows": int(n)})] if n else []


def _shifts_twice(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Rows of a person's day and hours with a unit, and the same again without one."""
    n = connection.execute(
        """
        SELECT COUNT(*) FROM staged_staffing AS rows
        SEMI JOIN staged_staffing AS others
            ON rows.facility_id = others.facility_id AND rows.shift_on = others.shift_on
            AND rows.case_manager_id = others.case_manager_id AND rows.paid_hours = others.paid_hours
            AND others.unit_id IS NOT NULL
        WHERE rows.unit_id IS NULL
        """
    ).fetchall()[0][0]
    return [Notice("shifts_twice", counts={"rows": int(n)})] if n >= _FEWEST_ROWS else []


def _budget_holes(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which a place lacks lines that it usually has, or in which nothing was spent at all."""
    lacking = connection.execute(
        f"""
        WITH ends AS (
            SELECT rows.facility_id, MIN(rows.month) AS first_month, ANY_VALUE(last.month) AS last_month
            FROM staged_budget AS rows
            INNER JOIN claimed_watermarks AS claimed USING (facility_id)
            CROSS JOIN (SELECT MAX(month) AS month FROM staged_budget) AS last
            GROUP BY rows.facility_id
        ),
        months AS (
            SELECT facility_id, CAST(UNNEST(GENERATE_SERIES(
                first_month, LEAST(last_month, DATE_TRUNC('month', claimed.complete_through + 1) - INTERVAL 1 MONTH),
                INTERVAL 1 MONTH
            )) AS DATE) AS month
            FROM ends INNER JOIN claimed_watermarks AS claimed USING (facility_id)
        ),
        accounts AS (
            SELECT rows.facility_id, rows.account
            FROM staged_budget AS rows
            GROUP BY rows.facility_id, rows.account
            HAVING COUNT(*) >= {_FEWEST_MONTHS}
                AND 2 * COUNT(*) >= (
                    SELECT COUNT(DISTINCT month) FROM staged_budget AS all_rows
                    WHERE all_rows.facility_id = rows.facility_id
                )
        )
        SELECT months.facility_id, STRFTIME(MIN(months.month), '%Y-%m'), STRFTIME(MAX(months.month), '%Y-%m'), COUNT(*)
        FROM months INNER JOIN accounts USING (facility_id)
        ANTI JOIN staged_budget AS rows
            ON months.facility_id = rows.facility_id AND months.month = rows.month AND accounts.account = rows.account
        GROUP BY months.facility_id ORDER BY ALL
        """
    ).fetchall()
    unspent = connection.execute(
        "SELECT facility_id, STRFTIME(month, '%Y-%m') FROM staged_budget GROUP BY ALL "
        "HAVING SUM(budget_usd) > 0 AND SUM(ABS(actual_usd)) = 0 ORDER BY ALL"
    ).fetchall()
    return [
        *(
            Notice(
                "budget_lines_missing",
                facility_id=facility,
                counts={"rows": n},
                details={"first_month": first, "last_month": last},
            )
            for facility, first, last, n in lacking
        ),
        *(Notice("nothing_spent", facility_id=facility, details={"month": month}) for facility, month in unspent),
    ]


def _budgets_of_another_scale(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT
                facility_id, month, UNNEST(['budget_usd', 'actual_usd']) AS column_name,
                UNNEST([SUM(budget_usd), SUM(actual_usd)]) AS amount
            FROM staged_budget GROUP BY facility_id, month
        ),
        compared AS (
            SELECT *, amount / MEDIAN(amount) OVER (PARTITION BY column_name, facility_id) AS times
            FROM by_month WHERE amount > 0
            QUALIFY COUNT(*) OVER (PARTITION BY column_name, facility_id) >= {_FEWEST_MONTHS}
        )
        SELECT column_name, facility_id, STRFTIME(MIN(month), '%Y-%m'), STRFTIME(MAX(month), '%Y-%m') FROM compared
        WHERE times >= {literal(_OTHER_SCALE)} OR times * {literal(_OTHER_SCALE)} <= 1 GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "amounts_of_a_month",
            table="budget",
            facility_id=facility,
            columns=(name,),
            details={"first_month": first, "last_month": last, "times": str(_OTHER_SCALE)},
        )
        for name, facility, first, last in rows
    ]
