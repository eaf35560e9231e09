"""Importing CMS's yearly files: IPPS Table 5 and the readmissions program's results."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.support.reference_files import CCS_ICD10CM, HRRP, TABLE5, imported, refusal_of, rows_of, write


def test_table_5_with_the_words_of_cms_is_imported_as_its_fiscal_year(tmp_path: Path) -> None:
    source = write(tmp_path / "CMS_FY2027_Table_5.csv", TABLE5)
    result = imported("ms-drg-table5", source, tmp_path / "store")
    assert (result.rows, result.changed) == (3, ("ms_drg_fy2027",))
    found = rows_of("SELECT * FROM reference_ms_drg WHERE fiscal_year = 2027 ORDER BY ms_drg", tmp_path / "store")
    assert found == [
        (2027, "064", "INTRACRANIAL HEMORRHAGE, WITH MCC", "01", "MED", 2.0, 4.1, 5.5),
        (2027, "470", "HIP AND KNEE", "08", "SURG", 1.9, 1.8, 2.1),
        (2027, "999", "UNGROUPABLE", None, "**", None, None, None),
    ]


def test_the_text_file_of_cms_is_imported_as_it_is(tmp_path: Path) -> None:
    text = (
        '"TABLE 5.\u2014LIST OF MEDICARE SEVERITY DIAGNOSIS-RELATED GROUPS, \n'
        'AND MEAN LENGTH OF STAY\u2014FY 2027 Final Rule"\t\t\t\t\t\t\t\t\t\r\n'
        "MS-DRG \tFY 2027 Final Post-Acute DRG\tFY 2027 Final Special Pay DRG\tMDC\tTYPE\tMS-DRG Title\t"
        "Weights - Before Cap\tWeights - 10% Cap Applied \tGeometric mean LOS\tArithmetic mean LOS\r\n"
        "010\tNo\tNo\tPRE\tSURG\tPANCREAS TRANSPLANT\t3.0699\t7.1757\t5.9\t6.0\r\n\t\t\t\t\t\t\t\t\t\r\n"
    )
    source = tmp_path / "table5.txt"
    source.write_bytes(text.encode("cp1252"))
    imported("ms-drg-table5", source, tmp_path / "store")
    found = rows_of("SELECT ms_drg, weight FROM reference_ms_drg WHERE fiscal_year = 2027", tmp_path / "store")
    assert found == [("010", 7.1757)]


def test_another_fiscal_year_is_added_and_the_nearest_is_used(tmp_path: Path) -> None:
    imported("ms-drg-table5", write(tmp_path / "table5.csv", TABLE5), tmp_path / "store", fiscal_year=2024)
    years = rows_of(
        "SELECT * FROM reference_fiscal_years WHERE fiscal_year BETWEEN 2023 AND 2027 ORDER BY 1", tmp_path / "store"
    )
    # 2025 lies as near to 2024 as to the shipped 2026: the later one is used.
    assert years == [
        (2023, 2024, False),
        (2024, 2024, True),
        (2025, 2026, False),
        (2026, 2026, True),
        (2027, 2026, False),
    ]


def test_the_same_fiscal_year_replaces_the_shipped_table(tmp_path: Path) -> None:
    imported("ms-drg-table5", write(tmp_path / "fy2026.csv", TABLE5), tmp_path / "store")
    found = rows_of("SELECT fiscal_year, COUNT(*) FROM reference_ms_drg GROUP BY fiscal_year", tmp_path / "store")
    assert found == [(2026, 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE5.replace("064,", "64,"), "ms_drg must be an MS-DRG of three digits, such as 064; 1 row is not: '64' at"),
        (TABLE5.replace("1.9,1.8,2.1", "1.9,1.8,x"), "amlos must be a number such as 1.2838, or blank; 1 row is not"),
        (TABLE5.replace("1.9,1.8,2.1", "1.9,2.1,1.8"), "MS-DRG 470 has a GMLOS above its AMLOS (1 such)"),
        (TABLE5.replace("1.9,1.8,2.1", ",1.8,2.1"), "MS-DRG 470 has no weight, GMLOS or AMLOS (1 such)"),
        (
            TABLE5 + "470,Yes,No,08,SURG,HIP,1.9,1.8,2.2\n",
            "1 listed more than once with different content: 470 at lines 3, 5",
        ),
        (TABLE5 + "470,Yes\n", "1 row is not 9 cells wide as the header is, first at line 5"),
        (TABLE5.replace("Arithmetic mean LOS", "ALOS"), "has no column amlos; found: MS-DRG, Post-Acute DRG"),
        (TABLE5.splitlines()[0], "holds a header and no rows"),
        ("", "is empty"),
        (CCS_ICD10CM, "has no column ms_drg, title, mdc, type, weight, gmlos, amlos; found: icd_10_cm, description"),
        (TABLE5 + '470,"', "line 5: is not a delimited file: unexpected end of data"),
    ],
)
def test_a_wrong_table_5_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    said = refusal_of("ms-drg-table5", write(tmp_path / "fy2027.csv", text), tmp_path / "store")
    assert said.startswith("fy2027.csv: " + message)
    assert "\n" not in said


def test_all_faults_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    text = TABLE5.replace("064,", "64,").replace("1.9,1.8,2.1", "1.9,one,two")
    said = refusal_of("ms-drg-table5", write(tmp_path / "table5.csv", text), tmp_path / "store")
    assert [line.split(" ")[1] for line in said.splitlines()] == ["ms_drg", "gmlos", "amlos", "does"]


def test_a_table_5_of_no_known_year_is_refused(tmp_path: Path) -> None:
    said = refusal_of("ms-drg-table5", write(tmp_path / "table5.csv", TABLE5), tmp_path / "store")
    assert said == (
        "table5.csv: does not say its fiscal year. Give the fiscal year, or put it in the file's name: fy2026."
    )


def test_a_fiscal_year_other_than_the_one_in_the_name_is_refused(tmp_path: Path) -> None:
    said = refusal_of("ms-drg-table5", write(tmp_path / "fy_2027.csv", TABLE5), tmp_path / "store", fiscal_year=2026)
    assert "has more than one fiscal year: 2026 and 2027" in said


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "fy2027.csv"
    source.write_bytes(TABLE5.replace("HIP", "HIP \u2013").encode("cp1252"))
    said = refusal_of("ms-drg-table5", source, tmp_path / "store")
    assert said.startswith("fy2027.csv: is not UTF-8 text: byte ")


def test_withheld_benchmarks_stay_null_and_keep_their_words(tmp_path: Path) -> None:
    source = write(tmp_path / "FY_2024_HRRP.csv", HRRP)
    imported("benchmarks-hrrp", source, tmp_path / "store")
    found = rows_of(
        "SELECT fiscal_year, cms_certification_number, n_discharges, n_readmissions, n_readmissions_text, "
        "excess_readmission_ratio, footnote, starts_on, ends_on FROM reference_benchmarks_hrrp ORDER BY measure",
        tmp_path / "store",
    )
    period = (date(2019, 7, 1), date(2022, 6, 30))
    assert found == [
        (2024, "010001", None, None, "N/A", None, "5", *period),
        (2024, "010001", 616, 149, None, 1.1003, None, *period),
        (2024, "010001", None, None, "Too Few to Report", 0.8916, None, *period),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("010001,AL,READM-30-HF", "10001,AL,READM-30-HF", "facility_id must be a CMS certification number of six"),
        (
            ",149,",
            ",few,",
            "number_of_readmissions must be a whole number, N/A or Too Few to Report; 1 row is not: 'few'",
        ),
        ("CABG", "HF", "1 listed more than once with different content: 010001 READM-30-HF-HRRP at lines 2, 4."),
        ("149,07/01/2019", "149,2019-07-01", "start_date must be a date such as 07/01/2019"),
        ("149,07/01/2019", "149,02/30/2019", "holds a date that no calendar has"),
        ("READM-30-HF-HRRP", "", "measure_name must be a text; 1 row is not"),
    ],
)
def test_wrong_benchmarks_are_refused_in_one_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    source = write(tmp_path / "fy2024.csv", HRRP.replace(old, new))
    said = refusal_of("benchmarks-hrrp", source, tmp_path / "store")
    assert said.startswith("fy2024.csv: " + message)
    assert "\n" not in said
