"""The sentences about one measure, state by state: what a director would sign, and no more than the chart says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.declared.targets import DatedTarget, Targets
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.charts.chart_notes import chart_events, method_sentences, point_notes
from kpi_pipeline.report.words.findings import finding_title, scorecard_title, summary_sentence
from kpi_pipeline.report.words.phrases import assurance_word, follow_up_words, latest_words, variation_word
from kpi_pipeline.report.words.sentences import (
    change_sentence,
    chart_finding,
    failing_sentence,
    heading,
    latest_sentence,
    licence_sentence,
    newest_figure_sentence,
    onset_sentence,
    phase_sentences,
    provisional_sentence,
    year_ago_words,
)
from kpi_pipeline.report.words.targets import assurance_sentence, target_sentence
from tests.report.invented_report import Ratio, not_supplied, report_inputs

LOS, DENIALS, ASSESSMENT = "length_of_stay_days", "denials_per_100_discharges", "initial_assessment_within_24h"


def wobble(level: float, by: float) -> Ratio:
    return lambda at: level + (by if at % 2 == 0 else -by)


def shift(before: float, after: float, at_month: int, by: float) -> Ratio:
    return lambda at: (before if at < at_month else after) + (by if at % 2 == 0 else -by)


def spike(level: float, last: float, by: float) -> Ratio:
    return lambda at: last if at == 35 else wobble(level, by)(at)


def measure(metric: str, ratio: Ratio, **more: object) -> Measure:
    return judge(report_inputs({metric: ratio}, **more)).system[metric]


def test_the_newest_figure_of_a_measure_without_a_final_month_is_said_to_be_so_far() -> None:
    one = measure(LOS, wobble(5.0, 0.1))
    open_figures = {month: replace(figure, maturity="open") for month, figure in one.figures.items()}
    assert latest_sentence(one) == "It was 4.90 days in October 2026 (1,200 discharges)."
    assert (
        latest_sentence(replace(one, figures=open_figures))
        == "It was 4.90 days in October 2026 (1,200 discharges) so far."
    )


def test_routine_variation_is_no_change() -> None:
    one = measure(LOS, wobble(5.0, 0.1))
    assert heading(one) == "Average length of stay: no evidence of change"
    assert change_sentence(one) == (
        "Average length of stay shows no evidence of change. It was 4.90 days in October 2026 (1,200 discharges)."
    )
    assert licence_sentence(one) == "There is no evidence of change: the latest months look like routine variation."
    assert variation_word(one) == "no evidence of change"


def test_a_shift_downwards_names_mean_length_and_beginning() -> None:
    one = measure(LOS, shift(5.2, 4.7, 28, 0.2))  # baseline of 24 months at 5.20; limits 4.18 to 6.38
    assert heading(one) == "Average length of stay is down: nine months in a row below the mean"
    assert onset_sentence(one) == (
        "The change most likely began in March 2026, between February 2026 and April 2026 (95% interval)."
    )
    assert change_sentence(one) == (
        "Average length of stay is down: below the mean of 5.20 days for nine months in a row. "
        "It was 4.50 days in October 2026 (1,200 discharges)."
    )
    assert licence_sentence(one) == "Routine variation does not explain this; it is a change in the wanted direction."
    assert variation_word(one) == "improvement, low"


def test_one_month_beyond_a_limit_is_unusual_and_not_a_trend() -> None:
    one = measure(LOS, spike(5.0, 6.0, 0.1))
    assert heading(one) == "Average length of stay was unusually high in October 2026"
    assert change_sentence(one).startswith(
        "Average length of stay was unusually high: above the upper limit of 5.56 in October 2026."
    )
    assert licence_sentence(one) == "Routine variation does not explain this; it is a change in the unwanted direction."
    assert variation_word(one) == "concern, high"


def test_a_trend_names_its_first_and_last_month() -> None:
    one = measure(LOS, lambda at: 4.7 + 0.1 * (at - 29) if at >= 29 else wobble(5.0, 0.1)(at))
    assert "is up: higher every month from April 2026 to October 2026." in change_sentence(one)


def test_two_of_three_months_near_a_limit() -> None:
    ratio: Ratio = lambda at: {33: 5.7, 34: 5.1, 35: 5.72}.get(at, wobble(5.0, 0.1)(at))  # noqa: E731
    one = measure(LOS, ratio)
    assert "near or beyond the upper limit in two of the last three months" in change_sentence(one)


def test_a_higher_share_is_an_improvement_where_higher_is_better() -> None:
    one = measure(ASSESSMENT, shift(0.80, 0.86, 30, 0.005))
    assert heading(one).startswith("Initial assessment within 24 hours is up: ")
    assert variation_word(one) == "improvement, high"


def test_a_neutral_measure_is_never_praised_or_blamed() -> None:
    one = measure("case_mix_index", spike(1.5, 1.8, 0.01))
    assert variation_word(one) == "unusually high"
    assert assurance_word(one) == "no target by design"
    assert licence_sentence(one) == (
        "Routine variation does not explain this; this measure is neither good nor bad in itself."
    )
    assert target_sentence(one) is None


def test_too_few_months_are_not_judged() -> None:
    one = measure(LOS, wobble(5.0, 0.1), months=8)
    assert heading(one) == "Average length of stay: too few months to judge"
    assert licence_sentence(one) == "There are too few months to tell change from routine variation."
    assert (variation_word(one), assurance_word(one)) == ("not judged", "not judged")
    assert year_ago_words(one) == "A year earlier: no figure"


def test_months_with_too_few_cases_have_no_figure() -> None:
    one = measure(LOS, wobble(5.0, 0.1), discharges=20)
    assert newest_figure_sentence(one) == "There is no figure for October 2026: fewer than 25 cases."
    assert latest_words(one) == "fewer than 25 cases, October 2026"
    assert point_notes(one) == (
        "No figure for 24 months from November 2024 to October 2026: too few discharges. A gap ends a run.",
    )


def test_a_month_whose_follow_up_is_not_over_is_not_said_to_have_too_few_cases() -> None:
    one = measure(DENIALS, wobble(0.06, 0.001))
    newest, before = one.months[-1], one.months[-2]
    early = replace(one.figures[newest], maturity="provisional", value=None, n_counted=0.0)
    found = point_notes(replace(one, figures={**one.figures, newest: early}))
    assert found == ("No figure for October 2026, provisional: not every case has had its 30 days of follow-up yet.",)
    both = {newest: early, before: replace(early, month=before)}
    assert point_notes(replace(one, figures={**one.figures, **both})) == (
        "No figure for September 2026 and October 2026, not final yet and with few of their cases so far.",
    )


def test_a_measure_that_was_not_supplied_says_so() -> None:
    inputs = not_supplied(report_inputs(), DENIALS, status="not_supplied", reason="the denials table")
    one = judge(inputs).system[DENIALS]
    assert latest_words(one) == "not supplied: the denials table"
    assert chart_finding(one) == "Denials per 100 discharges: not supplied: the denials table."
    assert method_sentences(one) == ("No chart: there are no figures.",)


# ── the target ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("metric", "ratio", "words"),
    [
        (LOS, wobble(4.6, 0.1), "That meets the target of 4.80 days or lower (Board operating plan)."),
        (LOS, wobble(5.0, 0.1), "That misses the target of 4.80 days or lower (Board operating plan) by 0.10 days."),
        (LOS, wobble(4.802, 0.0), "That is level with the target of 4.80 days or lower (Board operating plan)."),
        (
            ASSESSMENT,
            wobble(0.80, 0.0),
            "That misses the target of 90.0% or higher (Department policy) by 10.0 percentage points.",
        ),
        (
            "case_mix_adjusted_cost_per_case_usd",
            wobble(9310.0, 0.0),
            "That misses the target of $9,000 or lower (Finance plan) by $310.",
        ),
    ],
)
def test_the_newest_value_against_the_target(metric: str, ratio: Ratio, words: str) -> None:
    assert target_sentence(measure(metric, ratio)) == words


def test_a_target_out_of_reach_is_a_finding_of_its_own() -> None:
    one = measure(ASSESSMENT, wobble(0.80, 0.01))
    assert heading(one) == "Initial assessment within 24 hours keeps missing its target"
    assert failing_sentence(one) == (
        "Initial assessment within 24 hours keeps missing its target. Routine variation (74.7% to 85.3%) does not "
        "reach the target: without a change in how the work is done, it will go on being missed. "
        "Fewer than 1 of 100 months are expected to meet it."
    )
    assert assurance_word(one) == "consistently misses"


def test_a_target_always_met() -> None:
    one = measure(ASSESSMENT, wobble(0.97, 0.003))
    assert assurance_sentence(one) == (
        "Routine variation (95.2% to 98.8%) lies wholly on the right side of the target. "
        "More than 99 of 100 months are expected to meet it."
    )
    assert assurance_word(one) == "consistently passes"


def test_a_target_inside_the_limits_is_met_by_chance() -> None:
    one = measure(LOS, wobble(5.0, 0.1))
    assert assurance_sentence(one) == (
        "The target lies within routine variation (4.49 to 5.56): single months will meet or miss it by chance. "
        "About 14 of 100 months are expected to meet it (95% interval 4 to 29)."
    )
    assert assurance_word(one) == "hit or miss"


def test_after_a_change_the_old_limits_promise_nothing() -> None:
    inside = measure(LOS, shift(5.2, 4.7, 28, 0.2))
    assert assurance_sentence(inside) == (
        "The target lies within the limits (4.23 to 6.38); after a change they say little about the months to come. "
        "About 62 of 100 months are expected to meet it at the level since the change (95% interval 35 to 85)."
    )
    left = measure(LOS, lambda at: 4.7 if at >= 30 else 5.3)
    assert left.result is not None
    assert (left.result.assurance, left.keeps_failing) == ("failing", False)
    assert "does not reach the target, but the newest month does: it left those limits." in str(
        assurance_sentence(left)
    )


def test_a_target_changes_with_its_month() -> None:
    dated = DatedTarget.model_validate(
        {"metric": LOS, "value": 4.5, "from": "2026-10", "source": "Board plan from October"}
    )
    one = measure(LOS, wobble(4.8, 0.1), targets=Targets((dated,)))
    assert target_sentence(one) == (
        "That misses the target of 4.50 days or lower (Board plan from October) by 0.20 days."
    )
    assert one.result is not None
    assert [point.target for point in one.result.points[-2:]] == [4.8, 4.5]


# ── maturity ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_final_month_is_shown_and_the_open_one_named_beside_it() -> None:
    one = measure("readmission_30d", wobble(0.14, 0.004))
    assert newest_figure_sentence(one) == (
        "The newest final figure is 14.4% for September 2026 (95% interval 13.0% to 15.9%), "
        "based on 1,200 index discharges."
    )
    assert provisional_sentence(one) == (
        "October 2026 so far: 13.6%, provisional: 420 of 1,200 index discharges have their 30 days of follow-up."
    )
    assert point_notes(one) == (
        "Hollow: October 2026, provisional: 420 of 1,200 index discharges have their 30 days of follow-up. "
        "It counts neither for limits nor for signals.",
    )
    assert year_ago_words(one) == "A year earlier: 14.4%"


def test_a_final_month_has_nothing_to_add() -> None:
    one = measure(LOS, wobble(5.0, 0.1))
    assert one.headline is not None
    assert follow_up_words(one.headline, one.metric) == "final"
    assert provisional_sentence(one) is None


# ── phases ───────────────────────────────────────────────────────────────────────────────────────────────────

ROUNDS = Rebase.model_validate(
    {
        "metric": LOS,
        "from": "2025-11",
        "reason": "Daily rounds on all medical units.",
        "decided_by": "Quality committee",
        "decided_on": date(2026, 10, 20),
    }
)


def test_the_mean_before_and_after_is_told_only_for_a_declared_phase() -> None:
    ratio = shift(5.3, 4.8, 24, 0.05)
    assert phase_sentences(measure(LOS, ratio)) == []
    rebased = measure(LOS, ratio, rebases=(ROUNDS,))
    assert phase_sentences(rebased) == [
        "The mean was 5.30 days up to October 2025 and is 4.80 days since November 2025."
    ]
    assert [event.note for event in chart_events(rebased)] == [
        "A: limits recalculated from November 2025. Reason: Daily rounds on all medical units. "
        "Decided by Quality committee on October 20, 2026."
    ]


# ── the month as a whole ─────────────────────────────────────────────────────────────────────────────────────


def headlines(**ratios: Ratio) -> list[Measure]:
    quiet = {name: wobble(level, level / 100) for name, level in ((LOS, 4.6), (DENIALS, 0.05), (ASSESSMENT, 0.95))}
    measures = judge(report_inputs({**quiet, **ratios})).system
    return [measures[name] for name in (LOS, DENIALS, ASSESSMENT)]


def test_the_finding_names_what_changed_and_what_needs_attention() -> None:
    found = headlines(**{LOS: shift(5.2, 4.7, 30, 0.05), DENIALS: shift(0.05, 0.075, 29, 0.001)})
    assert finding_title(found) == "Length of stay is down; denials need attention"


def test_the_finding_of_a_quiet_month() -> None:
    assert finding_title(headlines()) == "No headline measure changed beyond routine variation this month"


def test_the_finding_of_a_quiet_month_in_which_a_target_stays_out_of_reach() -> None:
    found = headlines(**{ASSESSMENT: wobble(0.8, 0.01)})
    assert finding_title(found) == (
        "No headline measure changed beyond routine variation this month; one keeps missing its target"
    )


def test_the_finding_counts_where_names_would_not_fit() -> None:
    found = headlines(
        **{
            LOS: shift(4.6, 5.2, 30, 0.02),
            DENIALS: shift(0.05, 0.075, 29, 0.001),
            ASSESSMENT: shift(0.9, 0.8, 29, 0.002),
        }
    )
    assert finding_title(found) == "Length of stay, denials and assessment within 24 hours need attention"
    assert finding_title([*found, found[2]]) == "Four measures need attention"


def test_a_young_series_says_that_it_is_young() -> None:
    measures = judge(report_inputs(months=8)).system
    assert finding_title([measures[LOS]]) == "There are too few months yet to tell change from routine variation"


def test_the_summary_counts_every_measure_once() -> None:
    found = headlines(**{LOS: shift(5.2, 4.7, 30, 0.05), ASSESSMENT: wobble(0.8, 0.01)})
    assert summary_sentence(found) == (
        "Of three measures, one changed in the wanted direction and two show no evidence of change. "
        "One keeps missing its target."
    )
    assert scorecard_title(found) == "One measure is improving and one keeps missing its target"
    assert scorecard_title(headlines()) == "No measure changed beyond routine variation"


def test_the_months_of_a_signal_are_calendar_months() -> None:
    one = measure(LOS, shift(5.2, 4.7, 30, 0.05))
    assert one.signal_months == tuple(Month(2026, number) for number in range(5, 11))
