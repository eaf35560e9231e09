"""The page of figures that changed: what it counts, names and hides, and what it leaves to restated.csv."""

from __future__ import annotations

from dataclasses import replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.restated.ledger import Part, Restated, RestatedFigure
from kpi_pipeline.report.build import build_report, build_report_and_tables
from kpi_pipeline.report.model import FurtherSection, Report
from tests.report.invented_report import ASSESSMENT, DENIALS, LOS, eventful

AUGUST = Month(2026, 8)


def figure(metric: str = LOS, month: Month = AUGUST, *, change: float = 0.4, **more: object) -> RestatedFigure:
    """A figure that moved to what the invented report shows now."""
    whole = RestatedFigure(
        metric=metric,
        facility_id="all",
        month=month,
        was_final=True,
        version_then=1,
        version_now=1,
        numerator_then=5_500.0,
        numerator_now=5_640.0,
        denominator_then=1_170.0,
        denominator_now=1_200.0,
        value_then=4.7,
        value_now=4.7 + change,
        parts=(
            Part("late", 30, 200.0, 30.0, change + 0.1),
            Part("correction", 12, -60.0, 0.0, -0.1, ("encounters.discharged_at", "encounters.total_cost")),
        ),
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def ledger(*figures: RestatedFigure, **more: object) -> Restated:
    whole = Restated(
        number=3,
        month=Month(2026, 9),
        n_compared=264,
        figures=figures,
        defined_anew={},
        releases=("1.0 (aaaaaa)", "1.1 (bbbbbb)"),
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def page(report: Report) -> FurtherSection:
    return next(one for one in report.further_sections if one.name == "changes_since_last_issue")


def printed(metric: str, month: Month) -> float:
    """The value the invented report prints now."""
    value = judge(eventful()).system[metric].figures[month].number
    assert value is not None
    return value


def test_without_an_issue_before_there_is_no_page_and_no_table() -> None:
    report, tables = build_report_and_tables(eventful())
    assert "changes_since_last_issue" not in [one.name for one in report.further_sections]
    assert list(tables) == ["figures.csv"]


def test_nothing_changed_is_said() -> None:
    section = page(build_report(eventful(restated=ledger())))
    assert section.title == "No figure shown in issue 3 prints otherwise now"
    assert str(section.lede).startswith("Issue 3 was for September 2026. The 264 figures it showed were computed again")
    assert section.tables == ()


def test_a_changed_figure_stands_with_both_values_its_causes_and_what_they_did() -> None:
    value = printed(LOS, AUGUST)
    section = page(build_report(eventful(restated=ledger(figure(value_then=value - 0.4)))))
    assert section.title == "One final figure of issue 3 changed"
    (row,) = section.tables[0].rows
    assert row[0] == "Length of stay, days, August 2026"
    assert row[1:4] == (f"{value - 0.4:.2f}", f"{value:.2f}", "+0.40")
    assert row[4] == (
        "Arrived late: 30 cases, +0.50; "
        "corrected: 12 cases, −0.10 (encounters: discharged at and encounters: total cost)"
    )


def test_what_was_not_final_is_told_apart_and_what_prints_the_same_is_counted() -> None:
    value = printed(LOS, AUGUST)
    report, tables = build_report_and_tables(
        eventful(
            restated=ledger(
                figure(value_then=value - 0.4),
                figure(value_then=value - 0.2, was_final=False, month=AUGUST),
                figure(DENIALS, value_then=printed(DENIALS, AUGUST)),
            )
        )
    )
    section = page(report)
    assert section.title == "One final figure of issue 3 changed; one not final moved on"
    assert [table.caption for table in section.tables] == ["Figures that were final", "Figures that were not final yet"]
    assert "One more changed, but prints as before; all are in restated.csv." in str(section.lede)
    assert tables["restated.csv"].count("\r\n") == 1 + 3 * 2


def test_a_definition_that_changed_shows_each_month_it_touches_side_by_side() -> None:
    months = [Month(2026, 4), Month(2026, 3)]
    figures = [
        figure(month=one, value_then=printed(LOS, one) + 1, parts=(Part("definition", 900, 0.0, -40.0, -1.0),))
        for one in months
    ]
    section = page(build_report(eventful(restated=ledger(*figures, defined_anew={LOS: (1, 2)}))))
    (block,) = section.blocks
    assert block.heading == "Average length of stay is defined otherwise now (version 1 → 2)"
    assert [row[0] for row in block.tables[0].rows] == [
        "Length of stay, days, March 2026",
        "Length of stay, days, April 2026",
    ]
    assert section.title == "Two final figures of issue 3 changed"


def test_the_largest_changes_come_first_and_the_rest_is_counted() -> None:
    months = [Month(2026, 1).plus(-at) for at in range(20)]
    figures = [figure(month=one, value_then=printed(LOS, one) * (1 + at / 50 + 0.02)) for at, one in enumerate(months)]
    section = page(build_report(eventful(restated=ledger(*figures))))
    assert len(section.tables[0].rows) == 14
    assert section.tables[0].rows[0][0] == f"Length of stay, days, {months[-1].name}"
    assert section.paragraphs == ("And six more that were final, with smaller changes: restated.csv has them all.",)


def test_a_percentage_changes_by_points() -> None:
    now = printed(ASSESSMENT, AUGUST)
    one = figure(ASSESSMENT, value_then=now - 0.6, parts=(Part("late", 30, 30.0, 30.0, 0.6),))
    (row,) = page(build_report(eventful(restated=ledger(one)))).tables[0].rows
    assert row[3:] == ("+0.6 points", "Arrived late: 30 cases, +0.6 points")


def test_a_board_copy_names_the_causes_of_a_few_cases_and_no_number() -> None:
    few = figure(value_then=printed(LOS, AUGUST) - 0.4, parts=(Part("late", 3, 20.0, 3.0, 0.4),))
    report, tables = build_report_and_tables(eventful(privacy="board", restated=ledger(few)))
    (row,) = page(report).tables[0].rows
    assert row[4] == "Arrived late; numbers withheld"
    assert ",late,withheld,withheld,withheld,withheld," in tables["restated.csv"]
    internal = page(build_report(eventful(restated=ledger(few))))
    assert internal.tables[0].rows[0][4] == "Arrived late: 3 cases, +0.40"
