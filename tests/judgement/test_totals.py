"""The page of totals: sums over months, plans, owners; and no total that would tell a withheld month."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.targets import DatedTarget, Targets
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.tables.totals import JudgedTotals, TotalRow
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.pages.totals import build_totals
from tests.report.invented_report import LAST, READMISSION, report_inputs

SETTINGS = Settings(owners={READMISSION: "M. Alvarez"}, year_starts_in=10)


def rows_of(totals: JudgedTotals | None) -> dict[str, TotalRow]:
    assert totals is not None
    return {row.metric.name: row for row in totals.rows}


def test_totals_are_ratios_of_the_sums_of_their_months() -> None:
    inputs = report_inputs()
    row = rows_of(judge(inputs).totals)[READMISSION]
    own = inputs.values[(inputs.values["metric"] == READMISSION) & (inputs.values["facility_id"] == "all")]
    for cell, first in ((row.year, "2026-01"), (row.twelve, "2025-11")):
        kept = own[(own["month"] >= first) & (own["month"] <= "2026-10")]
        assert isinstance(cell.value, float)
        assert cell.value == pytest.approx(100 * kept["numerator"].sum() / kept["denominator"].sum())
        assert cell.n_not_final == 1  # October has not had its 30 days
    assert row.plan == 14.0  # the target of the measure's own file
    assert row.owner == "case management"


def test_the_year_begins_where_the_hospital_says_and_a_person_answers_for_a_measure() -> None:
    totals = judge(report_inputs(settings=SETTINGS)).totals
    row = rows_of(totals)[READMISSION]
    assert totals is not None
    assert totals.year_start == LAST
    assert row.year.value == pytest.approx(row.month.value)
    assert row.owner == "M. Alvarez"


def test_the_plan_of_a_count_is_the_sum_of_its_months_and_none_where_a_month_has_none() -> None:
    def plan(first: str, name: str = "discharges", value: float = 1000) -> float | None:
        line = DatedTarget.model_validate({"metric": name, "value": value, "from": first, "source": "Budget 2026"})
        return rows_of(judge(report_inputs(targets=Targets((line,)))).totals)[name].plan

    assert plan("2026-01") == 10_000
    assert plan("2026-02") is None
    assert plan("2026-02", READMISSION, 12.5) == 12.5  # a rate has the target in force


def test_what_has_no_total_says_why_and_owes_no_dash() -> None:
    report, tables = build_report_and_tables(report_inputs(months=5))
    (page,) = [one for one in report.further_sections if one.name == "totals"]
    (block,) = page.blocks
    cells = [cell for row in block.tables[0].rows for cell in row]
    assert "–" not in cells
    assert "none declared" in cells
    assert "the data begin in June 2026 or later" in block.notes[0]
    assert f"totals/{READMISSION}/all/year_to_date" in tables["figures.csv"]


def test_a_board_sees_no_total_that_tells_a_month() -> None:
    lonely = {READMISSION: lambda at: 0.005 if at == 33 else 0.14}
    row = rows_of(judge(report_inputs(lonely, privacy="board")).totals)[READMISSION]
    assert isinstance(row.year.value, Withheld)
    assert isinstance(row.twelve.value, Withheld)
    open_row = rows_of(judge(report_inputs(privacy="board")).totals)[READMISSION]
    assert isinstance(open_row.twelve.value, float)


def test_without_figures_there_is_no_page() -> None:
    inputs = report_inputs()
    nothing = replace(judge(inputs), totals=None)
    assert build_totals(nothing) is None
