"""What Spark has no function for that means the same as DuckDB's: written in Spark's own SQL, made once a session."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import literal

DECIMALS = {6: 36, 9: 38, 10: 38, 15: 38, 18: 38}
"""Digits after the point → digits in all, of the decimals that the project sums with."""
ADDED_IN_PARTS = (9, 10)
"""Digits after the point of the decimals whose parts a double adds up exactly; of fewer, the wholes are too large, of
more, the halves of the digits."""

_EXACT = 2**53
"""Up to here a double holds every whole number."""


def create_functions() -> list[str]:
    """The statements that make every function `kpi_…` which `spark_forms` writes."""
    bodies = {
        "divided(a DOUBLE, b DOUBLE) RETURNS DOUBLE": _DIVIDED,
        "to_utc(t TIMESTAMP_NTZ, zone STRING) RETURNS TIMESTAMP_NTZ": _TO_UTC,
        "upper(x STRING) RETURNS STRING": f"TRANSLATE(x, {', '.join(map(_text, _changed_letters('UPPER')))})",
        "lower(x STRING) RETURNS STRING": f"TRANSLATE(x, {', '.join(map(_text, _changed_letters('LOWER')))})",
        "trim(x STRING) RETURNS STRING": f"TRIM(BOTH {_text(_blanks())} FROM x)",
    }
    for scale, digits in DECIMALS.items():
        kind = f"DECIMAL({digits}, {scale})"
        units, large = _units(scale), _large(scale, digits)
        small = _parts(f"CAST({units} AS BIGINT)", f"{10**scale}L", scale)
        bodies[f"large_{scale}(x DOUBLE) RETURNS {kind}"] = large
        bodies[f"decimal_{scale}(x DOUBLE) RETURNS {kind}"] = f"COALESCE(CAST({small} AS {kind}), {large})"
        bodies[f"double_{scale}(d {kind}) RETURNS DOUBLE"] = _double(scale)
    for scale in ADDED_IN_PARTS:
        bodies[f"units_{scale}(x DOUBLE) RETURNS DOUBLE"] = _units(scale)
        parts = f"high DOUBLE, middle DOUBLE, low DOUBLE, large DECIMAL(38, {scale})"
        bodies[f"summed_{scale}({parts}) RETURNS DECIMAL(38, {scale})"] = _summed(scale)
    return [f"CREATE OR REPLACE TEMPORARY FUNCTION kpi_{head} RETURN {body}" for head, body in bodies.items()]


_DIVIDED = """
CASE
    WHEN b <> 0 THEN a / b
    WHEN b = 0 AND a > 0 THEN DOUBLE('Infinity')
    WHEN b = 0 AND a < 0 THEN DOUBLE('-Infinity')
    WHEN b = 0 AND a = 0 THEN DOUBLE('NaN')
END
"""

_AT_OFFSET_OF_NEXT_DAY = "(CONVERT_TIMEZONE(zone, 'UTC', t + INTERVAL '1' DAY) - INTERVAL '1' DAY)"
_TO_UTC = f"""
CASE
    WHEN CONVERT_TIMEZONE('UTC', zone, {_AT_OFFSET_OF_NEXT_DAY}) = t
        THEN GREATEST(CONVERT_TIMEZONE(zone, 'UTC', t), {_AT_OFFSET_OF_NEXT_DAY})
    ELSE CONVERT_TIMEZONE(zone, 'UTC', t)
