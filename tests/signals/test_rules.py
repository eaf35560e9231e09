"""Each rule just short of firing and just firing, against limits frozen on a known baseline.

The baseline 11, 9, 11, 9 ... has mean 10 and mean moving range 2: limits 10 ± 5.32, 2-sigma lines 10 ± 3.5467.
It ends on 9, so that points above 10 after it begin a new run.
"""

from __future__ import annotations

import pytest

from kpi_pipeline.report.words.charts.chart_verdicts import variation_reason
from kpi_pipeline.signals import ChartResult, evaluate_chart
from kpi_pipeline.signals.reading.runs import analyse_runs

BASELINE = [11.0, 9.0] * 6
UPPER = 10 + 2.66 * 2


def after_baseline(points: list[float | None], rules: str = "nhs-2024", **options: object) -> ChartResult:
    arguments = {"chart": "xmr", "better": "higher", "baseline": 12, "rules": rules, **options}
    return evaluate_chart([*BASELINE, *points], **arguments)  # type: ignore[arg-type]


def fired(result: ChartResult, rule: str) -> list[int]:
    """Positions on which the rule fired, counted from the end of the baseline."""
    return [i - 12 for i, point in enumerate(result.points) if rule in {hit.rule for hit in point.rules}]


def test_the_baseline_itself_fires_nothing() -> None:
    assert after_baseline([]).signals == ()


@pytest.mark.parametrize(("rules", "needed"), [("nhs-2024", 6), ("nhs-classic", 7), ("ihi", 8)])
def test_shift_needs_its_number_of_points(rules: str, needed: int) -> None:
    assert fired(after_baseline([11.0] * (needed - 1), rules), "shift") == []
    assert fired(after_baseline([11.0] * needed, rules), "shift") == list(range(needed))


def test_a_point_on_the_mean_breaks_a_shift() -> None:
    assert fired(after_baseline([11, 11, 11, 10, 11, 11, 11]), "shift") == []


def test_shift_below_is_low() -> None:
    result = after_baseline([11, 9, 9, 9, 9, 9, 9])
    assert {hit.side for hit in result.points[-1].rules} == {"low"}
    assert result.variation == "concern_low"


@pytest.mark.parametrize(("rules", "needed"), [("nhs-2024", 6), ("nhs-classic", 7), ("ihi", 6)])
def test_trend_counts_points_not_steps(rules: str, needed: int) -> None:
    # the last baseline point, 9, is the first of the trend
    rising = [9 + 0.1 * step for step in range(1, needed)]
    assert fired(after_baseline(rising[:-1], rules), "trend") == []
    assert fired(after_baseline(rising, rules), "trend") == list(range(-1, needed - 1))


def test_equal_neighbours_end_a_trend() -> None:
    assert fired(after_baseline([9.1, 9.2, 9.3, 9.3, 9.4, 9.5]), "trend") == []


def test_falling_trend_is_low_even_above_the_mean() -> None:
    result = after_baseline([14, 13, 12.5, 12, 11.5, 11])
    assert result.deciding_signal is not None
    assert (result.deciding_signal.rule, result.deciding_signal.side) == ("trend", "low")
    assert result.variation == "concern_low"


def test_a_point_on_a_limit_is_not_outside() -> None:
    assert fired(after_baseline([UPPER]), "outside") == []
    assert fired(after_baseline([UPPER + 0.001]), "outside") == [0]
    assert fired(after_baseline([20 - UPPER - 0.001]), "outside") == [0]


def test_two_of_three_needs_two_beyond_2_sigma_and_all_on_one_side() -> None:
    assert fired(after_baseline([13.6, 11, 13.5]), "two_of_three") == []
    assert fired(after_baseline([13.6, 11, 13.6]), "two_of_three") == [0, 2]
    assert fired(after_baseline([13.6, 9, 13.6]), "two_of_three") == []
    assert fired(after_baseline([13.6, 13.6]), "two_of_three") == []  # the third, 9, lies on the other side
    assert fired(after_baseline([13.6, 13.6, 10.1]), "two_of_three") == [0, 1]


@pytest.mark.parametrize(("rules", "expected"), [("nhs-2024", [0, 2]), ("nhs-classic", []), ("ihi", [0, 2])])
def test_whether_a_point_beyond_3_sigma_counts_as_beyond_2(rules: str, expected: list[int]) -> None:
    assert fired(after_baseline([16, 11, 14], rules), "two_of_three") == expected


def test_a_signal_joins_its_windows() -> None:
    result = after_baseline([13.6, 11, 13.6, 11, 13.6])
    assert [signal.positions for signal in result.signals if signal.rule == "two_of_three"] == [(12, 14, 16)]


