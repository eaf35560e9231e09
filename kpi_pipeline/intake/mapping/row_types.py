"""How the text of a field becomes a date, a time or a number: SQL for DuckDB. What cannot be read becomes NULL.

Stricter than DuckDB's own casts, which drop what they do not know (`08:00 PM` is read as 08:00, a zone's name is
forgotten), round 2.7 to 3, and take `nan` for a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.core.sql.sql_text import identifier, literal
from kpi_pipeline.intake.contract import Column

_DATE = "____-__-__"
_CLOCKS = ("____-__-_____:__", "____-__-_____:__:__")
"""The shapes nearly every value has, as LIKE patterns: a regular expression for each value would be slow."""
_LOCAL = r"\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_INSTANT = _LOCAL + r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_BASIC = r"(19|20)\d{6}(\d{4}(\d{2})?)?"
"""ISO 8601 without its separators, as claims and HL7 write it: eight digits are a day and have one reading."""
_END_OF_DAY = r"\d{4}-\d{2}-\d{2}[ T]24:00(:00(\.0+)?)?"
"""ISO 8601 allows the hour 24:00: the first instant of the next day.

Nothing else is a time: a trailing PM or the name of a zone would be dropped without a word by the cast.
"""


def typed_sql(name: str, column: Column) -> Iterator[str]:
    """The SELECT items that make typed columns of the text column `name`; NULL where the text cannot be read.

    A moment `x` becomes `x` (TIMESTAMP as written; in UTC if it had an offset) and `x_kind` ('date', 'local' or
    'instant').
    """
    text, quoted = identifier(name), identifier(name)
    match column.type:
        case "id" | "text" | "code":
            yield f"{text} AS {quoted}"
        case "number":
            yield f"CASE WHEN ISFINITE(TRY_CAST({text} AS DOUBLE)) THEN TRY_CAST({text} AS DOUBLE) END AS {quoted}"
        case "integer":
            number = f"TRY_CAST({text} AS DOUBLE)"
            yield f"CASE WHEN {number} = FLOOR({number}) THEN TRY_CAST({number} AS BIGINT) END AS {quoted}"
        case "date":
            yield f"{_date(text)} AS {quoted}"
        case "month":
            month = f"CASE WHEN {text} LIKE '____-__' THEN TRY_CAST({text} || '-01' AS DATE) ELSE {_date(text)} END"
            yield f"CAST(DATE_TRUNC('month', {month}) AS DATE) AS {identifier(name)}"
        case "moment":
            yield from _moment(text, name)


def _date(text: str) -> str:
    """A date, or the day of a timestamp as written."""
    return (
        f"CASE WHEN {text} LIKE '{_DATE}' THEN TRY_CAST({text} AS DATE) "
        f"WHEN {_is_clock(text)} OR {_matches(text, _INSTANT)} THEN TRY_CAST(SUBSTR({text}, 1, 10) AS DATE) "
        f"WHEN {_matches(text, _BASIC)} THEN CAST(TRY_STRPTIME(SUBSTR({text}, 1, 8), '%Y%m%d') AS DATE) END"
    )


def _moment(text: str, name: str) -> Iterator[str]:
    joined = f"REPLACE(REPLACE({text}, ' +', '+'), ' -', '-')"
    midnight = f"TRY_CAST(SUBSTR({text}, 1, 10) AS TIMESTAMP) + INTERVAL 1 DAY"
    yield (
        f"CASE WHEN {text} LIKE '{_DATE}' OR {_is_clock(text)} THEN COALESCE(TRY_CAST({text} AS TIMESTAMP), "
        f"CASE WHEN {_matches(text, _END_OF_DAY)} THEN {midnight} END) "
        f"WHEN {_matches(text, _INSTANT)} THEN TRY_CAST({joined} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
        f"WHEN {_matches(text, _BASIC)} THEN {_basic_moment(text)} END AS {identifier(name)}"
    )
    yield (
        f"CASE WHEN {text} LIKE '{_DATE}' THEN 'date' WHEN {_is_clock(text)} THEN 'local' "
        f"WHEN {_matches(text, _INSTANT)} THEN 'instant' "
        f"WHEN {_matches(text, _BASIC)} THEN CASE LENGTH({text}) WHEN 8 THEN 'date' ELSE 'local' END END "
        f"AS {identifier(f'{name}_kind')}"
    )


def _basic_moment(text: str) -> str:
    """`20261031`, `202610311405` or `20261031140500`, by its length; the hour 24:00 is the next day's first."""
    day = f"TRY_STRPTIME(SUBSTR({text}, 1, 8), '%Y%m%d')"
    return (
        f"CASE WHEN LENGTH({text}) = 8 THEN {day} "
        f"WHEN SUBSTR({text}, 9) IN ('2400', '240000') THEN {day} + INTERVAL 1 DAY "
        f"WHEN LENGTH({text}) = 12 THEN TRY_STRPTIME({text}, '%Y%m%d%H%M') "
        f"ELSE TRY_STRPTIME({text}, '%Y%m%d%H%M%S') END"
    )


def _is_clock(text: str) -> str:
    shapes = " OR ".join(f"{text} LIKE '{shape}'" for shape in _CLOCKS)
    return f"({shapes} OR {_matches(text, _LOCAL)})"


def _matches(text: str, pattern: str) -> str:
    return f"REGEXP_FULL_MATCH({text}, {literal(pattern)})"
