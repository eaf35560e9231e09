"""Classes and icons: direction, precedence, ties, targets on and beside a limit, too few points."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_pipeline.report.words.charts.chart_verdicts import assurance_reason, variation_reason
from kpi_pipeline.signals import Better, ChartResult, evaluate_chart, find_rule_set
from kpi_pipeline.signals.lines.moving_ranges import mean_range
from tests.support.said import warned

WOBBLE = [11.0, 9.0] * 6 + [11.0]
"""Thirteen points of mean 10.0769, mean moving range 2: limits 4.7569 to 15.3969."""


def chart_of(values: list[float], better: Better = "lower", **options: object) -> ChartResult:
    return evaluate_chart(values, chart="xmr", better=better, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "low", "high"),
    [
        ("lower", "improvement_low", "concern_high"),
        ("higher", "concern_low", "improvement_high"),
        ("neither", "neither_low", "neither_high"),
    ],
)
def test_variation_icon_by_direction(better: Better, low: str, high: str) -> None:
    assert chart_of([*WOBBLE, 0], better).variation == low
    assert chart_of([*WOBBLE, 20], better).variation == high
    assert chart_of(WOBBLE, better).variation == "common_cause"


def test_the_icon_reads_the_last_point_only() -> None:
    result = chart_of([*WOBBLE, 20, 9, 11])
    assert result.points[13].point_class == "concern"
    assert result.variation == "common_cause"
    assert variation_reason(result) == "no signal at the last point: common cause variation"


def test_the_icon_passes_over_ghosted_and_immature_points() -> None:
    result = chart_of([*WOBBLE, 20, 9, 11], ghosted=[14], immature=[15])
    assert result.variation == "concern_high"
    assert result.decided_at == 13
    assert variation_reason(result) == "1 point above the upper limit at point 14"


def test_a_missing_last_point_leaves_the_icon_to_the_one_before() -> None:
    assert chart_of([*WOBBLE, 20, None]).variation == "concern_high"  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("rules", "short", "enough"), [("nhs-2024", 12, 13), ("ihi", 11, 12), ("anhoej", 9, 10), ("nhs-classic", 0, 1)]
)
def test_too_few_points_leave_the_icons_empty(rules: str, short: int, enough: int) -> None:
    values = [11.0, 9.0] * 7
    assert chart_of(values[:short], rules=rules, target=1.0).variation == "empty"
    assert chart_of(values[:short], rules=rules, target=1.0).assurance == "none"
    assert chart_of(values[:enough], rules=rules).variation == "common_cause"


def test_ghosted_and_missing_points_do_not_count_towards_icons() -> None:
    assert chart_of(WOBBLE, ghosted=[0]).variation == "empty"
    result = chart_of([None, *WOBBLE[1:]])  # type: ignore[list-item]
    assert result.variation == "empty"
    assert variation_reason(result) == "too few points for an icon: 12 where 13 are needed"


@pytest.mark.parametrize(
    ("better", "target", "assurance"),
    [
        ("lower", 16, "passing"),
        ("lower", 10, "hit_or_miss"),
        ("lower", 4, "failing"),
        ("higher", 16, "failing"),
        ("higher", 10, "hit_or_miss"),
        ("higher", 4, "passing"),
        ("neither", 16, "none"),
        ("lower", None, "none"),
    ],
)
def test_assurance_by_direction(better: Better, target: float | None, assurance: str) -> None:
    assert chart_of(WOBBLE, better, target=target).assurance == assurance


@pytest.mark.parametrize(("rules", "on_limit"), [("nhs-2024", "passing"), ("nhs-classic", "hit_or_miss")])
def test_a_target_exactly_on_a_limit(rules: str, on_limit: str) -> None:
    upper = chart_of(WOBBLE).points[0].upper
    assert upper is not None
    assert chart_of(WOBBLE, target=upper, rules=rules).assurance == on_limit
    assert chart_of(WOBBLE, target=upper + 1e-6, rules=rules).assurance == "passing"
    assert chart_of(WOBBLE, target=upper - 1e-6, rules=rules).assurance == "hit_or_miss"


def test_assurance_uses_the_target_of_the_point_the_icon_reads() -> None:
    targets = [4.0] * 12 + [16.0]
    assert chart_of(WOBBLE, target=targets).assurance == "passing"
    assert chart_of([*WOBBLE, 9], target=[*targets, 4.0], immature=[13]).assurance == "passing"
    assert chart_of(WOBBLE, target=[*targets[:-1], None]).assurance == "none"  # type: ignore[list-item]


def test_assurance_uses_the_limits_of_the_last_phase() -> None:
    later = [value - 8 for value in WOBBLE]
    assert chart_of([*WOBBLE, *later], target=9, phases=[13]).assurance == "passing"
    assert chart_of([*WOBBLE, *later], target=9).assurance == "hit_or_miss"


def test_a_target_under_a_clamped_limit_is_not_failing() -> None:
    events, cases = [2, 1, 3, 2, 1, 2, 3, 1, 2, 2, 1, 3, 2], [40] * 13
    result = evaluate_chart(events, chart="p", denominators=cases, better="lower", target=0)
    assert result.points[0].lower == 0
    assert result.assurance == "hit_or_miss"


@pytest.mark.parametrize("chart", ["g", "t", "run", "mr"])
def test_charts_without_assurance(chart: str) -> None:
    values = [5.0, 9, 2, 14, 3, 8, 1, 12, 6, 4, 10, 7, 11, 5]
    result = evaluate_chart(values, chart=chart, better="higher", target=1)  # type: ignore[arg-type]
    assert result.assurance == "none"
    assert assurance_reason(result) == ""


FALLS_FROM_ABOVE = [10.0, 12, 9, 11, 10, 9, 11, 10, 12, 10, 9, 11, 10, 30, 29, 28, 27, 26, 25]
"""The last six points lie above the mean (shift high) and fall (trend low)."""


def test_precedence_trend_before_shift_or_the_other_way() -> None:
    assert chart_of(FALLS_FROM_ABOVE).variation == "improvement_low"
    first_shift = find_rule_set("nhs-2024", precedence=("shift", "trend", "two_of_three", "outside"))
    assert chart_of(FALLS_FROM_ABOVE, rules=first_shift).variation == "concern_high"


def test_outside_decides_first_under_nhs_classic() -> None:
    values = [60.0, 62, 58, 61, 59, 62, 58, 61, 59, 60, 62, 58, 61, 59, 45, 46, 47, 48, 49.5, 50.5, 52]
    classic = chart_of(values, "higher", rules="nhs-classic")
    recent = chart_of(values, "higher", rules="nhs-2024")
    assert classic.points[14].point_class == "concern"
    assert recent.points[14].point_class == "improvement"


PEAK = [10.0, 12, 9, 11, 10, 9, 11, 10, 12, 9, 9.2, 9.4, 9.6, 9.8, 10.4, 10.2, 10.1, 9.9, 9.8, 9.7]


@pytest.mark.parametrize(
    ("tie", "better", "expected"),
    [
        ("improvement", "higher", "improvement"),
        ("improvement", "lower", "improvement"),
        ("concern", "higher", "concern"),
        ("concern", "lower", "concern"),
        ("following", "higher", "concern"),
        ("following", "lower", "improvement"),
        ("improvement", "neither", "neither_low"),
    ],
)
def test_a_tie_between_two_trends(tie: str, better: Better, expected: str) -> None:
    result = chart_of(PEAK, better, rules=find_rule_set("nhs-2024", tie=tie))
    assert {hit.side for hit in result.points[14].rules if hit.rule == "trend"} == {"high", "low"}
    assert result.points[14].point_class == expected


@pytest.mark.parametrize(
    ("rules", "expected"), [("nhs-2024", "improvement"), ("nhs-classic", "concern"), ("ihi", "concern")]
)
def test_each_rule_set_settles_a_tie_its_own_way(rules: str, expected: str) -> None:
    rising_then_falling = [
        10.0,
        12,
        9,
        11,
        10,
        9,
        11,
        10,
        12,
        9,
        9.2,
        9.4,
        9.6,
        9.8,
        10,
        10.4,
        10.2,
        10.1,
        9.9,
        9.8,
        9.7,
        9.6,
    ]
    result = chart_of(rising_then_falling, "higher", rules=rules)
    assert {hit.side for hit in result.points[15].rules if hit.rule == "trend"} == {"high", "low"}
    assert result.points[15].point_class == expected


def test_a_constant_series_is_common_cause_with_a_mean_line() -> None:
    for rules in ("nhs-2024", "nhs-classic", "ihi"):
        result = chart_of([0.1] * 15, rules=rules)
        assert result.variation == "common_cause"
        assert (result.points[0].lower, result.points[0].centre, result.points[0].upper) == (0.1, 0.1, 0.1)
        assert any("do not vary" in warning for warning in warned(result))


def test_limit_rules_are_silent_without_variation_and_shift_is_not() -> None:
    result = chart_of([5.0] * 13 + [6.0] * 6, baseline=13)
    assert {hit.rule for hit in result.points[-1].rules} == {"shift"}


def test_screening_that_would_leave_nothing_is_undone_and_said() -> None:
    nearly_constant = [4.0] * 9 + [5.0] + [4.0] * 9
    screened = chart_of(nearly_constant, rules="nhs-classic")
    plain = chart_of(nearly_constant, rules="nhs-classic", screen_moving_ranges=False)
    assert screened.points[0].upper == plain.points[0].upper == pytest.approx(4 + 1 / 19 + 2.66 * 2 / 18)
    assert screened.phases[0].screening_fell_back
    assert any("unscreened" in warning for warning in warned(screened))


def test_screening_drops_large_ranges_once() -> None:
    # ranges 1 ×10, 20, 20: mean 50/12 = 4.1667, limit 13.61; kept mean 1
    values = [1.0, 2, 1, 2, 1, 2, 22, 2, 1, 2, 1, 2, 1]
    result = chart_of(values, screen_moving_ranges=True)
    assert result.phases[0].n_screened == 2
    assert result.phases[0].mean_moving_range == 1
    assert result.moving_ranges_screened
    assert "2 moving ranges" in " ".join(warned(result))


@pytest.mark.parametrize(("largest", "n_screened"), [(4.366, 0), (4.368, 1)])
def test_screening_drops_from_3267_mean_ranges_up(largest: float, n_screened: int) -> None:
    # nine ranges of 1 and one x: x = 3.267·(9 + x)/10 at x = 4.3670
    ranges = np.array([1.0] * 9 + [largest])
    assert mean_range(ranges, screen=True).n_screened == n_screened
    assert mean_range(ranges, screen=False).n_screened == 0


def test_limits_kind() -> None:
    assert chart_of(WOBBLE[:12]).limits_kind == "trial"
    assert chart_of(WOBBLE).limits_kind == "fixed"
    assert chart_of(WOBBLE, baseline=12).limits_kind == "trial"
    assert chart_of(WOBBLE[:1]).limits_kind == "none"
    assert chart_of([*WOBBLE, 3, 4], phases=[13]).limits_kind == "trial"
