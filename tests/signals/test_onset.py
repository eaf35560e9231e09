"""When a change began: by hand, by brute force, and by coverage in short form (the long one: docs/simulations.md)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kpi_pipeline.report.words.charts.chart_verdicts import onset_words, variation_reason
from kpi_pipeline.signals import RULE_SETS, Pattern, evaluate_chart
from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.multiplicity import stable_series
from kpi_pipeline.signals.chance.onset import _nearest_stretch, estimate_step

MONTHS = [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(48)]
EVEN = [11.0, 9.0] * 12


def likeliest(values: np.ndarray) -> int:
    """The place before which two means leave the least, with the weight of uneven parts: plain Python."""
    scores = {}
    for at in range(1, len(values)):
        before, after = values[:at], values[at:]
        rest = sum((x - sum(part) / len(part)) ** 2 for part in (before, after) for x in part)
        scores[at] = -0.5 * math.log(len(before) * len(after)) - (len(values) - 2) / 2 * math.log(rest)
    return max(scores, key=scores.__getitem__)


def test_the_step_is_the_likeliest_place_by_brute_force() -> None:
    random = np.random.default_rng(4)
    for _ in range(40):
        values = random.normal(size=30)
        values[random.integers(5, 25) :] += 1.5
        step = estimate_step(values)
        assert step is not None
        assert step.position == likeliest(values)
        assert step.earliest <= step.position <= step.latest
        assert step.after == pytest.approx(values[step.position :].mean())
        assert step.before == pytest.approx(values[: step.position].mean())


def test_a_clean_step_has_one_month_and_its_two_levels() -> None:
    result = evaluate_chart(
        [*EVEN, *[value - 6 for value in EVEN[:8]]], chart="xmr", better="lower", periods=MONTHS[:32],
        rules="frozen-2026", frozen_points=24,
    )  # fmt: skip
    assert variation_reason(result) == "9 points in a row below the mean"  # the month before lay below by chance
    assert result.onset is not None
    onset = result.onset
    assert (onset.position, onset.earliest, onset.latest, onset.n_points) == (24, 24, 24, 1)
    assert (onset.before, onset.after) == (10, 4)
    assert onset_words(result, onset) == "most likely from January 2026 on"


def test_a_run_that_began_by_chance_before_the_change_is_not_its_onset() -> None:
    values = [*EVEN[:20], 9.8, 9.6, 9.7, 9.8, *[3.0, 4.0] * 3]  # four months just below the mean, then the step
    result = evaluate_chart(values, chart="xmr", better="lower", periods=MONTHS[:30], baseline=20)
    assert result.deciding_signal is not None
    assert result.onset is not None
    assert (result.deciding_signal.first, result.onset.position) == (19, 24)


def test_ghosted_points_are_passed_over_and_levels_are_those_of_the_drawn_scale() -> None:
    events = [20, 24, 17, 22, 19, 21, 18, 23] * 3 + [40, 44, 37, 42, 39, 41, 38, 99, 43]
    result = evaluate_chart(
        events, chart="p_prime", denominators=[100] * 33, better="lower", value_scale=100,
        rules="frozen-2026", frozen_points=24, ghosted=[31],
    )  # fmt: skip
    assert result.onset is not None
    assert result.onset.position == 24
    assert (result.onset.before, result.onset.after) == (pytest.approx(20.5), pytest.approx(40.5))


def test_no_onset_without_a_signal_for_a_trend_or_from_few_or_constant_points() -> None:
    assert evaluate_chart(EVEN, chart="xmr").onset is None
    trend = evaluate_chart([11.0, 9.0] * 6 + [9.1, 9.2, 9.3, 9.4, 9.5], chart="xmr")
    assert trend.deciding_signal is not None
    assert (trend.deciding_signal.rule, trend.onset) == ("trend", None)
    assert estimate_step(np.array([1.0, 2.0] * 3)) is None
    assert estimate_step(np.array([3.0] * 20)) is None


def test_the_interval_is_the_stretch_whose_odds_lie_nearest_and_never_an_even_choice() -> None:
    sharp = np.array([0.02, 0.86, 0.12])  # in odds 86 % is nearer to 93 % than 98 % is
    assert _nearest_stretch(sharp, 1) == (1, 1)
    assert _nearest_stretch(np.array([0.02, 0.80, 0.12, 0.06]), 1) == (1, 2)  # 92 % is nearer than 80 %
    assert _nearest_stretch(np.array([0.0, 0.65, 0.35]), 1) == (1, 2)  # one month would hold less than 70 %
    assert _nearest_stretch(np.array([0.0, 0.999, 0.001]), 1) == (1, 1)


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_the_interval_holds_the_month_of_the_change_in_90_to_98_of_100_charts_that_show_it(rho: float) -> None:
    series = stable_series(1200, 54, Pattern(rho), seed=8)
    series[:, 36:] += 1.5
    shown = series[icons_by_issue(series, RULE_SETS["frozen-2026"], first_issue=53, frozen_points=24)[:, 0] > 0]
    steps = [estimate_step(row) for row in shown]
    held = np.mean([step is not None and step.earliest <= 36 <= step.latest for step in steps])
    assert 0.90 <= held <= 0.98


def test_two_sigma_are_dated_within_two_months_in_nine_of_ten() -> None:
    series = stable_series(800, 60, Pattern(), seed=9)
    series[:, 36:] += 2
    near = [abs(step.position - 36) <= 2 for row in series if (step := estimate_step(row)) is not None]
    assert np.mean(near) > 0.9
