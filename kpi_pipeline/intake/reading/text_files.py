"""Opens a text file of rows: which encoding and delimiter, where the header is, and the SELECT that reads it.

UTF-8 with commas is read as it lies there. Anything else (UTF-16, another declared encoding, .gz, .zst, a footer)
is first copied as UTF-8 into the private scratch folder, line for line, so that line numbers stay the file's own.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.sql_text import file_literal, identifier, literal
from kpi_pipeline.intake.reading.opened import (
    SOURCE_LINE,
    OpenFile,
    TextShape,
    Wanted,
    copy_in,
    empty_file,
    header_faults,
    landed_name,
    trimmed_sql,
    without_empty_rows,
)
from kpi_pipeline.intake.reading.packed import is_packed, unpacked_chunks
from kpi_pipeline.intake.reading.row_faults import FAULTS_KEPT, MOST_FAULTS_KEPT
from kpi_pipeline.intake.reading.scan import Scan, exact_count, scan_file
from kpi_pipeline.intake.reading.table_options import TableOptions

_SAMPLE_BYTES = 1 << 16
_FIRST_BYTES = 1 << 20
_ROWS_SEARCHED = 30
"""A title, a date of print and a blank line stand above a header, not thirty lines."""
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.I)
_DELIMITERS = (",", ";", "\t", "|")
_MOST_FAULTS = f"COALESCE(getvariable('{FAULTS_KEPT}'), {MOST_FAULTS_KEPT})"
"""Reading goes on after so many rows that cannot be read, and keeps why; of none it stops at the first."""


def open_text(
    path: Path, *, name: str, scan: Scan, options: TableOptions, wanted: Wanted, scratch: Path, limits: Limits
) -> OpenFile:
    """Raises InputError with every fault of the file's shape: encoding, header, quotes that swallow rows."""
    source, is_copy = path, False
    if is_packed(path):
        source, is_copy = _unpacked(path, name, scratch, limits), True
    encoding = options.encoding or _encoding_of(source, name, wanted.table)
    if encoding != "utf-8" or options.skip_footer:
        source, is_copy = _copied(source, name, encoding, options.skip_footer, scratch), True
    if is_copy:
        scan = replace(scan_file(source, is_text=True), sha256=scan.sha256)
    lines = _first_lines(source)
    if not any(line.strip() for line in lines):
        raise InputError(empty_file(name))
    _refuse_carriage_returns(name, lines)
    shape = _shape(source, lines, options, wanted)
    columns = _header(name, lines, shape)
    faults = header_faults(f"{name}:{shape.skip + 1}", columns, delimiter=shape.delimiter)
    if faults:
        raise InputError(faults)
    records = scan.records - sum(1 for line in lines[: shape.skip] if line.strip())
    if not scan.is_plain:
        records, faults = exact_count(source, name=name, delimiter=shape.delimiter, skip=shape.skip)
        if faults:
            raise InputError(faults)
    every_row = csv_sql(shape, columns, is_printable=scan.is_printable)
    return OpenFile(
        name,
        tuple(columns),
        without_empty_rows(every_row, columns),
        every_row,
        records=records - 1,
        is_printable=scan.is_printable,
        text=shape,
        warnings=_skipped_lines(name, lines, shape, options),
    )


def csv_sql(shape: TextShape, columns: list[str], *, is_printable: bool) -> str:
    """The SELECT that reads every row as text. Its columns have names of our own until they are renamed."""
    names = [f"c{index}" for index in range(len(columns))]
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    selected = ", ".join(
        f"{trimmed_sql(name, is_printable=is_printable)} AS {identifier(landed_name(column))}"
        for name, column in zip(names, columns, strict=True)
    )
    return (
        f"SELECT ROW_NUMBER() OVER () + 1 AS {SOURCE_LINE}, {selected} "
        f"FROM read_csv({file_literal(shape.path)}, hive_partitioning = false, "
        f"auto_detect = false, header = true, delim = {literal(shape.delimiter)}, quote = '\"', escape = '\"', "
        f"strict_mode = true, skip = {literal(shape.skip)}, "
        f"store_rejects = ({_MOST_FAULTS} > 0), rejects_limit = {_MOST_FAULTS}, columns = {{{spec}}})"
    )


def first_lines(path: Path, limits: Limits) -> tuple[list[str], str, bool]:
    """The lines in the first megabyte of a file nobody has declared yet, the encoding they were read in, and whether it
    must be declared. Raises InputError for what is no text."""
    if is_packed(path):
        head = next(unpacked_chunks(path, path.name, limits), b"")
    else:
        with path.open("rb") as stream:
            head = stream.read(_FIRST_BYTES)
    encoding, line = _told_encoding(head)
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="ignore")
    if "\0" in text:
        raise InputError(Fault(path.name, "is not a text file.", "Give a CSV, Excel (.xlsx) or Parquet file."))
    lines = io.StringIO(text, newline="").readlines()
    return (lines[:-1] if len(head) >= _FIRST_BYTES and len(lines) > 1 else lines), encoding, line is not None


def rows_of_lines(lines: list[str]) -> list[list[tuple[int, list[str]]]]:
    """The filled rows of some lines with the number of the line each begins on: once for each delimiter they may have.

    A line `sep=;` is no row, and says which delimiter it is.
    """
    separator = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    read = []
    for delimiter in (separator[1],) if separator else _DELIMITERS:
        rows: list[tuple[int, list[str]]] = []
        reader = csv.reader(lines[1:] if separator else lines, delimiter=delimiter)
        number = first = 2 if separator else 1
        try:
            for row in reader:
                cells = [cell.strip() for cell in row]
                if any(cells):
                    rows.append((number, cells))
                number = first + reader.line_num
        except csv.Error:
            pass  # a quotation mark that swallows the rest: what came before it is what there is to look at
        read.append(rows)
    return read


