"""What a plan has come to so far: level before and since, months on target, bed-days, and when it can be judged."""

from __future__ import annotations

from dataclasses import replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.effects.effect_result import EffectResult, Effects, Verdict
from kpi_pipeline.improvement.effects.effect_size import EffectSize
from kpi_pipeline.improvement.effects.power import Power
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.improving.since_start import compute_since_start
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.report.words.effects import effect_sentence, programme_title
from kpi_pipeline.report.words.phrases import scope_words
from kpi_pipeline.report.words.plan import days_sentence, not_before_sentence, since_start_sentence
from tests.report.invented_report import LOS, report_inputs


def said_since(measure: Measure, start: Month, first_counted: Month) -> str:
    found = compute_since_start(measure, start, first_counted)
    return "" if found is None else since_start_sentence(found, measure.metric)


def stays(*, before: float, since: float, last: int) -> Measure:
    inputs = report_inputs({LOS: lambda place: since if place >= 36 - last else before}, months=36)
    return judge(inputs).system[LOS]


def test_the_level_before_and_since_and_the_months_on_target() -> None:
    start = Month(2026, 7)
    said = said_since(stays(before=5.5, since=4.5, last=4), start, start)
    assert said == (
        "Since July 2026: 5.50 → 4.50 days (12 months before, 4 final months since). "
        "The target was met in 4 of 4 of them."
    )


def test_a_month_that_does_not_count_is_in_neither_level() -> None:
    said = said_since(stays(before=5.5, since=4.5, last=4), Month(2026, 6), Month(2026, 8))
    assert said.startswith("Since August 2026: 5.50 → 4.50 days (12 months before, 3 final months since).")


def test_months_that_are_not_there_are_not_spoken_of() -> None:
    assert said_since(stays(before=5.5, since=4.5, last=4), Month(2026, 11), Month(2026, 11)) == ""


def waiting(judgeable_from: Month | None) -> EffectResult:
    return EffectResult(
        verdict="too_early", obstacles=("few_months_after",), cautions=(), model="level", seasonality="none",
        better="lower", first_counted_month=Month(2026, 8), last_month=Month(2026, 9), n_before=24, n_washout=0,
        n_after=2, n_missing=0, n_without_control=0, months_lacking_before=0, months_lacking_after=10, is_weighted=True,
        has_control=False, is_declared_beforehand=True, effects=None, placebo=None, alone=None,
        judgeable_from=judgeable_from, extreme_start=None, points=(),
    )  # fmt: skip


def test_it_says_from_when_on_a_plan_can_be_judged() -> None:
    later = "It cannot be judged before the figures of July 2027 are final."
    assert not_before_sentence(waiting(Month(2027, 7))) == later
    assert not_before_sentence(waiting(None)) == ""


def judged(effect: Estimate) -> EffectResult:
    power = Power(smallest_visible_effect=0.1, worthwhile_effect=None, months_needed=None)
    effects = Effects(effect, None, effect, effect, Estimate(0.0, -0.2, 0.2), 0.1, 30, power)
    verdict: Verdict = "improvement" if effect.excludes_zero else "no_evidence"
    return replace(waiting(None), verdict=verdict, effects=effects, n_after=12)


def test_an_effect_is_also_told_in_bed_days_and_dollars_with_their_intervals() -> None:
    """0.3 (0.1 to 0.5) days of 4,113 cases are 1,234 days (411 to 2,057); at $200 a day $246,780."""
    effect = Estimate(-0.3, -0.5, -0.1)
    days = Estimate(-1_233.9, -2_056.5, -411.3)
    dollars = Estimate(-246_780.0, -411_300.0, -82_260.0)
    said = days_sentence(judged(effect), EffectSize(days, dollars, n_months=12, n_cases=4_113.0))
    assert said == (
        "Over the 4,113 cases of 12 months since: about 1,200 fewer bed-days (410 to 2,100), $247,000 ($82,000 to "
        "$411,000) at the variable cost of a late day."
    )
    more = days_sentence(judged(Estimate(0.3, 0.1, 0.5)), EffectSize(Estimate(90.0, 30.0, 150.0), None, 1, 300.0))
    assert more == "Over the 300 cases of 1 month since: about 90 more bed-days (30 to 150)."


def test_an_effect_that_may_be_none_is_told_in_no_days() -> None:
    size = EffectSize(Estimate(-90.0, -200.0, 20.0), None, 12, 300.0)
    assert days_sentence(judged(Estimate(-0.3, -0.7, 0.1)), size) == ""
    assert days_sentence(judged(Estimate(-0.3, -0.5, -0.1)), None) == ""


def test_what_only_the_control_did_is_no_effect_in_words_nor_days() -> None:
    result = replace(
        judged(Estimate(-0.5, -0.7, -0.3)), verdict="control_only", placebo=Estimate(0.5, 0.3, 0.7),
        alone=Estimate(0.02, -0.15, 0.19),
    )  # fmt: skip
    assert effect_sentence(result, load_metrics()[LOS], "at Lakeside") == (
        "Average length of stay at Lakeside is on average 0.50 days lower than expected from its control, over "
        "12 months since August 2026 (95% interval 0.30 to 0.70 days), but the control changed and the measure by "
        "itself did not: it is 0.02 days higher than its own months before let expect (0.15 days lower to 0.19 days "
        "higher). No effect is claimed."
    )
    assert days_sentence(result, EffectSize(Estimate(-90.0, -200.0, -20.0), None, 12, 300.0)) == ""
    assert programme_title(["One"], ["control_only"], n_planned=0) == (
        "One: a difference from the control only, which itself changed"
    )


def test_one_hospital_is_named_and_several_are_all_hospitals() -> None:
    inputs = report_inputs()
    one = judge(inputs).scope
    several = replace(one, facility_names={"A": "Lakeside", "B": "Valley"})
    assert [
        scope_words(scope) for scope in (one, several, replace(several, facility_id="B", facility_name="Valley"))
    ] == [
        "Lakeside",
        "all hospitals",
        "Valley",
    ]
