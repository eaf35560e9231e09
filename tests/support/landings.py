"""Lands tiny files and says what intake made of them: staged rows, refused rows, faults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.ingest import IntakeResult, ingest
from kpi_pipeline.warehouse.build import build_tables

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""When every trial file arrives."""

HEADER = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at\n"
GOOD = "E1,P1,F1,acute inpatient,2026-10-01 08:00,2026-10-05 11:00\n"

Files = Mapping[str, str | bytes]


def line(
    encounter_id: str,
    *,
    person_id: str = "P1",
    facility_id: str = "F1",
    encounter_type: str = "acute inpatient",
    admitted_at: str = "2026-10-01 08:00",
    discharged_at: str = "2026-10-05 11:00",
) -> str:
    """One line of an encounters file with HEADER."""
    return f"{encounter_id},{person_id},{facility_id},{encounter_type},{admitted_at},{discharged_at}\n"


def encounters(*rows: str) -> Files:
    """A landing folder of one encounters file."""
    return {"encounters.csv": HEADER + "".join(rows)}


def land(folder: Path, files: Files) -> Path:
    """Writes the files byte for byte; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def take_in(
    folder: Path, files: Files, *, now: datetime = NOW, source: str | None = None, settings: Settings = Settings()
) -> IntakeResult:
    """Lands the files in `folder/landing` beside what is there and stages them into `folder/store`."""
    return ingest(land(folder / "landing", files), folder / "store", now=now, source=source, settings=settings)


def faults_of(folder: Path, files: Files, *, source: str | None = None) -> list[str]:
    """What intake says about a folder it refuses."""
    with pytest.raises(InputError) as caught:
        take_in(folder, files, source=source)
    return [str(fault) for fault in caught.value.faults]


def staged_rows(intake: IntakeResult, columns: str, table: str = "encounters") -> list[tuple[Any, ...]]:
    """Some columns of a table's staged rows, file by file, in the order of the file."""
    with duckdb.connect() as connection:
        return [
            row
            for file in sorted(intake.of_table(table), key=lambda file: file.file_name)
            for row in connection.execute(
                f"SELECT {columns} FROM read_parquet('{file.staged}') ORDER BY source_line"
            ).fetchall()
        ]


def refused_rows(intake: IntakeResult, table: str = "encounters") -> list[tuple[str, int, list[str], dict[str, Any]]]:
    """File, line, reasons and original row of a table's refused rows."""
    with duckdb.connect() as connection:
        return [
            (file.file_name, row[0], row[1], json.loads(row[2]))
            for file in sorted(intake.of_table(table), key=lambda file: file.file_name)
            for row in connection.execute(
                f"SELECT line, reasons, original_row FROM read_parquet('{file.quarantine}') ORDER BY line"
            ).fetchall()
        ]


def refusals(intake: IntakeResult, table: str = "encounters") -> dict[str, list[str]]:
    """encounter_id → reasons, for the refused rows of one table."""
    return {original["encounter_id"]: reasons for _, _, reasons, original in refused_rows(intake, table)}


@contextmanager
def tables_of(
    folder: Path,
    files: Files,
    *,
    settings: Settings = Settings(),
    source: str | None = None,
    reference: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse tables of a landing folder in memory: no metric values, nothing swapped in."""
    intake = take_in(folder, files, source=source)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        build_tables(connection, intake, reference=reference, settings=settings, built_at=NOW.isoformat())
        yield connection
