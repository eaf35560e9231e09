"""Opens an Excel workbook as people send it: finds the sheet and the header row, and says what was left aside.

The rows are copied into a text file in the scratch folder that carries each row's number in the sheet.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import is_disk_full
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.sql_text import file_literal, identifier
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.intake.reading.opened import (
    SOURCE_LINE,
    OpenFile,
    Wanted,
    copy_in,
    empty_file,
    header_faults,
    landed_name,
    trimmed_sql,
    without_empty_rows,
)
from kpi_pipeline.intake.reading.row_faults import row_fault
from kpi_pipeline.intake.reading.table_options import TableOptions
from kpi_pipeline.intake.reading.workbook_limits import refuse_large, refuse_rows_out_of_order

_BROKEN = (
    InvalidFileException,
    BadZipFile,
    RuntimeError,  # of a part that is locked, or packed in a way nobody knows
    zlib.error,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,  # what an XML parser raises
)
_ROWS_SEARCHED = 50
_CELLS_SHOWN = 5
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!"})
_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>')
_FARTHEST_CELLS = 50_000_000
"""So many cells, nearly all of them empty, are read in some seconds; formatting far to the right makes more."""
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    part: str
    header_row: int
    n_above: int
    is_found: bool


def open_workbook(
    path: Path, *, name: str, options: TableOptions, wanted: Wanted, scratch: Path, limits: Limits
) -> OpenFile:
    """Raises InputError with all faults of the sheet that holds the table."""
    try:
        refuse_large(path, name, limits)
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            chosen, warnings = _choose(book, name, options, wanted)
            refuse_rows_out_of_order(path, name, title=chosen.title, part=chosen.part)
            copy = copy_in(scratch, path, "csv")
            columns, n_rows, n_errors = _copied(book[chosen.title], name, chosen, options, copy)
        faults = _cell_faults(path, name, chosen)
    except _BROKEN as error:
        if is_disk_full(error):
            raise
        raise InputError(_unreadable(name)) from error
    if faults:
        raise InputError(faults)
    if chosen.n_above and options.header_row is None:
        found = {"unit": "rows", "header_row": str(chosen.header_row)}
        warnings.append(Notice("rows_above_header", file=name, details=found))
    if n_errors:
        warnings.append(Notice("cells_with_errors", file=name, counts={"cells": n_errors}))
    every_row = _copy_sql(copy, columns)
    return OpenFile(
        name,
        tuple(columns),
        without_empty_rows(every_row, columns),
        every_row,
        records=n_rows,
        warnings=tuple(warnings),
    )


def first_rows_of_sheets(path: Path, limits: Limits, *, n_rows: int) -> dict[str, list[tuple[int, list[str]]]]:
    """The first filled rows of each visible sheet with their numbers, of a workbook nobody has declared yet."""
    try:
        refuse_large(path, path.name, limits)
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            return {
                sheet.title: [(number, cells) for number, cells in _rows(sheet, last=n_rows) if cells]
                for sheet in book.worksheets
                if sheet.sheet_state == "visible"
            }
    except _BROKEN as error:
        if is_disk_full(error):
            raise
        raise InputError(_unreadable(path.name)) from error


def _unreadable(name: str) -> Fault:
    cure = "Save it again from Excel, without a password, or as CSV."
    return Fault(name, "is not a readable Excel workbook (.xlsx).", cure)


def _choose(book: Any, name: str, options: TableOptions, wanted: Wanted) -> tuple[_Sheet, list[Notice]]:
    sheets = list(book.worksheets)
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if options.sheet is not None:
        if options.sheet not in book.sheetnames:
            cure = "Correct `sheet` in landing.yaml."
            what = f"has no sheet {options.sheet!r}; it has {', '.join(book.sheetnames)}."
            raise InputError(Fault(name, what, cure))
        return _found(book[options.sheet], options, wanted), []
    if not visible:
        raise InputError(Fault(name, "has no visible sheet.", "Show the sheet, or declare `sheet` in landing.yaml."))
    read = [_found(sheet, options, wanted) for sheet in visible]
    fitting = [sheet for sheet in read if sheet.is_found]
    if len(fitting) > 1:
        titles = join_words([sheet.title for sheet in fitting])
        what = f"the sheets {titles} all hold {wanted.table}."
        cure = (
            f"Say which: tables: {{{wanted.table}: {{sheet: {fitting[0].title}}}}} in landing.yaml, or save each apart."
        )
        raise InputError(Fault(name, what, cure))
    chosen = fitting[0] if fitting else read[0]
    others = tuple(
        f"{sheet.title} (hidden)" if sheet.sheet_state != "visible" else sheet.title
        for sheet in sheets
        if sheet.title != chosen.title
    )
    aside = Notice("sheets_left_aside", file=name, columns=others, details={"sheet": chosen.title})
    return chosen, [aside] if others else []


def _found(sheet: Any, options: TableOptions, wanted: Wanted) -> _Sheet:
    """Where a sheet's header is: as declared, else the first row with every required name, else the first filled."""
    part = str(getattr(sheet, "_worksheet_path", ""))
    if options.header_row is not None:
        return _Sheet(sheet.title, part, options.header_row, n_above=0, is_found=True)
    filled = 0
    first = 0
    for number, cells in _rows(sheet, last=_ROWS_SEARCHED):
        if wanted.is_header(cells):
            return _Sheet(sheet.title, part, number, n_above=filled, is_found=True)
        if cells:
            filled += 1
            first = first or number
    return _Sheet(sheet.title, part, first or 1, n_above=0, is_found=False)


