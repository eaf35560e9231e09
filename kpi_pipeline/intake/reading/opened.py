"""What a reader hands on: a file's columns, the SELECT that reads it as text, and how many rows it must give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier

SOURCE_LINE = "source_line"
MOST_COLUMNS = 2_000
"""More are no table of records: a sheet formatted to its last column, or a file made to fill memory."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """How the UTF-8 text is cut that DuckDB reads: where it is, its delimiter, and the lines above the header."""

    path: Path
    delimiter: str = ","
    skip: int = 0


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A readable file. `sql` gives its rows as text under `landed_name` of each column, with `source_line`.

    records: how many rows were counted independently of the database, None where nobody can. is_printable: no value
    holds anything but printable signs of ASCII; false: who knows. text: the text that is
    read, if it is one whose lines people know (a workbook's copy is not). every_row_sql: the rows before those
    without a single value are left out.
    """

    name: str
    columns: tuple[str, ...]
    sql: str
    every_row_sql: str
    records: int | None = None
    is_printable: bool = False
    text: TextShape | None = None
    json_path: Path | None = None
    warnings: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file's header is recognised by: names its table knows, and those it must have, in lower case."""

    known: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    table: str = "encounters"

    def n_known(self, cells: Sequence[str]) -> int:
        """How many of the names are known."""
        return len({cell.strip().lower() for cell in cells} & self.known)

    def is_header(self, cells: Iterable[str]) -> bool:
        """Whether every required name is there."""
        return bool(self.required) and self.required <= {cell.strip().lower() for cell in cells}


def landed_name(header: str) -> str:
    """What a column is called in the view `landed`: in lower case, and never as our own number of the line."""
    name = header.lower()
    return f"{name} of the file" if name == SOURCE_LINE else name


def copy_in(scratch: Path, path: Path, ending: str) -> Path:
    """Where a copy of a landing file lies: named after its whole path: no two share one, and none is too long."""
    return scratch / f"{hashlib.sha256(str(path).encode(errors='surrogateescape')).hexdigest()[:24]}.{ending}"


def trimmed_sql(text: str, *, is_printable: bool = False) -> str:
    """A value without the blanks around it, NULL where nothing is left.

    Trimming looks at every sign of a value; most values show by their ends, and by being ASCII, that it need not.
    """
    is_ascii = "" if is_printable else f" AND STRLEN({text}) = LENGTH({text})"
    is_bare = f"{text} >= '!' AND NOT ENDS_WITH({text}, ' '){is_ascii}"
    return f"CASE WHEN {is_bare} THEN {text} ELSE NULLIF(TRIM({text}), '') END"


def without_empty_rows(sql: str, columns: Sequence[str]) -> str:
    """The SELECT without rows that have no value at all: lines of commas alone, as cleared cells leave them."""
    nothing = " AND ".join(f"{identifier(landed_name(column))} IS NULL" for column in columns)
    return f"SELECT * FROM ({sql}) WHERE NOT ({nothing})"


def empty_file(name: str) -> Fault:
    """The fault of a file without a header row."""
    return Fault(name, "is empty: not even a header row.", "Export the file again.")


def header_faults(where: str, columns: list[str], *, delimiter: str = ",") -> list[Fault]:
    """Faults of a header row. Names are told by position: where the header is missing they are a patient's data."""
    words = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ",": "commas"}
    if len(columns) == 1:
        for other, word in words.items():
            if other != delimiter and other in columns[0]:
                what = f"is separated by {word}, not {words.get(delimiter, repr(delimiter))}."
                return [Fault(where, what, "Give the columns our names, or declare `delimiter` in landing.yaml.")]
    if len(columns) > MOST_COLUMNS:
        what = f"has {len(columns):,} columns; a table of records has at most {MOST_COLUMNS:,}."
        return [Fault(where, what, "Remove the columns that are empty or not needed.")]
    positions: dict[str, list[int]] = {}
    for position, column in enumerate(columns, start=1):
        positions.setdefault(column.lower(), []).append(position)
    faults = [
        Fault(where, f"column {position} has no name.", "Give every column a name in the header row.")
        for position in positions.pop("", [])
    ]
    faults += [
        Fault(
            where,
            f"column {position} has a control character in its name.",
            "Write the names with letters, digits and blanks.",
        )
        for position, column in enumerate(columns, start=1)
        if any(ord(character) < 32 or ord(character) == 127 for character in column)
    ]
    return faults + [
        Fault(
            where,
            f"columns {' and '.join(map(str, same))} have the same name; upper and lower case count as the same.",
            "Keep one of them, or rename the other.",
        )
        for same in positions.values()
        if len(same) > 1
    ]
