"""What is shipped is right and complete, and loads with its dates and provenance.

Expected codes and figures are read by hand from the published tables: AHRQ CCS 2019.1, CMS IPPS FY 2026
Table 5, CMS planned readmission algorithm v4.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.errors import DefinitionError, InputError
from kpi_pipeline.reference.provenance import read_provenance, write_provenance
from kpi_pipeline.reference.store import SHIPPED_FOLDER, TABLE_COLUMNS, default_reference_folder, load_reference


@pytest.fixture(scope="module")
def shipped() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the shipped tables alone."""
    with duckdb.connect() as connection:
        load_reference(connection, None)
        yield connection


def codes_of(connection: duckdb.DuckDBPyConnection, value_set: str, code_system: str) -> set[str]:
    rows = connection.execute(
        "SELECT code FROM reference_value_sets WHERE value_set = ? AND code_system = ?", [value_set, code_system]
    ).fetchall()
    return {code for (code,) in rows}


@pytest.mark.parametrize(
    ("code", "ccs", "meaning"),
    [
        ("I5033", "108", "acute on chronic diastolic heart failure"),
        ("J189", "122", "pneumonia, unspecified"),
        ("Z5111", "45", "antineoplastic chemotherapy"),
        ("Z5189", "257", "other aftercare, not rehabilitation (254)"),
        ("A419", "2", "sepsis, unspecified"),
        ("Z3801", "218", "liveborn, single, by cesarean"),
    ],
)
def test_diagnosis_maps_to_its_ccs(shipped: duckdb.DuckDBPyConnection, code: str, ccs: str, meaning: str) -> None:
    found = shipped.execute(
        "SELECT ccs FROM reference_ccs_diagnosis WHERE code_system = 'icd10cm' AND code = ?", [code]
    ).fetchall()
    assert found == [(ccs,)], meaning


@pytest.mark.parametrize(
    ("code", "ccs", "meaning"),
    [
        ("0SR9019", "153", "hip replacement"),
        ("0TY00Z0", "105", "kidney transplant"),
        ("00800ZZ", "1", "division of brain; leading zeros are kept"),
    ],
)
def test_procedure_maps_to_its_ccs(shipped: duckdb.DuckDBPyConnection, code: str, ccs: str, meaning: str) -> None:
    found = shipped.execute(
        "SELECT ccs FROM reference_ccs_procedure WHERE code_system = 'icd10pcs' AND code = ?", [code]
    ).fetchall()
    assert found == [(ccs,)], meaning


@pytest.mark.parametrize(
    ("ms_drg", "figures"),
    [
        ("470", ("08", "SURG", 1.9289, 1.9, 2.2)),
        ("291", ("05", "MED", 1.2838, 3.8, 5.0)),
        ("001", ("PRE", "SURG", 28.0239, 25.8, 36.2)),
        # 010's weight is the one with the 10 % cap applied; before the cap it is 3.0699.
        ("010", ("PRE", "SURG", 7.1757, 5.9, 6.0)),
        ("999", (None, "**", None, None, None)),
    ],
)
def test_ms_drg_has_the_figures_of_table_5(
    shipped: duckdb.DuckDBPyConnection, ms_drg: str, figures: tuple[object, ...]
) -> None:
    found = shipped.execute(
        "SELECT mdc, type, weight, gmlos, amlos FROM reference_ms_drg WHERE ms_drg = ? AND fiscal_year = 2026", [ms_drg]
    ).fetchall()
    assert found == [figures]


@pytest.mark.parametrize(
    ("table", "key", "n_rows"),
    [
        ("reference_ccs_diagnosis", "code_system, code", 72_446),
        ("reference_ccs_procedure", "code_system, code", 79_758),
        ("reference_ms_drg", "fiscal_year, ms_drg", 772),
        ("reference_value_sets", "value_set, code_system, code, effective_from", 399),
        ("reference_dispositions", "code", 44),
        ("reference_benchmarks_hrrp", "fiscal_year, cms_certification_number, measure", 0),
        ("reference_elixhauser", "code, comorbidity", 4690),
        ("reference_risk_terms", "model, factor, level", 0),
        ("reference_tables", "name", 6),
    ],
)
def test_table_has_all_its_rows_and_no_key_twice(
    shipped: duckdb.DuckDBPyConnection, table: str, key: str, n_rows: int
) -> None:
    counts = shipped.execute(f"SELECT COUNT(*), COUNT(DISTINCT ({key})) FROM {table}").fetchall()
    assert counts == [(n_rows, n_rows)]


@pytest.mark.parametrize("table", TABLE_COLUMNS)
def test_table_has_exactly_its_declared_columns(shipped: duckdb.DuckDBPyConnection, table: str) -> None:
    described = {row[0]: row[1] for row in shipped.execute(f"DESCRIBE {table}").fetchall()}
    assert described == dict(TABLE_COLUMNS[table])


