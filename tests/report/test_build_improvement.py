"""Page 5: every initiative says what its estimate licenses and no more, with its charter, cycles and warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.forms.pdf import render_html
from kpi_pipeline.report.model import Block, FurtherSection, Report
from kpi_pipeline.warehouse.facts import Watermark
from tests.report.invented_report import ASSESSMENT, DENIALS, FACTS, LOS, READMISSION, report_inputs

EFFECT_DAYS = -0.445
"""What the rounds do to the length of stay in the synthetic hospital."""

_NAMES = tuple(
    Watermark(place, name, date(2026, 10, 31), "declared in landing.yaml")
    for place, name in (("A", "Lakeside"), ("B", "Valley"))
)


def rounds(**changes: Any) -> Initiative:
    """Rounds at Lakeside from November 2025 on, twelve months before the report's month ends."""
    plain: dict[str, Any] = {
        "id": "rounds", "title": "Daily rounds", "aim": "Shorten the mean stay by 0.3 days.", "owner": "Nurse manager",
        "scope": {"facilities": ["A"]}, "declared_on": "2025-10-01", "starts_on": "2025-11-01", "outcomes": [LOS],
        "processes": [ASSESSMENT], "balancing": [READMISSION], "model": "level", "status": "running",
        "worthwhile_effects": {LOS: 0.3},
    }  # fmt: skip
    return Initiative.model_validate(plain | changes)


def noisy(effect: float, *, spread: float = 0.06, months_after: int = 12, seed: int = 5) -> Callable[[int], float]:
    """Length of stay about 5 days with chance in it, and an effect in the last months."""
    chance = np.random.default_rng(seed).normal(0, spread, 36)
    return lambda at: 5.0 + chance[at] + (effect if at >= 36 - months_after else 0.0)


def inputs_with(*initiatives: Initiative, effect: float = EFFECT_DAYS, **more: Any) -> ReportInputs:
    ratio = more.pop("ratio", noisy(effect))
    inputs = report_inputs({LOS: ratio}, facilities="AB", facts=replace(FACTS, watermarks=_NAMES), **more)
    return replace(inputs, initiatives=initiatives)


def programme(inputs: ReportInputs) -> FurtherSection:
    return next(one for one in build_report(inputs).further_sections if one.name == "improvement_programme")


def only_block(inputs: ReportInputs) -> Block:
    (block,) = programme(inputs).blocks
    return block


def effect_of(inputs: ReportInputs) -> str:
    return only_block(inputs).paragraphs[2]


# ── what may be said ─────────────────────────────────────────────────────────────────────────────────────────


def test_no_initiative_leaves_the_page_out_and_the_report_silent() -> None:
    report: Report = build_report(inputs_with())
    assert "improvement_programme" not in [one.name for one in report.further_sections]
    assert "nitiative" not in report.model_dump_json()


def test_an_effect_is_printed_with_its_interval_and_covers_the_true_one() -> None:
    section = programme(inputs_with(rounds()))
    assert section.title == "Daily rounds: an improvement"
    said = section.blocks[0].paragraphs[2]
    assert said.startswith("Average length of stay at Lakeside is on average 0.")
    assert "lower than expected without the initiative, over 12 months since November 2025 (95% interval 0." in said
    assert said.endswith(" days): an improvement.")
    low, high = (float(text) for text in said.split("interval ")[1].split(" days")[0].split(" to "))
    assert low < -EFFECT_DAYS < high


def test_a_worse_outcome_is_called_so() -> None:
    said = effect_of(inputs_with(rounds(), effect=0.5))
    assert "higher than expected" in said
    assert said.endswith("a change for the worse.")


def test_without_evidence_no_effect_is_claimed_and_both_sides_are_named() -> None:
    section = programme(inputs_with(rounds(), effect=0.0))
    said = section.blocks[0].paragraphs[2]
    assert section.title == "Daily rounds: no evidence of an effect"
    assert said.startswith("There is no evidence of an effect on average length of stay at Lakeside:")
    assert " lower to 0." in said
    assert " higher)." in said
    assert "improve" not in said


