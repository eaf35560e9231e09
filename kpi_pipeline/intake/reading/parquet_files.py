"""Opens a Parquet file: its columns as text, and the rows its footer declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import is_disk_full
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.reading.opened import (
    SOURCE_LINE,
    OpenFile,
    Wanted,
    header_faults,
    landed_name,
    without_empty_rows,
)


def open_parquet(path: Path, *, name: str, wanted: Wanted, limits: Limits) -> OpenFile:
    """Raises InputError when the file is broken, its footer declares more than the limits allow, a name stands twice,
    or a known column holds more than one value in a row.
    """
    records, size, schema = _declared(path, name)
    if size > limits.unpacked_gb * 1_000_000_000:
        what = f"declares {size / 1e9:,.1f} GB when unpacked, more than {limits.unpacked_gb:g} GB."
        raise InputError(Fault(name, what, "Split it, or raise limits: unpacked_gb in kpi.yaml."))
    try:
        with connect(files=[path]) as connection:
            kinds = dict(_kinds(connection, path))
    except duckdb.Error as error:
        if is_disk_full(error):
            raise
        raise InputError(broken_parquet(name)) from error
    columns = list(kinds)
    faults = [*header_faults(name, schema.names), *_many_valued(name, kinds, wanted), *_durations(name, schema, wanted)]
    if faults:
        raise InputError(faults)
    selected = ", ".join(
        f"NULLIF(TRIM(CAST({identifier(column)} AS VARCHAR)), '') AS {identifier(landed_name(column))}"
        for column in columns
    )
    sql = f"SELECT file_row_number + 1 AS {SOURCE_LINE}, {selected} FROM {parquet_file(path, with_row_numbers=True)}"
    return OpenFile(name, tuple(columns), without_empty_rows(sql, columns), sql, records=records)


def _kinds(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[str, str]]:
    """Column → type, as DuckDB reads them; of two with one name the second has a number after it."""
    for column, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {parquet_file(path)}").fetchall():
        yield column, kind


def _many_valued(name: str, kinds: Mapping[str, str], wanted: Wanted) -> Iterator[Fault]:
    """Lists, structures and maps where a table must have one value: written out, they would pass for a value."""
    for column, kind in kinds.items():
        if column.lower() in wanted.known and (kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))):
            what = f"column {column} holds several values in a row (a list, a structure or a map)."
            yield Fault(name, what, "Export one value for each row in a column of its own.")


def _durations(name: str, schema: pyarrow.Schema, wanted: Wanted) -> Iterator[Fault]:
    """Lengths of time (a timedelta of pandas): Parquet knows none, so that 2 hours would pass for 7,200,000,000,000."""
    for field in schema:
        if field.name.lower() in wanted.known and pyarrow.types.is_duration(field.type):
            what = f"column {field.name} holds lengths of time, which Parquet stores as bare numbers."
            yield Fault(name, what, "Export it as a number in the column's unit (docs/data_dictionary.md).")


def broken_parquet(name: str) -> Fault:
    """The fault of a Parquet file that cannot be read, or not to its end."""
    return Fault(name, "is not a readable Parquet file (broken or cut short).", "Export the file again.")


def _declared(path: Path, name: str) -> tuple[int, int, pyarrow.Schema]:
    """Rows, unpacked bytes and columns, as the footer says: another library reads it than reads the rows."""
    try:
        footer = pyarrow.parquet.read_metadata(path)
        size = sum(footer.row_group(n).total_byte_size for n in range(footer.num_row_groups))
        return footer.num_rows, size, footer.schema.to_arrow_schema()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(broken_parquet(name)) from error
