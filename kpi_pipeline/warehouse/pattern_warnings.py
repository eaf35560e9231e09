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
_OTHER_SCALE = 10
"""A typical amount so many times that of the facility's other months is in another unit, or stands for nothing."""
_SAME_AMOUNT = 0.005
"""Two stays may cost the same; one in two hundred, far from the usual, may not."""
_FEWEST_SAME = 5
_ONE_CODE = 0.7
"""Where up to this share has one code, forty rows of a month all have it once in a million."""
_SAME_DAY, _USUAL_SAME_DAY = 0.9, 0.5
_EXPECTED = 12
"""Where so many people are expected to have been there before, chance gives none once in 160,000."""
_SAME_BIRTH = 0.02
"""Of thousands of people hardly two are born on one day of one year; the first of January is sometimes guessed."""
_FEWEST_STAYS = 1_000
"""Of so many stays at one place some are of people with another."""

_AMOUNTS = {
    "encounters": ("total_cost", "direct_cost", "variable_direct_cost", "total_charges"),
    "denials": ("denied_amount",),
}
_CODES = ("discharge_disposition_code", "primary_diagnosis_code", "drg_code", "payer")


def find_patterns(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """All of them, in the order to print."""
    return [
        *(notice for table in _AMOUNTS for notice in _amounts(connection, table)),
        *_stays_without_length(connection),
        *_one_code_in_a_month(connection),
        *_people_never_seen_before(connection),
        *_people_with_one_stay(connection),
        *_people_born_on_one_day(connection),
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
        WHERE amount >= {_OTHER_SCALE} * usual OR (amount > 0 AND amount * {_OTHER_SCALE} <= usual)
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
        WHERE times >= {_OTHER_SCALE} OR times * {_OTHER_SCALE} <= 1 GROUP BY ALL ORDER BY ALL
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
                details={"first_month": first, "last_month": last},
            )
            for name, place, first, last in scales
        ),
    ]


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


def _people_never_seen_before(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which nobody had been there before, or in a month before, though other months let many be expected: the
    numbers of people were given anew. Looked at from the fourth month on, since the first ones cannot know."""
    rows = connection.execute(
        f"""
        WITH seen AS (
            SELECT
                facility_id,
                CAST(DATE_TRUNC('month', admitted_on) AS DATE) AS month,
                MIN(admitted_on) OVER (PARTITION BY person_id)
                    < DATE_TRUNC('month', admitted_on) AS is_of_earlier_month,
                MIN(admitted_on) OVER (PARTITION BY person_id) < admitted_on AS is_known
            FROM stays WHERE person_id IS NOT NULL
        ),
        by_month AS (
            SELECT
                facility_id, month, COUNT(*) AS n,
                UNNEST([COUNT(*) FILTER (WHERE is_of_earlier_month), COUNT(*) FILTER (WHERE is_known)]) AS n_known,
                UNNEST([1, 2]) AS way
            FROM seen GROUP BY facility_id, month
        ),
        later AS (
            SELECT * FROM by_month QUALIFY month > MIN(month) OVER (PARTITION BY facility_id) + INTERVAL 2 MONTH
        )
        SELECT DISTINCT facility_id, STRFTIME(month, '%Y-%m') FROM later
        WINDOW place AS (PARTITION BY facility_id, way)
        QUALIFY n_known = 0 AND SUM(n_known) OVER place > 0
            AND n * (SUM(n_known) OVER place) >= {_EXPECTED} * (SUM(n) OVER place - n)
        ORDER BY ALL
        """
    ).fetchall()
    return [Notice("persons_all_new", facility_id=place, details={"month": month}) for place, month in rows]


def _people_with_one_stay(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Places where not one patient has a second stay, here or elsewhere: person_id numbers stays, not people."""
    rows = connection.execute(
        f"""
        WITH counted AS (SELECT facility_id, COUNT(*) OVER (PARTITION BY person_id) AS n_stays FROM stays)
        SELECT facility_id, COUNT(*) FROM counted GROUP BY facility_id
        HAVING COUNT(*) >= {_FEWEST_STAYS} AND MAX(n_stays) = 1 ORDER BY ALL
        """
    ).fetchall()
    return [Notice("persons_with_one_stay", facility_id=place, counts={"stays": n}) for place, n in rows]


def _people_born_on_one_day(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """A birth date that so many people share stands for one that is not known."""
    rows = connection.execute(
        f"""
        WITH born AS (SELECT DISTINCT person_id, birth_date FROM staged_encounters WHERE birth_date IS NOT NULL)
        SELECT COUNT(*) FROM born GROUP BY birth_date
        HAVING COUNT(*) >= GREATEST({_FEWEST_ROWS}, {_SAME_BIRTH} * (SELECT COUNT(*) FROM born)) ORDER BY ALL
        """
    ).fetchall()
    return [Notice("birth_dates_the_same", counts={"persons": n}) for (n,) in rows]
