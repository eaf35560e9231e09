"""What a plan has come to so far: level before and since, months on target, bed-days, and when it can be judged."""

from __future__ import annotations

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.plan import not_before_sentence, since_start_sentence
from tests.report.invented_report import LOS, report_inputs


def stays(*, before: float, since: float, last: int) -> Measure:
    inputs = report_inputs({LOS: lambda place: since if place >= 36 - last else before}, months=36)
    return judge(inputs).system[LOS]


def test_the_level_before_and_since_and_the_months_on_target() -> None:
    start = Month(2026, 7)
    said = since_start_sentence(stays(before=5.5, since=4.5, last=4), start, start)
    assert said == (
        "Since July 2026: 5.50 → 4.50 days (12 months before, 4 final months since). "
        "The target was met in 4 of 4 of them."
    )


def test_a_month_that_does_not_count_is_in_neither_level() -> None:
    said = since_start_sentence(stays(before=5.5, since=4.5, last=4), Month(2026, 6), Month(2026, 8))
    assert said.startswith("Since August 2026: 5.50 → 4.50 days (12 months before, 3 final months since).")


def test_months_that_are_not_there_are_not_spoken_of() -> None:
    assert since_start_sentence(stays(before=5.5, since=4.5, last=4), Month(2026, 11), Month(2026, 11)) == ""


def waiting(judgeable_from: Month | None) -> EffectResult:
    return EffectResult(
        verdict="too_early", obstacles=("few_months_after",), cautions=(), model="level", seasonality="none",
        better="lower", first_counted_month=Month(2026, 8), last_month=Month(2026, 9), n_before=24, n_washout=0,
        n_after=2, n_missing=0, n_without_control=0, months_lacking_before=0, months_lacking_after=10, is_weighted=True,
        has_control=False, is_declared_beforehand=True, effects=None, placebo=None, judgeable_from=judgeable_from,
        extreme_start=None, points=(),
    )  # fmt: skip


def test_it_says_from_when_on_a_plan_can_be_judged() -> None:
    later = "It cannot be judged before the figures of July 2027 are final."
    assert not_before_sentence(waiting(Month(2027, 7))) == later
    assert not_before_sentence(waiting(None)) == ""
