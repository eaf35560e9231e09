"""Opens a landed file as a DuckDB relation of text columns plus `source_line`, and says what is wrong with it.

Whatever the format, every value arrives as text and empty text arrives as NULL; types are the contract's
matter (`staging`). A file with any fault is refused whole, before anything of it is staged.
"""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

import duckdb
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from kpi_pipeline.core.errors import Fault, InputError

SOURCE_LINE = "source_line"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINES_SHOWN = 5
_SHEET_ROW = "__sheet_row"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A readable file: its columns as the header gives them, and the SELECT that reads it as text."""

    name: str
    columns: tuple[str, ...]
    sql: str
    csv_path: Path | None = None
    warnings: tuple[str, ...] = ()


def open_file(path: Path, *, scratch: Path) -> OpenFile:
    """Opens CSV, Parquet or XLSX. `scratch` is a folder for the text copy of a workbook.

    Raises InputError with every fault of the file's shape: empty, not UTF-8, wrong delimiter, duplicate
    header, broken container. Faults inside rows are found when the rows are read (`read_faults`).
    """
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise InputError(Fault(path.name, "is empty: not even a header row.", "Export the file again."))
    if suffix == ".parquet":
        return _open_parquet(path)
    if suffix == ".xlsx":
        return _open_workbook(path, scratch)
    return _open_csv(path, name=path.name)


def read_faults(connection: duckdb.DuckDBPyConnection, file: OpenFile) -> list[Fault]:
    """The rows the last read of a CSV file had to leave out, as faults with line numbers and no contents."""
    if file.csv_path is None:
        return []
    rows = connection.execute(
        "SELECT line, error_type, error_message FROM reject_errors ORDER BY line LIMIT 100000"
    ).fetchall()
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    if not rows:
        return []
    lines = physical_lines(file.csv_path, [int(row[0]) - 1 for row in rows])
    by_kind: dict[str, list[int]] = {}
    for number, (_, kind, _) in zip(lines, rows, strict=True):
        by_kind.setdefault(str(kind), []).append(number)
    return [_row_fault(file.name, len(file.columns), kind, numbers) for kind, numbers in by_kind.items()]


def physical_lines(path: Path, row_numbers: list[int]) -> list[int]:
    """The line in the file on which each data row (1 = first after the header) begins; quoted fields may hold newlines."""
    wanted = set(row_numbers)
    found: dict[int, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream)
        number, start = -1, 1
        for row in reader:
            if row:
                number += 1
                if number in wanted:
                    found[number] = start
                    if len(found) == len(wanted):
                        break
            start = reader.line_num + 1
    return [found.get(number, number + 1) for number in row_numbers]


def count_lines(path: Path) -> int:
    """How many lines a text file has, a last one without newline included."""
    lines, last = 0, b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")


def _open_csv(path: Path, *, name: str) -> OpenFile:
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    header_bytes = head.lstrip(b"\xef\xbb\xbf").splitlines()[0] if head.strip() else b""
    encoding = _foreign_encoding(head)
    if encoding:
        raise InputError(Fault(name, f"is encoded as {encoding}, not UTF-8.", "Export or save it as UTF-8."))
    if not header_bytes:
        raise InputError(Fault(name, "is empty: not even a header row.", "Export the file again."))
    try:
        text = head.decode("utf-8-sig", errors="ignore")
        columns = [cell.strip() for cell in next(csv.reader(io.StringIO(text), strict=True))]
    except csv.Error as error:
        raise InputError(Fault(f"{name}:1", f"the header row cannot be read: {error}.", "Export it again.")) from error
    faults = _header_faults(name, columns)
    if faults:
        raise InputError(faults)
    return OpenFile(name, tuple(columns), _csv_sql(path, columns, line="ROW_NUMBER() OVER () + 1"), csv_path=path)


def _csv_sql(path: Path, columns: list[str], *, line: str) -> str:
    names = [f"c{index}" for index in range(len(columns))]
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    selected = ", ".join(
        f"NULLIF(TRIM({name}), '') AS {_identifier(column)}"
        for name, column in zip(names, columns, strict=True)
        if column != _SHEET_ROW
    )
    return (
        f"SELECT {line} AS {SOURCE_LINE}, {selected} FROM read_csv({_quoted(str(path))}, "
        f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
        f"store_rejects = true, columns = {{{spec}}})"
    )


def _open_parquet(path: Path) -> OpenFile:
    try:
        with duckdb.connect() as connection:
            columns = [
                row[0]
                for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_quoted(str(path))})").fetchall()
            ]
    except duckdb.Error as error:
        raise InputError(
            Fault(path.name, "is not a readable Parquet file (broken or cut short).", "Export the file again.")
        ) from error
    faults = _header_faults(path.name, columns)
    if faults:
        raise InputError(faults)
    selected = ", ".join(
        f"NULLIF(TRIM(CAST({_identifier(column)} AS VARCHAR)), '') AS {_identifier(column)}" for column in columns
    )
    sql = (
        f"SELECT file_row_number + 1 AS {SOURCE_LINE}, {selected} "
        f"FROM read_parquet({_quoted(str(path))}, file_row_number = true)"
    )
    return OpenFile(path.name, tuple(columns), sql)


def _open_workbook(path: Path, scratch: Path) -> OpenFile:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, zlib.error, OSError, KeyError, ValueError, SyntaxError) as error:
        raise InputError(
            Fault(path.name, "is not a readable Excel workbook (.xlsx).", "Save it again from Excel, or as CSV.")
        ) from error
    sheet = book.worksheets[0]
    rows = ((number, _cells(row)) for number, row in enumerate(sheet.iter_rows(values_only=True), start=1))
    filled = ((number, cells) for number, cells in rows if cells)
    _, columns = next(filled, (1, []))
    if not columns:
        raise InputError(Fault(path.name, "is empty: not even a header row.", "Export the file again."))
    faults = _header_faults(path.name, columns)
    copy = scratch / f"{path.stem}.xlsx.csv"
    too_long = []
    with copy.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow([_SHEET_ROW, *columns])
        for number, cells in filled:
            if len(cells) > len(columns):
                too_long.append(number)
            writer.writerow([number, *cells[: len(columns)], *[""] * (len(columns) - len(cells))])
    others = [other.title for other in book.worksheets[1:]]
    book.close()
    if too_long:
        faults.append(_row_fault(path.name, len(columns), "TOO MANY COLUMNS", too_long))
    if faults:
        raise InputError(faults)
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
        return value.isoformat(sep=" ") if (value.hour, value.minute, value.second) != (0, 0, 0) else f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _foreign_encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:200]:
        return "UTF-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4:  # not merely a character cut in two at the end of the sample
            return "Windows-1252 (cp1252)"
    return ""


def _header_faults(name: str, columns: list[str]) -> list[Fault]:
    if len(columns) == 1:
        for delimiter, word in _DELIMITERS.items():
            if delimiter in columns[0]:
                return [Fault(f"{name}:1", f"is separated by {word}, not commas.", "Export it as comma-separated CSV.")]
    faults = []
    folded = [column.lower() for column in columns]
    repeated = sorted({column for column in folded if folded.count(column) > 1 and column})
    if repeated:
        faults.append(Fault(f"{name}:1", f"has the column {', '.join(repeated)} more than once.", "Keep one of them."))
    if "" in folded:
        position = folded.index("") + 1
        faults.append(Fault(f"{name}:1", f"column {position} has no name.", "Give every column a name in the header."))
    return faults


def _row_fault(name: str, expected: int, kind: str, lines: list[int]) -> Fault:
    shown = ", ".join(str(number) for number in lines[:_LINES_SHOWN])
    more = f" and {len(lines) - _LINES_SHOWN} more" if len(lines) > _LINES_SHOWN else ""
    where = f"{name}:{lines[0]}"
    which = f"{'line' if len(lines) == 1 else 'lines'} {shown}{more}"
    if kind == "TOO MANY COLUMNS":
        return Fault(where, f"{which}: more fields than the {expected} of the header.", "Quote fields that hold commas.")
    if kind == "MISSING COLUMNS":
        return Fault(where, f"{which}: fewer fields than the {expected} of the header.", "Export the file again.")
    if kind == "INVALID ENCODING":
        return Fault(where, f"{which}: bytes that are not UTF-8; it looks like Windows-1252 (cp1252).", "Save it as UTF-8.")
    if kind == "UNQUOTED VALUE":
        return Fault(where, f"{which}: a quotation mark is not closed or stands inside a field.", "Double it, or close it.")
    return Fault(where, f"{which}: cannot be read ({kind.lower()}).", "Export the file again.")


def _identifier(name: str) -> str:
    return '"' + name.lower().replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
