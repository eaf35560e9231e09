"""What is known of each reference file: `provenance.yaml`, read, checked and written.

Lives here: the record of one file and the file of records. Not here: what is in the tables (`store.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_list, render_yaml

PROVENANCE_FILE = "provenance.yaml"
_HEAD = "# Where each reference file beside this one comes from. Written by the program; a changed file is refused.\n"


class ReferenceTable(BaseModel):
    """One reference file: what it holds, from whom, for which dates, and the hash that proves it.

    `name` is unique; an imported file replaces the shipped one of the same name. `table` is the table
    it fills. `effective_from` and `effective_to` are both included; None means no limit.
    `sha256` is of the file itself; `source_sha256` of what it was made from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    table: Annotated[str, Field(pattern=r"^reference_[a-z_]+$")]
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+\.(parquet|csv)$")]
    title: str
    version: str
    effective_from: date | None = None
    effective_to: date | None = None
    publisher: str
    source: str
    licence: str
    how_built: str
    rows: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    kind: str | None = None
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    imported_at: datetime | None = None


def read_provenance(folder: Path) -> list[ReferenceTable]:
    """The records of a folder, each file present and unchanged; every fault is reported at once."""
    path = folder / PROVENANCE_FILE
    where = shown_path(path)
    try:
        entries = read_list(path, of="reference files", first_key="name")
    except DefinitionError as error:
        raise DefinitionError([replace(fault, cure=_IMPORT_AGAIN) for fault in error.faults]) from error
    tables: list[ReferenceTable] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, start=1):
        try:
            tables.append(ReferenceTable.model_validate(entry))
        except ValidationError as error:
            faults += faults_of(f"{where}, entry {number}", error)
    faults += [fault for table in tables if (fault := _fault_of_file(folder / table.file, table)) is not None]
    names = [table.name for table in tables]
    faults += [
        Fault(where, f"names {name} more than once.", _IMPORT_AGAIN)
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if faults:
        raise DefinitionError(faults)
    return tables


def write_provenance(folder: Path, tables: Iterable[ReferenceTable]) -> None:
    """Replaces `provenance.yaml` in one step, sorted by name."""
    entries = [table.model_dump(mode="python", exclude_none=True) for table in sorted(tables, key=lambda t: t.name)]
    text = _HEAD + render_yaml(entries)
    building = folder / f"{PROVENANCE_FILE}.{os.getpid()}.building"
    building.write_text(text, encoding="utf-8")
    building.replace(folder / PROVENANCE_FILE)


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_IMPORT_AGAIN = "Import the file again with `kpi reference import`."


def _fault_of_file(path: Path, table: ReferenceTable) -> Fault | None:
    where = shown_path(path)
    if not path.is_file():
        return Fault(where, f"is missing, but {PROVENANCE_FILE} names it as {table.name}.", _IMPORT_AGAIN)
    if sha256_of_file(path) != table.sha256:
        return Fault(where, f"is not the file {PROVENANCE_FILE} describes: its SHA-256 differs.", _IMPORT_AGAIN)
    return None
