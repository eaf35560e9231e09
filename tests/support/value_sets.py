"""The value sets the oracle judges with: typed from the measure's text, or read from terminology files.

Nothing here comes from the package under test: the category lists are typed from the measure's rules, the
code lists are read from the published files when a test has them, and otherwise a dozen codes suffice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path


def _numbers(text: str) -> frozenset[int]:
    """`"1-3 5"` → {1, 2, 3, 5}."""
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


@dataclass(frozen=True)
class ValueSets:
    """What is psychiatric, planned, acute, surgical; and which CCS category a code is in."""

    diagnosis_ccs: dict[str, int]
    procedure_ccs: dict[str, int]
    psychiatric: frozenset[int] = _numbers("650 651 652 654-659 662 670")
    rehabilitation: frozenset[int] = frozenset({254})
    cancer: frozenset[int] = _numbers("11-45")
    always_planned_procedures: frozenset[int] = frozenset({64, 105, 176})
    always_planned_diagnoses: frozenset[int] = frozenset({45, 254})
    potentially_planned_procedures: frozenset[int] = _numbers(
        "1-3 5 9 10 12 33 36 38 40 42-45 51-53 55 56 59 66 67 74 78 79 84-86 94 96 99 104 106 107 109 113 114"
        " 118-120 123-125 129 132 142 147 148 152-154 158-164 166 167 172 175 211 224"
    )
    acute_diagnoses: frozenset[int] = _numbers(
        "2-5 7-9 54 55 60 61 63 76-78 82-85 87 89-93 99 100 102 104 107 109 112 116 118 120 122-131 135 137 139"
        " 140 142 145 146 148 153 154 157 159 165 168 172 197 198 210 245-247 249-252 259 650-653 656 658 660 663"
        " 670"
    )
    surgical_procedures: frozenset[int] = _numbers(
        "1-3 9 10 12-17 20-24 26 28 30 33 36 42-44 51-53 55 56 59 60 66 72-75 78-80 84-86 89 90 94 96 99 101"
        " 103-106 109 113 114 118-121 123-125 129 131-133 141 142 144-148 150 152-154 157 158 160-164 166 167 172"
        " 175 176"
    )
    cohorts: tuple[tuple[str, frozenset[int]], ...] = (
        ("Cardiorespiratory", _numbers("56 103 108 122 125 127-133")),
        ("Cardiovascular", _numbers("96 97 100-102 104-107 114-117 213")),
        ("Neurology", _numbers("78-83 85 95 109-113 216 227 233")),
    )
    # Single codes that refine the categories; empty unless the published files are read.
    potentially_planned_codes: frozenset[str] = field(default_factory=frozenset)
    acute_codes: frozenset[str] = field(default_factory=frozenset)
    surgical_codes: frozenset[str] = field(default_factory=frozenset)


SMALL = ValueSets(
    # Looked up one by one in AHRQ CCS 2019.1.
    diagnosis_ccs={
        "I5033": 108,  # heart failure: Cardiorespiratory, acute only by the single-code list
        "J189": 122,  # pneumonia: acute
        "M1611": 203,  # osteoarthritis of the hip: not acute
        "Z5111": 45,  # chemotherapy: always planned, and a cancer exclusion
        "N186": 158,  # end stage renal disease: not acute
        "F329": 657,  # depression: psychiatric
        "C3490": 19,  # lung cancer
        "Z44001": 254,  # fitting of an artificial arm: rehabilitation
        "Z5189": 257,  # other aftercare: not rehabilitation
        "A419": 2,  # sepsis: acute
        "I2510": 101,  # coronary atherosclerosis: Cardiovascular
        "G20": 79,  # Parkinson's disease: Neurology
    },
    procedure_ccs={
        "0SR9019": 153,  # hip replacement: potentially planned, surgical
        "0TY00Z0": 105,  # kidney transplant: always planned, surgical
        "02703ZZ": 45,  # coronary angioplasty: potentially planned, not surgical
        "0FT44ZZ": 84,  # gallbladder removal: potentially planned, surgical
        "0270046": 49,  # another angioplasty: planned and surgical only by the single-code lists
        "3E0234Z": 228,  # vaccination: neither
        "5A1D70Z": 58,  # dialysis: neither
    },
)
"""A dozen real codes: enough for every branch of the rules, no single-code lists."""


def read_value_sets(folder: Path, *, icd9: bool) -> ValueSets:
    """The typed categories with the full code maps and single-code lists of a terminology folder.

    With icd9, the ICD-9 maps answer for codes the ICD-10 maps do not know.
    """
    diagnoses: dict[str, int] = {}
    procedures: dict[str, int] = {}
    if icd9:
        diagnoses |= _code_map(folder / "ahrq_ccs2015_icd9_dx.csv")
        procedures |= _code_map(folder / "ahrq_ccs2015_icd9_pr.csv")
    diagnoses |= _code_map(folder / "ahrq_ccs2019_icd_10_cm_to_ccs.csv", category=2)
    procedures |= _code_map(folder / "ahrq_ccs2019_icd_10_pcs_to_ccs.csv", category=2)
    return replace(
        ValueSets(diagnoses, procedures),
        potentially_planned_codes=_first_column(folder / "readmissions__potentially_planned_icd_10_pcs.csv"),
        acute_codes=_first_column(folder / "readmissions__acute_diagnosis_icd_10_cm.csv"),
        surgical_codes=_first_column(folder / "readmissions__surgery_gynecology_cohort.csv"),
    )


def read_published_categories(folder: Path) -> dict[str, frozenset[int]]:
    """The category lists of the published files, under the names of our typed fields."""
    exclusions = _rows(folder / "readmissions__exclusion_ccs_diagnosis_category.csv")
    cohorts = _rows(folder / "readmissions__specialty_cohort.csv")

    def numbers(file: str) -> frozenset[int]:
        return frozenset(int(row[0]) for row in _rows(folder / file))

    return {
        "psychiatric": frozenset(int(row[0]) for row in exclusions if row[2] == "Psychiatric"),
        "rehabilitation": frozenset(int(row[0]) for row in exclusions if row[2] == "Rehabilitation"),
        "cancer": frozenset(int(row[0]) for row in exclusions if row[2] == "Medical Treatment of Cancer"),
        "always_planned_procedures": numbers("readmissions__always_planned_ccs_procedure_category.csv"),
        "always_planned_diagnoses": numbers("readmissions__always_planned_ccs_diagnosis_category.csv"),
        "potentially_planned_procedures": numbers("readmissions__potentially_planned_ccs_procedure_category.csv"),
        "acute_diagnoses": numbers("readmissions__acute_diagnosis_ccs.csv"),
        "surgical_procedures": frozenset(int(row[0]) for row in cohorts if row[3] == "Procedure"),
        "Cardiorespiratory": frozenset(int(row[0]) for row in cohorts if row[2] == "Cardiorespiratory"),
        "Cardiovascular": frozenset(int(row[0]) for row in cohorts if row[2] == "Cardiovascular"),
        "Neurology": frozenset(int(row[0]) for row in cohorts if row[2] == "Neurology"),
    }


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def _code_map(path: Path, *, category: int = 1) -> dict[str, int]:
    return {row[0].strip(): int(row[category]) for row in _rows(path) if row[0].strip() and row[category].strip()}


def _first_column(path: Path) -> frozenset[str]:
    return frozenset(row[0].strip() for row in _rows(path))
