"""Reports of awkward hospitals: one and thirty facilities, three months, few columns, 41 measures, an external copy of
one facility, names nobody should give. Page one stays one page, and no page but the last is more than half empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.judgement.agenda import tell_once
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.forms.pdf import render_pdf
from kpi_pipeline.warehouse.facts import Watermark
from tests.report.invented_report import (
    DENIALS,
    FACTS,
    LOS,
    METRICS,
    READMISSION,
    USUAL_RATIO,
    not_supplied,
    report_inputs,
)
from tests.report.test_render_pdf import pages_of
from tests.support.page_fill import half_empty_pages

SIX_COLUMNS = {"discharges", LOS}
"""What person, facility, type, admission and discharge alone can tell."""


def level(before: float, since: float, *, last: int = 9, months: int = 36) -> Callable[[int], float]:
    return lambda place: (since if place >= months - last else before) * (1 + 0.004 * (-1) ** place)


def one_facility() -> ReportInputs:
    return report_inputs({LOS: level(5.0, 4.4), DENIALS: level(0.06, 0.09)})


def thirty_facilities() -> ReportInputs:
    places = [f"H{place:02}" for place in range(30)]
    marks = tuple(Watermark(one, f"Hospital number {one}", date(2026, 10, 31), "declared") for one in places)
    return report_inputs({LOS: level(5.0, 4.4)}, facilities=places, facts=replace(FACTS, watermarks=marks))


def three_months() -> ReportInputs:
    return report_inputs(months=3)


def six_columns_only() -> ReportInputs:
    inputs = report_inputs()
    for name in METRICS:
        if name not in SIX_COLUMNS:
            inputs = not_supplied(inputs, name, status="not_computable", reason="no column of it was supplied")
    return inputs


def forty_one_measures() -> ReportInputs:
    """Every measure almost four times, each copy with a long name; ten of them changed."""
    metrics: dict[str, Metric] = {}
    ratios = {}
    for copy in range(4):
        for name, metric in METRICS.items():
            if len(metrics) == 41:
                break
            new = name if copy == 0 else f"{name}_{copy}"
            title = metric.title if copy == 0 else f"{metric.title} of a service line with a long name, number {copy}"
            metrics[new] = metric.model_copy(update={"name": new, "title": title, "told_with": None})
            base = USUAL_RATIO[name]
            if metric.better != "neither" and len(ratios) < 10:
                ratios[new] = level(base, base * (0.85 if copy % 2 or metric.kind == "proportion" else 1.2))
            else:
                ratios[new] = level(base, base)
    return report_inputs(ratios, metrics=metrics)


def external_copy() -> ReportInputs:
    inputs = report_inputs({LOS: level(5.0, 4.4)}, facilities="AB", discharges={"A": 300.0, "B": 900.0})
    return replace(inputs, facility_id="A", facility_name="Lakeside", privacy="external")


def hostile_names() -> ReportInputs:
    names = (
        "W" * 200,
        "Ward\u202eesrever\x07",
        "word " * 1000,
        "<b>&amp;</b> =1+1",
        "Łódź/Ærø (Nord)",
        "Clinic 20269999123",
        "MRN 44 ward 123-45-6789",
    )
    places = [f"N{at}" for at in range(len(names))]
    marks = tuple(
        Watermark(place, name, date(2026, 10, 1 + at), "declared")
        for at, (place, name) in enumerate(zip(places, names, strict=True))
    )
    return report_inputs({LOS: level(5.0, 4.4)}, facilities=places, facts=replace(FACTS, watermarks=marks))


def named_like_a_patient() -> ReportInputs:
    """A hospital's own copy, of a hospital whose name looks like a number of a patient, from a file that does, too."""
    warnings = (Notice("rows_empty", file="rows_of_4471234567.csv", counts={"rows": 3}),)
    inputs = report_inputs({LOS: level(5.0, 4.4), DENIALS: level(0.06, 0.09)}, facts=replace(FACTS, warnings=warnings))
    return replace(inputs, facility_id="A", facility_name="Clinic 20269999123")


AWKWARD = {
    one.__name__: one
    for one in (
        one_facility,
        thirty_facilities,
        three_months,
        six_columns_only,
        forty_one_measures,
        external_copy,
        hostile_names,
        named_like_a_patient,
    )
}


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_hospital_gets_a_whole_report(name: str) -> None:
    report = build_report(AWKWARD[name]())
    content = render_pdf(report)
    pages = pages_of(content)
    assert "Every measure: is it changing, and does it meet its target?" in pages[0]
    assert report.scorecard.title.split()[0] in pages[1]
    assert not any("\u202e" in page for page in pages)
    assert half_empty_pages(content) == []


def test_of_many_measures_the_scorecard_keeps_what_an_executive_asks_for() -> None:
    inputs = forty_one_measures()
    judged, report = judge(inputs), build_report(inputs)
    scorecard = [row.metric for group in report.scorecard.groups for row in group.rows]
    assert report.small_multiples is not None
    panels = {panel.metric: panel for panel in report.small_multiples.panels}
    further = set(panels) - set(scorecard)
    changed = {one.metric.name for one in tell_once(judged.system.values()) if one.has_signal or one.keeps_failing}
    aimed = {name for name, one in judged.system.items() if one.target}
    assert set(scorecard) == {*judged.headlines, *aimed, *changed}
    assert set(panels) == set(judged.system)
    assert further
    assert any(f"{len(further)} further measures stand in the annex" in note for note in report.scorecard.notes)
    shown = panels[LOS]
    assert "(" in shown.value_words
    assert (shown.basis_words or "").startswith("1,200 discharges · A year earlier: ")


def test_few_measures_all_stand_on_the_scorecard() -> None:
    report = build_report(one_facility())
    assert {row.metric for group in report.scorecard.groups for row in group.rows} == set(METRICS)


def test_a_change_that_two_measures_show_is_counted_once_in_the_title() -> None:
    index = METRICS["length_of_stay_index"].model_copy(update={"told_with": LOS})
    both = {LOS: level(5.0, 4.4), index.name: level(1.0, 0.88)}
    report = build_report(report_inputs(both, metrics={**METRICS, index.name: index}))
    assert report.scorecard.title.startswith("One measure is improving")
    assert "two show one change in the wanted direction" in report.scorecard.lede
    apart = build_report(report_inputs(both))
    assert apart.scorecard.title.startswith("Two measures are improving")
    assert "two changed in the wanted direction" in apart.scorecard.lede


def test_a_readmission_is_no_tile_where_nothing_tells_of_it() -> None:
    report = build_report(six_columns_only())
    assert READMISSION not in {tile.metric for tile in report.front.tiles}
    assert {tile.metric for tile in report.front.tiles} <= SIX_COLUMNS
