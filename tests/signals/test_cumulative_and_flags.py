"""CUSUM, VLAD, risk-adjusted CUSUM, Western Electric and Nelson flags, re-phased run charts: by hand."""

from __future__ import annotations

import math

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import (
    nelson_flags,
    rephase_runs,
    risk_adjusted_cusum,
    tabular_cusum,
    vlad,
    western_electric_flags,
)


def test_tabular_cusum_by_hand() -> None:
    # centre 10, σ 2: z = 1, 1, −2; C⁺: 0.5, 1, 0; C⁻: 0, 0, −1.5
    result = tabular_cusum([12, 12, 6], centre=10, sigma=2)
    assert result.above == (0.5, 1.0, 0.0)
    assert result.below == (0.0, 0.0, -1.5)
    assert (result.signals_high, result.signals_low) == ((), ())


def test_cusum_takes_centre_and_sigma_from_its_baseline() -> None:
    # baseline 9, 11, 9: mean 29/3, ranges 2, 2: σ = 2/1.128
    result = tabular_cusum([9, 11, 9, 100], baseline=3)
    assert result.centre == pytest.approx(29 / 3)
    assert result.sigma == pytest.approx(2 / 1.128)
    assert result.signals_high == (3,)


def test_cusum_signals_beyond_its_decision_interval_only() -> None:
    assert tabular_cusum([15.5], centre=10, sigma=1).signals_high == ()  # 5.5 − 0.5 = 5, not above it
    assert tabular_cusum([15.6], centre=10, sigma=1).signals_high == (0,)
    assert tabular_cusum([4.4], centre=10, sigma=1).signals_low == (0,)


def test_cusum_head_start_and_missing_points() -> None:
    result = tabular_cusum([10, None, 10], centre=10, sigma=1, head_start=2.5)
    assert result.above == (2.0, None, 1.5)
    assert result.below == (-2.0, None, -1.5)


def test_cusum_without_variation_is_refused() -> None:
    for values in ([5, 5, 5], [5], []):
        with pytest.raises(InputError, match="does not vary"):
            tabular_cusum(values)


def test_vlad_rises_by_the_risk_of_each_event_that_did_not_happen() -> None:
    assert vlad([0, 1, 0], [0.25, 0.25, 0.5]) == [0.25, -0.5, 0.0]


def test_risk_adjusted_cusum_by_hand() -> None:
    # R = 2, p = 0.5: event log 2 − log 1.5 = 0.287682; none −log 1.5 = −0.405465
    result = risk_adjusted_cusum([1, 1, 0, 0], [0.5] * 4)
    assert result.sums == pytest.approx((0.287682, 0.575364, 0.169899, 0.0), abs=1e-6)


def test_risk_adjusted_cusum_restarts_after_a_signal() -> None:
    result = risk_adjusted_cusum([1, 1, 1], [0.1] * 3, limit=1.0)
    step = math.log(2) - math.log(1.1)
    assert result.sums == pytest.approx((step, 2 * step, step))
    assert result.signals == (1,)


def test_an_odds_ratio_below_1_watches_for_improvement() -> None:
    result = risk_adjusted_cusum([0], [0.5], odds_ratio=0.5)
    assert result.sums[0] == pytest.approx(-math.log(0.75))


