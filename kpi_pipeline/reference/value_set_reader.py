"""Reads the nine readmission value-set files into lists: which code belongs to which set.

The file names are those under which the lists are commonly published. Not here: what the shipped lists
are (`data/value_sets.csv`), how an imported list replaces them (`store.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.reference import source_files as shapes
from kpi_pipeline.reference.dataset import ALWAYS_FROM, ALWAYS_TO, Dataset, Reading, repeats
from kpi_pipeline.reference.source_files import Column, read_source_rows, without_repeats

_SETS_NOT_KEPT = ("Medicine / Diagnosis",)
"""Medicine is every diagnosis in no other cohort, so it needs no list."""


@dataclass(frozen=True, slots=True)
class _ListFile:
    """One file. `sets` leads from a row's labels, joined by ' / ', to its value set and code system."""

    stem: str
    code: Column
    sets: Mapping[str, tuple[str, str]]
    labels: tuple[str, ...] = ()


_CCS_DIAGNOSIS = Column("code", ("ccs_diagnosis_category",), shapes.CCS)
_CCS_PROCEDURE = Column("code", ("ccs_procedure_category",), shapes.CCS)
_ICD10CM = Column("code", ("icd_10_cm",), shapes.ICD10CM)
_ICD10PCS = Column("code", ("icd_10_pcs",), shapes.ICD10PCS)

_LIST_FILES = (
    _ListFile(
        "always_planned_ccs_procedure_category", _CCS_PROCEDURE, {"": ("always_planned_procedure", "ccs_procedure")}
    ),
    _ListFile(
        "always_planned_ccs_diagnosis_category", _CCS_DIAGNOSIS, {"": ("always_planned_diagnosis", "ccs_diagnosis")}
    ),
    _ListFile(
        "potentially_planned_ccs_procedure_category",
        _CCS_PROCEDURE,
        {"": ("potentially_planned_procedure", "ccs_procedure")},
    ),
    _ListFile("potentially_planned_icd_10_pcs", _ICD10PCS, {"": ("potentially_planned_procedure", "icd10pcs")}),
    _ListFile("acute_diagnosis_ccs", _CCS_DIAGNOSIS, {"": ("acute_diagnosis", "ccs_diagnosis")}),
    _ListFile("acute_diagnosis_icd_10_cm", _ICD10CM, {"": ("acute_diagnosis", "icd10cm")}),
    _ListFile(
        "exclusion_ccs_diagnosis_category",
        _CCS_DIAGNOSIS,
        {
            "Psychiatric": ("readmission_exclusion_psychiatric", "ccs_diagnosis"),
            "Rehabilitation": ("readmission_exclusion_rehabilitation", "ccs_diagnosis"),
            "Medical Treatment of Cancer": ("readmission_exclusion_cancer_medical", "ccs_diagnosis"),
        },
        labels=("exclusion_category",),
    ),
    _ListFile(
        "specialty_cohort",
        Column("code", ("ccs",), shapes.CCS),
        {
            "Surgery/Gynecology / Procedure": ("surgery_gynecology_procedure", "ccs_procedure"),
            "Cardiorespiratory / Diagnosis": ("cohort_cardiorespiratory", "ccs_diagnosis"),
            "Cardiovascular / Diagnosis": ("cohort_cardiovascular", "ccs_diagnosis"),
            "Neurology / Diagnosis": ("cohort_neurology", "ccs_diagnosis"),
        },
        labels=("specialty_cohort", "procedure_or_diagnosis"),
    ),
    _ListFile("surgery_gynecology_cohort", _ICD10PCS, {"": ("surgery_gynecology_procedure", "icd10pcs")}),
)


def read_readmission_value_sets(folder: Path, effective_from: date | None) -> Reading:
    """All nine lists of a folder, as one data set that takes effect on the date, or always when None."""
    if not folder.is_dir():
        return Reading(faults=(Fault(folder.name, "is not a folder.", "Name the folder that holds the nine files."),))
    paths = {list_file.stem: folder / f"readmissions__{list_file.stem}.csv" for list_file in _LIST_FILES}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        what = f"lacks {len(missing)} of the nine files: {', '.join(missing)}."
        return Reading(faults=(Fault(folder.name, what, "Put all nine files there, with their published names."),))
    read = [_read_list(list_file, paths[list_file.stem]) for list_file in _LIST_FILES]
    faults = tuple(fault for _, _, found in read for fault in found)
    notes = tuple(note for _, found, _ in read for note in found)
    if faults:
        return Reading(faults=faults)
    rows = pd.concat([frame for frame, _, _ in read], ignore_index=True)
    rows["effective_from"] = effective_from or ALWAYS_FROM
    rows["effective_to"] = ALWAYS_TO
    dataset = Dataset(
        "readmission_value_sets" + (f"_{effective_from}" if effective_from else ""),
        "reference_value_sets",
        rows,
        tuple(paths.values()),
        "Readmission value sets with their single ICD-10 codes",
        version=f"as published, in effect from {effective_from}" if effective_from else "as published",
        publisher="Centers for Medicare & Medicaid Services (CMS)",
        effective_from=effective_from,
    )
    return Reading((dataset,), notes)


def _read_list(list_file: _ListFile, path: Path) -> tuple[pd.DataFrame, tuple[str, ...], list[Fault]]:
    """The rows (value_set, code_system, code) of one file, notes on it, and what is wrong with it."""
    labels = [Column(label, (label,)) for label in list_file.labels]
    source = read_source_rows(path, (list_file.code, *labels))
    if source.faults:
        return source.frame, (), list(source.faults)
    frame = source.frame
    label = frame[list_file.labels[0]] if list_file.labels else pd.Series("", index=frame.index, dtype="str")
    for name in list_file.labels[1:]:
        label = label + " / " + frame[name]
    frame = frame.assign(label=label)
    unknown = sorted(set(label) - set(list_file.sets) - set(_SETS_NOT_KEPT))
    if unknown:
        what = f"{' / '.join(list_file.labels)} must be one of {', '.join(list_file.sets)}; got {', '.join(unknown)}."
        return frame, (), [Fault(path.name, what, "Use the file as published.")]
    kept = frame[frame["label"].isin(list(list_file.sets))]
    notes: tuple[str, ...] = ()
    if len(kept) < len(frame):
        notes = (f"{path.name}: {len(frame) - len(kept)} rows of Medicine need no list: it is every other diagnosis.",)
    rows = pd.DataFrame(
        {
            "value_set": [list_file.sets[value][0] for value in kept["label"]],
            "code_system": [list_file.sets[value][1] for value in kept["label"]],
            "code": list(kept["code"]),
            "line": list(kept["line"]),
        }
    )
    distinct, faults = without_repeats(path.name, rows, ["code_system", "code"])
    return distinct, (*notes, *repeats(path.name, len(rows), len(distinct))), faults
