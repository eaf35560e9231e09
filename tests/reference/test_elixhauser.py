"""AHRQ's comorbidity workbook is read as published or refused; a risk model's file is read whole or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.reference.elixhauser_reader import read_elixhauser
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.reference.risk_model_file import read_risk_model, write_risk_model
from kpi_pipeline.reference.store import load_reference
from tests.support.reference_files import COMORBIDITY_CODES, NOW, comorbidity_workbook

MODEL = Path(__file__).parent.parent / "metrics" / "risk" / "readmission_30d.yaml"


def test_each_code_is_on_the_lists_the_workbook_marks(tmp_path: Path) -> None:
    reading = read_elixhauser(comorbidity_workbook(tmp_path / "CMR.xlsx"))
    assert reading.faults == ()
    (dataset,) = reading.datasets
    assert dataset.version == "Elixhauser Comorbidity Software Refined v2026.1"
    assert sorted(map(tuple, dataset.frame.values.tolist())) == [
        ("B20", "AIDS", False),
        ("B20", "HF", True),
        ("I5033", "HF", True),
        ("I639", "CBVD_POA", True),
    ]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"sheet": "Other"}, "no sheet DX_to_Comorb_Mapping"),
        ({"title": "no version"}, "laid out otherwise"),
        ({"codes": [*COMORBIDITY_CODES[:2], ("I50.33", "x", 1, 1, 0, 0)]}, "no ICD-10-CM code"),
        ({"codes": [*COMORBIDITY_CODES[:2], COMORBIDITY_CODES[1]]}, "lists a code twice"),
        ({"codes": COMORBIDITY_CODES[:1]}, "marks no code"),
        ({"codes": [(*COMORBIDITY_CODES[0][:5], "STRANGE"), *COMORBIDITY_CODES[1:]]}, "STRANGE"),
    ],
)
def test_another_workbook_is_refused_with_what_is_wrong(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    (fault,) = read_elixhauser(comorbidity_workbook(tmp_path / "CMR.xlsx", **changes)).faults
    assert what in fault.what
    assert "CMR-Reference-File" in fault.cure


@pytest.mark.parametrize("content", [b"", b"code,comorbidity\n", b"PK\x03\x04 torn"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "CMR.xlsx"
    path.write_bytes(content)
    (fault,) = read_elixhauser(path).faults
    assert "no Excel workbook" in fault.what


def test_an_imported_workbook_takes_the_place_of_the_shipped_lists(tmp_path: Path) -> None:
    import_reference("elixhauser", comorbidity_workbook(tmp_path / "CMR.xlsx"), tmp_path / "reference", imported_at=NOW)
    with connect(folders=[tmp_path / "reference", Path(load_reference.__code__.co_filename).parent]) as connection:
        load_reference(connection, tmp_path / "reference")
        assert connection.execute("SELECT COUNT(*) FROM reference_elixhauser").fetchall() == [(4,)]


def test_a_model_written_is_the_model_read(tmp_path: Path) -> None:
    model = read_risk_model(MODEL)
    write_risk_model(model, tmp_path / "again.yaml")
    assert read_risk_model(tmp_path / "again.yaml") == model
    assert read_risk_model(tmp_path / "again.yaml").version == model.version


def test_an_imported_model_is_a_reference_table_that_says_what_it_was_fitted_to(tmp_path: Path) -> None:
    imported = import_reference("risk-model", MODEL, tmp_path, imported_at=NOW)
    (table,) = imported.tables
    assert (table.name, table.table, table.rows) == ("risk_readmission_30d", "reference_risk_terms", 4)
    assert "1,000 stays of 2023-01 to 2023-12" in table.version


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("coefficient: 0.0", "coefficient: .inf", "finite"),
        ("coefficient: 0.0", "coefficient: = 1", "number"),
        ("factor: intercept", "factor: diagnosis", "no intercept"),
        ('level: "122"', 'level: "108"', "twice"),
        ("factors: [diagnosis]", "factors: [age]", "diagnosis is not among the factors"),
        ("link: logit", "link: probit", "link"),
        ("metric: readmission_30d", "metric: ../x", "metric"),
        ("terms:", "surprise: 1\nterms:", "surprise"),
    ],
)
def test_a_broken_model_is_refused_with_its_fault(tmp_path: Path, before: str, after: str, what: str) -> None:
    text = MODEL.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "model.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError, match=what):
        import_reference("risk-model", tmp_path / "model.yaml", tmp_path / "reference", imported_at=NOW)
