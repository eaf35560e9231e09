"""Funnels: exact limits, over-dispersion worked out by hand, outliers, directions, refusals."""

from __future__ import annotations

import math

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import evaluate_funnel, funnel_limits


def test_proportions_have_arcsine_limits_around_the_common_level() -> None:
    # 40/200 = 0.2; asin √0.2 = 0.4636476; s = 1/(2√100) = 0.05
    result = evaluate_funnel([10, 30], [100, 100], adjust=False)
    assert result.target == 0.2
    limits = result.points[0].limits
    assert limits.lower_95 == pytest.approx(math.sin(0.4636476 - 1.959964 * 0.05) ** 2, abs=1e-7)
    assert limits.upper_998 == pytest.approx(math.sin(0.4636476 + 3.090232 * 0.05) ** 2, abs=1e-7)
    assert (result.phi, result.tau2, result.is_adjusted) == (None, 0.0, False)


def test_observed_over_expected_has_poisson_limits() -> None:
    # 99.8 % limits of an expected count of 10 (Spiegelhalter 2005): χ²(0.001; 20)/2/10, χ²(0.999; 22)/2/10
    point = evaluate_funnel([10, 12], [10, 12], kind="observed_expected", adjust=False).points[0]
    assert (point.limits.lower_998, point.limits.upper_998) == pytest.approx((5.921 / 20, 48.268 / 20), abs=1e-4)
    assert point.value == 1


def test_overdispersion_by_hand_without_trimming() -> None:
    # ratios e^(±0.5) of 100 expected: scores ±5, phi 25; tau² = (2·25 − 1)/(200 − 20000/200) = 0.49
    observed = [100 * math.exp(0.5), 100 * math.exp(-0.5)]
    result = evaluate_funnel(observed, [100, 100], kind="observed_expected", trim=0)
    assert result.phi == pytest.approx(25)
    assert result.tau2 == pytest.approx(0.49)
    assert result.is_adjusted
    assert result.points[0].adjusted_limits.upper_998 == pytest.approx(math.exp(3.090232 * math.sqrt(0.5)))
    assert not result.points[0].is_outside
    assert funnel_limits(result, [100])[0] == result.points[0].adjusted_limits


def test_phi_below_1_does_not_widen_the_limits() -> None:
    # scores ±0.9: phi 0.81, and tau² = (2·0.81 − 1)/100 = 0.0062 above 0
    observed = [100 * math.exp(0.09), 100 * math.exp(-0.09)]
    result = evaluate_funnel(observed, [100, 100], kind="observed_expected", trim=0)
    assert result.phi == pytest.approx(0.81)
    assert result.tau2 == pytest.approx(0.0062)
    assert not result.is_adjusted


def test_truncation_drops_the_lowest_and_highest_tenth_by_rank() -> None:
    # 19 units: rank·10/20 rounds down to 0 for rank 1 and to 9 for ranks 18 and 19; ranks 2 to 17 stay
    scores = [float(i) for i in range(1, 20)]
    observed = [100 * math.exp(score / 10) for score in scores]
    result = evaluate_funnel(observed, [100] * 19, kind="observed_expected")
    assert result.phi == pytest.approx(sum(score**2 for score in scores[1:17]) / 16)


def test_equal_scores_share_their_rank_when_truncating() -> None:
    # the two highest share rank 18.5 of 19: both dropped; the three lowest share rank 2: 2·10/20 = 1, all kept
    scores = [1.0, 1.0, 1.0, *(float(i) for i in range(4, 18)), 30.0, 30.0]
    result = evaluate_funnel([100 * math.exp(s / 10) for s in scores], [100] * 19, kind="observed_expected")
    assert result.phi == pytest.approx(sum(score**2 for score in scores[:17]) / 17)


def test_less_spread_than_chance_leaves_the_limits_alone() -> None:
    result = evaluate_funnel([20, 20, 20, 20], [100] * 4)
    assert (result.phi, result.tau2, result.is_adjusted) == (0, 0, False)
    assert funnel_limits(result, [100])[0] == result.points[0].limits


@pytest.mark.parametrize(
    ("better", "low", "high"), [("lower", "improvement", "concern"), ("neither", "neither_low", "neither_high")]
)
def test_units_beyond_the_998_limits_are_classed_by_direction(better: str, low: str, high: str) -> None:
    result = evaluate_funnel([20, 20, 1, 70], [100] * 4, adjust=False, better=better, names=list("ABCD"))  # type: ignore[arg-type]
    assert [point.point_class for point in result.points] == ["common_cause", "common_cause", low, high]
    assert [point.name for point in result.points if point.is_outside] == ["C", "D"]


def test_value_scale_multiplies_values_and_limits() -> None:
    plain = evaluate_funnel([10, 30, 25], [100, 120, 90])
    percent = evaluate_funnel([10, 30, 25], [100, 120, 90], value_scale=100)
    assert percent.is_adjusted
    assert percent.target == pytest.approx(100 * plain.target)
    assert percent.points[1].value == 25
    assert percent.points[1].limits.upper_95 == pytest.approx(100 * plain.points[1].limits.upper_95)
    assert funnel_limits(percent, [120])[0].upper_95 == pytest.approx(percent.points[1].adjusted_limits.upper_95)


def test_small_units_keep_limits_between_0_and_1() -> None:
    limits = evaluate_funnel([0, 1, 3], [2, 3, 4], adjust=False).points[0].limits
    assert limits.lower_998 == 0
    assert limits.upper_998 == 1


def test_few_units_are_warned_of() -> None:
    assert evaluate_funnel([10, 30, 25], [100, 120, 90]).has_few_units
    assert not evaluate_funnel([10] * 10, [100] * 10).has_few_units


@pytest.mark.parametrize(
    ("numerators", "denominators", "options", "what"),
    [
        ([1], [0], {}, "sizes above 0"),
        ([-1], [5], {}, "counts of 0 or more"),
        ([6], [5], {}, "exceeds 1"),
        ([1, 2], [5], {}, "2 numerators, 1 denominators"),
        ([], [], {}, "0 numerators"),
        ([1], [5], {"transform": "log"}, "'log' does not go with proportion"),
        ([1], [5], {"transform": "arcsine", "kind": "observed_expected"}, "'arcsine' does not go"),
        ([1], [5], {"kind": "median"}, "'median' is not a funnel"),
    ],
)
def test_wrong_arguments(numerators: list[int], denominators: list[int], options: dict[str, str], what: str) -> None:
    with pytest.raises(InputError, match=what):
        evaluate_funnel(numerators, denominators, **options)  # type: ignore[arg-type]
