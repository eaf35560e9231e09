"""What a build notices of a column as a whole, where each value by itself can be read and may be true: amounts of one
month on another scale, one amount in many rows, people who never come back, stays without a length, a code that stands
in every row of a month. No patient's data.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import list_literal, literal

_FEWEST_ROWS = 40
_FEWEST_MONTHS = 3
_OTHER_SCALE = {"encounters": 2.5, "denials": 10}
"""A typical amount so many times that of the facility's other months is in another unit, of another kind, or stands for
nothing. The median of forty costs lies within half or twice the usual; that of denials, small and large, does not."""
_FAR_FROM_USUAL = 10
_SAME_AMOUNT = 0.005
"""Two stays may cost the same; one in two hundred, far from the usual, may not."""
_FEWEST_SAME = 5
_ONE_CODE = 0.7
"""Where up to this share has one code, forty rows of a month all have it once in a million."""
_SAME_DAY, _USUAL_SAME_DAY = 0.9, 0.5

_AMOUNTS = {
    "encounters": ("total_cost", "direct_cost", "variable_direct_cost", "total_charges"),
    "denials": ("denied_amount",),
}
_CODES = ("discharge_disposition_code", "primary_diagnosis_code", "drg_code", "payer")


def find_patterns(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """All of them, in the order to print."""
    return [
        *(notice for table in _AMOUNTS for notice in _amounts(connection, table)),
        *_charges_as_costs(connection),
        *_stays_without_length(connection),
        *_one_code_in_a_month(connection),
    ]


_ROWS = {
    "encounters": "SELECT *, COALESCE(discharged_at, admitted_at) AS happened_on FROM staged_encounters "
    "WHERE LOWER(encounter_type) = 'acute inpatient'",
    "denials": "SELECT rows.*, encounters.facility_id, rows.denied_on AS happened_on FROM staged_denials AS rows "
    "INNER JOIN staged_encounters AS encounters USING (encounter_id)",
}


def _amounts(connection: duckdb.DuckDBPyConnection, table: str) -> list[Notice]:
    """Amounts below zero, one amount in many rows, and months on another scale."""
    names, rows = _AMOUNTS[table], _ROWS[table]
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {name} < 0)" for name in names)
    found = connection.execute(f"SELECT {counts} FROM ({rows})").fetchall()[0]
    below = sorted((name, n) for name, n in zip(names, found, strict=True) if n)
    # Fees and payments have prices, so that one amount in many denials says nothing.
    same = [] if table == "denials" else connection.execute(_same_amounts(rows, names)).fetchall()
    scales = connection.execute(
        f"""
        WITH by_month AS (
            SELECT facility_id, month, UNNEST({list_literal(names)}) AS column_name, {_typical(names)} FROM (
                SELECT *, DATE_TRUNC('month', happened_on) AS month FROM ({rows})
            )
            GROUP BY facility_id, month
        ),
        compared AS (
            SELECT *, typical / MEDIAN(typical) OVER (PARTITION BY column_name, facility_id) AS times FROM by_month
            WHERE n >= {_FEWEST_ROWS}
            QUALIFY COUNT(*) OVER (PARTITION BY column_name, facility_id) > {_FEWEST_MONTHS}
        )
        SELECT column_name, facility_id, STRFTIME(MIN(month), '%Y-%m'), STRFTIME(MAX(month), '%Y-%m') FROM compared
        WHERE times >= {_OTHER_SCALE[table]} OR times * {_OTHER_SCALE[table]} <= 1 GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return [
        *(Notice("amounts_below_zero", table=table, columns=(name,), counts={"rows": n}) for name, n in below),
        *(Notice("amounts_the_same", table=table, columns=(name,), counts={"rows": n}) for name, n in same),
        *(
            Notice(
                "amounts_of_a_month",
                table=table,
                facility_id=place,
                columns=(name,),
                details={"first_month": first, "last_month": last, "times": f"{_OTHER_SCALE[table]:g}"},
            )
            for name, place, first, last in scales
        ),
    ]


def _typical(names: Sequence[str]) -> str:
    """`typical` and `n` of each column, one row a column: the median of what is above zero, and how much that is."""
    medians = ", ".join(f"MEDIAN({name}) FILTER (WHERE {name} > 0)" for name in names)
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {name} > 0)" for name in names)
    return f"UNNEST([{medians}]) AS typical, UNNEST([{counts}]) AS n"


