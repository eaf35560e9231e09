"""CMS's published figures stand beside ours where both are declared, in CMS's own words, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings, read_settings
from kpi_pipeline.improvement.benchmarks import CONDITIONS, Benchmarks, read_benchmarks
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.groups import Span
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.figures.page_figures import page_figures
from kpi_pipeline.report.words.page_figures import page_figure_lines
from tests.report.invented_report import METRICS, report_inputs
from tests.support.landings import tables_of
from tests.support.reference_files import HRRP, imported, write

OURS = load_metrics()
MEASURE = "readmission_conditions_30d"
AUGUST = Month(2026, 8)
DECLARED = Settings(min_denominator=3, cms_certification_numbers={"F1": "010001", "F2": "020002"})
VALUES = pd.DataFrame(
    [(MEASURE, place, month, "final", "ok") for place in ("F1", "F2", "all") for month in ("2026-07", "2026-08")],
    columns=["metric", "facility_id", "month", "maturity", "status"],
)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Three stays for heart failure at F1, one of which came back; one for a bypass; a second hospital."""
    folder = tmp_path_factory.mktemp("benchmarks")

    def row(number: int, person: int, admitted: str, discharged: str, diagnosis: str, place: str = "F1") -> str:
        return f"E{number},P{person},{place},acute inpatient,{admitted},{discharged},01,{diagnosis},1940-01-01\n"

    files = {
        "encounters.csv": "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,"
        "discharge_disposition_code,primary_diagnosis_code,birth_date\n"
        + row(1, 1, "2026-08-01", "2026-08-05", "I5033")
        + row(2, 2, "2026-08-01", "2026-08-06", "I5033")
        + row(3, 3, "2026-08-01", "2026-08-07", "I5033")
        + row(4, 4, "2026-08-01", "2026-08-08", "I214")
        + row(5, 1, "2026-08-20", "2026-08-22", "A419")
        + row(6, 8, "2026-10-30", "2026-10-31", "A419")  # its feed goes on
        + row(7, 9, "2026-10-30", "2026-10-31", "A419", "F2"),
        "procedures.csv": "encounter_id,procedure_code\nE4,021009W\n",
    }
    imported("benchmarks-hrrp", write(folder / "FY_2024_HRRP.csv", HRRP), folder / "reference")
    with tables_of(folder, files, reference=folder / "reference") as connection:
        yield connection


def read(hospital: duckdb.DuckDBPyConnection, month: Month = AUGUST, **more: object) -> Benchmarks | None:
    asked = {"metrics": OURS, "values": VALUES, "settings": DECLARED} | more
    return read_benchmarks(hospital, month, **asked)  # type: ignore[arg-type]


def test_each_condition_has_our_figure_beside_what_cms_published_of_it(hospital: duckdb.DuckDBPyConnection) -> None:
    found = read(hospital, facility="F1")
    assert found is not None
    assert (found.fiscal_year, found.starts_on, found.ends_on) == (2024, date(2019, 7, 1), date(2022, 6, 30))
    (own,) = found.facilities
    assert own.span == Span(2, AUGUST)  # there are figures of two months
    assert [
        (row.condition, row.n_cases, row.value and round(row.value, 1), row.published_discharges,
         row.published_readmissions, row.readmissions_text, row.expected_pct, row.excess_ratio, row.footnote)
        for row in own.rows
    ] == [
        ("Heart failure", 3, 33.3, 616, 149, "", 21.0184, 1.1003, ""),
        ("Hip or knee replacement", 0, None, None, None, "Too Few to Report", 3.9618, 0.8916, ""),
        ("Coronary bypass", 1, None, None, None, "N/A", None, None, "5"),
    ]  # fmt: skip


def test_nothing_is_shown_of_a_hospital_that_did_not_say_who_it_is(hospital: duckdb.DuckDBPyConnection) -> None:
    assert read(hospital, settings=Settings()) is None
    assert read(hospital, facility="F1", settings=Settings(cms_certification_numbers={"F2": "020002"})) is None
    both = read(hospital)
    assert both is not None
    assert [(one.facility_id, len(one.rows)) for one in both.facilities] == [("F1", 3), ("F2", 0)]  # no such number


