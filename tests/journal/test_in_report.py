"""Initiatives on the charts of their measures: where, under which letter, and what is said below."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.improvement import Initiative
from kpi_pipeline.judgement.begun_initiatives import begun_initiatives
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.words.charts.chart_notes import chart_events
from kpi_pipeline.warehouse.facts import Watermark
from tests.journal.test_decisions import ROUNDS
from tests.report.invented_report import FACTS, LOS, READMISSION, eventful, pages, panels, report_inputs, step

MONTHS = tuple(month_range(Month(2024, 11), Month(2026, 10)))
NAMES = {"A": "Lakeside", "B": "Valley"}


def rounds(**changed: Any) -> Initiative:
    return Initiative.model_validate({**ROUNDS, "scope": {"facilities": ["A"]}, "balancing": [READMISSION], **changed})


def words(initiative: Initiative, facility_id: str = "all", metric: str = LOS) -> list[str]:
    begun = begun_initiatives([initiative], metric, facility_id, MONTHS, facility_names=NAMES)
    return [one.words for one in begun]


@pytest.mark.parametrize(
    ("scope", "facility_id", "expected"),
    [
        ({}, "all", ["Daily rounds"]),
        ({}, "A", ["Daily rounds"]),
        ({"facilities": ["A"]}, "all", ["Daily rounds (Lakeside)"]),
        ({"facilities": ["A", "B"]}, "all", ["Daily rounds (Lakeside and Valley)"]),
        ({"facilities": ["A"]}, "A", ["Daily rounds"]),
        ({"facilities": ["A"]}, "B", []),
        ({"facilities": ["Z"]}, "all", ["Daily rounds (Z)"]),  # a facility nobody has named yet
        ({"facilities": ["A"], "units": ["3 East"]}, "A", ["Daily rounds (3 East)"]),
        ({"units": ["3 East"]}, "A", []),  # nobody has said that 3 East is a unit of A
        ({"service_lines": ["Medicine"]}, "A", ["Daily rounds (Medicine)"]),
    ],
)
def test_an_initiative_stands_where_its_scope_fits(
    scope: dict[str, Any], facility_id: str, expected: list[str]
) -> None:
    assert words(rounds(scope=scope), facility_id) == expected


@pytest.mark.parametrize(
    ("starts_on", "n"), [("2024-10-31", 0), ("2024-11-01", 1), ("2026-10-31", 1), ("2026-11-01", 0)]
)
def test_it_stands_on_charts_that_show_its_first_month(starts_on: str, n: int) -> None:
    assert len(words(rounds(starts_on=starts_on))) == n


def test_it_stands_on_the_charts_of_its_measures_only() -> None:
    assert words(rounds(), metric=READMISSION) == ["Daily rounds (Lakeside)"]
    assert words(rounds(), metric="case_mix_index") == []


def test_what_was_given_up_before_its_first_day_never_began() -> None:
    assert words(rounds(status="abandoned", closed_on="2025-10-31")) == []
    assert words(rounds(status="abandoned", closed_on="2025-11-01")) == ["Daily rounds (Lakeside)"]


def test_the_report_draws_it_and_tells_it_under_the_chart() -> None:
    facts = replace(FACTS, watermarks=(Watermark("A", "Lakeside", date(2026, 10, 31), "declared"),))
    later = rounds(id="reviews", title="Physician reviews", scope={}, starts_on="2026-07-06", owner="Medical director")
    report = build_report(eventful(facilities="AB", initiatives=(later, rounds()), facts=facts))
    page = pages(report)[LOS]
    assert [(one.letter, one.month, one.text) for one in page.chart.annotations] == [
        ("A", "2025-11", "Daily rounds (Lakeside)"),
        ("B", "2026-07", "Physician reviews"),
    ]
    assert page.notes[:2] == (
        "A: Daily rounds (Lakeside) began on November 1, 2025. Owner: Nurse manager.",
        "B: Physician reviews began on July 6, 2026. Owner: Medical director.",
    )
    assert page.balancing is None or page.balancing.chart.annotations == ()


def test_a_letter_stands_for_the_same_event_on_every_small_chart() -> None:
    later = rounds(
        id="reviews", title="Reviews", scope={}, starts_on="2026-07-06", balancing=[], outcomes=[READMISSION]
    )
    report = build_report(eventful(initiatives=(later, rounds())))
    assert report.small_multiples is not None
    assert report.small_multiples.notes == (
        "A: Daily rounds (Lakeside) began on November 1, 2025. Owner: Nurse manager.",
        "B: Reviews began on July 6, 2026. Owner: Nurse manager.",
    )
    letters = {name: [one.letter for one in panel.chart.annotations] for name, panel in panels(report).items()}
    assert (letters[LOS], letters[READMISSION], letters["case_mix_index"]) == (["A"], ["A", "B"], [])


def test_six_flags_find_room_and_no_rebase_gives_way_to_an_initiative() -> None:
    rebase = Rebase.model_validate(
        {
            "metric": LOS,
            "from": "2025-11",
            "reason": "Rounds.",
            "decided_by": "Board",
            "decided_on": "2026-10-20",
            "trial": True,
        }
    )
    many = tuple(
        rounds(id=f"n{number}", title=f"Number {number}", scope={}, starts_on=f"2026-0{number}-01")
        for number in range(1, 8)
    )
    inputs = report_inputs({LOS: step(5.9, 5.3, 12)}, rebases=(rebase,), initiatives=many)
    events = chart_events(judge(inputs).system[LOS])
    assert [(event.letter, event.text) for event in events] == [
        ("A", "Rounds"),
        *zip("BCDEF", [f"Number {number}" for number in range(3, 8)], strict=True),
    ]
    assert events[0].note == (
        "A: limits recalculated from November 2025. Reason: Rounds. Decided by Board on October 20, 2026. Trial limits."
    )