def _same_amounts(rows: str, names: Sequence[str]) -> str:
    """SELECT of the columns with an amount in many rows, far from the usual one, and in how many."""
    each = " UNION ALL ".join(
        f"SELECT {literal(name)} AS column_name, {name} AS amount, usual.n FROM ({rows}) INNER JOIN usual "
        f"ON usual.column_name = {literal(name)} WHERE {name} >= {_FAR_FROM_USUAL} * usual.typical "
        f"OR ({name} > 0 AND {name} * {_FAR_FROM_USUAL} <= usual.typical)"
        for name in names
    )
    return f"""
        WITH usual AS (SELECT UNNEST({list_literal(names)}) AS column_name, {_typical(names)} FROM ({rows}))
        SELECT column_name, COUNT(*) FROM ({each})
        GROUP BY column_name, amount, n HAVING COUNT(*) >= GREATEST({_FEWEST_SAME}, {_SAME_AMOUNT} * n) ORDER BY ALL
    """


def _charges_as_costs(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    same, n = connection.execute(
        "SELECT COUNT(*) FILTER (WHERE total_cost = total_charges), COUNT(*) FROM staged_encounters "
        "WHERE total_cost > 0 AND total_charges > 0"
    ).fetchall()[0]
    if same < max(_FEWEST_SAME, _SAME_AMOUNT * n):
        return []
    return [Notice("amounts_are_charges", counts={"rows": same, "of_rows": n})]


_BY_MONTH = """
    SELECT facility_id, DATE_TRUNC('month', discharged_on) AS month, {values}
    FROM stays WHERE NOT is_in_house
"""


def _stays_without_length(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which nearly every stay ends on the day it began, at a place where that is not so."""
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT facility_id, month, COUNT(*) AS n, COUNT(*) FILTER (WHERE is_same_day) AS n_same
            FROM ({_BY_MONTH.format(values="admitted_on = discharged_on AS is_same_day")}) GROUP BY ALL
        )
        SELECT facility_id, STRFTIME(month, '%Y-%m'), n_same, n FROM by_month
        WINDOW place AS (PARTITION BY facility_id)
        QUALIFY n >= {_FEWEST_ROWS} AND n_same >= {_SAME_DAY} * n
            AND SUM(n_same) OVER place - n_same < {_USUAL_SAME_DAY} * (SUM(n) OVER place - n)
        ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "stays_without_length",
            facility_id=place,
            counts={"stays": same, "of_stays": n},
            details={"month": month},
        )
        for place, month, same, n in rows
    ]


def _one_code_in_a_month(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which all stays of a place have one code, where several are usual."""
    each = " UNION ALL ".join(
        f"SELECT facility_id, {literal(name)} AS column_name, month, code, COUNT(*) AS n "
        f"FROM ({_BY_MONTH.format(values=f'{name} AS code')}) WHERE code IS NOT NULL GROUP BY ALL"
        for name in _CODES
    )
    rows = connection.execute(
        f"""
        WITH codes AS MATERIALIZED ({each}),
        of_place AS (
            SELECT facility_id, column_name, code, SUM(n) AS n, SUM(SUM(n)) OVER column_of_place AS of_all
            FROM codes GROUP BY facility_id, column_name, code
            WINDOW column_of_place AS (PARTITION BY facility_id, column_name)
        ),
        alone AS (
            SELECT facility_id, column_name, month, ANY_VALUE(code) AS code, SUM(n) AS n FROM codes
            GROUP BY facility_id, column_name, month HAVING COUNT(*) = 1 AND SUM(n) >= {_FEWEST_ROWS}
        )
        SELECT
            alone.facility_id, alone.column_name, STRFTIME(MIN(alone.month), '%Y-%m'),
            STRFTIME(MAX(alone.month), '%Y-%m'), CAST(SUM(alone.n) AS BIGINT)
        FROM alone INNER JOIN of_place USING (facility_id, column_name, code)
        WHERE of_place.n - alone.n <= {_ONE_CODE} * (of_place.of_all - alone.n)
            AND of_place.of_all - alone.n >= {_FEWEST_ROWS}
        GROUP BY alone.facility_id, alone.column_name ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "codes_the_same",
            facility_id=place,
            columns=(column,),
            counts={"stays": n},
            details={"first_month": first, "last_month": last},
        )
        for place, column, first, last, n in rows
    ]
