"""Reads text files as if nothing were wrong with them; only where something is, their lines are looked at one by one.

DuckDB keeps the lines it cannot read outside of its memory limit: gigabytes, for a file of nothing else. So it is asked
to stop at the first, and they are looked for here, without it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.intake.reading.opened import OpenFile, TextShape
from kpi_pipeline.intake.reading.readers import read_faults
from kpi_pipeline.intake.reading.row_faults import FAULTS_KEPT, MOST_FAULTS_KEPT, row_fault
from kpi_pipeline.intake.reading.scan import LONGEST_RECORD, MOST_LINES_OF_A_RECORD

_LINE_ENDS = "LINE ENDS"
"""Lines that end in different ways: what they hold is not looked at (`row_faults.unreadable_fault`)."""


def read_rows(connection: duckdb.DuckDBPyConnection, statement: str, files: Sequence[OpenFile]) -> list[Fault]:
    """Runs a statement that reads these files; the faults of the lines that cannot be read, if there are any.

    Raises what DuckDB raises for any other reason.
    """
    connection.execute(f"SET VARIABLE {FAULTS_KEPT} = 0")
    try:
        connection.execute(statement)
        return []
    except duckdb.InvalidInputException:
        faults = [fault for file in files for fault in _line_faults(file)]
        if faults:
            return faults
    finally:
        connection.execute(f"RESET VARIABLE {FAULTS_KEPT}")
    connection.execute(statement)  # DuckDB sees what is not seen here
    return read_faults(connection, list(files))


def _line_faults(file: OpenFile) -> list[Fault]:
    """One fault for each kind of trouble; of very many lines the first ones."""
    if file.text is None:
        return []
    lines_of: dict[str, list[int]] = {}
    for line, kind in islice(broken_lines(file.text, len(file.columns)), MOST_FAULTS_KEPT):
        lines_of.setdefault(kind, []).append(line)
    is_all = sum(map(len, lines_of.values())) < MOST_FAULTS_KEPT
    if lines_of.pop(_LINE_ENDS, None) and is_all:
        return []
    return [row_fault(file.name, len(file.columns), kind, lines, is_all=is_all) for kind, lines in lines_of.items()]


def broken_lines(text: TextShape, n_columns: int) -> Iterator[tuple[int, str]]:
    """Line and kind of trouble of every row that is none, in the words of `row_faults`."""
    delimiter = text.delimiter.encode()
    for line, row in _rows(text):
        if b"\r" in row.rstrip(b"\r\n") and b'"' not in row:
            yield line, _LINE_ENDS
            continue
        if len(row) > LONGEST_RECORD:
            yield line, "LINE SIZE OVER MAXIMUM"
            continue
        try:
            decoded = row.decode()
            n_fields = len(next(csv.reader([decoded], delimiter=text.delimiter, strict=True))) if b'"' in row else 0
        except UnicodeDecodeError:
            yield line, "INVALID ENCODING"
            continue
        except csv.Error:
            yield line, "UNQUOTED VALUE"
            continue
        n_fields = n_fields or row.count(delimiter) + 1
        if n_fields != n_columns:
            yield line, "MISSING COLUMNS" if n_fields < n_columns else "TOO MANY COLUMNS"


def _rows(text: TextShape) -> Iterator[tuple[int, bytes]]:
    """Every row below the header that is not blank, with the line it begins on. A quoted field may hold newlines."""
    with text.path.open("rb") as stream:
        held, begins, is_header = b"", 0, True
        for number, line in enumerate(stream, start=1):
            if number <= text.skip:
                continue
            begins = begins if held else number
            held += line
            n_lines = number - begins + 1
            is_open = held.count(b'"') % 2 and n_lines <= MOST_LINES_OF_A_RECORD and len(held) <= LONGEST_RECORD
            if is_open:
                continue
            if held.strip(b"\r\n") and not is_header:
                yield begins, held
            is_header = is_header and not held.strip(b"\r\n")
            held = b""
        if held:
            yield begins, held
