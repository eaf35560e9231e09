"""Limits of every chart on tables small enough to work out by hand; the sums stand beside each case."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from kpi_pipeline.signals import ChartResult, evaluate_chart, summarise_subgroups
from kpi_pipeline.signals.lines.constants import (
    c4,
    c5,
    d2,
    d3,
    fewest_crossings,
    longest_run_limit,
    sigma_z_chance_range,
)
from tests.support.said import drawn


def lines(result: ChartResult, at: int = -1) -> tuple[float | None, float | None, float | None]:
    point = result.points[at]
    return point.lower, point.centre, point.upper


def test_xmr_limits_are_266_mean_moving_ranges_around_the_mean() -> None:
    # mean 46/4 = 11.5; moving ranges 2, 1, 2, mean 5/3; half width 2.66 × 5/3 = 4.43333
    result = evaluate_chart([10, 12, 11, 13], chart="xmr")
    assert lines(result) == pytest.approx((7.066667, 11.5, 15.933333), abs=1e-6)
    assert result.points[0].upper_2sigma == pytest.approx(11.5 + 4.433333 * 2 / 3, abs=1e-6)
    assert result.phases[0].mean_moving_range == pytest.approx(5 / 3)
    assert [(constant.name, constant.value) for constant in result.constants] == [("XmR factor", 2.66)]


def test_xmr_factor_is_an_argument_and_is_printed() -> None:
    result = evaluate_chart([10, 12, 11, 13], chart="xmr", sigma_factor=3 / 1.128)
    assert result.points[0].upper == pytest.approx(11.5 + 3 * (5 / 3) / 1.128)
    assert result.constants[0].value == 3 / 1.128


def test_xmr_lower_limit_may_be_negative() -> None:
    assert evaluate_chart([1, 5, 1, 5], chart="xmr").points[0].lower == pytest.approx(3 - 2.66 * 4)


def test_log_scale_takes_limits_on_logarithms() -> None:
    # ln values 0, 2, 0, 2: mean 1, mean moving range 2, half width 5.32
    result = evaluate_chart([1, math.e**2, 1, math.e**2], chart="xmr", scale="log")
    assert lines(result) == pytest.approx((math.exp(1 - 5.32), math.e, math.exp(1 + 5.32)))


def test_mr_chart_has_its_limit_at_3267_mean_ranges() -> None:
    # ranges 2, 1, 2 at the 2nd to 4th point: mean 5/3, upper 5.445, 2-sigma line 2/3 of it
    result = evaluate_chart([10, 12, 11, 13], chart="mr")
    assert [point.value for point in result.points] == [None, 2, 1, 2]
    assert lines(result) == pytest.approx((0, 5 / 3, 5.445))
    assert result.points[1].upper_2sigma == pytest.approx(5.445 * 2 / 3)
    assert not result.points[0].is_missing


def test_p_limits_follow_the_size_of_each_month() -> None:
    # Σy/Σn = 80/400 = 0.2; √(0.2·0.8/100) = 0.04; √(0.16/300) = 0.0230940
    result = evaluate_chart([10, 70], chart="p", denominators=[100, 300])
    assert lines(result, 0) == pytest.approx((0.08, 0.2, 0.32))
    assert lines(result, 1) == pytest.approx((0.2 - 0.069282, 0.2, 0.2 + 0.069282), abs=1e-6)
    assert [point.value for point in result.points] == pytest.approx([0.1, 70 / 300])


def test_p_limits_are_clamped_to_0_and_1() -> None:
    # 6/40 = 0.15; 3·√(0.1275/20) = 0.23953 > 0.15
    assert evaluate_chart([2, 4], chart="p", denominators=[20, 20]).points[0].lower == 0
    assert evaluate_chart([18, 16], chart="p", denominators=[20, 20]).points[0].upper == 1


def test_value_scale_puts_a_proportion_on_the_percent_scale() -> None:
    result = evaluate_chart([10, 70], chart="p", denominators=[100, 300], value_scale=100, target=25)
    assert lines(result, 0) == pytest.approx((8, 20, 32))
    assert result.points[0].value == 10
    assert evaluate_chart([19, 17], chart="p", denominators=[20, 20], value_scale=100).points[0].upper == 100


def test_p_prime_multiplies_the_width_by_sigma_z() -> None:
    # p = 0.2, σ = 0.04; z = −2, 2, −2, 2; mean range 4; σ_z = 4/1.128 = 3.546099
    result = evaluate_chart([12, 28, 12, 28], chart="p_prime", denominators=[100] * 4)
    assert result.chart == "p_prime"
    assert result.sigma_z == pytest.approx(3.546099, abs=1e-6)
    assert result.points[0].upper == pytest.approx(0.2 + 3 * 0.04 * 3.546099, abs=1e-6)
    assert "3.55" in drawn(result)


def test_u_limits_and_their_floor() -> None:
    # 32/8 = 4 per unit; √(4/4) = 1
    result = evaluate_chart([16, 16], chart="u", denominators=[4, 4])
    assert lines(result) == pytest.approx((1, 4, 7))
    assert evaluate_chart([1, 1], chart="u", denominators=[1, 1]).points[0].lower == 0


def test_u_prime_multiplies_the_width_by_sigma_z() -> None:
    # u = 4, σ = 1; values 2, 6, 2, 6; z = ∓2; σ_z = 4/1.128
    result = evaluate_chart([8, 24, 8, 24], chart="u_prime", denominators=[4] * 4)
    assert result.points[0].upper == pytest.approx(4 + 3 * 4 / 1.128)


def test_c_limits() -> None:
    # mean 9, √9 = 3
    assert lines(evaluate_chart([4, 14, 9], chart="c")) == pytest.approx((0, 9, 18))


def test_g_chart_draws_the_median_with_limits_around_the_mean() -> None:
    # 0, 2, 7: median 2, mean 3, √(3·4) = 3.464102; upper 3 + 10.392305
    assert lines(evaluate_chart([0, 2, 7], chart="g")) == pytest.approx((0, 2, 13.392305), abs=1e-6)


def test_t_chart_transforms_and_turns_back() -> None:
    # 1 and 2^3.6 become 1 and 2: mean 1.5, range 1, upper 1.5 + 2.66, lower below 0
    result = evaluate_chart([1, 2**3.6], chart="t")
    assert lines(result) == pytest.approx((0, 1.5**3.6, 4.16**3.6))


def test_xbar_limits_with_equal_sizes_use_the_mean_sd() -> None:
    # c4(4) = 0.9213177; 3·2/(0.9213177·2) = 3.256206
    result = evaluate_chart([10, 12], chart="xbar", sizes=[4, 4], sds=[1, 3])
    assert lines(result) == pytest.approx((11 - 3.256206, 11, 11 + 3.256206), abs=1e-6)


def test_xbar_centre_weighs_by_size_and_unequal_sizes_pool_the_variance() -> None:
    # (2·10 + 6·14)/8 = 13; pooled s = √((1·4 + 5·1)/6) = 1.2247449; c4(2) = 0.7978846
    result = evaluate_chart([10, 14], chart="xbar", sizes=[2, 6], sds=[2, 1])
    assert result.points[0].centre == 13
    assert result.points[0].upper == pytest.approx(13 + 3 * 1.2247449 / 0.7978846 / math.sqrt(2), abs=1e-5)


def test_a_subgroup_of_one_has_no_limits_but_a_point() -> None:
    result = evaluate_chart([10, 12, 11], chart="xbar", sizes=[4, 4, 1], sds=[2, 2, None])
    assert result.points[2].value == 11
    assert result.points[2].upper is None


def test_s_chart_limits() -> None:
    # s = 2, c5(4)/c4(4) = 0.3888105/0.9213177 = 0.4220157; upper 2 + 3·2·0.4220157
    result = evaluate_chart([10, 12], chart="s", sizes=[4, 4], sds=[1, 3])
    assert lines(result) == pytest.approx((0, 2, 4.532094), abs=1e-6)
    assert [point.value for point in result.points] == [1, 3]


def test_i_prime_scales_each_range_by_the_sizes_of_its_points() -> None:
    # 40/5 = 8; values 10 and 7.5; √(π/2)·2.5/√(1 + 1/4) = 2.802496; 3·2.802496/√4
    result = evaluate_chart([10, 30], chart="i_prime", denominators=[1, 4])
    assert result.points[1].upper == pytest.approx(8 + 4.203744, abs=1e-6)


def test_run_chart_has_a_median_and_no_limits() -> None:
    result = evaluate_chart([3, 1, 2, 9], chart="run")
    assert lines(result) == (None, 2.5, None)
    assert result.limits_kind == "none"
    assert result.rule_set.name == "anhoej"


@pytest.mark.parametrize(
    ("estimator", "sigma"),
    [
        ("UWAVE-SD", (1 / 0.7978846 + 2 / 0.9213177) / 2),
        ("RMSDF", math.sqrt((1 * 1 + 3 * 4) / 4) / 0.9399856),  # c4(4 + 1)
        ("UWAVE-R", (1.5 / 1.128 + 4 / 2.059) / 2),
    ],
)
def test_estimators_of_the_process_sigma(estimator: str, sigma: float) -> None:
    chart = {"chart": "xbar", "sizes": [2, 4], "sds": [1, 2], "ranges": [1.5, 4]}
    result = evaluate_chart([5, 5], **chart, estimator=estimator)  # type: ignore[arg-type]
    assert result.phases[0].sigma == pytest.approx(sigma, rel=1e-6)
    assert result.points[1].upper == pytest.approx(5 + 3 * sigma / 2, rel=1e-6)


def test_minimum_variance_estimators_weigh_larger_subgroups_more() -> None:
    # weights c4²/(1 − c4²): n=2: 0.6366198/0.3633802 = 1.751938; n=4: 0.8488264/0.1511736 = 5.614912
    chart = {"chart": "xbar", "sizes": [2, 4], "sds": [1, 2], "ranges": [1.5, 4]}
    weighted = (1.751938 * 1 / 0.7978846 + 5.614912 * 2 / 0.9213177) / (1.751938 + 5.614912)
    result = evaluate_chart([5, 5], **chart, estimator="MVLUE-SD")  # type: ignore[arg-type]
    assert result.phases[0].sigma == pytest.approx(weighted, rel=1e-6)
    a, b = (1.128 / 0.8525025) ** 2, (2.059 / 0.8798082) ** 2
    result = evaluate_chart([5, 5], **chart, estimator="MVLUE-R")  # type: ignore[arg-type]
    assert result.phases[0].sigma == pytest.approx((a * 1.5 / 1.128 + b * 4 / 2.059) / (a + b), rel=1e-4)


def test_subgroups_are_summarised_with_n_minus_1() -> None:
    groups = summarise_subgroups([[2, 4, 6], [5], []])
    assert groups.sizes == (3, 1, 0)
    assert groups.means == (4, 5, None)
    assert groups.sds == (2, None, None)
    assert groups.ranges == (4, None, None)


def test_constants_agree_with_the_printed_tables() -> None:
    """Montgomery, Introduction to Statistical Quality Control, appendix VI."""
    assert [round(c4(n), 4) for n in (2, 5, 10, 25)] == [0.7979, 0.9400, 0.9727, 0.9896]
    assert round(c5(5), 4) == 0.3412
    assert [d2(n) for n in (2, 5, 10, 25)] == [1.128, 2.326, 3.078, 3.931]
    assert [round(d3(n), 3) for n in (2, 5, 10, 25)] == [0.853, 0.864, 0.797, 0.708]


def test_runs_thresholds() -> None:
    """round(log2 n) + 3: log2 of 11 is 3.46 and of 12 is 3.58; the crossings are the 5 % quantile of the binomial."""
    assert [longest_run_limit(n) for n in (10, 11, 12, 22, 23, 24)] == [6, 6, 7, 7, 8, 8]
    assert [fewest_crossings(n - 1) for n in (10, 12, 20, 24)] == [2, 3, 6, 8]
    assert [fewest_crossings(m) for m in range(1, 300)] == [int(stats.binom.ppf(0.05, m, 0.5)) for m in range(1, 300)]


def test_sigma_z_range_of_chance_shrinks_with_more_points() -> None:
    # 24 points: variance ((23·0.726760 + 2·22·0.162755)/23²)/1.273240 = 0.035449; 1.96·0.188279 = 0.36902
    low, high = sigma_z_chance_range(24)
    assert (low, high) == pytest.approx((0.63098, 1.36902), abs=1e-4)
    assert sigma_z_chance_range(100)[1] < high
