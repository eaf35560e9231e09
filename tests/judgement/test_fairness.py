"""Gaps between groups leave the hospital only where no small group can be read or worked out of them."""

from __future__ import annotations

from dataclasses import replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.tables.fairness import judge_fairness
from kpi_pipeline.metrics.gaps import MetricGaps, compute_gaps, with_holm
from kpi_pipeline.metrics.groups import Span
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.pages.fairness import build_fairness
from kpi_pipeline.report.words.fairness import looks_words
from tests.metrics.test_gaps import sums
from tests.report.invented_report import METRICS, READMISSION, report_inputs

YEAR = Span(12, Month(2026, 9))


def gaps(*groups: tuple[str, str, int, int], settings: Settings = Settings()) -> MetricGaps:
    return with_holm([compute_gaps(sums(*groups), METRICS[READMISSION], YEAR, settings=settings)])[0]


def printed(found: MetricGaps, privacy: str = "board") -> dict[tuple[str, str], bool]:
    """(dimension, group) → whether it is printed."""
    judged = judge_fairness(report_inputs(gaps=(found,), privacy=privacy), {}, {})
    if judged is None:
        return {}
    return {
        (table.dimension, group): not isinstance(table.gaps[group][READMISSION], Withheld)
        for table in judged.tables
        for group in table.groups
    }


def test_large_groups_are_printed_for_a_board() -> None:
    found = gaps(("race", "A", 40, 300), ("race", "B", 50, 400), ("race", "C", 60, 500))
    assert printed(found) == {("race", "A"): True, ("race", "B"): True, ("race", "C"): True}


def test_a_group_with_few_events_takes_another_with_it() -> None:
    found = gaps(("race", "A", 3, 300), ("race", "B", 50, 400), ("race", "C", 60, 500), ("race", "D", 90, 700))
    assert printed(found) == {("race", "C"): True, ("race", "D"): True}  # B hides A; less the whole, one would tell it
    assert len(printed(found, "internal")) == 4


def test_a_group_that_nearly_always_comes_back_tells_the_few_who_did_not() -> None:
    assert ("race", "A") not in printed(gaps(("race", "A", 295, 300), ("race", "B", 50, 400), ("race", "C", 60, 500)))


def test_few_of_whom_the_group_is_not_known_are_not_told_by_the_others() -> None:
    found = gaps(("race", "A", 40, 300), ("race", "B", 50, 400), ("race", "C", 60, 500), ("race", "", 1, 4))
    assert printed(found) == {("race", "B"): True, ("race", "C"): True}


def test_of_two_groups_the_row_of_the_large_one_tells_the_small_one() -> None:
    assert not printed(gaps(("sex", "Female", 40, 300), ("sex", "Male", 3, 300)))
    assert printed(gaps(("sex", "Female", 40, 300), ("sex", "Male", 30, 300))) == {("sex", "Female"): True}


def test_many_stays_of_few_people_are_few() -> None:
    frame = sums(("race", "A", 40, 300), ("race", "B", 50, 400), ("race", "C", 60, 500))
    frame.loc[frame["group"] == "A", "n_event_persons"] = 4.0
    found = compute_gaps(frame, METRICS[READMISSION], YEAR, settings=Settings())
    assert ("race", "A") not in printed(found)


def test_two_measures_whose_groups_differ_by_few_cases_tell_no_difference() -> None:
    first = gaps(("race", "A", 40, 300), ("race", "B", 50, 400), ("race", "C", 60, 500))
    second = replace(
        gaps(("race", "A", 60, 304), ("race", "B", 80, 460), ("race", "C", 90, 580)),
        metric="initial_assessment_within_24h",
    )
    second = replace(second, gaps=tuple(replace(one, metric=second.metric) for one in second.gaps))
    judged = judge_fairness(report_inputs(gaps=(first, second), privacy="board"), {}, {})
    assert judged is not None
    row = judged.tables[0].gaps["A"]
    assert not isinstance(row[READMISSION], Withheld)
    assert isinstance(row[second.metric], Withheld)


def test_a_facilitys_copy_that_withholds_has_none() -> None:
    found = gaps(("race", "A", 40, 300), ("race", "B", 50, 400))
    inputs = report_inputs(gaps=(found,), facilities=("A", "B"), facility_id="A", facility_name="Lakeside")
    assert judge_fairness(inputs, {}, {}) is not None
    assert judge_fairness(replace(inputs, privacy="board"), {}, {}) is None


def test_the_page_comes_only_where_something_can_be_compared_and_its_figures_are_in_the_table() -> None:
    assert build_fairness(judge(report_inputs())) is None
    found = gaps(("race", "A", 40, 300), ("race", "B", 20, 400), ("race", "C", 5, 20), ("race", "D", 48, 480))
    report, tables = build_report_and_tables(report_inputs(gaps=(found,)))
    (page,) = [one for one in report.further_sections if one.name == "fairness"]
    (block,) = page.blocks
    rows = {row[0]: row[1] for row in block.tables[0].rows}
    # A: 13.3 less 73 of 900, 8.1; B: 5.0 less 93 of 800, 11.6.
    assert rows["Race: A"].startswith("+5.2\N{NO-BREAK SPACE}* (")
    assert rows["Race: C"] == "too few"
    assert rows["Race: B"].startswith("−6.6\N{NO-BREAK SPACE}* (")
    assert "Not adjusted" in block.notes[0]
    assert "at least 300 cases" in block.notes[0]
    lines = [line for line in tables["figures.csv"].splitlines() if "fairness/race" in line]
    assert len(lines) == 6
    assert any(",5.2," in line for line in lines)


def test_the_words_say_how_many_looks_were_taken() -> None:
    found = gaps(("race", "A", 40, 300), ("race", "B", 20, 400), ("race", "D", 48, 480))
    words = looks_words(found.gaps)
    assert words.startswith("Of 3 comparisons, 2 have an interval without zero; about 0.2 would by chance alone.")
    assert looks_words(()).startswith("Of 0 comparisons, none has")


def test_a_year_whose_months_hold_a_withheld_one_is_not_summed() -> None:
    found = gaps(("race", "A", 40, 300), ("race", "B", 50, 400))
    lonely = report_inputs(ratios={READMISSION: lambda at: 0.005 if at == 30 else 0.14}, gaps=(found,), privacy="board")
    assert judge(lonely).fairness is None
    assert judge(report_inputs(gaps=(found,), privacy="board")).fairness is not None
