"""What is wrong with the rows of a staged file as a whole: parts of records, places that cannot be used."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.sql_text import parquet_file
from kpi_pipeline.core.text.glyphs import font_folder, named_characters, printable_characters
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile
from kpi_pipeline.intake.reading.row_faults import physical_lines
from kpi_pipeline.intake.staged.one_row_each import conflict_fault
from kpi_pipeline.intake.staged.staged_files import StagedFile

_IN_LETTERS = "Write it in Latin, Greek or Cyrillic letters."


def conflict_faults(staged: StagedFile, opened: OpenFile, limit_pct: float) -> list[Fault]:
    """The fault of a file whose rows of one key are parts of a record and not versions of it."""
    conflicts = staged.conflicts
    if conflicts is None or not conflicts.exceed(limit_pct):
        return []
    lines = list(conflicts.rows)
    if opened.text is not None:
        lines = physical_lines(opened.text, [line - 1 for line in lines])
    return [conflict_fault(opened.name, conflicts, load_contracts()[staged.table], lines)]


def place_faults(connection: duckdb.DuckDBPyConnection, staged: StagedFile, opened: OpenFile) -> list[Fault]:
    """The rows of facilities and units that cannot be used: a clock nobody knows, a name that cannot be printed."""
    name = {"facilities": "facility_name", "units": "unit_name"}.get(staged.table)
    if name is None:
        return []
    rows_sql = parquet_file(staged.staged)
    found = connection.execute(f"SELECT {SOURCE_LINE}, {name} FROM {rows_sql} WHERE {name} IS NOT NULL").fetchall()
    what = {int(line): _unprintable_words(name, str(text)) for line, text in found}
    faults = {line: Fault("", words, _IN_LETTERS) for line, words in what.items() if words}
    if staged.table == "facilities":
        zones = connection.execute(
            f"SELECT {SOURCE_LINE}, time_zone FROM {rows_sql} "
            "WHERE time_zone NOT IN (SELECT name FROM pg_timezone_names())"
        ).fetchall()
        faults |= {
            int(line): Fault("", f"{zone!r} is not a time zone.", "Write it like America/New_York.")
            for line, zone in zones
        }
    numbers = sorted(faults)
    lines = numbers if opened.text is None else physical_lines(opened.text, [number - 1 for number in numbers])
    return [replace(faults[number], where=f"{opened.name}:{line}") for number, line in zip(numbers, lines, strict=True)]


def _unprintable_words(column: str, text: str) -> str:
    missing = set(text) - printable_characters(font_folder())
    missing |= {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")}
    missing -= set(" \t\n\r\v\f")
    return f"{column} holds characters that cannot be printed: {named_characters(missing)}." if missing else ""
