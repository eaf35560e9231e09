"""What a build says about itself: rows, reasons, watermarks, the road to stays, what was supplied, and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.warehouse.facts import BuildFacts, FunnelStep, LedgerRow, Watermark, read_build_facts
from tests.support.landings import tables_of
from tests.support.said import said

COLUMNS = (
    "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,primary_diagnosis_code,drg_code,"
    "total_cost\n"
)
ROWS = """E1,P1,F1,acute inpatient,2026-10-01,2026-10-05,I50.9,291,1000
E2,P1,F1,acute inpatient,2026-10-05,2026-10-07,I509,291,500
E3,P2,F1,acute inpatient,2026-10-02,2026-10-04,XYZ,9999,
E4,P2,F1,acute inpatient,2026-10-02,2026-10-04,XYZ,9999,
E5,P3,F2,acute inpatient,2026-10-20,,I509,,
E6,P4,F2,acute inpatient,2026-05-01,,I509,,
E7,P5,F2,observation,2026-10-03,2026-10-03,,,
E1,P1,F1,acute inpatient,2026-10-01,2026-10-05,I50.9,291,1000
,P6,F1,acute inpatient,2026-10-01,2026-10-05,,,
,P7,F1,acute inpatient,2026-13-01,2026-10-05,,,
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    files = {
        "encounters.csv": COLUMNS + ROWS,
        "denials.csv": "denial_id,encounter_id\n",
        "facilities.csv": "facility_id,facility_name\nF1,Mercy\nF9,Not ours\n",
        "landing.yaml": "complete_through: {F1: 2026-10-31}\n",
    }
    with tables_of(tmp_path_factory.mktemp("facts"), files) as connection:
        yield connection


@pytest.fixture(scope="module")
def facts(built: duckdb.DuckDBPyConnection) -> BuildFacts:
    return read_build_facts(built)


def test_rows_are_accounted_for_by_table(facts: BuildFacts) -> None:
    assert facts.ledger == (
        LedgerRow("denials", 1, 0, 0, 0, 0, 0),
        LedgerRow("encounters", 1, 10, 7, 2, 1, 0),
        LedgerRow("facilities", 1, 2, 2, 0, 0, 0),
    )
    assert (facts.rows_in, facts.rows_quarantined) == (12, 2)


def test_reasons_are_counted_and_put_into_words(facts: BuildFacts) -> None:
    assert [(row.table, row.reason, row.meaning, row.rows) for row in facts.quarantine_reasons] == [
        ("encounters", "missing_encounter_id", "encounter_id is empty.", 2),
        ("encounters", "invalid_admitted_at", "admitted_at cannot be read as an ISO date or time.", 1),
    ]


def test_each_facility_has_its_watermark_and_its_name(facts: BuildFacts) -> None:
    assert facts.watermarks == (
        Watermark("F1", "Mercy", date(2026, 10, 31), "declared for this facility"),
        Watermark("F2", "F2", date(2026, 10, 20), "last day seen in the data"),
    )


def test_the_road_from_encounters_to_stays_loses_nothing(facts: BuildFacts) -> None:
    # E1 and E2 are one stay (same day, same condition), E4 is E3 under another number, E6's discharge date is lost
    assert facts.stays == (
        FunnelStep("Encounters in use", 7),
        FunnelStep("Not acute inpatient: kept, but no stay", 1),
        FunnelStep("Same stay recorded under two numbers", 1),
        FunnelStep("Admitted after death (organ donation)", 0),
        FunnelStep("Combined into another encounter's stay", 1),
        FunnelStep("Acute inpatient stays", 4),
        FunnelStep("Of these still in the house", 1),
        FunnelStep("Of these with a lost discharge date", 1),
    )
    in_use, *lost, stays, _, _ = (step.n for step in facts.stays)
    assert in_use - sum(lost) == stays


def test_a_reader_is_warned_of_what_the_figures_survive(facts: BuildFacts) -> None:
    assert said(facts.warnings) == (
        "procedures: no rows were supplied, so planned returns count as unplanned and readmissions read too high. "
        "Send procedures with ICD-10-PCS codes.",
        "encounters: 3 rows with a facility_id that the facilities table lacks: counted as hospitals of their own. "
        "Correct the id, or add the facility.",
        "encounters: 1 stay has no discharge long after any patient has left: counted neither as discharged nor as in "
        "the house. Send the rows with their discharge.",
        "1 of 4 principal diagnoses is in no loaded CCS map and excludes nothing.",
        "1 stay has a DRG that is not in the loaded MS-DRG table.",
        "No MS-DRG table is loaded for FY2027; that of FY2026 is used.",
    )


def test_the_reference_tables_used_are_named(facts: BuildFacts) -> None:
    assert {"ms_drg_fy2026", "dispositions"} <= {table.name for table in facts.reference_tables}
    assert all(table.rows > 0 for table in facts.reference_tables)


def supply(connection: duckdb.DuckDBPyConnection, item: str) -> tuple[Any, ...]:
    (row,) = connection.execute("SELECT is_supplied, status, reason FROM supply WHERE item = ?", [item]).fetchall()
    return row


@pytest.mark.parametrize(
    ("item", "is_supplied"),
    [
        ("encounters", True),
        ("denials", True),  # a header is enough: there were no denials
        ("census", False),
        ("encounters.total_cost", True),
        ("encounters.payer", False),
        ("census.patients", False),
        ("icd_diagnosis_codes", True),
        ("drg_weights", True),
    ],
)
def test_what_was_supplied_is_known(item: str, is_supplied: bool, built: duckdb.DuckDBPyConnection) -> None:
    assert supply(built, item)[0] is is_supplied


def test_what_was_not_supplied_is_said_in_words(built: duckdb.DuckDBPyConnection) -> None:
    assert supply(built, "census")[1:] == ("not_supplied", "table_not_supplied:census")
    assert supply(built, "census.patients")[1:] == ("not_supplied", "table_not_supplied:census")
    assert supply(built, "encounters.payer")[1:] == ("not_supplied", "column_not_supplied:encounters.payer")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Only diagnoses that no map knows, and no DRG."""
    content = COLUMNS + "E1,P1,F1,acute inpatient,2026-10-01,2026-10-05,314529007,,\n"
    with tables_of(tmp_path_factory.mktemp("bare"), {"encounters.csv": content}) as connection:
        yield connection


def test_codes_that_no_map_knows_are_as_good_as_none_but_told_apart(bare: duckdb.DuckDBPyConnection) -> None:
    assert supply(bare, "icd_diagnosis_codes") == (False, "not_computable", "icd_codes_unmapped")
    assert supply(bare, "drg_weights")[:2] == (False, "not_computable")


@pytest.mark.parametrize(
    ("code", "reason"), [("I50.9", "no_principal_diagnoses"), ("314529007", "no_icd_codes"), (None, "no_icd_codes")]
)
def test_diagnoses_without_a_principal_one_are_told_from_none(code: str | None, reason: str, tmp_path: Path) -> None:
    files = {"encounters.csv": COLUMNS + "E1,P1,F1,acute inpatient,2026-10-01,2026-10-05,,,\n"}
    if code:
        files["diagnoses.csv"] = f"encounter_id,sequence,code\nE1,1,{code}\n"
    with tables_of(tmp_path, files) as connection:
        assert supply(connection, "icd_diagnosis_codes") == (False, "not_computable", reason)
