"""How a column writes its numbers: `1,234.50` or `1.234,50`. Found out from all its values, or declared, never guessed.

One value that can be read in one way alone proves the form of the whole column (`1,234.50`, `1.234,50`, `12,5`); a
value that contradicts it takes the proof away. `1,234` alone proves nothing: it may be a thousand or one and a bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

from kpi_pipeline.core.sql.sql_text import literal

_SIGN = r"[-+]?"
_POINT = rf"{_SIGN}(\d{{1,3}}(,\d{{3}})+|\d+)(\.\d*)?|{_SIGN}\.\d+"
_COMMA = rf"{_SIGN}(\d{{1,3}}([. ']\d{{3}})+|\d+)(,\d*)?|{_SIGN},\d+"
_DRESS = r"[$€£\s\x{00A0}\x{202F}]"
"""Signs of money and blanks, as in `$ 1,234.50`; parentheses are the bookkeeper's minus."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """The sign before the decimals; the other one, if it is there, parts the thousands."""

    decimal: Literal[".", ","]


def plain_number_sql(raw: str, form: NumberForm) -> str:
    """The SQL of a number as DuckDB reads it (`-1234.5`), or the value as it was written where it has another form."""
    bare = _bare_sql(raw)
    pattern = _POINT if form.decimal == "." else _COMMA
    plain = (
        f"REPLACE({bare}, ',', '')"
        if form.decimal == "."
        else f"REPLACE(REGEXP_REPLACE({bare}, {literal(chr(91) + '. ' + chr(39) + chr(93))}, '', 'g'), ',', '.')"
    )
    return f"CASE WHEN REGEXP_FULL_MATCH({bare}, {literal(pattern)}) THEN {plain} ELSE {raw} END"


def find_number_form(connection: duckdb.DuckDBPyConnection, rows_sql: str, raw: str) -> tuple[NumberForm | None, bool]:
    """The one form that all readable values of a column have and some value proves; None where there is none.

    The second answer: whether the column is in doubt, its values being readable in two ways.

    rows_sql: the SELECT of all rows; raw: the SQL of the column in it.
    """
    bare = _bare_sql(raw)
    only_point = rf"({_POINT})"
    row = connection.execute(
        f"""SELECT
            COUNT(*) FILTER (WHERE is_point AND NOT is_comma),
            COUNT(*) FILTER (WHERE is_comma AND NOT is_point),
            COUNT(*) FILTER (WHERE is_point AND is_comma AND has_separator),
            COUNT(*) FILTER (WHERE is_dressed)
        FROM (
            SELECT
                REGEXP_FULL_MATCH({bare}, {literal(only_point)}) AS is_point,
                REGEXP_FULL_MATCH({bare}, {literal(_COMMA)}) AS is_comma,
                CONTAINS({bare}, ',') OR CONTAINS({bare}, '.') AS has_separator,
                {bare} <> {raw} AS is_dressed
            FROM ({rows_sql})
            WHERE {raw} IS NOT NULL
        )"""
    ).fetchall()[0]
    n_point, n_comma, n_either, n_dressed = (int(n) for n in row)
    if n_point and n_comma:
        return None, True
    if n_point or n_comma:
        return NumberForm("." if n_point else ","), False
    if n_either:
        return None, True
    return (NumberForm("."), False) if n_dressed else (None, False)


def _bare_sql(raw: str) -> str:
    """The number without signs of money, with the bookkeeper's parentheses or a trailing minus as a minus before it."""
    undressed = f"REGEXP_REPLACE({raw}, {literal(_DRESS)}, '', 'g')"
    return f"REGEXP_REPLACE({undressed}, '^\\((.*)\\)$|^(.+)-$', '-\\1\\2')"
