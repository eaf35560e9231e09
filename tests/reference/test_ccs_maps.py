"""Importing AHRQ's maps of ICD codes to CCS categories."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.reference.provenance import read_provenance
from tests.support.reference_files import CCS_ICD10CM, CCS_ICD10PCS, imported, refusal_of, rows_of, write


def test_an_imported_ccs_map_replaces_the_shipped_map_of_its_code_system_only(tmp_path: Path) -> None:
    source = write(tmp_path / "ahrq_icd_10_cm_to_ccs.csv", CCS_ICD10CM)
    result = imported("ccs-icd10", source, tmp_path / "store")
    assert result.changed == ("ccs_diagnosis_icd10",)
    assert rows_of("SELECT * FROM reference_ccs_diagnosis", tmp_path / "store") == [("icd10cm", "I5033", "108")]
    assert rows_of("SELECT COUNT(*) FROM reference_ccs_procedure", tmp_path / "store") == [(79_758,)]


def test_icd_9_maps_are_added_to_the_icd_10_maps(tmp_path: Path) -> None:
    head = "ICD-9-CM CODE,CCS CATEGORY,CCS CATEGORY DESCRIPTION,ICD-9-CM CODE DESCRIPTION\n"
    write(
        tmp_path / "in" / "ahrq_ccs2015_icd9_dx.csv",
        head + ",0,No DX,INVALID\n0381,2,x,y\nV5811,45,x,y\nE8000,2607,x,y\n",
    )
    write(tmp_path / "in" / "ahrq_ccs2015_icd9_pr.csv", head + ",0,No PROC,INVALID\n0101,1,x,y\n8151,153,x,y\n")
    result = imported("ccs-icd9", tmp_path / "in", tmp_path / "store")
    assert result.rows == 5
    found = rows_of("SELECT code, ccs FROM reference_ccs_diagnosis WHERE code_system = 'icd9cm'", tmp_path / "store")
    assert sorted(found) == [("0381", "2"), ("E8000", "2607"), ("V5811", "45")]
    counts = rows_of(
        "SELECT code_system, COUNT(*) FROM reference_ccs_procedure GROUP BY 1 ORDER BY 1", tmp_path / "store"
    )
    assert counts == [("icd10pcs", 79_758), ("icd9proc", 2)]


def test_the_files_of_ahrq_with_single_quotes_and_a_title_line_are_read(tmp_path: Path) -> None:
    header = "'CCS 2019.1'\n'ICD-10-CM CODE','CCS CATEGORY','ICD-10-CM CODE DESCRIPTION'\n"
    text = header + "'I5033','108  ',\"Heart, failure\"\n"
    imported("ccs-icd10", write(tmp_path / "ccs_dx_icd10cm_2019_1.csv", text), tmp_path / "store")
    assert rows_of("SELECT * FROM reference_ccs_diagnosis", tmp_path / "store") == [("icd10cm", "I5033", "108")]
    assert read_provenance(tmp_path / "store")[0].version == "CCS 2019.1"


def test_the_same_row_twice_is_read_once_and_said(tmp_path: Path) -> None:
    source = write(tmp_path / "icd_10_cm_to_ccs.csv", CCS_ICD10CM + "I5033,Heart failure,108,CHF\n")
    result = imported("ccs-icd10", source, tmp_path / "store")
    assert result.rows == 1
    assert result.notes == ("icd_10_cm_to_ccs.csv: 1 repeated rows were read once.",)


@pytest.mark.parametrize(
    ("kind", "name", "text", "message"),
    [
        (
            "ccs-icd10",
            "icd_10_cm_to_ccs.csv",
            CCS_ICD10CM.replace("I5033", "I50.33"),
            "without dot, such as I5033; 1 row",
        ),
        ("ccs-icd10", "icd_10_cm_to_ccs.csv", CCS_ICD10CM.replace("108", "0108"), "must be a CCS category number"),
        (
            "ccs-icd10",
            "icd_10_cm_to_ccs.csv",
            CCS_ICD10CM + "I5033,x,109,x\n",
            "1 listed more than once with different content: I5033 at lines 2, 3. Keep the one right row of each.",
        ),
        ("ccs-icd10", "icd_10_pcs_to_ccs.csv", CCS_ICD10PCS.replace("0SR9019", "SR9019"), "ICD-10-PCS code of seven"),
        ("ccs-icd10", "icd_10_pcs_to_ccs.csv", CCS_ICD10CM, "has no column icd_10_pcs, ccs_procedure_category; found:"),
        ("ccs-icd10", "codes.csv", CCS_ICD10CM, "codes.csv: is not named as *icd_10_cm_to_ccs*.csv or *icd_10_pcs"),
        ("ccs-icd9", "icd9_dx.csv", "ICD-9-CM CODE,CCS CATEGORY\n381,2\n4019,98\n", "leading zeros were lost"),
    ],
)
def test_a_wrong_ccs_map_is_refused_in_one_sentence(
    tmp_path: Path, kind: str, name: str, text: str, message: str
) -> None:
    said = refusal_of(kind, write(tmp_path / name, text), tmp_path / "store")
    assert message in said
    assert "\n" not in said


def test_a_folder_without_the_two_maps_is_refused_naming_both(tmp_path: Path) -> None:
    write(tmp_path / "in" / "icd_10_cm_to_ccs_a.csv", CCS_ICD10CM)
    write(tmp_path / "in" / "icd_10_cm_to_ccs_b.csv", CCS_ICD10CM)
    said = refusal_of("ccs-icd10", tmp_path / "in", tmp_path / "store").splitlines()
    assert len(said) == 2
    assert "holds 2 files named *icd_10_cm_to_ccs*.csv" in said[0]
    assert "holds no files named *icd_10_pcs_to_ccs*.csv" in said[1]
