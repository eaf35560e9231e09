"""Opens a landed file as a DuckDB relation of text columns plus `source_line`, and says what is wrong with it.

Whatever the format, every value arrives as text and empty text arrives as NULL; types are the contract's
matter (`staging`). A file with any fault is refused whole, before anything of it is staged.
"""

from __future__ import annotations

import csv
import io
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

import duckdb
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from kpi_pipeline.core.connections import connect
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql_text import file_literal, identifier, parquet_file
from kpi_pipeline.intake.json_resources import JSON_COLUMNS, is_json, json_sql
from kpi_pipeline.intake.row_faults import physical_lines, row_fault

SOURCE_LINE = "source_line"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SHEET_ROW = "__sheet_row"
_SAMPLE_BYTES = 1 << 16
_BROKEN_WORKBOOK = (
    InvalidFileException,
    BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    SyntaxError,  # what an XML parser raises
)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A readable file: its columns as the header gives them, and the SELECT that reads it as text."""

    name: str
    columns: tuple[str, ...]
    sql: str
    csv_path: Path | None = None
    json_path: Path | None = None
    warnings: tuple[str, ...] = ()


def open_file(path: Path, *, scratch: Path) -> OpenFile:
    """Opens CSV, Parquet, XLSX or JSON resources. `scratch` is a folder for the text copy of a workbook.

    Raises InputError with every fault of the file's shape: empty, not UTF-8, wrong delimiter, duplicate
    header, broken container. Faults inside rows are found when the rows are read (`read_faults`).
    """
    if is_json(path):
        return OpenFile(path.name, JSON_COLUMNS, json_sql(path), json_path=path)
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise InputError(_empty(path.name))
    if suffix == ".parquet":
        return _open_parquet(path)
    if suffix == ".xlsx":
        return _open_workbook(path, scratch)
    return _open_csv(path)


def landed_name(header: str) -> str:
    """What a column is called in the view `landed`: in lower case, and never as our own number of the line."""
    name = header.lower()
    return f"{name} of the file" if name == SOURCE_LINE else name


def read_faults(connection: duckdb.DuckDBPyConnection, files: list[OpenFile]) -> list[Fault]:
    """The rows the last reads of CSV files had to leave out, as faults with line numbers and no contents."""
    by_path = {str(file.csv_path): file for file in files if file.csv_path is not None}
    if not by_path:
        return []
    rows = connection.execute(
        "SELECT DISTINCT file_path, CAST(error_type AS VARCHAR), line FROM reject_errors "
        "INNER JOIN reject_scans USING (scan_id, file_id) ORDER BY ALL LIMIT 100000"
    ).fetchall()
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    by_kind: dict[tuple[str, str], list[int]] = {}
    for path, kind, line in rows:
        by_kind.setdefault((path, kind), []).append(int(line) - 1)
    faults = []
    for (path, kind), row_numbers in by_kind.items():
        file = by_path[path]
        faults.append(row_fault(file.name, len(file.columns), kind, physical_lines(Path(path), row_numbers)))
    return faults


def broken_parquet(name: str) -> Fault:
    """The fault of a Parquet file that cannot be read, or not to its end."""
    return Fault(name, "is not a readable Parquet file (broken or cut short).", "Export the file again.")


def _empty(name: str) -> Fault:
    return Fault(name, "is empty: not even a header row.", "Export the file again.")


def _open_csv(path: Path) -> OpenFile:
    name = path.name
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    fault = _text_fault(name, head)
    if fault is not None:
        raise InputError(fault)
    try:
        text = io.StringIO(head.decode("utf-8-sig", errors="ignore"), newline="")
        columns = [cell.strip() for cell in next(csv.reader(text, strict=True))]
    except csv.Error as error:
        what = "the header row has a quotation mark that is not closed, or text after a closing one."
        raise InputError(Fault(f"{name}:1", what, "Close it, or export the file again.")) from error
    faults = _header_faults(f"{name}:1", columns)
    if faults:
        raise InputError(faults)
    return OpenFile(name, tuple(columns), _csv_sql(path, columns, line="ROW_NUMBER() OVER () + 1"), csv_path=path)


def _text_fault(name: str, head: bytes) -> Fault | None:
    """What is wrong with the first bytes of a text file."""
    is_every_other_byte_zero = head[:200].count(0) > 50
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or is_every_other_byte_zero:
        return Fault(name, "is encoded as UTF-16, not UTF-8.", "Export or save it as UTF-8.")
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4:  # not merely a character cut in two at the end of the sample
            line = head[: error.start].count(b"\n") + 1
            what = "is encoded as Windows-1252 (cp1252), not UTF-8."
            return Fault(f"{name}:{line}", what, "Export or save it as UTF-8.")
    text = head.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        return _empty(name)
    if b"\n" not in text and b"\r" in text:
        return Fault(
            f"{name}:1", "ends in a carriage return alone, as on old Macs.", "Save it with LF or CRLF line ends."
        )
    if not text.splitlines()[0].strip():
        return Fault(f"{name}:1", "is blank; the header row must come first.", "Remove the lines above the header row.")
    return None


def _csv_sql(path: Path, columns: list[str], *, line: str) -> str:
    names = [f"c{index}" for index in range(len(columns))]
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    selected = ", ".join(
        f"NULLIF(TRIM({name}), '') AS {identifier(landed_name(column))}"
        for name, column in zip(names, columns, strict=True)
        if column != _SHEET_ROW
    )
    return (
        f"SELECT {line} AS {SOURCE_LINE}, {selected} FROM read_csv({file_literal(path)}, hive_partitioning = false, "
        f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
        f"store_rejects = true, columns = {{{spec}}})"
    )


def _open_parquet(path: Path) -> OpenFile:
    try:
        with connect(files=[path]) as connection:
            columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {parquet_file(path)}").fetchall()]
    except duckdb.Error as error:
        raise InputError(broken_parquet(path.name)) from error
    faults = _header_faults(path.name, columns)
    if faults:
        raise InputError(faults)
    selected = ", ".join(
        f"NULLIF(TRIM(CAST({identifier(column)} AS VARCHAR)), '') AS {identifier(landed_name(column))}"
        for column in columns
    )
    sql = f"SELECT file_row_number + 1 AS {SOURCE_LINE}, {selected} FROM {parquet_file(path, with_row_numbers=True)}"
    return OpenFile(path.name, tuple(columns), sql)


def _open_workbook(path: Path, scratch: Path) -> OpenFile:
    """Copies the first sheet of a workbook into a CSV file that carries each row's number in the sheet."""
    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            sheet = book.worksheets[0]
            rows = ((number, _cells(row)) for number, row in enumerate(sheet.iter_rows(values_only=True), start=1))
            filled = [(number, cells) for number, cells in rows if cells]
            others = [other.title for other in book.worksheets[1:]]
    except _BROKEN_WORKBOOK as error:
        cure = "Save it again from Excel, without a password, or as CSV."
        raise InputError(Fault(path.name, "is not a readable Excel workbook (.xlsx).", cure)) from error
    if not filled:
        raise InputError(_empty(path.name))
    header_row, columns = filled.pop(0)
    faults = _header_faults(f"{path.name}:{header_row}", columns)
    too_long = [number for number, cells in filled if len(cells) > len(columns)]
    if too_long:
        faults.append(row_fault(path.name, len(columns), "CELLS PAST HEADER", too_long))
    if faults:
        raise InputError(faults)
    copy = scratch / f"{path.name}.csv"
    with copy.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow([_SHEET_ROW, *columns])
        writer.writerows([number, *cells, *[""] * (len(columns) - len(cells))] for number, cells in filled)
    warning = (f"{path.name}: only the first sheet is read; {', '.join(others)} left aside.",) if others else ()
    sql = _csv_sql(copy, [_SHEET_ROW, *columns], line="CAST(c0 AS BIGINT)")
    return OpenFile(path.name, tuple(columns), sql, warnings=warning)


def _cells(row: tuple[object, ...]) -> list[str]:
    cells = [_cell_text(value).strip() for value in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (
            value.isoformat(sep=" ") if (value.hour, value.minute, value.second) != (0, 0, 0) else f"{value:%Y-%m-%d}"
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _header_faults(where: str, columns: list[str]) -> list[Fault]:
    """Faults of a header row. Names are told by position: where the header is missing they are a patient's data."""
    if len(columns) == 1:
        for delimiter, word in _DELIMITERS.items():
            if delimiter in columns[0]:
                return [Fault(where, f"is separated by {word}, not commas.", "Export it as comma-separated CSV.")]
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
