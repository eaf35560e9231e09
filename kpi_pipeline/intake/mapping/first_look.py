"""What a file nobody has declared yet shows of itself: its header, its first rows, and what must be declared of it.

A header is told by the names of columns that other systems use; titles may stand above it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import parquet_file
from kpi_pipeline.intake.mapping.known_headers import joined
from kpi_pipeline.intake.reading.json_resources import JSON_ENDINGS
from kpi_pipeline.intake.reading.opened import empty_file
from kpi_pipeline.intake.reading.text_files import first_lines, rows_of_lines
from kpi_pipeline.intake.reading.workbooks import first_rows_of_sheets

_ROWS_SEEN = 200
_ROWS_SEARCHED = 30
"""A title, a date of print and a blank line stand above a header, not thirty rows."""

Numbered = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The header and the first rows as text; options: what landing.yaml must say beside the columns.

    doubts: option → why a person must look at it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    options: dict[str, str | int]
    doubts: dict[str, str]


def look_at(path: Path, known: frozenset[str], limits: Limits) -> FirstLook:
    """Raises InputError for what is no table, or is empty. known: names of columns, as `joined` writes them."""
    name = path.name
    if name.lower().endswith(JSON_ENDINGS):
        cure = "FHIR R4 is read as it is, without a mapping: kpi check --source fhir."
        raise InputError(Fault(name, "is JSON, which has no columns.", cure))
    if name.lower().endswith(".parquet"):
        return _look(_parquet_rows(path), {}, {}, name)
    if name.lower().endswith(".xlsx"):
        sheets = first_rows_of_sheets(path, limits, n_rows=_ROWS_SEEN)
        if not sheets:
            raise InputError(Fault(name, "has no visible sheet.", "Show the sheet that holds the table."))
        title = max(sheets, key=lambda one: _fit(sheets[one], known))
        found = _from_header(sheets[title], known)
        options: dict[str, str | int] = {"sheet": title} if len(sheets) > 1 else {}
        return _look(found, options | _header_row(sheets[title], found), {}, name)
    lines, encoding, must_declare = first_lines(path, limits)
    if lines and lines[0].lstrip().startswith("{"):
        raise InputError(Fault(name, "is JSON, which has no columns.", "Give a CSV, Excel (.xlsx) or Parquet file."))
    rows = max(rows_of_lines(lines), key=lambda one: _fit(one, known))
    found = _from_header(rows, known)
    options = {"encoding": encoding} if must_declare else {}
    doubts = {"encoding": "it is not UTF-8; look at a word with an accent"} if must_declare else {}
    return _look(found, options | _header_row(rows, found), doubts, name)


def _look(rows: Numbered, options: dict[str, str | int], doubts: dict[str, str], name: str) -> FirstLook:
    if not rows:
        raise InputError(empty_file(name))
    (_, header), *others = rows[: _ROWS_SEEN + 1]
    return FirstLook(tuple(header), tuple(tuple(cells) for _, cells in others), options, doubts)


def _parquet_rows(path: Path) -> Numbered:
    with connect(files=[path]) as connection:
        cursor = connection.execute(f"SELECT * FROM {parquet_file(path)} LIMIT ?", [_ROWS_SEEN])
        names = [str(column[0]) for column in cursor.description or []]
        rows = [["" if cell is None else str(cell) for cell in row] for row in cursor.fetchall()]
    return list(enumerate([names, *rows]))


def _n_known(cells: Iterable[str], known: frozenset[str]) -> int:
    return len({joined(cell) for cell in cells} & known)


def _fit(rows: Numbered, known: frozenset[str]) -> tuple[int, int]:
    """How many names of columns the header of some rows holds, and how many cells."""
    found = _from_header(rows, known)
    return (_n_known(found[0][1], known), len(found[0][1])) if found else (-1, 0)


def _from_header(rows: Numbered, known: frozenset[str]) -> Numbered:
    """The rows from the one with the most known names; where none is known, from the first of several cells."""
    searched = rows[:_ROWS_SEARCHED]
    counts = [_n_known(cells, known) for _, cells in searched]
    if any(counts):
        return rows[counts.index(max(counts)) :]
    several = [place for place, (_, cells) in enumerate(searched) if sum(map(bool, cells)) > 1]
    return rows[several[0] if several else 0 :]


def _header_row(rows: Numbered, found: Numbered) -> dict[str, str | int]:
    """The declaration of a header that is not the first row of the file."""
    return {"header_row": found[0][0]} if found and found[0] is not rows[0] else {}
