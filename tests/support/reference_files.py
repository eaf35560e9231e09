"""Small published-looking code lists for the tests of the reference importer, and what came of importing them.

Invented figures under real headers: one row of each sort that matters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.reference.importer import ImportResult, import_reference
from kpi_pipeline.reference.store import load_reference

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

TABLE5 = """\
MS-DRG,Post-Acute DRG,Special Pay DRG,MDC,TYPE,Title,Weights,Geometric mean LOS,Arithmetic mean LOS
064,Yes,No,01,MED,"INTRACRANIAL HEMORRHAGE, WITH MCC",2.0,4.1,5.5
470,Yes,No,08,SURG,HIP AND KNEE,1.9,1.8,2.1
999,No,No, ,**,UNGROUPABLE,.,.,.
"""
CCS_ICD10CM = "icd_10_cm,description,ccs_diagnosis_category,ccs_description\nI5033,Heart failure,108,CHF\n"
CCS_ICD10PCS = "icd_10_pcs,description,ccs_procedure_category,ccs_description\n0SR9019,Hip,153,Hip replacement\n"
HRRP = """\
"Facility Name","Facility ID","State","Measure Name","Number of Discharges","Footnote","Excess Readmission Ratio",\
"Predicted Readmission Rate","Expected Readmission Rate","Number of Readmissions","Start Date","End Date"
A HOSPITAL,010001,AL,READM-30-HF-HRRP,616,,1.1003,23.1263,21.0184,149,07/01/2019,06/30/2022
A HOSPITAL,010001,AL,READM-30-HIP-KNEE-HRRP,N/A,,0.8916,3.5325,3.9618,Too Few to Report,07/01/2019,06/30/2022
A HOSPITAL,010001,AL,READM-30-CABG-HRRP,N/A,5,N/A,N/A,N/A,N/A,07/01/2019,06/30/2022
"""
VALUE_SETS = {
    "always_planned_ccs_procedure_category": "ccs_procedure_category,description\n64,x\n",
    "always_planned_ccs_diagnosis_category": "ccs_diagnosis_category,description\n45,x\n",
    "potentially_planned_ccs_procedure_category": "ccs_procedure_category,description\n1,x\n",
    "potentially_planned_icd_10_pcs": "icd_10_pcs,description\n0270046,x\n",
    "acute_diagnosis_ccs": "ccs_diagnosis_category,description\n2,x\n122,x\n",
    "acute_diagnosis_icd_10_cm": "icd_10_cm,description\nA150,x\n",
    "exclusion_ccs_diagnosis_category": (
        "ccs_diagnosis_category,description,exclusion_category\n"
        "650,x,Psychiatric\n254,x,Rehabilitation\n11,x,Medical Treatment of Cancer\n"
    ),
    "specialty_cohort": (
        "ccs,description,specialty_cohort,procedure_or_diagnosis\n"
        "1,x,Surgery/Gynecology,Procedure\n1,x,Medicine,Diagnosis\n108,x,Cardiorespiratory,Diagnosis\n"
        "100,x,Cardiovascular,Diagnosis\n109,x,Neurology,Diagnosis\n"
    ),
    "surgery_gynecology_cohort": (
        "icd_10_pcs,description,ccs_code_and_description,specialty_cohort\n"
        "0270046,x,CCS 49: Other OR heart procedures,Surgery/Gynecology\n"
    ),
}

_COMORBIDITIES = [
    ("CMR_HF", "Heart failure", "Yes"),
    ("CMR_AIDS", "AIDS", "No"),
    ("CMR_CBVD", "Cerebrovascular", "Yes"),
]
COMORBIDITY_CODES = [
    ("ICD-10-CM Diagnosis", "Description", "# Comorbidities", "HF", "AIDS", "CBVD_POA"),
    ("I5033", "x", 1, 1, 0, 0),
    ("B20", "x", 2, 1, 1, 0),
    ("I639", "x", 1, 0, 0, 1),
    ("End of Content", None, None, None, None, None),
]


def comorbidity_workbook(
    path: Path,
    *,
    codes: list[tuple[Any, ...]] = COMORBIDITY_CODES,
    title: str = "… ICD-10-CM, v2026.1",
    sheet: str = "DX_to_Comorb_Mapping",
) -> Path:
    """A workbook laid out as AHRQ's, with four marks."""
    book = openpyxl.Workbook()
    measures = book.active
    measures.title = "Comorbidity_Measures"
    for row in [(title,), ("Abbreviation", "Description", "Uses POA?"), *_COMORBIDITIES, ("End of Content",)]:
        measures.append(row)
    mapping = book.create_sheet(sheet)
    for row in [(title,), *codes]:
        mapping.append(row)
    book.save(path)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def value_set_folder(folder: Path, **replaced: str) -> Path:
    for stem, text in (VALUE_SETS | replaced).items():
        write(folder / f"readmissions__{stem}.csv", text)
    return folder


def imported(kind: str, path: Path, store: Path, **options: Any) -> ImportResult:
    return import_reference(kind, path, store, imported_at=NOW, **options)


def refusal_of(kind: str, path: Path, store: Path, **options: Any) -> str:
    """The message of the refused import; nothing may have been stored."""
    with pytest.raises(InputError) as caught:
        imported(kind, path, store, **options)
    assert not store.exists()
    return str(caught.value)


def rows_of(sql: str, store: Path | None) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        load_reference(connection, store)
        return connection.execute(sql).fetchall()