@pytest.mark.parametrize(
    ("value_set", "code_system", "n_codes", "inside", "outside"),
    [
        ("readmission_exclusion_psychiatric", "ccs_diagnosis", 11, {"650", "652", "654", "659", "670"}, {"653", "660"}),
        ("readmission_exclusion_rehabilitation", "ccs_diagnosis", 1, {"254"}, {"257"}),
        ("readmission_exclusion_cancer_medical", "ccs_diagnosis", 35, {"11", "45"}, {"10", "46"}),
        ("always_planned_procedure", "ccs_procedure", 3, {"64", "105", "176"}, {"134", "135"}),
        ("always_planned_procedure_all_payer", "ccs_procedure", 2, {"134", "135"}, {"64"}),
        ("always_planned_diagnosis", "ccs_diagnosis", 2, {"45", "254"}, {"194", "196"}),
        ("always_planned_diagnosis_all_payer", "ccs_diagnosis", 2, {"194", "196"}, {"45"}),
        ("potentially_planned_procedure", "ccs_procedure", 65, {"1", "3", "45", "153", "164", "224"}, {"4", "165"}),
        ("acute_diagnosis", "ccs_diagnosis", 80, {"2", "122", "131", "259", "653", "670"}, {"6", "108", "132", "654"}),
        ("surgery_gynecology_procedure", "ccs_procedure", 89, {"1", "17", "153", "176"}, {"18", "45", "64", "177"}),
        ("cohort_cardiorespiratory", "ccs_diagnosis", 12, {"56", "108", "122", "127", "133"}, {"126", "134"}),
        ("cohort_cardiovascular", "ccs_diagnosis", 14, {"96", "100", "117", "213"}, {"98", "103", "108"}),
        ("cohort_neurology", "ccs_diagnosis", 16, {"78", "83", "109", "113", "233"}, {"84", "114"}),
        ("condition_heart_attack", "ccs_diagnosis", 1, {"100"}, {"101"}),
        ("condition_heart_failure", "ccs_diagnosis", 1, {"108"}, {"107"}),
        ("condition_pneumonia", "ccs_diagnosis", 1, {"122"}, {"129"}),
        ("condition_copd", "ccs_diagnosis", 1, {"127"}, {"128"}),
        ("condition_hip_or_knee", "ccs_procedure", 2, {"152", "153"}, {"154"}),
        ("condition_coronary_bypass", "ccs_procedure", 1, {"44"}, {"43", "45"}),
        ("disposition_valid", "ub04_disposition", 44, {"00", "01", "09", "72", "95"}, {"1", "10", "80", "96"}),
        ("disposition_died", "ub04_disposition", 4, {"20", "40", "41", "42"}, {"43"}),
        ("disposition_acute_transfer", "ub04_disposition", 8, {"02", "05", "43", "66", "82", "94"}, {"03", "65"}),
        ("disposition_ama", "ub04_disposition", 1, {"07"}, {"01"}),
        ("disposition_still_patient", "ub04_disposition", 1, {"30"}, {"20"}),
        ("disposition_hospice", "ub04_disposition", 2, {"50", "51"}, {"40"}),
    ],
)
def test_value_set_holds_its_codes(
    shipped: duckdb.DuckDBPyConnection,
    value_set: str,
    code_system: str,
    n_codes: int,
    inside: set[str],
    outside: set[str],
) -> None:
    codes = codes_of(shipped, value_set, code_system)
    assert len(codes) == n_codes
    assert inside <= codes
    assert not outside & codes


def test_there_are_no_other_value_sets_than_those_checked_above(shipped: duckdb.DuckDBPyConnection) -> None:
    counts = shipped.execute("SELECT COUNT(DISTINCT value_set) FROM reference_value_sets").fetchall()
    assert counts == [(25,)]


def test_shipped_value_sets_hold_for_every_discharge_date(shipped: duckdb.DuckDBPyConnection) -> None:
    dates = shipped.execute("SELECT DISTINCT effective_from, effective_to FROM reference_value_sets").fetchall()
    assert dates == [(date(1900, 1, 1), date(9999, 12, 31))]


def test_every_category_in_a_value_set_exists_in_its_ccs_map(shipped: duckdb.DuckDBPyConnection) -> None:
    strangers = shipped.execute(
        """
        SELECT value_set, code FROM reference_value_sets
        WHERE (code_system = 'ccs_diagnosis' AND code NOT IN (SELECT ccs FROM reference_ccs_diagnosis))
           OR (code_system = 'ccs_procedure' AND code NOT IN (SELECT ccs FROM reference_ccs_procedure))
        """
    ).fetchall()
    assert strangers == []


def test_valid_dispositions_are_those_with_a_title(shipped: duckdb.DuckDBPyConnection) -> None:
    titles = dict(shipped.execute("SELECT code, title FROM reference_dispositions").fetchall())
    assert set(titles) == codes_of(shipped, "disposition_valid", "ub04_disposition")
    assert titles["01"] == "Home or self-care"
    assert titles["90"] == "Inpatient rehabilitation facility, return to acute care planned"
    assert len(set(titles.values())) == len(titles)


