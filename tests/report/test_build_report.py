"""The report as a whole: what is on which page, in which order, and what a reader is told when something is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from kpi_pipeline.core.errors import CheckError, DefinitionError, InputError
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import ReportSettings, Settings, read_settings
from kpi_pipeline.declared.commentary import Commentary, read_commentary
from kpi_pipeline.declared.targets import read_targets
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.build import build_report
from kpi_pipeline.warehouse.facts import Watermark
from tests.report.invented_report import (
    ASSESSMENT,
    DENIALS,
    FACTS,
    LAST,
    LOS,
    METRICS,
    READMISSION,
    eventful,
    not_supplied,
    panels,
    report_inputs,
    rows,
)

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"


# ── purity and the whole ─────────────────────────────────────────────────────────────────────────────────────


def test_the_same_inputs_give_the_same_report() -> None:
    assert build_report(eventful()) == build_report(eventful())


def test_the_inputs_are_left_as_they_were() -> None:
    inputs = eventful(privacy="board")
    before = inputs.values.copy(), inputs.exclusions.copy()
    build_report(inputs)
    assert inputs.values.equals(before[0])
    assert inputs.exclusions.equals(before[1])


def test_the_order_of_the_rows_does_not_matter() -> None:
    inputs = eventful(facilities="AB")
    shuffled = replace(inputs, values=inputs.values.sample(frac=1, random_state=3), exclusions=inputs.exclusions[::-1])
    assert build_report(shuffled) == build_report(inputs)


def test_the_frame_names_month_hospital_source_and_issue() -> None:
    report = build_report(eventful(issue_number=3))
    assert (report.month, report.month_words, report.facility_id) == ("2026-10", "October 2026", "all")
    assert report.source_words == "Issue 3. Source: Canonical layout, snapshot 3fa9c2, built November 6, 2026"
    assert report.stamped_at == datetime(2026, 11, 6, 8, 30, tzinfo=UTC)
    assert report.front.issue == "Issue 3"


def test_without_a_number_every_page_says_draft() -> None:
    report = build_report(eventful())
    assert report.front.issue == "Draft"
    assert report.source_words.startswith("Draft. Source: ")


def test_what_is_replaced_stands_on_page_1_and_what_was_set_aside_with_the_datas_quality() -> None:
    replaced, aside = "It replaces issue 2: costs arrived late.", "Set aside by J. Doe: costed share is 61.0 %."
    report = build_report(eventful(issue_number=3, replaces=replaced, gate_overrides=(aside,)))
    assert report.front.status_words.endswith(replaced)
    assert report.appendix.data_quality.warnings[0] == aside


def test_months_after_the_reports_are_as_if_unknown() -> None:
    inputs = eventful()
    august = replace(inputs, month=Month(2026, 8))
    known = replace(august, values=inputs.values[inputs.values["month"] <= "2026-08"])
    assert build_report(august) == build_report(known)


# ── page 1 ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_page_1_tells_what_changed_and_what_needs_attention() -> None:
    front = build_report(eventful()).front
    assert front.title == "Length of stay is down; denials need attention"
    assert [item.split(":")[0] for item in front.improved.items] == ["Average length of stay is down"]
    assert [item.split(":")[0].split(".")[0] for item in front.attention.items] == [
        "Denials per 100 discharges are up",
        "Initial assessment within 24 hours keeps missing its target",
    ]


def test_the_tile_of_a_late_measure_shows_the_last_final_month_and_names_the_open_one() -> None:
    tile = build_report(eventful()).front.tiles[0]
    assert tile.metric == READMISSION
    assert (tile.reading.period_words, tile.reading.maturity) == ("September 2026", "final")
    assert tile.basis == "1,200 index discharges"
    assert tile.reading.maturity_words == "Final."
    assert str(tile.so_far).startswith("October 2026 so far: ")
    assert str(tile.so_far).endswith(", provisional: 420 of 1,200 cases.")
    assert str(tile.comparison).startswith("A year earlier: ")


def test_the_tile_of_a_prompt_measure_shows_the_reports_own_month() -> None:
    tile = build_report(eventful()).front.tiles[1]
    assert (tile.metric, tile.reading.value, tile.reading.unit) == (LOS, "4.75", "days")
    assert (tile.reading.period_words, tile.reading.maturity_words) == (None, "Final.")
    assert tile.target == "Target ≤ 4.80"


def test_the_status_names_what_is_not_final() -> None:
    front = build_report(eventful()).front
    assert front.status == "provisional"
    assert front.status_words == (
        "Provisional for October 2026: 30-day unplanned readmissions and denials per 100 discharges are not final yet."
    )


def test_a_month_that_is_final_throughout_says_so() -> None:
    inputs = report_inputs(metrics={name: METRICS[name] for name in (LOS, ASSESSMENT)})
    final = replace(inputs, settings=Settings(report=ReportSettings(headline_metrics=(LOS,))))
    front = build_report(final).front
    assert (front.status, front.status_words) == ("final", "Final: every figure for October 2026 is final.")


def test_decisions_are_the_directors_or_none() -> None:
    assert build_report(eventful()).front.no_decisions_words == "None recorded."
    decision = {"what": "Fund it", "owner": "CFO", "by": "2026-12-15"}
    commentary = Commentary.model_validate(
        {"months": {"2026-10": {"headline": "Rounds work.", "decisions": [decision]}}}
    )
    front = build_report(eventful(commentary=commentary)).front
    assert [(one.text, one.owner, one.due) for one in front.decisions] == [("Fund it", "CFO", "December 15, 2026")]
    assert front.lede.endswith("The director writes: “Rounds work.”")


def test_every_measure_stands_in_the_matrix_once_or_is_named_with_its_reason() -> None:
    inputs = not_supplied(eventful(), "case_mix_index", status="not_computable", reason="no DRG is in the loaded table")
    matrix = build_report(inputs).front.matrix
    named = [name for cell in matrix.cells for name in cell.measures]
    assert len(named) == len(set(named)) == len(METRICS) - 1
    assert matrix.not_judged == ("Case mix index: not computable: no DRG is in the loaded table",)
    cells = {(cell.variation, cell.assurance): cell.measures for cell in matrix.cells}
    assert cells[("common_cause", "failing")] == ("Assessment within 24 hours",)


def test_facilities_whose_data_end_earlier_are_named() -> None:
    behind = (*FACTS.watermarks, Watermark("B", "Valley", date(2026, 10, 20), "read from the data"))
    report = build_report(eventful(facilities="AB", facts=replace(FACTS, watermarks=behind)))
    assert report.front.cut_off == "Data complete through October 31, 2026; Valley only through October 20, 2026."


def test_the_examples_make_a_report() -> None:
    chosen = read_settings(EXAMPLES / "kpi.yaml")
    inputs = eventful(
        settings=chosen,
        targets=read_targets(chosen.targets, METRICS),
        commentary=read_commentary(chosen.report.commentary, METRICS),
    )
    report = build_report(inputs)
    assert report.hospital_name == "Example Regional Health"
    assert len(report.front.decisions) == 2
    assert rows(report)[LOS].target_source == "Board operating plan 2026"
    assert report.appendix.method.contact == "Questions about this report: case.management@example.org"


# ── page 2 ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_measure_has_one_row_in_the_order_of_the_sections() -> None:
    report = build_report(eventful())
    assert [group.heading for group in report.scorecard.groups] == [
        "Patient flow",
        "Readmissions",
        "Cost",
        "Utilization",
        "Case management",
    ]
    assert set(rows(report)) == set(METRICS)


def test_a_row_names_denominator_target_and_who_set_it() -> None:
    row = rows(build_report(eventful()))[ASSESSMENT]
    assert (row.denominator, row.denominator_noun) == ("1,200", "admissions")
    assert (row.target, row.target_source) == ("≥ 90.0%", "Department policy")
    assert row.year_ago == "80.8%"  # 80% and one hundredth of it


def test_a_count_has_no_denominator() -> None:
    row = rows(build_report(eventful()))["discharges"]
    assert (row.denominator, row.denominator_noun) == (None, None)


def test_what_was_not_supplied_is_said_and_never_zero() -> None:
    inputs = not_supplied(eventful(), DENIALS, status="not_supplied", reason="the denials table")
    report = build_report(inputs)
    assert DENIALS not in rows(report)
    assert "Not supplied: the denials table: Denials per 100 discharges." in report.scorecard.notes
    assert DENIALS not in panels(report)
    assert DENIALS not in {tile.metric for tile in report.front.tiles}
    assert "Denials: not supplied: the denials table" in report.front.matrix.not_judged


def test_chance_is_owned_up_to() -> None:
    notes = build_report(eventful()).scorecard.notes
    assert any("chance alone would color an icon in about" in note and "eleven charts" in note for note in notes)


# ── incomplete months ────────────────────────────────────────────────────────────────────────────────────────


def test_a_month_whose_costs_are_mostly_missing_is_provisional() -> None:
    metric = "total_cost_per_case_usd"
    inputs = report_inputs()
    last = (inputs.values["metric"] == metric) & (inputs.values["month"] == str(LAST))
    values = inputs.values.copy()
    values.loc[last, ["n_cases", "n_excluded"]] = [1500, 300]
    values.loc[last, ["maturity", "is_incomplete"]] = ["provisional", True]
    rows_left_out = [
        {"metric": metric, "facility_id": place, "month": str(LAST), "exclusion_reason": "not_costed", "n_cases": 300}
        for place in ("A", "all")
    ]
    exclusions = pd.concat([inputs.exclusions, pd.DataFrame(rows_left_out)], ignore_index=True)
    report = build_report(replace(inputs, values=values, exclusions=exclusions))
    reading = rows(report)[metric].reading
    assert (reading.period_words, reading.maturity) == ("September 2026", "final")
    assert panels(report)[metric].chart.points[-1].hollow


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_facility_or_month_without_figures_is_refused() -> None:
    with pytest.raises(InputError, match=r"'Z' has no figures\. Use one of A, all"):
        build_report(eventful(facility_id="Z"))
    with pytest.raises(InputError, match=r"no figures for 2027-01\. Choose between 2023-11 and 2026-10"):
        build_report(eventful(month=Month(2027, 1)))


def test_values_of_another_version_are_refused() -> None:
    inputs = eventful()
    metrics = {**inputs.metrics, LOS: inputs.metrics[LOS].model_copy(update={"version": 2})}
    with pytest.raises(CheckError, match=r"is version 2, but the values follow version 1\. Build the warehouse again"):
        build_report(replace(inputs, metrics=metrics))


def test_an_unknown_headline_measure_is_refused() -> None:
    wrong = Settings(report=ReportSettings(headline_metrics=("los",)))
    with pytest.raises(DefinitionError, match="'los' is not a metric"):
        build_report(eventful(settings=wrong))


def test_a_chart_that_needs_more_than_a_monthly_figure_is_refused() -> None:
    inputs = eventful()
    metrics = {**inputs.metrics, LOS: inputs.metrics[LOS].model_copy(update={"chart": "xbar"})}
    with pytest.raises(DefinitionError, match="needs more than one number a month"):
        build_report(replace(inputs, metrics=metrics))


@pytest.mark.parametrize("rule_set", ["nhs-2024", "nhs-classic", "ihi", "anhoej"])
def test_every_rule_set_makes_a_report_that_prints_its_numbers(rule_set: str) -> None:
    report = build_report(eventful(settings=Settings.model_validate({"rule_set": rule_set})))
    method = report.appendix.method
    assert method.rule_set == rule_set
    assert len(method.rules) >= 1
    assert any(character.isdigit() for rule in method.rules for character in rule.text)


# ── what must be known beside a figure ───────────────────────────────────────────────────────────────────────


def without_procedures(declared: str) -> ReportInputs:
    notice = Notice("procedures_not_supplied", details={"declared": declared})
    return eventful(facts=replace(FACTS, warnings=(notice,)))


@pytest.mark.parametrize("privacy", ["internal", "board", "external"])
def test_planned_returns_counted_in_are_said_wherever_the_figure_stands(privacy: str) -> None:
    report = build_report(replace(without_procedures(""), privacy=privacy))
    tiles = {tile.metric: tile.caution for tile in report.front.tiles}
    assert tiles.pop(READMISSION) == "Planned returns count as unplanned."
    assert set(tiles.values()) == {None}
    assert "30-day unplanned readmissions: planned returns count as unplanned." in report.scorecard.notes


def test_where_procedures_are_there_or_asked_for_nothing_is_said_of_them() -> None:
    for inputs in (eventful(), without_procedures("true")):
        report = build_report(inputs)
        assert {tile.caution for tile in report.front.tiles} == {None}
        assert not any("count as unplanned" in note for note in report.scorecard.notes)