def _rows(sheet: Any, *, last: int | None = None) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # a sheet that says it is 16,384 columns wide would be padded to them
    n_cells = n_filled = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=last), start=1):
        cells = [_cell_text(value).strip() for value in row]
        n_cells += len(cells)
        while cells and not cells[-1]:
            cells.pop()
        n_filled += len(cells)
        if n_cells > _FARTHEST_CELLS and n_cells > 20 * n_filled:
            what = f"the sheet {sheet.title} has cells far to the right of its data, in {number:,} rows."
            raise InputError(Fault(sheet.title, what, "Delete the columns to the right, or save it as CSV."))
        yield number, cells


def _copied(sheet: Any, name: str, chosen: _Sheet, options: TableOptions, target: Path) -> tuple[list[str], int, int]:
    """The rows below the header as text, with their numbers; how many they are, and how many cells were errors."""
    columns: list[str] = []
    too_long: list[int] = []
    held: list[list[str]] = []
    n_rows = n_errors = 0
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        for number, cells in _rows(sheet):
            if number < chosen.header_row or not cells:
                continue
            if number == chosen.header_row or not columns:
                columns = cells
                faults = header_faults(f"{name}:{number}", columns)
                if faults:
                    raise InputError(faults)
                writer.writerow(["row", *(f"c{index}" for index in range(len(columns)))])
                continue
            if len(cells) > len(columns):
                too_long.append(number)
                continue
            errors = sum(cell in _ERRORS for cell in cells)
            if errors:
                n_errors += errors
                cells = ["" if cell in _ERRORS else cell for cell in cells]
            held.append([str(number), *cells, *[""] * (len(columns) - len(cells))])
            if len(held) > options.skip_footer:
                writer.writerow(held.pop(0))
                n_rows += 1
    if not columns:
        raise InputError(empty_file(name))
    if too_long:
        raise InputError(row_fault(name, len(columns), "CELLS PAST HEADER", too_long))
    return columns, n_rows, n_errors


def _copy_sql(copy: Path, columns: list[str]) -> str:
    names = [f"c{index}" for index in range(len(columns) + 1)]
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    selected = ", ".join(
        f"{trimmed_sql(name)} AS {identifier(landed_name(column))}"
        for name, column in zip(names[1:], columns, strict=True)
    )
    return (
        f"SELECT CAST(c0 AS BIGINT) AS {SOURCE_LINE}, {selected} "
        f"FROM read_csv({file_literal(copy)}, hive_partitioning = false, auto_detect = false, header = true, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {{{spec}}})"
    )


def _cell_faults(path: Path, name: str, chosen: _Sheet) -> list[Fault]:
    """Formulas without a stored value and merged cells among the rows: both would be read as empty."""
    with ZipFile(path) as archive:
        xml = archive.read(chosen.part.lstrip("/")) if chosen.part else b""
    faults = []
    formulas = [match.decode() for match in _CELL.findall(xml)] if b"<f" in xml else []
    if formulas:
        shown = _some(formulas)
        what = f"the sheet {chosen.title} has formulas without a stored value: {shown}."
        faults.append(Fault(name, what, "Open it in Excel and save it, or paste the values."))
    merged = [
        f"{first}{top}:{last}{bottom}"
        for first, top, last, bottom in (tuple(part.decode() for part in match) for match in _MERGED.findall(xml))
        if int(bottom) > chosen.header_row
    ]
    if merged:
        shown = _some(merged)
        what = f"the sheet {chosen.title} has merged cells among its rows: {shown}."
        faults.append(Fault(name, what, "Unmerge them and fill in the value on every row."))
    return faults


def _some(cells: list[str]) -> str:
    more = len(cells) - _CELLS_SHOWN
    return ", ".join(cells[:_CELLS_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # Excel keeps 08:30 as a fraction of a day: 08:29:59.999996
        whole = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        has_clock = (whole.hour, whole.minute, whole.second) != (0, 0, 0)
        return f"{whole:%Y-%m-%d %H:%M:%S}" if has_clock else f"{whole:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