def test_a_missing_point_breaks_shift_trend_and_window() -> None:
    assert fired(after_baseline([11, 11, 11, None, 11, 11, 11]), "shift") == []
    assert fired(after_baseline([9.1, 9.2, None, 9.3, 9.4, 9.5]), "trend") == []
    assert fired(after_baseline([13.6, None, 13.6, 11]), "two_of_three") == []


def test_a_ghosted_or_immature_point_is_passed_over() -> None:
    for mark in ("ghosted", "immature"):
        result = after_baseline([11, 11, 11, 2, 11, 11, 11], **{mark: [15]})
        assert fired(result, "shift") == [0, 1, 2, 4, 5, 6]
        assert result.points[15].rules == frozenset()
        assert result.points[15].point_class == "common_cause"


def test_shift_stops_at_a_rebase_and_trend_does_not_under_nhs_2024() -> None:
    rising = [10.1, 10.2, 10.3, 10.4, 10.5, 10.6]
    values = [*BASELINE, *rising, *BASELINE]
    whole = evaluate_chart(values, chart="xmr", phases=[15])
    assert {hit.rule for hit in whole.points[17].rules} == {"trend"}
    classic = evaluate_chart(values, chart="xmr", phases=[15], rules="nhs-classic")
    assert classic.points[17].rules == frozenset()


def test_a_turning_point_belongs_to_both_trends() -> None:
    peak = [9.2, 9.4, 9.6, 9.8, 10.4, 10.2, 10.1, 9.9, 9.8, 9.7]
    result = after_baseline(peak)
    assert {hit.side for hit in result.points[16].rules if hit.rule == "trend"} == {"high", "low"}


def test_signals_come_in_time_order() -> None:
    result = after_baseline([20, 9, 11, 11, 11, 11, 11, 11, 20])
    assert [(signal.rule, signal.first - 12, signal.last - 12) for signal in result.signals] == [
        ("outside", 0, 0),
        ("shift", 2, 8),
        ("outside", 8, 8),
    ]


def test_moving_ranges_are_read_for_the_limit_only() -> None:
    result = evaluate_chart([1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67, 79, 92], chart="mr")
    assert {signal.rule for signal in result.signals} <= {"outside"}


# --- Anhøj's runs analysis -----------------------------------------------------------------------------------------


def sides(*lengths: int) -> list[int]:
    """Runs of these lengths on alternating sides."""
    return [1 - 2 * (k % 2) for k, length in enumerate(lengths) for _ in range(length)]


def test_longest_run_among_24_points_may_be_8_not_9() -> None:
    rest = [1] * 16
    eight, nine = (analyse_runs(sides(*runs), [0] * 24) for runs in ((8, *rest), (9, *rest[1:])))
    assert (eight.longest_run, eight.longest_run_max) == (8, 8)
    assert (nine.longest_run, nine.longest_run_max) == (9, 8)


def test_24_points_may_cross_8_times_not_7() -> None:
    assert not analyse_runs(sides(*[3] * 7, 2, 1), [0] * 24).has_few_crossings
    seven = analyse_runs(sides(*[3] * 8), [0] * 24)
    assert (seven.n_crossings, seven.n_crossings_min) == (7, 8)
    assert seven.has_few_crossings


def test_points_on_the_line_are_skipped() -> None:
    analysis = analyse_runs([1, 0, 1, 0, -1], [0] * 5)
    assert (analysis.n_useful, analysis.longest_run, analysis.n_crossings) == (3, 2, 1)


def test_a_missing_point_ends_a_run_and_is_no_crossing() -> None:
    analysis = analyse_runs([1, 1, 1, 1, -1, -1], [0, 0, 1, 1, 2, 2])
    assert (analysis.n_useful, analysis.longest_run, analysis.n_crossings) == (6, 2, 0)
    assert analysis.n_crossings_min == 0  # three pairs of neighbours: the 5 % quantile of Binomial(3, 1/2)


def test_runs_of_no_points() -> None:
    analysis = analyse_runs([0, 0], [0, 0])
    assert (analysis.n_useful, analysis.longest_run_max, analysis.n_crossings_min) == (0, None, None)
    assert analysis.longest_run_max is None or analysis.longest_run <= analysis.longest_run_max
    assert not analysis.has_few_crossings


def test_run_chart_flags_the_long_run_on_its_side() -> None:
    result = evaluate_chart([5, 1, 6, 2, 7, 1, 5, 2, 6, 1, 8, 2, *[9] * 9], chart="run", better="lower")
    assert result.phases[0].longest_run_max == 7
    assert result.variation == "concern_high"
    assert result.deciding_signal is not None
    assert result.deciding_signal.rule == "long_run"
    assert variation_reason(result) == "a run of 9 points above the median"
