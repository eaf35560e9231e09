"""Opens a Parquet file: its columns as text, and the rows its footer declares."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import is_disk_full
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile, header_faults, landed_name, without_empty_rows


def open_parquet(path: Path, *, name: str, limits: Limits) -> OpenFile:
    """Raises InputError when the file is broken or its footer declares more than the limits allow."""
    records, size = _declared(path, name)
    if size > limits.unpacked_gb * 1_000_000_000:
        what = f"declares {size / 1e9:,.1f} GB when unpacked, more than {limits.unpacked_gb:g} GB."
        raise InputError(Fault(name, what, "Split it, or raise limits: unpacked_gb in kpi.yaml."))
    try:
        with connect(files=[path]) as connection:
            columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {parquet_file(path)}").fetchall()]
    except duckdb.Error as error:
        if is_disk_full(error):
            raise
        raise InputError(broken_parquet(name)) from error
    faults = header_faults(name, columns)
    if faults:
        raise InputError(faults)
    selected = ", ".join(
        f"NULLIF(TRIM(CAST({identifier(column)} AS VARCHAR)), '') AS {identifier(landed_name(column))}"
        for column in columns
    )
    sql = f"SELECT file_row_number + 1 AS {SOURCE_LINE}, {selected} FROM {parquet_file(path, with_row_numbers=True)}"
    return OpenFile(name, tuple(columns), without_empty_rows(sql, columns), sql, records=records)


def broken_parquet(name: str) -> Fault:
    """The fault of a Parquet file that cannot be read, or not to its end."""
    return Fault(name, "is not a readable Parquet file (broken or cut short).", "Export the file again.")


def _declared(path: Path, name: str) -> tuple[int, int]:
    """Rows and unpacked bytes, as the footer says: read by another library than the one that reads the rows."""
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    try:
        footer = pyarrow.parquet.read_metadata(path)
        return footer.num_rows, sum(footer.row_group(n).total_byte_size for n in range(footer.num_row_groups))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(broken_parquet(name)) from error
