"""The published files as they really are: every one imports cleanly, and what is shipped agrees with them.

They lie beside the repository, in `shared/data`, and are no part of it; without them these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.improvement.benchmarks import CONDITIONS
from kpi_pipeline.reference.importer import ImportResult, import_reference
from kpi_pipeline.reference.store import load_reference

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
TERMINOLOGY = PUBLISHED / "terminology"
HRRP = PUBLISHED / "hrrp_fy2024" / "FY_2024_Hospital_Readmissions_Reduction_Program_Hospital.csv"

pytestmark = pytest.mark.skipif(
    not TERMINOLOGY.is_dir(), reason="the published files are not beside the repository (../shared/data/terminology)"
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ImportResult]]:
    """A store with every published file imported."""
    store = tmp_path_factory.mktemp("published") / "store"
    sources = {
        "readmission-value-sets": TERMINOLOGY,
        "ccs-icd10": TERMINOLOGY,
        "ccs-icd9": TERMINOLOGY,
        "ms-drg-table5": TERMINOLOGY / "cms_ipps_fy2026_table5.csv",
        "benchmarks-hrrp": HRRP,
    }
    now = datetime(2026, 11, 2, tzinfo=UTC)
    return store, [import_reference(kind, path, store, imported_at=now) for kind, path in sources.items()]


@pytest.fixture(scope="module")
def both(results: tuple[Path, list[ImportResult]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two catalogs: `shipped` alone, and `imported` over it."""
    store, _ = results
    with duckdb.connect() as connection:
        for name, folder in (("shipped", None), ("imported", store)):
            connection.execute(f"ATTACH ':memory:' AS {name}")
            connection.execute(f"USE {name}")
            load_reference(connection, folder)
        yield connection


def test_every_published_file_imports_with_all_its_rows(results: tuple[Path, list[ImportResult]]) -> None:
    rows = {table.name: table.rows for result in results[1] for table in result.tables}
    assert rows == {
        "readmission_value_sets": 80 + 12_333 + 2 + 3 + 47 + 65 + 2_521 + (276 - 145) + 1_676,
        "ccs_diagnosis_icd10": 72_446,
        "ccs_procedure_icd10": 79_758,
        # One row of each ICD-9 file says "no code".
        "ccs_diagnosis_icd9": 15_073 - 1,
        "ccs_procedure_icd9": 3_949 - 1,
        "ms_drg_fy2026": 772,
        "benchmarks_hrrp_fy2024": 18_774,
    }


@pytest.mark.parametrize("table", ["reference_ccs_diagnosis", "reference_ccs_procedure"])
def test_the_shipped_icd_10_map_is_the_published_map(both: duckdb.DuckDBPyConnection, table: str) -> None:
    for one, other in (("shipped", "imported"), ("imported", "shipped")):
        differing = both.execute(
            f"SELECT COUNT(*) FROM (FROM {one}.main.{table} WHERE code_system LIKE 'icd10%' "
            f"EXCEPT FROM {other}.main.{table})"
        ).fetchall()
        assert differing == [(0,)]


def test_the_shipped_ms_drg_table_is_the_published_table(both: duckdb.DuckDBPyConnection) -> None:
    differing = both.execute(
        "SELECT COUNT(*) FROM (FROM shipped.main.reference_ms_drg EXCEPT FROM imported.main.reference_ms_drg)"
    ).fetchall()
    assert differing == [(0,)]


def test_the_shipped_category_lists_are_the_published_lists(both: duckdb.DuckDBPyConnection) -> None:
    lists = "FROM {}.main.reference_value_sets WHERE code_system LIKE 'ccs%'"
    for one, other in (("shipped", "imported"), ("imported", "shipped")):
        differing = both.execute(f"{lists.format(one)} EXCEPT {lists.format(other)}").fetchall()
        assert differing == []


def test_single_icd_codes_refine_the_lists_by_the_published_numbers(both: duckdb.DuckDBPyConnection) -> None:
    counts = both.execute(
        "SELECT value_set, COUNT(*) FROM imported.main.reference_value_sets "
        "WHERE code_system LIKE 'icd10%' GROUP BY value_set ORDER BY value_set"
    ).fetchall()
    assert counts == [
        ("acute_diagnosis", 12_333),
        ("potentially_planned_procedure", 2_521),
        ("surgery_gynecology_procedure", 1_676),
    ]


def test_benchmarks_too_few_to_report_have_no_number(both: duckdb.DuckDBPyConnection) -> None:
    counts = both.execute(
        "SELECT n_readmissions_text, COUNT(*), COUNT(n_readmissions) FROM imported.main.reference_benchmarks_hrrp "
        "GROUP BY ALL ORDER BY ALL NULLS FIRST"
    ).fetchall()
    # Counted in the published file with a text tool, not from the store.
    withheld = sum(1 for line in HRRP.read_text(encoding="utf-8").splitlines() if "Too Few to Report" in line)
    not_available = sum(1 for line in HRRP.read_text(encoding="utf-8").splitlines() if line.split(",")[-3] == "N/A")
    assert counts == [
        (None, 18_774 - withheld - not_available, 18_774 - withheld - not_available),
        ("N/A", not_available, 0),
        ("Too Few to Report", withheld, 0),
    ]


def test_every_measure_of_the_readmissions_program_is_a_condition_of_ours(both: duckdb.DuckDBPyConnection) -> None:
    measures = both.execute("SELECT DISTINCT measure FROM imported.reference_benchmarks_hrrp").fetchall()
    assert {measure for (measure,) in measures} == set(CONDITIONS)