END
"""
"""In the hour that comes twice DuckDB takes the second, Java the first; the hour that is left out both read by the
clock of before."""


def _units(scale: int) -> str:
    """What DuckDB makes of a double as a decimal, in units of its last digit: a whole number, where a double holds it.

    It multiplies the double by the power of ten, and rounds half away from zero.
    """
    product = f"(x * DOUBLE('1e{scale}'))"
    cut = f"CAST(CAST({product} AS BIGINT) AS DOUBLE)"
    rounding = f"IF(ABS({product} - {cut}) >= DOUBLE('0.5'), SIGN({product}), DOUBLE('0'))"
    return f"CASE WHEN ABS({product}) < DOUBLE('{_EXACT}') THEN {cut} + {rounding} END"


def _large(scale: int, digits: int) -> str:
    """The same of larger doubles, as a decimal: DuckDB takes every digit of the product.

    Amounts of 9e18 and more give NULL here, which DuckDB still casts: nothing that large is summed as a decimal.
    """
    product = f"(x * DOUBLE('1e{scale}'))"
    upper = f"FLOOR({product} / DOUBLE('{_EXACT}'))"
    every_digit = (
        f"(CAST(CAST({upper} AS BIGINT) AS DECIMAL(19, 0)) * CAST({_EXACT} AS DECIMAL(17, 0)) "
        f"+ CAST(CAST({product} - {upper} * DOUBLE('{_EXACT}') AS BIGINT) AS DECIMAL(17, 0)))"
    )
    power = f"CAST({10**scale} AS DECIMAL({scale + 1}, 0))"
    return f"""
    CASE
        WHEN ABS({product}) >= {_EXACT} AND ABS(x) < DOUBLE('9e18') AND ABS({product}) < DOUBLE('8e34')
            THEN CAST({_parts(every_digit, power, scale)} AS DECIMAL({digits}, {scale}))
    END
    """


def _parts(whole: str, power: str, scale: int) -> str:
    """A whole number divided by a power of ten, in decimals, without any rounding."""
    return (
        f"(CAST({whole} DIV {power} AS DECIMAL(19, 0)) "
        f"+ CAST({whole} % {power} AS DECIMAL(18, 0)) * CAST('1e-{scale}' AS DECIMAL({scale}, {scale})))"
    )


def units_apart(units: str, scale: int) -> tuple[str, str, str]:
    """Units of `scale` digits after the point as three whole numbers: how many wholes, and the upper and lower half of
    the digits. Of nine or ten digits each is below 9,100,000: a double holds the sum of a thousand million exactly."""
    whole, half = f"DOUBLE('1e{scale}')", f"DOUBLE('1e{scale // 2}')"
    return (
        f"({units} - {units} % {whole}) / {whole}",
        f"({units} % {whole} - {units} % {half}) / {half}",
        f"{units} % {half}",
    )


def _summed(scale: int) -> str:
    """The sum of decimals from the sums of their parts, which add up many times as fast."""
    kind, half = f"DECIMAL(38, {scale})", scale // 2
    wholes, middle, low = (f"CAST(CAST({part} AS BIGINT) AS DECIMAL(19, 0))" for part in ("high", "middle", "low"))
    units = f"({middle} * CAST({10**half} AS DECIMAL({half + 1}, 0)) + {low})"
    small = f"{wholes} + {units} * CAST('1e-{scale}' AS DECIMAL({scale}, {scale}))"
    return f"CASE WHEN high IS NULL THEN large ELSE CAST(CAST({small} AS {kind}) + COALESCE(large, 0) AS {kind}) END"


def _double(scale: int) -> str:
    """DuckDB divides what a double holds exactly; else it adds the whole part and the rest."""
    return f"""
    CASE
        WHEN ABS(d) <= {Decimal(_EXACT).scaleb(-scale):f}BD THEN CAST(d AS DOUBLE)
        ELSE CAST(CAST(d AS BIGINT) AS DOUBLE) + CAST(d % 1 AS DOUBLE)
    END
    """


@cache
def _changed_letters(function: str) -> tuple[str, str]:
    """Every letter that DuckDB's UPPER or LOWER changes, and what into: one by one, where Java makes two of some."""
    with connect() as connection:
        pairs = connection.execute(
            f"SELECT DISTINCT letter, {function}(letter) FROM ({_LETTERS}) WHERE {function}(letter) <> letter "
            "ORDER BY ALL"
        ).fetchall()
    return "".join(before for before, _ in pairs), "".join(after for _, after in pairs)


@cache
def _blanks() -> str:
    """What DuckDB's TRIM takes away."""
    with connect() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT letter FROM ({_LETTERS}) WHERE TRIM(letter) = '' ORDER BY ALL"
        ).fetchall()
    return "".join(row[0] for row in rows)


_LETTERS = (
    "SELECT CHR(CASE WHEN range BETWEEN 55296 AND 57343 THEN 1 ELSE CAST(range AS INTEGER) END) AS letter "
    "FROM RANGE(1, 1114112)"
)
"""SQL: every letter of Unicode; those left out are halves of letters in UTF-16 and none of their own."""


def _text(value: str) -> str:
    return literal(value.replace("\\", "\\\\"))
