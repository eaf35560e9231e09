"""The decisions tracker: what was asked for before and what became of it, what is asked now and what a no means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.commentary import Commentary, read_commentary
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.pipeline.history.issue_before import COMMENTARY, IssueBefore, decisions_asked
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.model import FurtherSection, Report
from tests.report.invented_report import DENIALS, LAST, METRICS, eventful, report_inputs

ASKED = {"what": "Fund weekends at Lakeside.", "owner": "CNO", "by": "2026-10-20"}
WEIGHED = {"cost": "Two nurses.", "benefit": "Shorter waits.", "if_no": "Waits stay."}


def commentary(**months: list[dict[str, Any]]) -> Commentary:
    return Commentary.model_validate(
        {"months": {name.strip("_").replace("_", "-"): {"decisions": asked} for name, asked in months.items()}}
    )


def with_asked(said: Commentary, inputs: ReportInputs | None = None, **outcomes: tuple[str, date]) -> ReportInputs:
    answers = {
        f"{key.strip('_')[:4]}-{key.strip('_')[4:6]}/{key[-1]}": DecisionOutcome.model_validate(
            {"became": became, "answered_on": on, "note": "As budgeted."}
        )
        for key, (became, on) in outcomes.items()
    }
    return replace(inputs or report_inputs(), commentary=said, asked=said.asked(), outcomes=answers)


def page(report: Report) -> FurtherSection | None:
    return next((one for one in report.further_sections if one.name == "decisions"), None)


def rows_before(report: Report) -> list[tuple[Any, ...]]:
    section = page(report)
    assert section is not None
    return [row for table in section.tables if table.caption.startswith("Asked for before") for row in table.rows]


def test_nothing_asked_before_and_nothing_weighed_needs_no_page() -> None:
    report = build_report(with_asked(commentary(_2026_10=[ASKED])))
    assert page(report) is None
    assert report.front.asked_before is None


def test_a_new_decision_stands_with_cost_benefit_and_the_consequence_of_a_no() -> None:
    report = build_report(with_asked(commentary(_2026_10=[ASKED | WEIGHED, ASKED | {"cost": "Nothing."}])))
    section = page(report)
    assert section is not None
    assert section.title == "Two decisions asked for, and what each takes and brings"
    assert [row[2:] for row in section.tables[0].rows] == [
        ("Two nurses.", "Shorter waits.", "Waits stay."),
        ("Nothing.", "–", "–"),
    ]
    assert "has not written down" in section.paragraphs[0]


def test_what_became_of_each_is_told_open_ones_first_and_in_a_line_on_page_1() -> None:
    said = commentary(
        _2026_08=[ASKED, ASKED | {"what": "Name a lead.", "measure": DENIALS}],
        _2026_09=[ASKED | {"what": "Meet."}],
    )
    report = build_report(
        with_asked(
            said, eventful(), _202608_1=("granted", date(2026, 9, 9)), _202609_1=("postponed", date(2026, 10, 9))
        )
    )
    line = "Of three decisions asked for before, one has no answer on record, one was put off and one was granted."
    assert report.front.asked_before == line
    rows = rows_before(report)
    assert [row[0] for row in rows] == ["Name a lead.", "Meet.", "Fund weekends at Lakeside."]
    assert rows[0][3] == "No answer on record."
    assert str(rows[0][4]).startswith("Denials per 100 discharges are up: ")
    assert rows[2][1:4] == ("August 2026", "CNO, October 20, 2026", "Granted on September 9, 2026. As budgeted.")
    section = page(report)
    assert section is not None
    assert section.title == line.rstrip(".")
    assert "does not say that the decision changed it" in section.paragraphs[-1]


def test_an_open_question_stays_until_it_is_answered_and_an_answer_is_told_for_a_year() -> None:
    said = commentary(_2024_01=[ASKED, ASKED], _2025_01=[ASKED, ASKED])
    report = build_report(
        with_asked(
            said,
            _202401_1=("refused", date(2024, 2, 1)),
            _202501_1=("done", date(2025, 10, 31)),
            _202501_2=("done", date(2025, 11, 1)),
        )
    )
    assert [(row[1], str(row[3]).split(" on ")[0]) for row in rows_before(report)] == [
        ("January 2024", "No answer"),
        ("January 2025", "Carried out"),
    ]


def test_a_report_made_anew_does_not_know_what_was_decided_later() -> None:
    said = commentary(_2026_03=[ASKED], _2026_09=[ASKED])
    old = with_asked(said, report_inputs(last=LAST), _202603_1=("granted", date(2026, 8, 1)))
    report = build_report(replace(old, month=Month(2026, 5)))
    assert [row[3] for row in rows_before(report)] == ["No answer on record."]


def test_what_an_issue_printed_stays_asked_when_the_file_forgets_it(tmp_path: Path) -> None:
    file = tmp_path / COMMENTARY
    file.parent.mkdir()
    file.write_text("months: {2026-09: {decisions: [{what: Fund it., owner: CNO, by: 2026-10-20}]}}\n")
    before = IssueBefore(tmp_path, 8, Month(2026, 9), {})
    now = commentary(_2026_10=[ASKED])
    assert list(decisions_asked(now, before, METRICS)) == ["2026-09/1", "2026-10/1"]
    assert list(decisions_asked(now, None, METRICS)) == ["2026-10/1"]


def test_another_hospitals_name_is_kept_out_of_answers() -> None:
    inputs = report_inputs(facilities="AB", facility_id="B", facility_name="B")
    report = build_report(with_asked(commentary(_2026_09=[ASKED]), inputs))
    assert rows_before(report)[0][0] == "Fund weekends at [another hospital]."


def test_a_measure_that_does_not_exist_is_a_fault_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "commentary.yaml"
    file.write_text("months: {2026-09: {decisions: [{what: Do., owner: CNO, by: soon, measure: no_such}]}}\n")
    with pytest.raises(Exception, match=r"months\.2026-09\.decisions\.1\.measure names 'no_such'"):
        read_commentary(file, METRICS)