def _told_encoding(head: bytes) -> tuple[str, int | None]:
    """The encoding of a text by its first bytes; and the line where they show that it must be declared, else None."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", None
    if head[:200].count(0) > 50:
        return ("utf-16-be" if head[0] == 0 else "utf-16-le"), 1
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4:  # not merely a character cut in two at the end of the sample
            return "cp1252", head[: error.start].count(b"\n") + 1
    return "utf-8", None


def _encoding_of(path: Path, name: str, table: str) -> str:
    """The encoding of a file that declares none. Raises InputError where it cannot be told from the first bytes."""
    with path.open("rb") as stream:
        encoding, line = _told_encoding(stream.read(_SAMPLE_BYTES))
    if line is None:
        return encoding
    where, word = (f"{name}:{line}", "Windows-1252 (cp1252)") if encoding == "cp1252" else (name, "UTF-16")
    raise InputError(Fault(where, f"is encoded as {word}, not UTF-8.", _declare(table, f"encoding: {encoding}")))


def _declare(table: str, line: str) -> str:
    return f"Save it as UTF-8, or write in landing.yaml: tables: {{{table}: {{{line}}}}}."


def _unpacked(path: Path, name: str, scratch: Path, limits: Limits) -> Path:
    """A packed file's content in the scratch folder; a bomb is stopped at the limit."""
    target = copy_in(scratch, path, "unpacked")
    with target.open("wb") as copy:
        copy.writelines(unpacked_chunks(path, name, limits))
    return target


def _copied(source: Path, name: str, encoding: str, skip_footer: int, scratch: Path) -> Path:
    """The file's lines as UTF-8, the same lines but for those of the footer."""
    target = copy_in(scratch, source, "utf8")
    number = 0
    try:
        with (
            source.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as stream,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            held: list[str] = []
            filled = 0
            for line in stream:
                number += 1
                held.append(line)
                filled += bool(line.strip())
                while filled > skip_footer:
                    first = held.pop(0)
                    filled -= bool(first.strip())
                    copy.write(first)
    except (UnicodeError, ValueError) as error:
        what = f"has bytes that are not {encoding}."
        raise InputError(Fault(f"{name}:{number + 1}", what, "Declare the encoding it was saved in.")) from error
    return target


def _first_lines(path: Path) -> list[str]:
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES * 16)
    return io.StringIO(head.decode("utf-8-sig", errors="ignore"), newline="").readlines() if head else []


def _refuse_carriage_returns(name: str, lines: list[str]) -> None:
    if lines[0].endswith("\r") and not any(line.endswith("\n") for line in lines):
        what = "ends in a carriage return alone, as on old Macs."
        raise InputError(Fault(f"{name}:1", what, "Save it with LF or CRLF line ends."))


def _shape(path: Path, lines: list[str], options: TableOptions, wanted: Wanted) -> TextShape:
    """The delimiter and the header's place: as declared, else as the known column names prove them."""
    separator = _SEPARATOR_LINE.fullmatch(lines[0])
    delimiters = (options.delimiter,) if options.delimiter else (separator[1],) if separator else _DELIMITERS
    if options.header_row is not None:
        skip = options.header_row - 1
        line = lines[skip] if skip < len(lines) else ""
        return TextShape(path, max(delimiters, key=lambda one: (wanted.n_known(_cells(line, one)), one == ",")), skip)
    first = 1 if separator else 0
    while first < len(lines) and not lines[first].strip():
        first += 1
    best = max(
        delimiters,
        key=lambda one: (wanted.n_known(_cells(lines[first] if first < len(lines) else "", one)), one == ","),
    )
    if first < len(lines) and not wanted.n_known(_cells(lines[first], best)):
        for number, line in enumerate(lines[first : first + _ROWS_SEARCHED], start=first):
            for delimiter in delimiters:
                if wanted.is_header(_cells(line, delimiter)):
                    return TextShape(path, delimiter, number)
    return TextShape(path, best, first)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _header(name: str, lines: list[str], shape: TextShape) -> list[str]:
    if shape.skip >= len(lines):
        what = f"has {len(lines):,} lines; line {shape.skip + 1} was to be the header."
        raise InputError(Fault(name, what, "Correct `header_row` in landing.yaml."))
    try:
        reader = csv.reader(lines[shape.skip :], delimiter=shape.delimiter, strict=True)
        return [cell.strip() for cell in next(reader)]
    except (csv.Error, StopIteration) as error:
        what = "the header row has a quotation mark that is not closed, or text after a closing one."
        raise InputError(Fault(f"{name}:{shape.skip + 1}", what, "Close it, or export the file again.")) from error


def _skipped_lines(name: str, lines: list[str], shape: TextShape, options: TableOptions) -> tuple[Notice, ...]:
    is_told = options.header_row is not None or all(
        not line.strip() or _SEPARATOR_LINE.fullmatch(line) for line in lines[: shape.skip]
    )
    if is_told:
        return ()
    found = {"unit": "lines", "header_row": str(shape.skip + 1)}
    return (Notice("rows_above_header", file=name, details=found),)