def test_a_series_too_loose_to_see_the_effect_says_so() -> None:
    said = effect_of(inputs_with(rounds(), ratio=noisy(0.0, spread=0.5)))
    assert "no evidence of an effect" in said
    assert "0.30 days" in said
    assert "more months" in said


def test_a_start_a_month_ago_is_too_early() -> None:
    block = only_block(inputs_with(rounds(starts_on="2026-10-01", declared_on="2026-09-01")))
    assert block.chart is None
    assert block.paragraphs[2] == (
        "Average length of stay at Lakeside: too early to judge: 1 of 12 final months after the start; "
        "11 more months at least are needed."
    )


def test_too_few_months_before_cannot_be_judged_by_waiting() -> None:
    said = effect_of(inputs_with(rounds(starts_on="2024-03-01", declared_on="2024-02-01")))
    assert "it cannot be judged: 4 of the 12 months needed before the start have final values." in said


def test_the_title_counts_what_the_initiatives_show() -> None:
    early = rounds(id="early", title="Early calls", starts_on="2026-10-01", declared_on="2026-09-01")
    planned = rounds(id="later", title="Later", starts_on="2027-01-01", declared_on="2026-10-01", status="planned")
    assert programme(inputs_with(rounds(), early, planned)).title == (
        "Three initiatives: one shows an improvement, one is too early to judge and one has not begun"
    )


def test_what_was_not_declared_by_the_month_is_not_in_its_report() -> None:
    later = rounds(starts_on="2027-01-01", declared_on="2026-12-01", status="planned")
    assert [one.name for one in build_report(inputs_with(later)).further_sections if "improve" in one.name] == []


# ── charter, chart, measures, cycles ─────────────────────────────────────────────────────────────────────────


def test_the_charter_says_who_where_since_when_and_whether_it_was_declared_beforehand() -> None:
    assert only_block(inputs_with(rounds())).paragraphs[:2] == (
        "Aim: Shorten the mean stay by 0.3 days.",
        "Owner: Nurse manager. Where: Lakeside. Began November 1, 2025; running. "
        "Measures and analysis were declared beforehand, on October 1, 2025.",
    )
    late = only_block(inputs_with(rounds(declared_on="2026-02-01"))).paragraphs[1]
    assert late.endswith("declared on February 1, 2026, after the start: a description, not a test.")


def test_the_chart_has_the_counterfactual_from_the_start_on_only() -> None:
    captioned = only_block(inputs_with(rounds())).chart
    assert captioned is not None
    chart = captioned.chart
    assert chart.is_straight
    expected = [point.month for point in chart.points if point.target is not None]
    assert (expected[0], expected[-1], len(expected)) == ("2025-11", "2026-10", 12)
    assert all(point.lower < point.target < point.upper for point in chart.points if point.target is not None)  # type: ignore[operator]
    assert [(flag.month, flag.text) for flag in chart.annotations] == [("2025-11", "Start, November 1, 2025")]


def test_a_control_is_named_and_no_line_follows_its_turns() -> None:
    """Denials of October are not final yet, so with them as control the twelve months end in September."""
    begun = {"starts_on": "2025-10-01", "declared_on": "2025-09-01"}
    block = only_block(inputs_with(rounds(control={"metric": DENIALS}, **begun)))
    assert block.notes[0].startswith("Compared with another measure, Denials per 100 discharges:")
    elsewhere = only_block(inputs_with(rounds(control={"facility_id": "B"})))
    assert elsewhere.notes[0] == "Compared with Valley, where it did not run: what changed in both places is taken out."
    assert block.chart is not None
    assert {point.centre for point in block.chart.chart.points} == {None}