def test_nothing_is_shown_that_was_not_out_or_that_no_measure_says_it_compares_with(
    hospital: duckdb.DuckDBPyConnection,
) -> None:
    assert read(hospital, Month(2023, 9)) is None  # fiscal year 2024 begins in October 2023
    october = read(hospital, Month(2023, 10))
    assert october is not None
    assert october.facilities[0].span is None  # we have no month that old: no 0 of ours stands there
    assert {row.n_cases for row in october.facilities[0].rows} == {None}
    silent = {name: one.model_copy(update={"benchmark": None}) for name, one in OURS.items()}
    assert read(hospital, metrics=silent) is None


def test_a_number_of_a_facility_that_is_not_there_is_refused(hospital: duckdb.DuckDBPyConnection) -> None:
    wrong = Settings(cms_certification_numbers={"F9": "010001"})
    with pytest.raises(DefinitionError, match="names F9, which the data do not have"):
        read(hospital, settings=wrong)


def test_a_number_written_as_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kpi.yaml").write_text("cms_certification_numbers: {F1: 010001}\n")
    with pytest.raises(DefinitionError, match="cms_certification_numbers"):
        read_settings(tmp_path / "kpi.yaml")


def test_the_page_prints_cmss_words_says_why_it_is_not_the_same_and_judges_nothing(
    hospital: duckdb.DuckDBPyConnection,
) -> None:
    inputs = replace(report_inputs(), metrics={**METRICS, MEASURE: OURS[MEASURE]}, benchmarks=read(hospital))
    report, tables = build_report_and_tables(inputs)
    (page,) = [one for one in report.further_sections if one.name == "benchmarks"]
    assert page.blocks[0].tables[0].rows == (
        ("Heart failure", "3", "33.3%", "616", "149", "23.1%", "21.0%", "1.1003"),
        ("Hip or knee replacement", "0", "too few", "N/A", "Too Few to Report", "3.5%", "4.0%", "0.8916"),
        ("Coronary bypass", "1", "too few", "N/A", "N/A", "N/A", "N/A", "N/A"),
    )
    assert "fiscal year 2024, discharges July 1, 2019 to June 30, 2022" in (page.lede or "")
    assert page.blocks[1].paragraphs == ("CMS's file of fiscal year 2024 holds no hospital with the number declared.",)
    (note,) = page.blocks[-1].notes
    assert "Not the same: CMS counts patients of Medicare alone, returns to any hospital" in note
    assert "results are not available for the period (footnote 5)" in note
    said = page.model_dump_json().lower()
    assert not [word for word in ("better", "worse", "higher than", "lower than", "improve", "concern") if word in said]
    lines = [line for line in tables["figures.csv"].splitlines() if line.startswith("benchmarks/")]
    assert len(lines) == 2 + 5 + 1 + 3 + 1  # failure has all; hip no discharges; bypass our cases alone
    for figure in page_figures(judge(inputs)):
        if figure.page == "benchmarks":
            assert list(page_figure_lines(figure.figure_id, OURS)), figure.figure_id


def test_copies_that_withhold_small_numbers_have_no_such_page(hospital: duckdb.DuckDBPyConnection) -> None:
    inputs = replace(report_inputs(), metrics={**METRICS, MEASURE: OURS[MEASURE]}, benchmarks=read(hospital))
    for privacy in ("board", "external"):
        assert judge(replace(inputs, privacy=privacy)).benchmarks is None


def test_every_condition_is_one_the_warehouse_knows(hospital: duckdb.DuckDBPyConnection) -> None:
    conditions = (Path("sql/warehouse/stay_conditions.sql")).read_text(encoding="utf-8")
    assert all(f"'{condition}'" in conditions for condition in CONDITIONS.values())
