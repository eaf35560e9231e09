"""How a name, a text or a path becomes part of a SQL statement: the only place where data is made into SQL text.

A file's header, a folder's name and a facility's id are written by strangers. Wherever values can be bound (`?`),
bind them; where SQL wants a name, a path or a constant in its text, it comes from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

_PATTERN_CHARACTERS = re.compile(r"([\[*?])")


def identifier(name: str) -> str:
    """A column or table name between double quotes, whatever it holds."""
    _refuse_zero_byte(name)
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | bool | date | None) -> str:
    """A constant of SQL: text between single quotes, a number, a date, TRUE, FALSE or NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    _refuse_zero_byte(value)
    return "'" + value.replace("'", "''") + "'"


def list_literal(values: Iterable[str]) -> str:
    """A list of texts: `['a', 'b']`."""
    return f"[{', '.join(literal(value) for value in values)}]"


def path_literal(path: Path) -> str:
    """A path that is written to or attached: nothing in it is a pattern there."""
    return literal(str(path))


def file_literal(path: Path) -> str:
    """A path that is read: `[`, `*` and `?` of its name stand for themselves and match no other file."""
    return literal(escaped(path))


def escaped(path: Path) -> str:
    """A path whose pattern characters stand for themselves."""
    return _PATTERN_CHARACTERS.sub(r"[\1]", str(path))


def parquet_file(path: Path, *, with_row_numbers: bool = False) -> str:
    """The table function that reads exactly this Parquet file; a folder named `a=b` adds no column to it."""
    numbers = ", file_row_number = true" if with_row_numbers else ""
    return f"read_parquet({file_literal(path)}, hive_partitioning = false{numbers})"


def _refuse_zero_byte(text: str) -> None:
    if "\0" in text:  # DuckDB's parser ends there
        raise ValueError("a name in SQL cannot hold a zero byte")