@pytest.mark.parametrize(
    ("outcomes", "risks", "options", "what"),
    [
        ([1], [0.5, 0.5], {}, "1 outcomes for 2"),
        ([1], [float("nan")], {}, "no expected value"),
        ([1], [1.5], {}, "between 0 and 1"),
        ([1], [0.5], {"odds_ratio": 1.0}, "not 1"),
    ],
)
def test_cases_must_be_complete(
    outcomes: list[float], risks: list[float], options: dict[str, float], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        risk_adjusted_cusum(outcomes, risks, **options)


def zones(*z: float | None, rule: int) -> list[int]:
    return western_electric_flags(z, centre=0, sigma=1, rules=[rule])


def test_western_electric_rules_just_short_and_just_broken() -> None:
    assert zones(3.0, 3.1, -3.1, rule=1) == [0, 1, 1]
    assert zones(0, 2.1, 2.1, rule=2) == [0, 0, 2]
    assert zones(2.1, 0, 2.0, rule=2) == [0, 0, 0]
    assert zones(2.1, 0, -2.1, rule=2) == [0, 0, 0]
    assert zones(1.1, 1.1, 0, 1.1, 1.1, rule=3) == [0, 0, 0, 0, 3]
    assert zones(1.1, 1.1, 0, 0, 1.1, rule=3) == [0, 0, 0, 0, 0]
    assert zones(1.1, 1.1, 1.1, 1.1, 0, rule=3) == [0, 0, 0, 0, 0]  # the completing point must lie in the zone
    assert zones(*[0.1] * 8, rule=4) == [0] * 7 + [4]
    assert zones(*[0.1] * 7, -0.1, rule=4) == [0] * 8


def nelson(*z: float | None, rule: int) -> list[int]:
    return nelson_flags(z, centre=0, sigma=1, rules=[rule])


def test_nelson_rules_just_short_and_just_broken() -> None:
    assert nelson(*[0.1] * 9, rule=2) == [0] * 8 + [2]
    assert nelson(1, 2, 3, 4, 5, 6, rule=3) == [0] * 5 + [3]
    assert nelson(1, 2, 3, 3, 4, 5, 6, rule=3) == [0] * 7
    assert nelson(*[1, 0] * 7, rule=4) == [0] * 13 + [4]
    assert nelson(*[1, 0] * 6, 0.5, 0.4, rule=4) == [0] * 13 + [4]
    assert nelson(*[1, 0] * 6, 0, 1, rule=4) == [0] * 14
    assert nelson(*[0.9] * 15, rule=7) == [0] * 14 + [7]
    assert nelson(*[0.9] * 14, 1.0, rule=7) == [0] * 15
    assert nelson(*[1.1, -1.1] * 4, rule=8) == [0] * 7 + [8]
    assert nelson(*[1.1, -1.1] * 3, 1.1, -1.0, rule=8) == [0] * 8


def test_the_lowest_broken_rule_is_named() -> None:
    assert western_electric_flags([2.1, 2.1, 3.5], centre=0, sigma=1) == [0, 0, 1]
    assert nelson_flags([2.1, 2.1, 2.5], centre=0, sigma=1)[2] == 5


def test_a_missing_point_starts_every_pattern_anew() -> None:
    assert zones(*[0.1] * 7, None, 0.1, rule=4) == [0] * 9


def test_unknown_flag_rules_are_refused() -> None:
    with pytest.raises(InputError, match="no rule 5"):
        western_electric_flags([1], centre=0, sigma=1, rules=[5])


def test_rephase_sets_a_new_median_at_each_run() -> None:
    values = [5, 7, 5, 7, 4, 3, 4, 9, 9]
    phases = rephase_runs(values, baseline=4, run_length=3, direction="below")
    assert [(phase.kind, phase.median, phase.first, phase.last) for phase in phases] == [
        ("baseline", 6, 0, 3),
        ("sustained", 4, 4, 6),
    ]
    both = rephase_runs([5, 7, 5, 7, 4, 3, 4, 9, 9, 8], baseline=4, run_length=3, direction="both")
    assert [phase.median for phase in both] == [6, 4, 9]
    assert rephase_runs(values, baseline=4, run_length=3, direction="above")[1:] == ()


def test_rephase_passes_over_the_median_and_stops_at_missing_points() -> None:
    on_median = rephase_runs([5, 7, 5, 7, 4, 6, 4, 4], baseline=4, run_length=3, direction="below")
    assert (on_median[1].first, on_median[1].last) == (4, 7)
    broken = rephase_runs([5, 7, 5, 7, 4, None, 4, 4], baseline=4, run_length=3, direction="below")
    assert len(broken) == 1


def test_rephase_needs_room_for_a_run() -> None:
    with pytest.raises(InputError, match="6 points leave 2 after the baseline of 4, fewer than a run of 3"):
        rephase_runs([1, 2, 3, 4, 5, 6], baseline=4, run_length=3, direction="both")