def test_shipped_codes_have_no_dot_and_no_space(shipped: duckdb.DuckDBPyConnection) -> None:
    for table in ("reference_ccs_diagnosis", "reference_ccs_procedure", "reference_value_sets"):
        odd = shipped.execute(f"SELECT code FROM {table} WHERE NOT regexp_full_match(code, '[0-9A-Z]+')").fetchall()
        assert odd == []


def test_a_fiscal_year_without_its_own_table_uses_the_nearest(shipped: duckdb.DuckDBPyConnection) -> None:
    years = shipped.execute(
        "SELECT * FROM reference_fiscal_years WHERE fiscal_year IN (2008, 2026, 2027, 2199) ORDER BY 1"
    ).fetchall()
    assert years == [(2008, 2026, False), (2026, 2026, True), (2027, 2026, False), (2199, 2026, False)]


def test_provenance_is_in_the_warehouse_with_the_dates_of_the_table(shipped: duckdb.DuckDBPyConnection) -> None:
    rows = shipped.execute(
        "SELECT version, effective_from, effective_to, rows FROM reference_tables WHERE name = 'ms_drg_fy2026'"
    ).fetchall()
    assert rows == [("FY 2026 (MS-DRG v43)", date(2025, 10, 1), date(2026, 9, 30), 772)]


def test_every_shipped_file_is_small_and_named_in_the_provenance() -> None:
    tables = read_provenance(SHIPPED_FOLDER)
    files = {path.name for path in SHIPPED_FOLDER.iterdir()}
    assert files == {table.file for table in tables} | {"provenance.yaml"}
    assert all((SHIPPED_FOLDER / name).stat().st_size < 1_000_000 for name in files)


def test_rows_of_the_provenance_are_the_rows_of_the_files(shipped: duckdb.DuckDBPyConnection) -> None:
    for table in read_provenance(SHIPPED_FOLDER):
        counts = shipped.execute(f"SELECT COUNT(*) FROM '{SHIPPED_FOLDER / table.file}'").fetchall()
        assert counts == [(table.rows,)], table.name


def test_loading_twice_into_one_connection_gives_the_same_tables() -> None:
    with duckdb.connect() as connection:
        first = load_reference(connection, None)
        assert load_reference(connection, None) == first
        assert connection.execute("SELECT COUNT(*) FROM reference_ms_drg").fetchall() == [(772,)]


def test_the_default_folder_lies_beside_the_warehouse_if_it_exists(tmp_path: Path) -> None:
    warehouse = tmp_path / "hospital.duckdb"
    assert default_reference_folder(warehouse) is None
    (tmp_path / "reference").mkdir()
    assert default_reference_folder(warehouse) == tmp_path / "reference"


def test_an_empty_reference_folder_changes_nothing(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        assert load_reference(connection, tmp_path) == load_reference(connection, None)


def test_a_missing_reference_folder_is_an_input_error(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(InputError, match="there is no such reference folder"):
        load_reference(connection, tmp_path / "nowhere")


def test_a_folder_of_files_that_were_not_imported_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "table5.csv").write_text("ms_drg\n001\n", encoding="utf-8")
    with (
        duckdb.connect() as connection,
        pytest.raises(InputError, match=r"no provenance.yaml: table5.csv.*reference import"),
    ):
        load_reference(connection, tmp_path)


def test_a_changed_file_and_a_missing_file_are_both_reported(tmp_path: Path) -> None:
    tables = read_provenance(SHIPPED_FOLDER)
    for table in tables:
        (tmp_path / table.file).write_bytes((SHIPPED_FOLDER / table.file).read_bytes())
    write_provenance(tmp_path, tables)
    (tmp_path / "dispositions.csv").write_text("code,title\n01,Elsewhere\n", encoding="utf-8")
    (tmp_path / "value_sets.csv").unlink()
    with pytest.raises(DefinitionError) as caught:
        read_provenance(tmp_path)
    assert len(caught.value.faults) == 2
    assert "dispositions.csv: is not the file provenance.yaml describes" in str(caught.value)
    assert "value_sets.csv: is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "is not YAML"),
        ("name: dispositions", "must be a list of reference files"),
        ("- name: dispositions", "entry 1: table is missing"),
        ("- {name: x, file: ../elsewhere.csv}", "entry 1: file"),
    ],
)
def test_a_broken_provenance_is_a_definition_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "provenance.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        read_provenance(tmp_path)


def test_a_name_used_twice_in_the_provenance_is_a_definition_error(tmp_path: Path) -> None:
    (table,) = (table for table in read_provenance(SHIPPED_FOLDER) if table.name == "dispositions")
    (tmp_path / table.file).write_bytes((SHIPPED_FOLDER / table.file).read_bytes())
    write_provenance(tmp_path, [table, table])
    with pytest.raises(DefinitionError, match="names dispositions more than once"):
        read_provenance(tmp_path)
