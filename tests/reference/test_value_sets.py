"""Importing the nine readmission lists: what they replace, from which day, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.support.reference_files import imported, refusal_of, rows_of, value_set_folder


def test_imported_lists_replace_shipped_lists_and_icd_lists_are_added(tmp_path: Path) -> None:
    result = imported("readmission-value-sets", value_set_folder(tmp_path / "in"), tmp_path / "store")
    assert result.notes == (
        "readmissions__specialty_cohort.csv: 1 rows of Medicine need no list: it is every other diagnosis.",
    )
    found = rows_of(
        "SELECT value_set, code_system, STRING_AGG(code, ' ' ORDER BY code) FROM reference_value_sets "
        "WHERE value_set IN ('acute_diagnosis', 'surgery_gynecology_procedure', 'readmission_exclusion_psychiatric', "
        "'always_planned_diagnosis_all_payer', 'cohort_neurology') GROUP BY ALL ORDER BY ALL",
        tmp_path / "store",
    )
    assert found == [
        ("acute_diagnosis", "ccs_diagnosis", "122 2"),
        ("acute_diagnosis", "icd10cm", "A150"),
        # Not in the nine files, so it stays as shipped.
        ("always_planned_diagnosis_all_payer", "ccs_diagnosis", "194 196"),
        ("cohort_neurology", "ccs_diagnosis", "109"),
        ("readmission_exclusion_psychiatric", "ccs_diagnosis", "650"),
        ("surgery_gynecology_procedure", "ccs_procedure", "1"),
        ("surgery_gynecology_procedure", "icd10pcs", "0270046"),
    ]


def test_lists_with_a_date_hold_from_that_day_and_older_lists_until_the_day_before(tmp_path: Path) -> None:
    folder = value_set_folder(tmp_path / "in")
    imported("readmission-value-sets", folder, tmp_path / "store", effective_from=date(2026, 7, 1))
    later = value_set_folder(tmp_path / "later", acute_diagnosis_ccs="ccs_diagnosis_category,description\n7,x\n")
    imported("readmission-value-sets", later, tmp_path / "store", effective_from=date(2027, 7, 1))
    found = rows_of(
        "SELECT effective_from, effective_to, code_system, COUNT(*) FROM reference_value_sets "
        "WHERE value_set = 'acute_diagnosis' GROUP BY ALL ORDER BY ALL",
        tmp_path / "store",
    )
    assert found == [
        (date(1900, 1, 1), date(2026, 6, 30), "ccs_diagnosis", 80),
        (date(2026, 7, 1), date(2027, 6, 30), "ccs_diagnosis", 2),
        (date(2026, 7, 1), date(2027, 6, 30), "icd10cm", 1),
        (date(2027, 7, 1), date(9999, 12, 31), "ccs_diagnosis", 1),
        (date(2027, 7, 1), date(9999, 12, 31), "icd10cm", 1),
    ]


def test_a_category_is_in_a_list_once_on_any_day(tmp_path: Path) -> None:
    imported(
        "readmission-value-sets", value_set_folder(tmp_path / "in"), tmp_path / "store", effective_from=date(2026, 7, 1)
    )
    for day in ("2026-06-30", "2026-07-01"):
        twice = rows_of(
            "SELECT value_set, code FROM reference_value_sets "
            f"WHERE DATE '{day}' BETWEEN effective_from AND effective_to "
            "GROUP BY value_set, code_system, code HAVING COUNT(*) > 1",
            tmp_path / "store",
        )
        assert twice == []


@pytest.mark.parametrize(
    ("stem", "text", "message"),
    [
        ("acute_diagnosis_icd_10_cm", "icd_10_cm,description\nA15.0,x\n", "an ICD-10-CM code without dot"),
        ("potentially_planned_icd_10_pcs", "icd_10_pcs,description\n270046,x\n", "an ICD-10-PCS code of seven"),
        (
            "exclusion_ccs_diagnosis_category",
            "ccs_diagnosis_category,description,exclusion_category\n11,x,Cancer\n",
            "exclusion_category must be one of Psychiatric, Rehabilitation, Medical Treatment of Cancer; got Cancer.",
        ),
        (
            "exclusion_ccs_diagnosis_category",
            "ccs_diagnosis_category,description,exclusion_category\n254,x,Psychiatric\n254,x,Rehabilitation\n",
            "1 listed more than once with different content: ccs_diagnosis 254 at lines 2, 3.",
        ),
        (
            "specialty_cohort",
            "ccs,description,specialty_cohort,procedure_or_diagnosis\n1,x,Neurology,Procedure\n",
            "got Neurology / Procedure.",
        ),
        (
            "acute_diagnosis_ccs",
            "ccs,description\n2,x\n",
            "has no column ccs_diagnosis_category; found: ccs, description.",
        ),
    ],
)
def test_a_wrong_list_is_refused_in_one_sentence(tmp_path: Path, stem: str, text: str, message: str) -> None:
    said = refusal_of("readmission-value-sets", value_set_folder(tmp_path / "in", **{stem: text}), tmp_path / "store")
    assert said.startswith(f"readmissions__{stem}.csv: ")
    assert message in said
    assert "\n" not in said


def test_a_folder_that_lacks_lists_is_refused_naming_them(tmp_path: Path) -> None:
    folder = value_set_folder(tmp_path / "in")
    (folder / "readmissions__specialty_cohort.csv").unlink()
    said = refusal_of("readmission-value-sets", folder, tmp_path / "store")
    assert "in: lacks 1 of the nine files: readmissions__specialty_cohort.csv." in said
