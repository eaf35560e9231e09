"""Brings published code lists into a reference folder: `kpi reference import KIND PATH`.

A file is read whole and judged whole; only a faultless one is stored, and stored in one step: the new
Parquet file first, then `provenance.yaml`, which alone says what counts. Importing the same file again
changes nothing.
Not here: what each kind holds (the `*_reader.py` files), how imports overlay what is shipped (`store.py`).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import path_literal
from kpi_pipeline.reference.ccs_reader import read_ccs_maps
from kpi_pipeline.reference.dataset import Dataset, Reading
from kpi_pipeline.reference.elixhauser_reader import read_elixhauser
from kpi_pipeline.reference.fiscal_year_reader import read_hrrp_benchmarks, read_ms_drg_table5
from kpi_pipeline.reference.provenance import ReferenceTable, sha256_of_file, write_provenance
from kpi_pipeline.reference.risk_model_file import read_risk_model_terms
from kpi_pipeline.reference.store import TABLE_COLUMNS, read_imported
from kpi_pipeline.reference.value_set_reader import read_readmission_value_sets

KINDS: Mapping[str, str] = {
    "readmission-value-sets": "folder of the nine readmissions__*.csv lists; may take effect from a date",
    "ccs-icd10": "AHRQ's ICD-10-CM and ICD-10-PCS maps to CCS: a folder, or one of the two files",
    "ccs-icd9": "AHRQ's ICD-9-CM diagnosis and procedure maps to CCS: a folder, or one of the two files",
    "ms-drg-table5": "CMS IPPS Table 5 of one fiscal year: MS-DRG weights and mean lengths of stay",
    "elixhauser": "AHRQ's reference workbook of the Elixhauser comorbidities, CMR-Reference-File-v2026-1.xlsx",
    "risk-model": "a risk model as `kpi risk fit` wrote it, or that another hospital gives you",
    "benchmarks-hrrp": "CMS Hospital Readmissions Reduction Program, hospital results of one fiscal year",
}
"""The kinds of file that can be imported, and what each is."""

_KINDS_OF_A_YEAR = ("ms-drg-table5", "benchmarks-hrrp")
_KINDS_FROM_A_DATE = ("readmission-value-sets",)
_FOLDER_KINDS = ("readmission-value-sets", "ccs-icd10", "ccs-icd9")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: the records now in the store, the names of those it changed, and notes to show."""

    kind: str
    tables: tuple[ReferenceTable, ...]
    changed: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows the imported files hold together."""
        return sum(table.rows for table in self.tables)


def import_reference(
    kind: str,
    path: Path,
    store_folder: Path,
    *,
    imported_at: datetime,
    fiscal_year: int | None = None,
    effective_from: date | None = None,
) -> ImportResult:
    """Checks the published file or folder and stores it; every fault found is in one InputError.

    fiscal_year: for the yearly kinds, when neither the file's name nor its header says it.
    effective_from: the first discharge date of imported value sets; without it they hold for every date.
    """
    _refuse_wrong_arguments(kind, path, fiscal_year=fiscal_year, effective_from=effective_from)
    reading = _read(kind, path, fiscal_year=fiscal_year, effective_from=effective_from)
    if reading.faults:
        raise InputError(reading.faults)
    existing = {table.name: table for table in read_imported(store_folder)} if store_folder.exists() else {}
    store_folder.mkdir(parents=True, exist_ok=True)
    tables = [
        _store(dataset, store_folder, existing.get(dataset.name), kind=kind, imported_at=imported_at)
        for dataset in reading.datasets
    ]
    changed = tuple(table.name for table in tables if table != existing.get(table.name))
    if changed:
        after = existing | {table.name: table for table in tables}
        write_provenance(store_folder, after.values())
        for name in {table.file for table in existing.values()} - {table.file for table in after.values()}:
            (store_folder / name).unlink()
    return ImportResult(kind, tuple(tables), changed, reading.notes)


def _refuse_wrong_arguments(kind: str, path: Path, *, fiscal_year: int | None, effective_from: date | None) -> None:
    if kind not in KINDS:
        raise InputError(Fault("kind", f"must be one of {', '.join(KINDS)}; got {kind!r}."))
    faults = []
    if not path.exists():
        faults.append(Fault(str(path), "there is no such file or folder.", "Check the path."))
    elif path.is_dir() and kind not in _FOLDER_KINDS:
        faults.append(Fault(str(path), f"is a folder; {kind} is one file.", "Name the file itself."))
    if fiscal_year is not None and kind not in _KINDS_OF_A_YEAR:
        faults.append(Fault("fiscal year", f"means nothing for {kind}.", "Leave it out."))
    if effective_from is not None and kind not in _KINDS_FROM_A_DATE:
        faults.append(Fault("effective from", f"means nothing for {kind}.", "Leave it out."))
    if faults:
        raise InputError(faults)


def _read(kind: str, path: Path, *, fiscal_year: int | None, effective_from: date | None) -> Reading:
    if kind == "readmission-value-sets":
        return read_readmission_value_sets(path, effective_from)
    if kind == "ms-drg-table5":
        return read_ms_drg_table5(path, fiscal_year)
    if kind == "benchmarks-hrrp":
        return read_hrrp_benchmarks(path, fiscal_year)
    if kind == "elixhauser":
        return read_elixhauser(path)
    if kind == "risk-model":
        return read_risk_model_terms(path)
    return read_ccs_maps(kind, path)


def _store(
    dataset: Dataset, folder: Path, existing: ReferenceTable | None, *, kind: str, imported_at: datetime
) -> ReferenceTable:
    """Puts the file in the folder under a name that holds its hash, so that no stored file is ever overwritten."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".importing-") as building:
        table = write_dataset(
            dataset,
            Path(building),
            f"{dataset.name}.parquet",
            source=", ".join(path.name for path in dataset.files),
            how_built=f"Imported as {kind}, checked and stored unchanged.",
        )
        table = table.model_copy(
            update={
                "file": f"{dataset.name}.{table.sha256[:12]}.parquet",
                "kind": kind,
                "source_sha256": _sha256_of_files(dataset.files),
                "imported_at": imported_at,
            }
        )
        if existing is not None and table.model_copy(update={"imported_at": existing.imported_at}) == existing:
            return existing
        (Path(building) / f"{dataset.name}.parquet").replace(folder / table.file)
    return table


