"""EWMA charts: averages and exact limits by hand, gaps, phases, a frozen baseline, what is read and what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import evaluate_chart

EVEN = [11.0, 9.0] * 12


def by_hand(values: list[float], centre: float, weight: float = 0.2) -> list[float]:
    found, last = [], centre
    for value in values:
        last = weight * value + (1 - weight) * last
        found.append(last)
    return found


def test_averages_and_exact_limits_by_hand() -> None:
    # as qcc::ewma(c(10, 12, 11, 13), lambda = 0.2, nsigmas = 3) has it: centre 11.5, sd 1.4775;
    # limits 3·sd·sqrt(1/9·(1 − 0.64^i))
    result = evaluate_chart([10, 12, 11, 13], chart="ewma")
    assert [point.value for point in result.points] == pytest.approx([11.2, 11.36, 11.288, 11.6304])
    sigma = 5 / 3 / 1.128
    for i, point in enumerate(result.points, start=1):
        half = 3 * sigma * math.sqrt(0.2 / 1.8 * (1 - 0.8 ** (2 * i)))
        assert (point.lower, point.centre, point.upper) == pytest.approx((11.5 - half, 11.5, 11.5 + half))
    assert {constant.name: constant.value for constant in result.constants}["EWMA weight"] == 0.2


def test_weight_and_width_are_arguments_and_weight_1_is_a_shewhart_chart() -> None:
    random = np.random.default_rng(1).normal(size=20).tolist()
    ewma = evaluate_chart(random, chart="ewma", ewma_weight=1.0)
    plain = evaluate_chart(random, chart="xmr", sigma_factor=3 / 1.128)
    for point, other in zip(ewma.points, plain.points, strict=True):
        assert (point.value, point.upper) == pytest.approx((other.value, other.upper))
    wide = evaluate_chart(random, chart="ewma", ewma_width=6.0).points[-1]
    usual = evaluate_chart(random, chart="ewma").points[-1]
    assert wide.upper - wide.centre == pytest.approx(2 * (usual.upper - usual.centre))  # type: ignore[operator]
    for weight, width in ((0.0, 3.0), (1.1, 3.0), (0.2, 0.0)):
        with pytest.raises(InputError, match="ewma_weight"):
            evaluate_chart(random, chart="ewma", ewma_weight=weight, ewma_width=width)


def test_a_missing_point_leaves_the_average_and_a_ghosted_one_is_shown_but_not_passed_on() -> None:
    result = evaluate_chart([*EVEN, None, 30.0, 12.0], chart="ewma", frozen_points=24, ghosted=[25])
    start = by_hand(EVEN, 10)[-1]
    assert result.points[24].value is None
    assert result.points[25].value == pytest.approx(0.2 * 30 + 0.8 * start)
    assert result.points[26].value == pytest.approx(0.2 * 12 + 0.8 * start)
    half = 3 * 2 / 1.128 * math.sqrt(1 / 9 * (1 - 0.64**25))
    assert result.points[26].upper == pytest.approx(10 + half)


def test_each_phase_starts_at_its_own_centre() -> None:
    result = evaluate_chart([*EVEN, *[value + 5 for value in EVEN]], chart="ewma", phases=[24])
    assert result.points[24].value == pytest.approx(0.2 * 16 + 0.8 * 15)
    assert result.points[24].upper == pytest.approx(15 + 3 * 2 / 1.128 * 0.2)


def test_a_small_lasting_change_is_seen_that_single_points_do_not_show() -> None:
    values = [*EVEN, *[value + 2.6 for value in EVEN[:12]]]
    ewma = evaluate_chart(values, chart="ewma", better="lower", frozen_points=24, target=5)
    single = evaluate_chart(values, chart="xmr", better="lower", frozen_points=24)
    assert ewma.variation == "concern_high"
    assert "outside" not in {signal.rule for signal in single.signals}
    assert {signal.rule for signal in ewma.signals} == {"outside"}  # runs among averages are no signal
    assert (ewma.assurance, ewma.target_share) == ("none", None)
    assert ewma.onset is not None
    assert ewma.onset.position == 24  # found in the values, not in their averages


def test_a_constant_series_has_limits_on_its_mean_and_no_signal() -> None:
    result = evaluate_chart([5.0] * 15, chart="ewma", better="lower")
    assert (result.points[-1].upper, result.variation) == (5.0, "common_cause")
