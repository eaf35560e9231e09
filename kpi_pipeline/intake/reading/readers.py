"""Opens a landed file as a SELECT of text columns plus `source_line`, and says what is wrong with it.

Whatever the format, every value arrives as text and empty text arrives as NULL; types are the contract's
matter (`staging`). A file with any fault is refused whole, before anything of it is staged.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.intake.reading.json_resources import JSON_COLUMNS, is_json, json_sql
from kpi_pipeline.intake.reading.opened import OpenFile, Wanted, empty_file
from kpi_pipeline.intake.reading.parquet_files import open_parquet
from kpi_pipeline.intake.reading.row_faults import MOST_FAULTS_KEPT, physical_lines, row_fault
from kpi_pipeline.intake.reading.scan import Scan
from kpi_pipeline.intake.reading.table_options import TableOptions
from kpi_pipeline.intake.reading.text_files import open_text
from kpi_pipeline.intake.reading.workbooks import open_workbook

_NO_OPTIONS, _NOTHING_WANTED, _LIMITS = TableOptions(), Wanted(), Limits()
_NOT_TEXT = (".parquet", ".xlsx", ".gz", ".zst")


def is_plain_text(path: Path) -> bool:
    """Whether the bytes of the file are lines of text whose records can be counted as they lie there."""
    return not is_json(path) and path.suffix.lower() not in _NOT_TEXT


def open_file(
    path: Path,
    *,
    scan: Scan,
    scratch: Path,
    name: str | None = None,
    options: TableOptions = _NO_OPTIONS,
    wanted: Wanted = _NOTHING_WANTED,
    limits: Limits = _LIMITS,
) -> OpenFile:
    """Opens text, Parquet, XLSX or JSON resources; `name` is how messages name it, `scratch` a private folder.

    Raises InputError with every fault of the file's shape: empty, another encoding, duplicate header, broken
    container. Faults inside rows are found when the rows are read (`read_faults`).
    """
    name = name or path.name
    if is_json(path):
        sql = json_sql(path, name, limits)
        return OpenFile(name, JSON_COLUMNS, sql, sql, json_path=path)
    if scan.state.size == 0:
        raise InputError(empty_file(name))
    match path.suffix.lower():
        case ".parquet":
            return open_parquet(path, name=name, wanted=wanted, limits=limits)
        case ".xlsx":
            return open_workbook(path, name=name, options=options, wanted=wanted, scratch=scratch, limits=limits)
        case _:
            return open_text(path, name=name, scan=scan, options=options, wanted=wanted, scratch=scratch, limits=limits)


def read_faults(connection: duckdb.DuckDBPyConnection, files: list[OpenFile]) -> list[Fault]:
    """The rows the last reads of text files had to leave out, as faults with line numbers and no contents."""
    by_path = {str(file.text.path): file for file in files if file.text is not None}
    if not by_path:
        return []
    rows = connection.execute(
        "SELECT DISTINCT file_path, CAST(error_type AS VARCHAR), line FROM reject_errors "
        "INNER JOIN reject_scans USING (scan_id, file_id) ORDER BY ALL"
    ).fetchall()
    ((n_kept,),) = connection.execute("SELECT COUNT(*) FROM reject_errors").fetchall()
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    by_kind: dict[tuple[str, str], list[int]] = {}
    for path, kind, line in rows:
        by_kind.setdefault((path, kind), []).append(int(line) - 1)
    faults = []
    for (path, kind), row_numbers in by_kind.items():
        file = by_path[path]
        assert file.text is not None
        lines = physical_lines(file.text, row_numbers)
        faults.append(row_fault(file.name, len(file.columns), kind, lines, is_all=n_kept < MOST_FAULTS_KEPT))
    return faults
