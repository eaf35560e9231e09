"""Reads AHRQ's Elixhauser reference workbook: which ICD-10-CM code is which comorbidity, and which need "on admission".

Not here: who has a comorbidity (`sql/warehouse/stay_comorbidities.sql`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.reference.dataset import Dataset, Reading
from kpi_pipeline.reference.source_files import ICD10CM

_MEASURES, _CODES = "Comorbidity_Measures", "DX_to_Comorb_Mapping"
_END = "end of content"
_AS_PUBLISHED = "Use the file as published: CMR-Reference-File-v2026-1.xlsx."
_PARTS_OF = {"CBVD_POA": "CBVD", "CBVD_SQLA": "CBVD"}
"""Cerebrovascular disease comes in two lists, the disease and its sequelae, which together make one comorbidity."""
_LARGEST = 50 * 2**20


def read_elixhauser(path: Path) -> Reading:
    """AHRQ's workbook `CMR-Reference-File-v….xlsx` of the Elixhauser Comorbidity Software Refined for ICD-10-CM.

    The rows: code, comorbidity (a list of AHRQ's, such as HF or CBVD_SQLA), poa_required.
    """
    where = path.name
    try:
        with zipfile.ZipFile(path) as packed:
            n_bytes = sum(part.file_size for part in packed.infolist())
        if n_bytes > _LARGEST:
            return _refused(where, f"unpacks to {n_bytes:,} bytes; AHRQ's has a few million.")
        workbook = openpyxl.load_workbook(path, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        return _refused(where, "is no Excel workbook.")
    missing = [name for name in (_MEASURES, _CODES) if name not in workbook.sheetnames]
    if missing:
        return _refused(where, f"has no sheet {' and no sheet '.join(missing)}.")
    version = re.search(r"v(\d{4})[.-](\d+)", f"{workbook[_CODES].cell(1, 1).value} {where}")
    needs_poa = dict(_measures(workbook[_MEASURES]))
    header, rows = _code_rows(workbook[_CODES])
    lists = header[3:]
    unknown = [name for name in lists if _PARTS_OF.get(name, name) not in needs_poa]
    if not needs_poa or not lists or unknown or version is None:
        what = (
            f"names lists that its measures do not: {', '.join(unknown[:3])}." if unknown else "is laid out otherwise."
        )
        return _refused(where, what)
    misshapen = [code for code, _ in rows if not re.fullmatch(ICD10CM.pattern, code)]
    if misshapen:
        return _refused(where, f"holds {misshapen[0]!r}, which is no ICD-10-CM code ({len(misshapen)} such).")
    entries = [
        (code, name, needs_poa[_PARTS_OF.get(name, name)])
        for code, marks in rows
        for name, mark in zip(lists, marks, strict=False)
        if mark in (1, "1")
    ]
    frame = pd.DataFrame(entries, columns=["code", "comorbidity", "poa_required"])
    if frame.empty or frame.duplicated(["code", "comorbidity"]).any():
        return _refused(where, "lists a code twice." if len(frame) else "marks no code with a comorbidity.")
    dataset = Dataset(
        "elixhauser",
        "reference_elixhauser",
        frame,
        (path,),
        "ICD-10-CM diagnosis codes to Elixhauser comorbidities",
        version=f"Elixhauser Comorbidity Software Refined v{version[1]}.{version[2]}",
        publisher="Agency for Healthcare Research and Quality (AHRQ), HCUP",
    )
    return Reading((dataset,))


def _refused(where: str, what: str) -> Reading:
    return Reading(faults=(Fault(where, what, _AS_PUBLISHED),))


def _measures(sheet: Any) -> Iterator[tuple[str, bool]]:
    """The short name of each measure, and whether only what was present on admission counts."""
    for name, _, uses_poa in sheet.iter_rows(min_row=3, max_col=3, values_only=True):
        if str(name).strip().startswith("CMR_"):
            yield str(name).strip().removeprefix("CMR_"), str(uses_poa).strip().lower() == "yes"


def _code_rows(sheet: Any) -> tuple[list[str], list[tuple[str, tuple[Any, ...]]]]:
    rows = sheet.iter_rows(min_row=2, values_only=True)
    header = [str(cell).strip() for cell in next(rows, ()) if cell is not None]
    found = [
        (str(row[0]).strip(), row[3:]) for row in rows if row[0] is not None and str(row[0]).strip().lower() != _END
    ]
    return header, found
