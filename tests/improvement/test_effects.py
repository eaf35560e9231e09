"""Interrupted time series: what is left out, what is refused, known effects found again, verdicts and cautions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement import (
    EffectResult,
    Effects,
    LateDayPrice,
    MonthlySeries,
    compute_effect_size,
    estimate_effect,
)

FIRST = Month(2024, 1)
START = date(2025, 1, 1)
BEFOREHAND = date(2024, 12, 1)


def series_of(values: Sequence[float], *, first: Month = FIRST, sizes: Sequence[float] | None = None) -> MonthlySeries:
    months = tuple(first.plus(place) for place in range(len(values)))
    return MonthlySeries(months, tuple(values), None if sizes is None else tuple(sizes))


def estimate(series: MonthlySeries, **changed: Any) -> EffectResult:
    options: dict[str, Any] = {"starts_on": START, "declared_on": BEFOREHAND, "better": "lower"}
    return estimate_effect(series, **{**options, **changed})


def noise(n: int, *, seed: int = 7, scale: float = 0.1) -> list[float]:
    return list(scale * np.random.default_rng(seed).standard_normal(n))


def effects_of(result: EffectResult) -> Effects:
    assert result.effects is not None, result.obstacles
    return result.effects


# ---- a known effect is found again ----


def test_a_known_level_and_slope_change_is_found_again() -> None:
    # 12 months at 5 + 0.01 t; then 0.5 lower at once and 0.02 lower every month, for 12 months
    values = [5 + 0.01 * t - (0.5 + 0.02 * (t - 12) if t >= 12 else 0) for t in range(24)]
    result = estimate(series_of([v + e for v, e in zip(values, noise(24, scale=0.001), strict=True)]))
    effects = effects_of(result)
    assert effects.level_change.value == pytest.approx(-0.5, abs=0.003)
    assert effects.slope_change is not None
    assert effects.slope_change.value == pytest.approx(-0.02, abs=0.0005)
    assert effects.effect_at_end.value == pytest.approx(-0.5 - 0.02 * 11, abs=0.005)
    assert effects.average_effect.value == pytest.approx(-0.5 - 0.02 * 5.5, abs=0.003)
    assert effects.average_effect.lower < -0.61 < effects.average_effect.upper
    assert result.verdict == "improvement"


def test_the_level_model_has_one_trend_and_no_slope_change() -> None:
    values = [5 + 0.02 * t - (0.4 if t >= 12 else 0) for t in range(24)]
    result = estimate(series_of([v + e for v, e in zip(values, noise(24, scale=0.001), strict=True)]), model="level")
    effects = effects_of(result)
    assert effects.slope_change is None
    assert effects.level_change == effects.effect_at_end
    assert effects.average_effect.value == pytest.approx(-0.4, abs=0.003)
    assert effects.degrees_of_freedom == 21


def test_the_average_effect_weighs_months_by_their_denominators() -> None:
    # Effects 0, −1, −2 … −11 on months of 1 case but the last, of 89: (Σ 0..10 · 1 + 11 · 89) / 100 = 10.34
    values = [3.0 - (t - 12 if t >= 12 else 0) for t in range(24)]
    sizes = [10.0] * 12 + [1.0] * 11 + [89.0]
    series = series_of([v + e for v, e in zip(values, noise(24, scale=1e-5), strict=True)], sizes=sizes)
    result = estimate(series)
    assert result.is_weighted
    assert effects_of(result).average_effect.value == pytest.approx(-10.34, abs=1e-3)


def test_a_small_month_counts_for_less() -> None:
    # The last month stands far out. With 1 case beside hundreds it hardly moves the line.
    values = [*[5 + e for e in noise(23)], 9.0]
    heavy = effects_of(estimate(series_of(values, sizes=[300.0] * 24), model="level")).average_effect
    light = effects_of(estimate(series_of(values, sizes=[300.0] * 23 + [1.0]), model="level")).average_effect
    clean = effects_of(estimate(series_of([*values[:-1], 5.0], sizes=[300.0] * 24), model="level")).average_effect
    assert abs(heavy.value - clean.value) > 0.3
    assert abs(light.value - clean.value) < 0.05


@pytest.mark.parametrize("seasonality", ["one_wave", "two_waves", "calendar_months"])
def test_a_declared_season_is_taken_out(seasonality: str) -> None:
    season = [0.4 * np.cos(2 * np.pi * (t % 12) / 12) for t in range(60)]
    rest = [5 - (0.3 if t >= 30 else 0) + e for t, e in enumerate(noise(60, scale=0.02))]
    values = [one + two for one, two in zip(season, rest, strict=True)]
    series = series_of(values)
    start = FIRST.plus(30).first_day
    plain = effects_of(estimate(series, starts_on=start, seasonality="none"))
    adjusted = effects_of(estimate(series, starts_on=start, seasonality=seasonality))
    assert adjusted.average_effect.value == pytest.approx(-0.3, abs=0.06)
    assert adjusted.residual_sd < 0.03 < plain.residual_sd


# ---- before, washout, after ----


def test_the_month_of_the_start_counts_when_it_starts_on_the_first() -> None:
    result = estimate(series_of(noise(24)))
    assert (result.n_before, result.n_washout, result.n_after) == (12, 0, 12)
    assert result.first_counted_month == Month(2025, 1)


def test_a_month_begun_in_the_old_way_counts_on_neither_side() -> None:
    result = estimate(series_of(noise(25)), starts_on=date(2025, 1, 2))
    assert (result.n_before, result.n_washout, result.n_after) == (12, 1, 12)
    assert result.first_counted_month == Month(2025, 2)


def test_washout_months_are_full_months_after_the_start() -> None:
    result = estimate(series_of(noise(27)), starts_on=date(2025, 1, 15), washout_months=2)
    assert (result.n_before, result.n_washout, result.n_after) == (12, 3, 12)
    assert [point.role for point in result.points][11:17] == ["before", *["washout"] * 3, *["after"] * 2]


def test_what_happens_in_the_washout_changes_nothing() -> None:
    values = noise(27)
    wild = [*values[:12], 50.0, -80.0, 7.0, *values[15:]]
    options = {"washout_months": 3}
    assert estimate(series_of(values), **options).effects == estimate(series_of(wild), **options).effects


# ---- too little gives no number ----


@pytest.mark.parametrize(
    ("n_before", "n_after", "verdict", "obstacles", "lacking"),
    [
        (12, 11, "too_early", ("few_months_after",), (0, 1)),
        (11, 30, "not_estimable", ("few_months_before",), (1, 0)),
        (3, 0, "not_estimable", ("few_months_before", "few_months_after"), (9, 12)),
        (30, 0, "too_early", ("few_months_after",), (0, 12)),
    ],
)
def test_fewer_than_twelve_months_on_a_side_give_no_number(
    n_before: int, n_after: int, verdict: str, obstacles: tuple[str, ...], lacking: tuple[int, int]
) -> None:
    series = series_of(noise(n_before + n_after), first=Month(2025, 1).plus(-n_before))
    result = estimate(series)
    assert (result.verdict, result.obstacles, result.effects) == (verdict, obstacles, None)
    assert (result.months_lacking_before, result.months_lacking_after) == lacking
    assert len(result.points) == n_before + n_after
    assert all((point.fitted, point.expected, point.lower) == (None, None, None) for point in result.points)


def test_twelve_months_on_each_side_are_enough() -> None:
    assert estimate(series_of(noise(24))).effects is not None


def test_a_series_without_a_month_is_not_estimable() -> None:
    result = estimate(series_of([]))
    assert (result.verdict, result.points, result.last_month) == ("not_estimable", (), None)


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_a_series_on_a_straight_line_has_no_scatter_to_judge_by(slope: float) -> None:
    result = estimate(series_of([7 + slope * t for t in range(24)]))
    assert (result.verdict, result.obstacles, result.effects) == ("not_estimable", ("no_variation",), None)


def test_a_season_that_cannot_be_told_from_the_change_yet_gives_no_number() -> None:
    # With each calendar month once before and once after, level change and trend are the same column.
    result = estimate(series_of(noise(24)), seasonality="calendar_months")
    assert (result.verdict, result.obstacles) == ("too_early", ("season_not_separable",))
    later = estimate(series_of(noise(36)), seasonality="calendar_months")
    assert later.effects is not None


# ---- verdict ----


@pytest.mark.parametrize(
    ("change", "better", "verdict"),
    [
        (-1.0, "lower", "improvement"),
        (-1.0, "higher", "worsening"),
        (1.0, "lower", "worsening"),
        (1.0, "higher", "improvement"),
        (1.0, "neither", "change"),
        (0.0, "lower", "no_evidence"),
        (0.0, "neither", "no_evidence"),
    ],
)
def test_the_verdict_is_the_side_of_the_average_effect(change: float, better: str, verdict: str) -> None:
    values = [5 + (change if t >= 18 else 0) + e for t, e in enumerate(noise(36))]
    assert estimate(series_of(values), starts_on=date(2025, 7, 1), better=better).verdict == verdict


# ---- cautions ----


@pytest.mark.parametrize(("declared_on", "is_beforehand"), [(date(2024, 12, 31), True), (START, False)])
def test_what_was_declared_on_the_first_day_was_not_declared_beforehand(declared_on: date, is_beforehand: bool) -> None:
    result = estimate(series_of(noise(24)), declared_on=declared_on)
    assert result.is_declared_beforehand is is_beforehand
    assert ("declared_after_start" in result.cautions) is not is_beforehand


STEADY = [5.0, 5.2, 4.9, 5.1, 5.0, 5.2, 4.8, 5.1, 4.9, 5.2, 4.9]


@pytest.mark.parametrize(
    ("last", "kind", "side"),
    [
        (7.5, "outside_limits", "high"),
        (2.5, "outside_limits", "low"),
        (5.25, "extreme_of_last_six", "high"),
        (4.75, "extreme_of_last_six", "low"),
        (5.2, None, None),
        (4.8, None, None),
        (5.0, None, None),
    ],
)
@pytest.mark.parametrize("better", ["lower", "higher", "neither"])
def test_a_start_after_an_extreme_month_is_told_where_it_flatters(
    last: float, kind: str | None, side: str | None, better: str
) -> None:
    result = estimate(series_of([*STEADY, last, *noise(12)]), better=better)
    found = result.extreme_start
    flatters = (better, side) in {("lower", "high"), ("higher", "low")}
    assert ("followed_extreme_month" in result.cautions) is flatters
    if not flatters:
        assert found is None
        return
    assert found is not None
    assert (found.month, found.value, found.kind, found.side) == (Month(2024, 12), last, kind, side)


def test_an_extreme_start_is_told_although_it_is_too_early_for_an_estimate() -> None:
    assert estimate(series_of([*STEADY, 7.5, 5.0])).cautions == ("followed_extreme_month",)


def test_the_extreme_start_is_looked_for_in_the_measure_not_in_its_difference_from_the_control() -> None:
    control = series_of([*STEADY, 7.5, *noise(12, seed=8)])
    result = estimate(series_of([*STEADY, 7.5, *noise(12)]), control=control)
    assert result.extreme_start is not None
    assert result.extreme_start.value == 7.5


def test_missing_months_are_counted_and_never_filled() -> None:
    whole = series_of(noise(30))
    holed = whole.only([place not in (3, 20, 21) for place in range(30)])
    result = estimate(holed)
    assert (result.n_missing, result.n_before, result.n_after) == (3, 11, 16)
    assert "months_missing" in result.cautions
    assert len(result.points) == 27


def test_a_line_forecast_further_than_its_past_is_cautioned() -> None:
    assert "long_forecast" not in estimate(series_of(noise(24))).cautions
    assert "long_forecast" in estimate(series_of(noise(25))).cautions
    assert "long_forecast" not in estimate(series_of(noise(25)), model="level").cautions


def test_a_strongly_autocorrelated_series_is_cautioned() -> None:
    values = np.zeros(120)
    shocks = np.random.default_rng(5).standard_normal(120)
    for month in range(1, 120):
        values[month] = 0.8 * values[month - 1] + shocks[month]
    result = estimate(series_of(values.tolist()), starts_on=FIRST.plus(60).first_day)
    assert "strong_autocorrelation" in result.cautions


# ---- control ----


@given(
    shift=st.lists(st.floats(-50, 50), min_size=30, max_size=30),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=12)
def test_a_control_removes_whatever_moves_both_series(shift: list[float], seed: int) -> None:
    own, other = noise(30, seed=seed), noise(30, seed=seed + 5000)
    plain = effects_of(estimate(series_of(own), control=series_of(other)))
    moved = effects_of(
        estimate(
            series_of([v + s for v, s in zip(own, shift, strict=True)]),
            control=series_of([v + s for v, s in zip(other, shift, strict=True)]),
        )
    )
    for name in ("level_change", "effect_at_end", "average_effect"):
        one, two = getattr(plain, name), getattr(moved, name)
        assert (one.value, one.lower, one.upper) == pytest.approx((two.value, two.lower, two.upper), abs=1e-7)


def test_an_event_that_strikes_both_is_not_taken_for_the_effect() -> None:
    event = [0.0] * 15 + [3.0] * 15
    own = [v + e for v, e in zip(noise(30, seed=1), event, strict=True)]
    other = [v + e for v, e in zip(noise(30, seed=2), event, strict=True)]
    start = FIRST.plus(15).first_day
    assert estimate(series_of(own), starts_on=start, better="higher").verdict == "improvement"
    assert estimate(series_of(own), starts_on=start, better="higher", control=series_of(other)).verdict == "no_evidence"


def test_months_the_control_lacks_are_left_out_and_counted() -> None:
    control = series_of(noise(27, seed=3), first=FIRST.plus(2))
    result = estimate(series_of(noise(29)), control=control)
    assert (result.n_without_control, result.n_before, result.n_after) == (2, 10, 17)
    assert result.verdict == "not_estimable"


def test_a_difference_is_as_precise_as_both_series_allow() -> None:
    # 1 / (1/60 + 1/30) = 20
    one, two = series_of([5.0, 6.0], sizes=[60, 60]), series_of([1.0, 2.5], sizes=[30, 60])
    assert one.less(two).denominators == pytest.approx((20, 30))
    assert one.less(two).values == (4.0, 3.5)
    assert one.less(replace(two, denominators=None)).denominators is None


# ---- the counterfactual ----


def test_the_counterfactual_begins_with_the_start_and_continues_the_old_line() -> None:
    values = [5 + 0.1 * t - (1 if t >= 14 else 0) + e for t, e in enumerate(noise(27, scale=0.001))]
    result = estimate(series_of(values), starts_on=date(2025, 1, 15), washout_months=1)
    before, washout, after = result.points[11], result.points[13], result.points[14]
    assert before.expected is None
    assert before.fitted == pytest.approx(5 + 0.1 * 11, abs=0.005)
    assert washout.fitted is None
    assert washout.expected == pytest.approx(5 + 0.1 * 13, abs=0.005)
    assert after.expected == pytest.approx(5 + 0.1 * 14, abs=0.005)
    assert after.fitted == pytest.approx(4 + 0.1 * 14, abs=0.005)
    last = result.points[-1]
    assert after.lower < after.expected < after.upper
    assert last.upper - last.lower > after.upper - after.lower
    assert last.fitted - last.expected == pytest.approx(effects_of(result).effect_at_end.value)


def test_with_a_control_the_lines_are_drawn_on_the_scale_of_the_measure() -> None:
    own, other = noise(24, seed=1), [8 + v for v in noise(24, seed=2)]
    result = estimate(series_of([10 + v for v in own]), control=series_of(other))
    point = result.points[15]
    assert point.observed == pytest.approx(10 + own[15])
    assert point.control == pytest.approx(other[15])
    assert point.expected is not None
    assert 9 < point.expected < 11


# ---- what adding to a series does ----


@given(
    level=st.floats(-100, 100),
    slope=st.floats(-2, 2),
    effect=st.floats(-10, 10),
    factor=st.floats(0.01, 100),
    seed=st.integers(0, 500),
)
@settings(deadline=None, max_examples=12)
def test_estimates_follow_the_series(level: float, slope: float, effect: float, factor: float, seed: int) -> None:
    """A line added changes no effect; an effect added is added to the estimate; another unit is another unit."""
    values = noise(28, seed=seed, scale=1.0)
    changed = [factor * (v + level + slope * t + (effect if t >= 12 else 0)) for t, v in enumerate(values)]
    one = effects_of(estimate(series_of(values))).average_effect
    two = effects_of(estimate(series_of(changed))).average_effect
    expected = (factor * (one.value + effect), factor * (one.lower + effect), factor * (one.upper + effect))
    assert (two.value, two.lower, two.upper) == pytest.approx(expected, rel=1e-6, abs=1e-6 * factor)


# ---- power ----


def test_no_more_months_are_needed_for_an_effect_larger_than_what_is_visible() -> None:
    result = estimate(series_of(noise(30)), worthwhile_effect=5.0)
    power = effects_of(result).power
    assert (power.worthwhile_effect, power.months_needed) == (5.0, 0)
    assert power.smallest_visible_effect < 5


def test_the_visible_effect_is_the_interval_and_a_reserve() -> None:
    # Somewhat more than half the interval: 80 % of estimates must clear it.
    effects = effects_of(estimate(series_of(noise(30))))
    half = (effects.average_effect.upper - effects.average_effect.lower) / 2
    assert 1.2 * half < effects.power.smallest_visible_effect < 1.6 * half
    assert effects.power.months_needed is None
    assert effects.power.worthwhile_effect is None


def test_the_smaller_the_worthwhile_effect_the_more_months_are_needed() -> None:
    values, start = noise(48, seed=11, scale=1.0), FIRST.plus(36).first_day

    def needed(worthwhile: float) -> int | None:
        result = estimate(series_of(values), starts_on=start, model="level", worthwhile_effect=worthwhile)
        return effects_of(result).power.months_needed

    visible = effects_of(estimate(series_of(values), starts_on=start, model="level")).power.smallest_visible_effect
    found = [needed(share * visible) for share in (1.0, 0.98, 0.95, 0.92)]
    assert found[0] == 0
    assert None not in found
    assert found == sorted(set(found))


def test_an_effect_too_small_for_the_months_before_is_never_promised() -> None:
    power = effects_of(estimate(series_of(noise(24)), worthwhile_effect=0.001)).power
    assert power.months_needed is None


# ---- arguments ----


def test_all_faults_of_the_arguments_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        estimate(
            series_of(noise(24)),
            model="spline",
            seasonality="moon",
            better="up",
            washout_months=-1,
            worthwhile_effect=0,
        )
    assert [fault.where for fault in caught.value.faults] == [
        "model", "seasonality", "better", "washout_months", "worthwhile_effect"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("months", "values", "sizes", "what"),
    [
        ((Month(2025, 1),), (1.0, 2.0), None, "has 2 values for 1 months"),
        ((Month(2025, 1),), (1.0,), (1.0, 2.0), "has 2 denominators for 1 months"),
        ((Month(2025, 2), Month(2025, 1)), (1.0, 2.0), None, "2025-01 follows 2025-02"),
        ((Month(2025, 1), Month(2025, 1)), (1.0, 2.0), None, "2025-01 follows 2025-01"),
        ((Month(2025, 1),), (float("nan"),), None, "a value that is not a number"),
        ((Month(2025, 1),), (1.0,), (0.0,), "a denominator that is not above 0"),
    ],
)
def test_a_series_that_is_none_is_refused(months: Any, values: Any, sizes: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        MonthlySeries(months, values, sizes)


# ---- season by default, placebo, when it can be judged, days and dollars ----


@pytest.mark.parametrize(("n_before", "seasonality"), [(23, "none"), (24, "one_wave"), (36, "one_wave")])
def test_one_wave_is_the_default_once_24_months_lie_before_the_start(n_before: int, seasonality: str) -> None:
    result = estimate(series_of(noise(n_before + 14)), starts_on=FIRST.plus(n_before).first_day)
    assert result.seasonality == seasonality
    assert estimate(series_of(noise(38)), starts_on=FIRST.plus(24).first_day, seasonality="none").seasonality == "none"


def test_the_control_alone_is_the_placebo_and_a_change_in_it_is_told() -> None:
    own = series_of([5 - (0.4 if t >= 12 else 0) + e for t, e in enumerate(noise(24, scale=0.05))])
    still = series_of(noise(24, scale=0.05, seed=5))
    moved = series_of([(0.5 if t >= 12 else 0) + e for t, e in enumerate(noise(24, scale=0.05, seed=5))])
    quiet, stirred = estimate(own, control=still, model="level"), estimate(own, control=moved, model="level")
    assert quiet.placebo is not None
    assert stirred.placebo is not None
    assert not quiet.placebo.excludes_zero
    assert "control_changed" not in quiet.cautions
    assert stirred.placebo.value == pytest.approx(0.5, abs=0.1)
    assert "control_changed" in stirred.cautions
    assert (quiet.verdict, stirred.verdict) == ("improvement", "improvement")  # it fell by itself, too
    assert stirred.alone is not None
    assert stirred.alone.excludes_zero
    alone = estimate(moved, model="level", better="neither")
    assert effects_of(alone).average_effect.value == pytest.approx(stirred.placebo.value)
    assert estimate(own).placebo is None


@pytest.mark.parametrize(
    ("own_change", "control_change", "verdict"),
    [
        (0.0, 0.5, "control_only"),  # nothing happened but in the control
        (0.2, 0.9, "control_only"),  # worse by itself, "better" than a control that got worse still
        (-0.4, 0.5, "improvement"),
        (-0.4, 0.0, "improvement"),
        (0.0, 0.0, "no_evidence"),
    ],
)
def test_no_effect_is_claimed_of_a_measure_that_only_its_control_moved_away_from(
    own_change: float, control_change: float, verdict: str
) -> None:
    own, control = (
        series_of([5 + (change if t >= 12 else 0) + e for t, e in enumerate(noise(24, scale=0.05, seed=seed))])
        for change, seed in ((own_change, 3), (control_change, 5))
    )
    result = estimate(own, control=control, model="level")
    assert result.verdict == verdict
    assert result.shows_effect is (verdict == "improvement")


def test_the_month_from_which_an_effect_can_be_judged() -> None:
    # 12 before; the start is January 2025, so December 2025 is the twelfth month after it
    assert estimate(series_of(noise(17))).judgeable_from == Month(2025, 12)
    assert estimate(series_of(noise(17)), washout_months=3).judgeable_from == Month(2026, 3)
    assert estimate(series_of(noise(24))).judgeable_from is None
    # calendar months seen once before and once after tell nothing apart until one is seen twice on a side
    assert estimate(series_of(noise(24)), seasonality="calendar_months").judgeable_from == Month(2026, 1)
    few_before = estimate(series_of(noise(17)), starts_on=FIRST.plus(6).first_day)
    assert (few_before.verdict, few_before.judgeable_from) == ("not_estimable", None)


def test_an_effect_in_days_and_dollars_by_hand() -> None:
    values = [5 - (0.5 if t >= 12 else 0) + e for t, e in enumerate(noise(24, scale=0.02))]
    series = series_of(values, sizes=[100.0] * 24)
    result = estimate(series, model="level")
    effect = effects_of(result).average_effect
    fixed = compute_effect_size(result, series, days_per_unit=1.0, price=LateDayPrice(200.0, 200.0, 200.0))
    assert fixed is not None
    assert fixed.usd is not None
    assert (fixed.n_months, fixed.n_cases) == (12, 1200)
    assert (fixed.bed_days.value, fixed.bed_days.upper) == (effect.value * 1200, effect.upper * 1200)
    assert fixed.usd.value == pytest.approx(effect.value * 1200 * 200)
    assert fixed.usd.lower == pytest.approx(effect.lower * 1200 * 200, rel=0.02)
    assumed = compute_effect_size(result, series, days_per_unit=1.0, price=LateDayPrice(200.0, 100.0, 300.0))
    assert assumed is not None
    assert assumed.usd is not None
    assert assumed.usd.lower < 1.2 * fixed.usd.lower  # both below 0: wider by the assumption


def test_no_size_without_an_estimate_cases_or_price() -> None:
    series = series_of(noise(24), sizes=[100.0] * 24)
    result = estimate(series)
    size = compute_effect_size(result, series, days_per_unit=0.01)
    assert size is not None
    assert size.usd is None
    assert compute_effect_size(result, series_of(noise(24)), days_per_unit=1.0) is None
    early = estimate(series_of(noise(17), sizes=[1.0] * 17))
    assert compute_effect_size(early, series, days_per_unit=1.0) is None
    with pytest.raises(InputError, match="must rise from lowest to highest"):
        LateDayPrice(200.0, 250.0, 300.0)
