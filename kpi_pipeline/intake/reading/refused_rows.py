"""Writes the rows a file's contract refuses: every reason, the physical line, and the row as it was sent."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kpi_pipeline.core.files import replace_file
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file, path_literal
from kpi_pipeline.intake.reading.json_resources import json_lines
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile, landed_name
from kpi_pipeline.intake.reading.readers import read_faults
from kpi_pipeline.intake.reading.row_faults import count_lines, physical_lines


def write_refused_rows(
    connection: duckdb.DuckDBPyConnection, checked: Path, target: Path, opened: OpenFile, n_rows: int, rows_read: int
) -> None:
    """Writes the refused rows with every reason, their physical line and the original row as JSON."""
    names = [identifier(landed_name(column)) for column in opened.columns]
    packed = ", ".join(
        f"{identifier(column.lower())} := landed.{identifier(landed_name(column))}" for column in opened.columns
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT checked.{SOURCE_LINE}, STRING_SPLIT(checked.reasons, ' ') AS reasons, CAST(NULL AS BIGINT) AS line,
            CAST(to_json(STRUCT_PACK({packed})) AS VARCHAR) AS original_row
        FROM (SELECT {SOURCE_LINE}, reasons FROM {parquet_file(checked)} WHERE reasons IS NOT NULL) AS checked
        INNER JOIN (SELECT {SOURCE_LINE}, {", ".join(names)} FROM ({opened.sql})) AS landed USING ({SOURCE_LINE})
        """
        if n_rows
        else f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT CAST(NULL AS BIGINT) AS {SOURCE_LINE}, CAST(NULL AS VARCHAR[]) AS reasons,
            CAST(NULL AS BIGINT) AS line, CAST(NULL AS VARCHAR) AS original_row WHERE false"""
    )
    if n_rows:
        read_faults(connection, [opened])
        _set_physical_lines(connection, opened, rows_read)
    building = target.with_name(f".{target.name}.building")
    connection.execute(f"COPY refused TO {path_literal(building)} (FORMAT parquet)")
    replace_file(building, target)


def _set_physical_lines(connection: duckdb.DuckDBPyConnection, opened: OpenFile, rows_read: int) -> None:
    if opened.json_path is not None:
        rows = [int(row[0]) for row in connection.execute(f"SELECT DISTINCT {SOURCE_LINE} FROM refused").fetchall()]
        lines = json_lines(opened.json_path, rows)
        connection.executemany(
            f"UPDATE refused SET line = ? WHERE {SOURCE_LINE} = ?", list(zip(lines, rows, strict=True))
        )
        return
    if opened.text is None:
        connection.execute(f"UPDATE refused SET line = {SOURCE_LINE}")
        return
    above = opened.text.skip
    if count_lines(opened.text.path) == rows_read + 1 + above:
        connection.execute(f"UPDATE refused SET line = {SOURCE_LINE} + ?", [above])
        return
    rows = [int(row[0]) for row in connection.execute(f"SELECT DISTINCT {SOURCE_LINE} FROM refused").fetchall()]
    lines = physical_lines(opened.text, [row - 1 for row in rows])
    connection.executemany(f"UPDATE refused SET line = ? WHERE {SOURCE_LINE} = ?", list(zip(lines, rows, strict=True)))
