"""figures.csv: one row per printed figure, readable by any program, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from kpi_pipeline.core.text.spreadsheets import guarded
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.figures.figures_csv import COLUMNS
from tests.report.invented_report import METRICS, not_supplied, report_inputs


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_is_rfc_4180() -> None:
    text = build_report_and_tables(report_inputs())[1]["figures.csv"]
    assert text.startswith(",".join(COLUMNS) + "\r\n")
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(COLUMNS)}


def test_every_charted_month_has_one_row_and_every_id_is_unique() -> None:
    rows = rows_of(build_report_and_tables(report_inputs(facilities="AB"))[1]["figures.csv"])
    ids = [row["figure_id"] for row in rows]
    assert len(ids) == len(set(ids))
    rows = [row for row in rows if not row["figure_id"].startswith("totals/")]
    whole = [row for row in rows if row["facility_id"] == "all"]
    assert len(whole) == 24 * len(METRICS)
    assert len(rows) - len(whole) == 2 * len(METRICS)  # each facility, in the month the tables show


def test_a_figure_can_be_recomputed_from_its_row() -> None:
    rows = rows_of(build_report_and_tables(report_inputs())[1]["figures.csv"])
    row = next(row for row in rows if row["figure_id"] == "readmission_30d/all/2026-09")
    assert 100 * float(row["numerator"]) / float(row["denominator"]) == pytest.approx(float(row["value"]))
    assert (row["unit"], row["maturity"], row["target"], row["snapshot"]) == (
        "percent",
        "final",
        "14.0",
        "3fa9c27be1d04455",
    )


def test_the_icons_stand_in_the_row_of_the_month_they_were_taken_from() -> None:
    rows = [
        row
        for row in rows_of(build_report_and_tables(report_inputs())[1]["figures.csv"])
        if row["metric"] == "readmission_30d"
    ]
    assert [row["month"] for row in rows if row["variation"]] == ["2026-09"]  # October is not final


def test_a_measure_without_figures_has_a_row_that_says_why() -> None:
    inputs = not_supplied(
        report_inputs(), "denials_per_100_discharges", status="not_supplied", reason="the denials table"
    )
    rows = [
        row
        for row in rows_of(build_report_and_tables(inputs)[1]["figures.csv"])
        if row["metric"] == "denials_per_100_discharges"
    ]
    assert len(rows) == 1
    assert (rows[0]["status"], rows[0]["value"], rows[0]["month"]) == ("not supplied: the denials table", "", "")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("-0.3", "-0.3"),  # a number stays one
        ("-1e", "'-1e"),
        ("discharges", "discharges"),
        ("", ""),
    ],
)
def test_cells_a_spreadsheet_would_run_are_guarded(cell: str, safe: str) -> None:
    assert guarded(cell) == safe


def test_a_facility_named_like_a_formula_is_guarded_in_the_table() -> None:
    inputs = report_inputs(facilities=("=HYPERLINK(1)", "B"))
    text = build_report_and_tables(inputs)[1]["figures.csv"]
    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text
