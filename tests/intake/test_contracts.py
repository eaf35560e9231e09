"""What the files under `sql/staged/` may declare, and what is said when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.intake import contract
from kpi_pipeline.intake.contract import load_contracts, load_source, source_names

ENCOUNTERS = """/*---
title: Encounters
required: true
key: [encounter_id]
columns:
  encounter_id: {type: id, required: true, means: The visit.}
---*/
SELECT source_line, encounter_id FROM landed
"""


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty `sql/staged/` with the smallest canonical layout and a source `other`."""
    for name in ("canonical", "other"):
        (tmp_path / "staged" / name).mkdir(parents=True)
        (tmp_path / "staged" / name / "source.yaml").write_text("title: A source\n", encoding="utf-8")
    (tmp_path / "staged" / "canonical" / "encounters.sql").write_text(ENCOUNTERS, encoding="utf-8")
    monkeypatch.setattr(contract, "resource_folder", lambda _: tmp_path)
    load_contracts.cache_clear()
    yield tmp_path / "staged"
    load_contracts.cache_clear()


def faults_of_contracts() -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        load_contracts()
    return [str(fault) for fault in caught.value.faults]


def fault_of_source(name: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        load_source(name)
    return str(caught.value)


def test_every_source_that_is_shipped_can_be_loaded() -> None:
    assert {"canonical", "fhir", "synpuf", "synthea"} <= set(source_names())
    for name in source_names():
        source = load_source(name)
        assert source.mappings.keys() <= load_contracts().keys()
        assert "encounters" in source.mappings


def test_an_unknown_source_lists_the_known_ones() -> None:
    assert fault_of_source("epic") == (
        f"source: 'epic' is not a known source. Choose one of: {', '.join(source_names())}."
    )


def test_the_smallest_layout_is_one_table(staged: Path) -> None:
    assert load_contracts()["encounters"].required_columns == ("encounter_id",)
    assert load_source("canonical").mappings["encounters"].file == "encounters*"


def test_faults_of_all_contracts_are_told_at_once(staged: Path) -> None:
    broken = ENCOUNTERS.replace("key: [encounter_id]", "key: [visit_id]")
    (staged / "canonical" / "encounters.sql").write_text(broken, encoding="utf-8")
    other = ENCOUNTERS.replace("type: id", "type: identifier").replace("title: Encounters\n", "")
    (staged / "canonical" / "visits.sql").write_text(other, encoding="utf-8")
    found = faults_of_contracts()
    assert len(found) == 3
    assert found[0].endswith("encounters.sql: front matter: key names columns that are not declared: visit_id")
    assert found[1].endswith("visits.sql: title is missing.")
    assert "columns.encounter_id.type must be 'id', 'text'," in found[2]
    assert found[2].endswith("got 'identifier'.")


@pytest.mark.parametrize(
    ("file_name", "text", "what"),
    [
        (
            "visits.sql",
            "/*---\nfile: visits*\ncolumns: [a]\n---*/\nSELECT a FROM landed",
            "'visits' is not a canonical table.",
        ),
        (
            "encounters.sql",
            "/*---\nfile: visits*\ncolumns: [a]\n---*/\nSELECT a FROM landed INNER JOIN patients USING (a)",
            "reads patients, which is no lookup of this file.",
        ),
        ("encounters.sql", "/*---\nfile: visits*\n---*/\nSELECT a FROM landed", "columns is missing."),
        (
            "encounters.sql",
            "/*---\nfile: visits*\ncolumns: [a]\nlookup: {}\n---*/\nSELECT a FROM landed",
            "lookup is not a known field.",
        ),
    ],
)
def test_a_mapping_that_is_wrong_says_why(file_name: str, text: str, what: str, staged: Path) -> None:
    (staged / "other" / file_name).write_text(text, encoding="utf-8")
    assert fault_of_source("other").endswith(f"{file_name}: {what}")


def test_a_source_head_with_an_unknown_default_is_refused(staged: Path) -> None:
    (staged / "other" / "source.yaml").write_text("title: A source\ndefaults: {zone: UTC}\n", encoding="utf-8")
    assert fault_of_source("other").endswith("source.yaml: defaults.zone is not a known field.")


def test_of_two_patterns_that_fit_the_longer_decides() -> None:
    canonical = load_source("canonical")
    assert [mapping.table for mapping in canonical.mapping_of_file("cm_tasks_2026")] == ["cm_tasks"]
    assert canonical.mapping_of_file("patients") == []
    synpuf = load_source("synpuf")  # one file, three tables
    assert [mapping.table for mapping in synpuf.mapping_of_file("2010_claims")] == [
        "diagnoses",
        "encounters",
        "procedures",
    ]
