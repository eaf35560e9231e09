"""What a build notices of a column as a whole, where each value by itself can be read and may be true: amounts of one
month on another scale, one amount in many rows, people who never come back, stays without a length, a code that stands
in every row of a month. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal

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
    names = _AMOUNTS[table]
    connection.execute(
        f"""
        CREATE OR REPLACE TEMPORARY VIEW amounts_of_rows AS
        SELECT
            facility_id, STRFTIME(happened_on, '%Y-%m') AS month, UNNEST({list_literal(names)}) AS column_name,
            UNNEST([{", ".join(identifier(name) for name in names)}]) AS amount
        FROM ({_ROWS[table]})
        """
    )
    below = connection.execute(
        "SELECT column_name, COUNT(*) FROM amounts_of_rows WHERE amount < 0 GROUP BY column_name ORDER BY ALL"
    ).fetchall()
    # Fees and payments have prices, so that one amount in many denials says nothing.
    same = (
        []
        if table == "denials"
        else connection.execute(
            f"""
        WITH usual AS (
            SELECT column_name, MEDIAN(amount) AS usual, COUNT(*) AS n
            FROM amounts_of_rows WHERE amount > 0 GROUP BY column_name
        )
        SELECT column_name, COUNT(*) FROM amounts_of_rows INNER JOIN usual USING (column_name)
        WHERE amount >= {_FAR_FROM_USUAL} * usual OR (amount > 0 AND amount * {_FAR_FROM_USUAL} <= usual)
        GROUP BY column_name, amount, n HAVING COUNT(*) >= GREATEST({_FEWEST_SAME}, {_SAME_AMOUNT} * n) ORDER BY ALL
        """
        ).fetchall()
    )
    scales = connection.execute(
        f"""
        WITH by_month AS (
            SELECT column_name, facility_id, month, MEDIAN(amount) AS typical FROM amounts_of_rows WHERE amount > 0
            GROUP BY ALL HAVING COUNT(*) >= {_FEWEST_ROWS}
        ),
        compared AS (
            SELECT *, typical / MEDIAN(typical) OVER (PARTITION BY column_name, facility_id) AS times FROM by_month
            QUALIFY COUNT(*) OVER (PARTITION BY column_name, facility_id) > {_FEWEST_MONTHS}
        )
        SELECT column_name, facility_id, MIN(month), MAX(month) FROM compared
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


def _charges_as_costs(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    same, n = connection.execute(
        "SELECT COUNT(*) FILTER (WHERE total_cost = total_charges), COUNT(*) FROM staged_encounters "
        "WHERE total_cost > 0 AND total_charges > 0"
    ).fetchall()[0]
    if same < max(_FEWEST_SAME, _SAME_AMOUNT * n):
        return []
    return [Notice("amounts_are_charges", counts={"rows": same, "of_rows": n})]


_BY_MONTH = """
    SELECT facility_id, STRFTIME(discharged_on, '%Y-%m') AS month, {values}
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
        SELECT facility_id, month, n_same, n FROM by_month
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
    values = f"UNNEST({list_literal(_CODES)}) AS column_name, UNNEST([{', '.join(_CODES)}]) AS code"
    rows = connection.execute(
        f"""
        WITH codes AS (
            SELECT facility_id, column_name, month, code, COUNT(*) AS n
            FROM ({_BY_MONTH.format(values=values)}) WHERE code IS NOT NULL GROUP BY ALL
        ),
        of_place AS (
            SELECT facility_id, column_name, code, SUM(n) AS n, SUM(SUM(n)) OVER column_of_place AS of_all
            FROM codes GROUP BY facility_id, column_name, code
            WINDOW column_of_place AS (PARTITION BY facility_id, column_name)
        ),
        alone AS (
            SELECT facility_id, column_name, month, ANY_VALUE(code) AS code, SUM(n) AS n FROM codes
            GROUP BY facility_id, column_name, month HAVING COUNT(*) = 1 AND SUM(n) >= {_FEWEST_ROWS}
        )
        SELECT alone.facility_id, alone.column_name, MIN(alone.month), MAX(alone.month), CAST(SUM(alone.n) AS BIGINT)
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
