"""Looks at everything that lies staged in a store, and removes what is damaged, so that the next build reads it again.

A build verifies the files it uses; this looks at the others, too, and at what killed runs left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import parquet_file
from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.intake.ingest import only_one_in
from kpi_pipeline.intake.staged.landing import REGISTER, read_register
from kpi_pipeline.intake.staged.staged_files import StagedFile, read_record

_OWN = (".json", ".parquet")


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What was found. n_sound: staged files whose rows are those of their record. found: one line for each that was
    damaged or left over, in words; all of them were removed."""

    n_sound: int
    found: tuple[str, ...]


def verify_store(store: Path) -> StoreCheck:
    """Verifies every staged file by its record (hashes and rows) and the register. Removes what is damaged.

    Raises WarehouseError while a build is filling it, InputError where the register of arrivals is damaged: only a
    backup
    has it.
    """
    if not store.is_dir():
        return StoreCheck(0, ())
    with only_one_in(store):
        return _verify(store)


def _verify(store: Path) -> StoreCheck:
    read_register(store / REGISTER)
    n_sound = 0
    found = []
    for record in sorted((store / "staged").glob("*/*.json")):
        staged, damage = read_record(record, arrived_at="", file_name=record.stem)
        damage = damage or (_wrong_counts(staged) if staged is not None else "")
        if not damage:
            n_sound += 1
            continue
        for path in record.parent.glob(f"{record.stem}.*"):
            path.unlink()
        found.append(f"{record.parent.name}/{record.stem}: {damage}; removed, its file will be read again")
    for folder in sorted((store / "staged").glob("*")):
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            key = path.name.split(".")[0]
            if path.suffix not in _OWN or not key or not (folder / f"{key}.json").is_file():
                path.unlink()
                found.append(f"{folder.name}/{path.name}: left behind by a run that was broken off; removed")
    return StoreCheck(n_sound, tuple(found))


def _wrong_counts(staged: StagedFile) -> str:
    """What is wrong with a staged file whose bytes are those that were written."""
    with connect(files=[staged.staged, staged.quarantine]) as connection:
        for path, recorded in ((staged.staged, staged.rows_staged), (staged.quarantine, staged.rows_quarantined)):
            try:
                rows = int(connection.execute(f"SELECT COUNT(*) FROM {parquet_file(path)}").fetchall()[0][0])
            except duckdb.Error:
                return "rows of it in the store cannot be read"
            if rows != recorded:
                return f"holds {format_count(rows, 'rows')}, but its record says {recorded:,}"
    return ""
