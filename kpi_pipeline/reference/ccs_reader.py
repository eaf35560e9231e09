"""Reads AHRQ's maps of ICD codes to CCS categories, ICD-10 and ICD-9.

Not here: reading text and checking shapes (`source_files.py`), writing to the store (`importer.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.reference import source_files as shapes
from kpi_pipeline.reference.dataset import Dataset, Reading, repeats
from kpi_pipeline.reference.source_files import Column, lost_zeros, read_source_rows, without_repeats


@dataclass(frozen=True, slots=True)
class _CcsMap:
    """One published map of codes to CCS categories, known by its file name."""

    name: str
    table: str
    code_system: str
    title: str
    code: Column
    ccs: Column
    patterns: tuple[str, ...]


_CCS_MAPS = {
    "ccs-icd10": (
        _CcsMap(
            "ccs_diagnosis_icd10",
            "reference_ccs_diagnosis",
            "icd10cm",
            "ICD-10-CM diagnosis codes to CCS categories",
            Column("code", ("icd_10_cm", "icd_10_cm_code"), shapes.ICD10CM),
            Column("ccs", ("ccs_diagnosis_category", "ccs_category"), shapes.CCS),
            ("*icd_10_cm_to_ccs*.csv", "ccs_dx_icd10cm_*.csv"),
        ),
        _CcsMap(
            "ccs_procedure_icd10",
            "reference_ccs_procedure",
            "icd10pcs",
            "ICD-10-PCS procedure codes to CCS categories",
            Column("code", ("icd_10_pcs", "icd_10_pcs_code"), shapes.ICD10PCS),
            Column("ccs", ("ccs_procedure_category", "ccs_category"), shapes.CCS),
            ("*icd_10_pcs_to_ccs*.csv", "ccs_pr_icd10pcs_*.csv"),
        ),
    ),
    "ccs-icd9": (
        _CcsMap(
            "ccs_diagnosis_icd9",
            "reference_ccs_diagnosis",
            "icd9cm",
            "ICD-9-CM diagnosis codes to CCS categories",
            Column("code", ("icd_9_cm_code",), shapes.ICD9CM),
            Column("ccs", ("ccs_category",), shapes.CCS),
            ("*icd9_dx*.csv", "*dxref*.csv"),
        ),
        _CcsMap(
            "ccs_procedure_icd9",
            "reference_ccs_procedure",
            "icd9proc",
            "ICD-9-CM procedure codes to CCS categories",
            Column("code", ("icd_9_cm_code",), shapes.ICD9PROC),
            Column("ccs", ("ccs_category",), shapes.CCS),
            ("*icd9_pr*.csv", "*prref*.csv"),
        ),
    ),
}


def read_ccs_maps(kind: str, path: Path) -> Reading:
    """AHRQ's maps of ICD codes to CCS: a folder with both files, or one of the two."""
    maps = _CCS_MAPS[kind]
    if path.is_dir():
        pairs, faults = [], []
        for ccs_map in maps:
            file, fault = _only_match(path, ccs_map.patterns)
            if file is not None:
                pairs.append((ccs_map, file))
            faults += [fault] if fault is not None else []
        if faults:
            return Reading(faults=tuple(faults))
    else:
        pairs = [(ccs_map, path) for ccs_map in maps if any(path.match(pattern) for pattern in ccs_map.patterns)]
        if not pairs:
            wanted = " or ".join(ccs_map.patterns[0] for ccs_map in maps)
            return Reading(faults=(Fault(path.name, f"is not named as {wanted}.", "Keep the published file name."),))
    readings = [_read_ccs_map(ccs_map, file) for ccs_map, file in pairs]
    return Reading(
        tuple(dataset for reading in readings for dataset in reading.datasets),
        tuple(note for reading in readings for note in reading.notes),
        tuple(fault for reading in readings for fault in reading.faults),
    )


def _read_ccs_map(ccs_map: _CcsMap, path: Path) -> Reading:
    rows = read_source_rows(path, (ccs_map.code, ccs_map.ccs), ignored={"code": "", "ccs": "0"})
    frame, repeated = without_repeats(path.name, rows.frame, ["code"])
    faults = [*rows.faults, *repeated]
    if not faults and ccs_map.code_system.startswith("icd9"):
        faults = lost_zeros(path.name, frame, "code")
    if faults:
        return Reading(faults=tuple(faults))
    dataset = Dataset(
        ccs_map.name,
        ccs_map.table,
        frame.assign(code_system=ccs_map.code_system),
        (path,),
        ccs_map.title,
        version=_ccs_version(path.name),
        publisher="Agency for Healthcare Research and Quality (AHRQ), HCUP",
    )
    return Reading((dataset,), repeats(path.name, len(rows.frame), len(frame)))


def _ccs_version(file_name: str) -> str:
    """The year in the file's name: `ccs_dx_icd10cm_2019_1.csv` is 2019.1."""
    found = re.search(r"(20\d\d)(?:[_.](\d))?(?!\d)", file_name)
    return f"CCS {found[1]}" + (f".{found[2]}" if found[2] else "") if found else "CCS, version not named"


def _only_match(folder: Path, patterns: tuple[str, ...]) -> tuple[Path | None, Fault | None]:
    found = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    if len(found) == 1:
        return found[0], None
    what = f"holds {len(found) or 'no'} files named {' or '.join(patterns)}."
    return None, Fault(str(folder), what, "Put exactly one such file there, with its published name.")
