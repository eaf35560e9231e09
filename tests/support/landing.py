"""Writes tiny landing folders: tables as CSV text in the canonical layout, and `landing.yaml`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

Tables = Mapping[str, Sequence[Mapping[str, str | None]]]

REQUIRED_ENCOUNTER_COLUMNS = (
    "encounter_id",
    "person_id",
    "facility_id",
    "encounter_type",
    "admitted_at",
    "discharged_at",
)


def write_landing(folder: Path, tables: Tables, options: Mapping[str, Any] | None = None) -> Path:
    """One `<table>.csv` per table and, with options, a `landing.yaml`. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        write_rows(folder / f"{table}.csv", rows, columns=columns_of(table, rows))
    if options:
        (folder / "landing.yaml").write_text(yaml.safe_dump(dict(options)), encoding="utf-8")
    return folder


def columns_of(table: str, rows: Sequence[Mapping[str, str | None]]) -> list[str]:
    """The union of the rows' columns in order of appearance; encounters always have the required ones."""
    required = REQUIRED_ENCOUNTER_COLUMNS if table == "encounters" else ()
    return list(dict.fromkeys([*required, *(column for row in rows for column in row)]))


def write_rows(path: Path, rows: Sequence[Mapping[str, str | None]], *, columns: Sequence[str]) -> None:
    """One CSV file with a header; an absent value is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column) or "" for column in columns] for row in rows)
