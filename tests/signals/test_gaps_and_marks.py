"""Missing months, ghosted and immature points, phases and baselines: what enters the limits, and what does not."""

from __future__ import annotations

import pytest

from kpi_pipeline.signals import evaluate_chart
from tests.support.said import warned

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]


def test_no_moving_range_spans_a_missing_point() -> None:
    # ranges 2 and 6; bridging 12 → 5 would add 7
    result = evaluate_chart([10, 12, None, 5, 11], chart="xmr")
    assert result.phases[0].mean_moving_range == 4
    assert result.points[2].value is None
    assert result.points[2].is_missing
    assert result.points[2].centre == 9.5
    assert "1 point is missing" in " ".join(warned(result))


def test_nan_is_missing_too() -> None:
    values = [10, 12, float("nan"), 5, 11]
    assert evaluate_chart(values, chart="xmr").phases == evaluate_chart([10, 12, None, 5, 11], chart="xmr").phases


def test_a_month_absent_from_the_periods_breaks_like_a_missing_one() -> None:
    absent = evaluate_chart([10, 12, 5, 11], chart="xmr", periods=["2025-01", "2025-02", "2025-04", "2025-05"])
    assert absent.phases[0].mean_moving_range == 4
    assert "1 period is absent" in " ".join(warned(absent))
    days = evaluate_chart(
        [10, 12, 5, 11], chart="xmr", periods=["2025-01-01", "2025-02-01", "2025-04-01", "2025-05-01"]
    )
    assert days.phases[0].mean_moving_range == 4


def test_quarters_are_no_gaps() -> None:
    quarters = ["2025-01", "2025-04", "2025-07", "2025-10"]
    assert evaluate_chart([10, 12, 5, 11], chart="xmr", periods=quarters).phases[0].mean_moving_range == 5


def test_events_months_apart_are_no_gaps() -> None:
    result = evaluate_chart([3, 8, 5, 9], chart="g", periods=["2025-01", "2025-02", "2025-09", "2025-10"])
    assert warned(result) == ("trial limits, from 4 points; read them with care.",)


def test_a_ghosted_point_is_as_if_it_were_not_there() -> None:
    plain = evaluate_chart([10, 12, 5, 11], chart="xmr")
    ghosted = evaluate_chart([10, 12, 90, 5, 11], chart="xmr", ghosted=[2])
    assert ghosted.points[0].upper == plain.points[0].upper
    assert ghosted.points[2].value == 90
    assert ghosted.points[2].upper == plain.points[0].upper
    assert (ghosted.points[2].is_ghosted, ghosted.points[2].in_baseline) == (True, False)
    assert ghosted.n_points == 4


def test_a_month_without_cases_is_missing_and_never_zero() -> None:
    result = evaluate_chart([10, 0, 30], chart="p", denominators=[100, 0, 100])
    assert result.points[1].value is None
    assert result.points[1].is_missing
    assert result.points[1].upper is None
    assert result.points[0].centre == 0.2
    assert evaluate_chart([10, None, 30], chart="p", denominators=[100, None, 100]).points[1].denominator is None


def test_points_are_named_by_position_or_period() -> None:
    values = [10.0, 12, 90, 5, 11, 12, 5, 9, 10, 12, 11, 10]
    by_period = evaluate_chart(values, chart="xmr", periods=MONTHS, ghosted=["2025-03"], phases=["2025-07"])
    by_position = evaluate_chart(values, chart="xmr", periods=MONTHS, ghosted=[2], phases=[6])
    assert by_period == by_position
    assert [phase.first_period for phase in by_period.phases] == ["2025-01", "2025-07"]


def test_a_phase_from_an_absent_month_begins_at_the_next() -> None:
    months = [*MONTHS[:6], *MONTHS[7:]]
    result = evaluate_chart([float(i) for i in range(11)], chart="xmr", periods=months, phases=["2025-07"])
    assert result.phases[1].first_period == "2025-08"


def test_each_phase_has_its_own_limits() -> None:
    result = evaluate_chart([10, 12, 10, 30, 34, 30], chart="xmr", phases=[3])
    assert [phase.mean_moving_range for phase in result.phases] == [2, 4]
    assert result.points[2].centre == pytest.approx(32 / 3)
    assert result.points[3].centre == pytest.approx(94 / 3)
    assert [point.phase for point in result.points] == [0, 0, 0, 1, 1, 1]


def test_a_frozen_baseline_counts_rows_of_each_phase() -> None:
    result = evaluate_chart([10, 12, 50, 60, 30, 34, 90], chart="xmr", phases=[4], baseline=2)
    assert [phase.centre for phase in result.phases] == [11, 32]
    assert [phase.n_baseline for phase in result.phases] == [2, 2]
    assert [point.in_baseline for point in result.points] == [True, True, False, False, True, True, False]


def test_a_frozen_stretch_by_first_and_last_point() -> None:
    values = [90.0, 10, 12, 10, 60, 30, 34, 30, 33, 31, 30, 32]
    result = evaluate_chart(values, chart="xmr", periods=MONTHS, phases=[5], baseline=("2025-02", "2025-04"))
    assert result.phases[0].centre == pytest.approx(32 / 3)
    assert result.phases[1].n_baseline == 7


def test_all_points_missing_or_immature() -> None:
    for result in (
        evaluate_chart([None, None], chart="xmr", target=3),
        evaluate_chart([4, 5], chart="xmr", immature=[0, 1], target=3),
        evaluate_chart([], chart="xmr"),
        evaluate_chart([], chart="p", denominators=[]),
    ):
        assert (result.variation, result.assurance, result.limits_kind) == ("empty", "none", "none")
        assert result.n_points == 0
        assert result.decided_at is None


def test_immature_points_at_the_end_carry_the_lines_on() -> None:
    result = evaluate_chart([10, 12, 11, 99], chart="xmr", immature=[3])
    assert result.points[3].upper == result.points[0].upper
    assert result.points[3].is_immature
    assert result.points[3].point_class == "common_cause"
    assert "1 point not yet mature" in " ".join(warned(result))