def _sha256_of_files(paths: tuple[Path, ...]) -> str:
    """The hash of one file; of several, the hash of their names and hashes, sorted by name."""
    if len(paths) == 1:
        return sha256_of_file(paths[0])
    lines = sorted(f"{path.name} {sha256_of_file(path)}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_dataset(dataset: Dataset, folder: Path, file_name: str, *, source: str, how_built: str) -> ReferenceTable:
    """Writes the rows, sorted, as Parquet under the name; returns the record of the file."""
    columns = TABLE_COLUMNS[dataset.table]
    selected = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items())
    building = folder / f"{file_name}.{os.getpid()}.building"
    with connect(folders=[folder], threads=1) as connection:
        connection.register("dataset_rows", dataset.frame)
        connection.execute(
            f"COPY (SELECT {selected} FROM dataset_rows ORDER BY {', '.join(columns)}) TO {path_literal(building)} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19)"
        )
    building.replace(folder / file_name)
    return ReferenceTable(
        name=dataset.name,
        table=dataset.table,
        file=file_name,
        title=dataset.title,
        version=dataset.version,
        effective_from=dataset.effective_from,
        effective_to=dataset.effective_to,
        publisher=dataset.publisher,
        source=source,
        licence=dataset.licence,
        how_built=how_built,
        rows=len(dataset.frame),
        sha256=sha256_of_file(folder / file_name),
    )