def test_process_and_balancing_measures_have_their_own_verdict() -> None:
    table = only_block(inputs_with(rounds())).tables[0]
    assert [row[:2] for row in table.rows] == [
        ("Average length of stay", "Outcome"),
        ("Initial assessment within 24 hours", "Process"),
        ("30-day unplanned readmissions", "Balancing"),
    ]
    assert table.rows[0][3].startswith("improvement, low")
    bare = only_block(inputs_with(rounds(processes=[], balancing=[]))).tables[0]
    assert [row[0] for row in bare.rows[1:]] == ["No process measure declared", "No balancing measure declared"]


def test_cycles_tell_what_was_planned_done_learned_and_decided() -> None:
    done = {
        "began_on": "2025-08-04", "plan": "Rounds at nine.", "do": "Held on 18 days.", "study": "Dates came earlier.",
        "act": "Begin on all units.", "decided_on": "2025-09-02", "decision": "adopt",
    }  # fmt: skip
    running = {"began_on": "2026-10-05", "plan": "Rounds at eight."}
    later = {"began_on": "2026-11-03", "plan": "After the month."}
    table = only_block(inputs_with(rounds(cycles=[done, running, later]))).tables[1]
    assert table.rows == (
        ("1, August 4, 2025", "Rounds at nine.", "Held on 18 days.", "Dates came earlier.",
         "Adopt, September 2, 2025: Begin on all units."),
        ("2, October 5, 2026", "Rounds at eight.", "not yet", "not yet", "still running"),
    )  # fmt: skip


def test_a_start_after_an_extreme_month_is_warned_about() -> None:
    usual = noisy(0.0)
    block = only_block(inputs_with(rounds(), ratio=lambda at: 6.5 if at == 23 else usual(at)))
    warning = next(note for note in block.notes if note.startswith("Regression to the mean"))
    assert "October 2025 (6.50), lay above the limits" in warning
    assert warning.endswith("which would look like an improvement.")


# ── scope, privacy, unsafe text ──────────────────────────────────────────────────────────────────────────────


def test_a_scope_of_units_is_not_judged_by_the_hospitals_figures() -> None:
    section = programme(inputs_with(rounds(scope={"facilities": ["A"], "units": ["3 East"]})))
    assert section.title == "Daily rounds: cannot be judged"
    assert "the monthly figures are by hospital" in section.blocks[0].paragraphs[2]


def test_a_hospitals_report_holds_its_own_initiatives_and_those_of_all() -> None:
    other = rounds(id="other", title="Elsewhere", scope={"facilities": ["B"]})
    everywhere = rounds(id="everywhere", title="Everywhere", scope={})
    inputs = replace(inputs_with(rounds(), other, everywhere), facility_id="A", facility_name="Lakeside")
    assert [block.heading for block in programme(inputs).blocks] == ["Daily rounds", "Everywhere"]


def test_an_earlier_report_knows_only_its_own_months() -> None:
    said = effect_of(replace(inputs_with(rounds()), month=Month(2026, 4)))
    assert "too early to judge: 6 of 12 final months" in said


def test_months_with_withheld_figures_are_in_no_estimate_and_no_chart() -> None:
    """Eight discharges a month at Lakeside: under the board's profile nothing of it may be drawn."""
    sizes = {"A": 8.0, "B": 900.0}
    settings = report_inputs().settings.model_copy(update={"min_denominator": 1})
    shown = inputs_with(rounds(), discharges=sizes, settings=settings, privacy="board")
    block = only_block(shown)
    assert block.chart is None
    assert "no figures, so no effect can be estimated" in block.paragraphs[2]


def test_a_text_that_looks_like_an_identifier_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        build_report(inputs_with(rounds(aim="Help the patient MRN 123 first.")))
    assert "initiative rounds: has a text that cannot be printed" in str(caught.value)
    assert "123" not in str(caught.value)


def test_the_page_renders_with_its_drawing() -> None:
    html = render_html(build_report(inputs_with(rounds())))
    assert html.count('id="improvement_programme"') == 1
    assert "Expected " in html
