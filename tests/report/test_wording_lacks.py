"""Silence is not proof: "no measure changed" is said only of measures that were judged, and with the right lack."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.judgement.judged import Judged, judge
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP
from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.pages.charts import build_chart, build_sparkline
from kpi_pipeline.report.pages.front import build_front_page
from kpi_pipeline.report.pages.scorecard import build_small_multiples
from kpi_pipeline.report.words.charts.chart_notes import method_sentences, point_notes
from kpi_pipeline.report.words.findings import (
    finding_title,
    no_attention_words,
    no_improvement_words,
    scorecard_title,
    summary_sentence,
)
from kpi_pipeline.report.words.phrases import LACK_WORDS
from kpi_pipeline.report.words.sentences import heading
from tests.report.invented_report import LOS, not_supplied, report_inputs

HEADLINES = Settings().report.headline_metrics


def small_hospital(months: int = 36, discharges: float = 12) -> Judged:
    """Too few discharges a month for any figure of a share, rate or mean, in every month."""
    return judge(report_inputs(months=months, discharges=discharges))


def test_too_few_cases_is_not_too_few_months() -> None:
    measure = small_hospital().system[LOS]
    assert measure.lack == "few_cases"
    assert heading(measure).endswith("too few cases a month to judge")
    assert judge(report_inputs(months=5)).system[LOS].lack == "few_months"


def test_where_nothing_is_judged_nothing_is_said_to_be_unchanged() -> None:
    judged = judge(report_inputs(months=5))
    every = list(judged.system.values())
    assert (
        finding_title(judged.headline_measures) == "There are too few months yet to tell change from routine variation"
    )
    assert scorecard_title(every) == "No measure can be judged yet"
    assert no_improvement_words(every) == "No measure can be judged yet, so none is said to have improved."
    assert "in order" in no_attention_words(every)


def test_where_some_are_not_judged_only_the_others_are_said_to_be_unchanged() -> None:
    inputs = report_inputs()
    for name in HEADLINES[1:3]:
        inputs = not_supplied(inputs, name, status="not_supplied", reason="no costs")
    judged = judge(replace(inputs))
    every = list(judged.system.values())
    assert finding_title(judged.headline_measures).startswith("None of the four headline measures that can be judged")
    assert scorecard_title(every).startswith("None of the ")
    assert no_improvement_words(every).startswith("No evidence of improvement: none of the ")
    assert "two have no data" in summary_sentence(every)


def test_withheld_months_are_a_lack_of_their_own() -> None:
    inputs = report_inputs({"readmission_30d": lambda at: 0.08}, discharges=100, privacy="board")
    measure = judge(inputs).system["readmission_30d"]
    assert measure.lack == "withheld"
    assert heading(measure).endswith("too many months withheld to judge")


def test_page_one_tells_the_same_lack_beside_its_table_as_above_it() -> None:
    for judged, lack in ((small_hospital(), "few_cases"), (judge(report_inputs(months=5)), "few_months")):
        front = build_front_page(judged)
        words = LACK_WORDS[lack]  # type: ignore[index]
        assert f"{words} to judge" in front.lede
        assert any(said.endswith(f": {words}") for said in front.matrix.not_judged)
        others = (
            set(LACK_WORDS.values()) - {words} - {LACK_WORDS[one.lack] for one in judged.system.values() if one.lack}
        )
        assert not any(other in said for said in front.matrix.not_judged for other in others)


def test_no_band_is_drawn_before_an_icon_could_be_given() -> None:
    """A band says what is routine; a dozen months do not know it yet, and a season is known after two years."""
    few, enough = (judge(report_inputs(months=months)).system[LOS] for months in (8, 30))
    for measure, has_band in ((few, False), (enough, True)):
        chart = build_chart(measure, facility_id="all", withholds=False)
        assert any(point.upper is not None for point in chart.points) is has_band
        assert (chart.upper_label is not None) is has_band
        assert any(point.centre is not None for point in chart.points)
    assert "No band is drawn" in " ".join(method_sentences(few))
    assert "thirteen" in " ".join(method_sentences(few)).lower() or "13" in " ".join(method_sentences(few))


@pytest.mark.parametrize(("months", "has_mean"), [(1, False), (2, True)])
def test_a_month_that_is_alone_has_no_mean(months: int, has_mean: bool) -> None:
    chart = build_chart(judge(report_inputs(months=months)).system[LOS], facility_id="all", withholds=False)
    assert sum(point.value is not None for point in chart.points) == months
    assert (chart.centre_label is not None) is has_mean
    assert bool(draw_control_chart(chart).centres) is has_mean


def test_a_measure_without_a_figure_to_draw_takes_a_line_and_no_chart() -> None:
    glance = build_small_multiples(small_hospital())
    assert glance is not None
    assert LOS not in {panel.metric for panel in glance.panels}
    assert all(any(point.value is not None for point in panel.chart.points) for panel in glance.panels)
    (line,) = [note for note in glance.notes if "Average length of stay" in note]
    assert line.startswith("No chart, for want of a figure in any month shown (fewer than 25 cases): ")


@pytest.mark.parametrize(("followed_up", "is_drawn"), [(36, False), (420, True)])
def test_a_thin_month_is_told_in_words_and_never_stretches_the_axis(followed_up: int, is_drawn: bool) -> None:
    """3 % of a month's cases, at three times the usual share: the axis of the chart stays that of the months."""
    measure = judge(report_inputs()).system["readmission_30d"]
    thin = replace(
        measure.figures[measure.report_month],
        value=45.0,
        n_counted=float(followed_up),
        exclusions={INSUFFICIENT_FOLLOWUP: 1_200.0 - followed_up},
    )
    measure = replace(measure, figures={**measure.figures, measure.report_month: thin})
    chart = build_chart(measure, facility_id="all", withholds=False)
    assert (chart.points[-1].value == 45.0) is is_drawn
    assert ("45" in (chart.latest_label or "")) is is_drawn
    assert (max(tick.text for tick in draw_control_chart(chart).ticks) > "30%") is is_drawn
    sparkline = build_sparkline(measure, withholds=False)
    assert sparkline is not None
    assert (sparkline.points[-1].value == 45.0) is is_drawn
    word = "Hollow" if is_drawn else "Not drawn"
    counted = f"{word}: October 2026, provisional: {followed_up} of 1,200 index discharges have their 30 days"
    assert point_notes(measure)[0].startswith(counted)
