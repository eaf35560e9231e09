"""The pages of the report: which measures get one, what it tells, its charts, and the same by hospital."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.declared.commentary import Commentary
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.declared.targets import DatedTarget, Targets
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.model import FurtherSection
from tests.report.invented_report import (
    ASSESSMENT,
    AVOIDABLE,
    DENIALS,
    LOS,
    READMISSION,
    eventful,
    not_supplied,
    pages,
    panels,
    report_inputs,
    rows,
    step,
)

# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────────────


def test_exceptions_are_concerns_then_failures_then_new_improvements() -> None:
    assert [(page.metric, page.kind) for page in build_report(eventful()).exceptions] == [
        (DENIALS, "concern"),
        (ASSESSMENT, "failing"),
        (LOS, "improvement"),
    ]


@pytest.mark.parametrize(("months_ago", "is_news"), [(6, True), (10, True), (11, False), (14, False)])
def test_an_improvement_is_news_for_three_reports(months_ago: int, is_news: bool) -> None:
    """A shift is seen at its eighth month at the latest; that report and the next two carry the page."""
    inputs = report_inputs({LOS: step(5.3, 4.7, months_ago)}, months=36)
    report = build_report(inputs)
    assert rows(report)[LOS].variation is not None
    assert (LOS in pages(report)) == is_news
    assert len(report.front.improved.items) == 1


def test_a_neutral_measure_never_gets_a_page() -> None:
    report = build_report(report_inputs({"case_mix_index": step(1.4, 1.7, 6)}))
    variation = rows(report)["case_mix_index"].variation
    assert variation is not None
    assert variation.icon == "neither_high"
    assert "case_mix_index" not in pages(report)
    assert "changed without being good or bad in itself" in report.front.lede


def test_a_page_tells_signal_value_target_and_what_to_expect() -> None:
    page = pages(build_report(eventful()))[ASSESSMENT]
    assert page.heading == "Initial assessment within 24 hours keeps missing its target"
    assert page.tells[0] == "There is no evidence of change: the latest months look like routine variation."
    assert "That misses the target of 90.0% or higher (Department policy)" in page.tells[1]
    assert "does not reach the target" in page.tells[2]
    assert page.balancing is None
    assert page.balancing_none_words is None
    assert page.why.none_words == "No explanation recorded."


def test_a_page_shows_the_first_balancing_measure_that_has_figures() -> None:
    balancing = pages(build_report(eventful()))[LOS].balancing
    assert balancing is not None
    assert balancing.chart.metric == READMISSION
    assert balancing.text.startswith("30-day unplanned readmissions show no evidence of change. They were ")
    without = not_supplied(eventful(), READMISSION, status="not_computable", reason="no ICD diagnosis codes")
    page = pages(build_report(without))[LOS]
    assert page.balancing is None
    assert page.balancing_none_words == "The balancing measure of this measure has no figures."


COMMENTS = Commentary.model_validate(
    {
        "months": {
            "2026-10": {
                "written_on": "2026-11-06",
                "comments": {
                    DENIALS: {
                        "why": "A payer reviews more.\n\nMostly level of care.",
                        "doing": [{"what": "Appeal", "owner": "Denials lead", "due": "2026-11-30"}],
                        "back_by": "2027-03",
                    },
                    AVOIDABLE: {"why": "Transport is short of drivers."},
                },
            }
        }
    }
)


def test_the_directors_words_are_marked_as_hers() -> None:
    page = pages(build_report(eventful(commentary=COMMENTS)))[DENIALS]
    assert page.why.paragraphs == ("A payer reviews more.", "Mostly level of care.")
    assert page.why.by == page.back.by == "Director's commentary, November 6, 2026"
    assert [(one.text, one.owner, one.due) for one in page.doing] == [("Appeal", "Denials lead", "November 30, 2026")]
    assert page.back.paragraphs == ("March 2027",)


def test_what_the_director_wrote_about_a_measure_without_a_page_is_not_lost() -> None:
    notes = build_report(eventful(commentary=COMMENTS)).scorecard.notes
    assert (
        "Director's commentary, November 6, 2026, on avoidable days per 100 discharges: Transport is short of drivers."
        in notes
    )
    assert not [note for note in notes if "A payer reviews more" in note]


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_plotted_values_are_the_printed_ones() -> None:
    report = build_report(eventful())
    for metric, row in rows(report).items():
        points = [point for point in panels(report)[metric].chart.points if not point.hollow]
        assert row.reading.value is not None
        assert float(row.reading.value.strip("%$").replace(",", "")) == pytest.approx(points[-1].value, abs=0.51)
    los = panels(report)[LOS].chart.points[-1].value
    assert los == pytest.approx(round(4.7 * 1.01 * 1200) / 1200)


def test_a_month_that_is_not_final_is_hollow_and_has_no_limits() -> None:
    points = panels(build_report(eventful()))[READMISSION].chart.points
    assert [point.hollow for point in points[-2:]] == [False, True]
    assert points[-1].value is not None
    assert (points[-1].upper, points[-1].point_class) == (None, "common_cause")
    assert points[-2].upper is not None


def test_a_month_without_rows_is_missing_and_not_zero() -> None:
    inputs = eventful()
    gone = ~((inputs.values["metric"] == LOS) & (inputs.values["month"] == "2026-05"))
    report = build_report(replace(inputs, values=inputs.values[gone]))
    points = {point.month: point for point in panels(report)[LOS].chart.points}
    assert points["2026-05"].value is None
    assert len(points) == 24


def test_a_young_hospital_has_a_short_chart() -> None:
    report = build_report(report_inputs(months=8))
    assert len(panels(report)[LOS].chart.points) == 8
    assert rows(report)[LOS].year_ago == "–"
    mark = rows(report)[LOS].variation
    assert mark is not None
    assert (mark.icon, mark.word) == ("empty", "not judged")


REBASE = {
    "metric": LOS,
    "from": "2025-11",
    "reason": "Daily rounds on all medical units",
    "decided_by": "Quality committee",
    "decided_on": "2026-10-20",
}


def test_a_rebase_is_drawn_lettered_and_told() -> None:
    inputs = report_inputs(
        {LOS: step(5.9, 5.3, 12)}, rebases=(Rebase.model_validate(REBASE),)
    )  # misses its target of 4.80 in both phases
    page = pages(build_report(inputs))[LOS]
    assert page.chart.phase_starts == ("2025-11",)
    assert [(one.letter, one.month) for one in page.chart.annotations] == [("A", "2025-11")]
    assert page.notes[0].startswith("A: limits recalculated from November 2025. Reason: Daily rounds")
    assert "The mean was 5.90 days up to October 2025 and is 5.30 days since November 2025." in page.tells


@pytest.mark.parametrize(
    ("after", "words"), [(5.9, "new limits would hide a deterioration"), (5.3, "there is no change to rebase to")]
)
def test_a_rebase_that_hides_something_is_refused(after: float, words: str) -> None:
    inputs = report_inputs({LOS: step(5.3, after, 12)}, rebases=(Rebase.model_validate(REBASE),))
    with pytest.raises(CheckError, match=words) as caught:
        build_report(inputs)
    assert str(caught.value).startswith("rebase length_of_stay_days:all:2025-11: is refused: ")
    assert "Withdraw it: kpi rebase withdraw KEY --by NAME." in str(caught.value)


def test_a_target_of_the_facility_is_used_in_its_report() -> None:
    line = DatedTarget.model_validate(
        {"metric": LOS, "facility_id": "A", "value": 4.5, "from": "2026-01", "source": "Plan of A"}
    )
    inputs = eventful(facilities="AB", targets=Targets((line,)))
    assert rows(build_report(inputs))[LOS].target == "≤ 4.80"
    own = build_report(replace(inputs, facility_id="A", facility_name="Lakeside"))
    assert (rows(own)[LOS].target, rows(own)[LOS].target_source) == ("≤ 4.50", "Plan of A")
    assert (own.facility_id, own.facility_name) == ("A", "Lakeside")
    assert "Lakeside" in own.exceptions[0].chart_title


# ── by hospital ──────────────────────────────────────────────────────────────────────────────────────────────


def test_exceptions_are_shown_by_hospital_in_a_fixed_order() -> None:
    section = build_report(eventful(facilities="BCA")).further_sections[0]
    table = section.tables[0]
    assert table.caption == "Denials per 100 discharges, September 2026"
    assert [row[0] for row in table.rows] == ["Lakeside", "B", "C", "All hospitals"]  # by id: A is Lakeside
    assert [row[3] for row in table.rows] == ["1,200", "1,200", "1,200", "3,600"]
    assert table.rows[0][4] == "concern, high, six months near or beyond the upper limit"


def hospitals(n: int) -> FurtherSection:
    """The page by hospital of a system of so many."""
    sections = build_report(eventful(facilities=[f"H{place:02}" for place in range(n)])).further_sections
    (section,) = (one for one in sections if one.name == "hospitals")
    return section


@pytest.mark.parametrize("n", [1, 2, 6, 7, 60])
def test_every_hospital_stands_beside_every_headline_measure(n: int) -> None:
    section = hospitals(n)
    assert section.grid is not None
    places = [name for name, _ in section.grid.rows]
    assert places == [f"H{place:02}" for place in range(n)] + (["All hospitals"] if n > 1 else [])
    assert len(section.grid.columns) == 6
    assert bool(section.tables) == (1 < n <= 6)
    assert section.title != "By hospital"


def test_the_title_of_the_hospitals_is_a_finding() -> None:
    assert hospitals(3).title == "Denials changed for the worse at three of three hospitals"
    assert hospitals(1).title == "Denials changed for the worse at H00"
    calm = build_report(report_inputs(facilities="AB")).further_sections[0]
    assert calm.title == "No headline measure changed beyond routine variation at any hospital"


def test_as_many_signals_as_chance_gives_are_no_finding() -> None:
    """Sixty stable hospitals have signals, and the title does not make a change of them."""
    facilities = [f"H{place:02}" for place in range(60)]
    (section,) = (one for one in build_report(report_inputs(facilities=facilities)).further_sections if one.grid)
    marks = [
        cell.mark.icon for name, cells in section.grid.rows if name != "All hospitals" for cell in cells if cell.mark
    ]
    n = sum(icon not in ("common_cause", "empty") for icon in marks)
    found = re.search(r"color about (\d+) of the (\d+) charts that can be judged", section.lede)
    assert found is not None
    assert int(found[2]) == len(marks)
    assert n > 0
    assert ("no more than chance gives" in section.title) is (n <= int(found[1]))
    assert "changed for the worse" in hospitals(60).title  # 60 true changes are more than chance


def test_a_facilitys_own_report_shows_no_other() -> None:
    inputs = eventful(facilities="AB")
    sections = build_report(replace(inputs, facility_id="A")).further_sections
    assert "hospitals" not in [one.name for one in sections]
    assert "All hospitals" not in str(sections)
