"""Gaps between groups: published intervals, each comparison counted once, and a correction for all of them."""

from __future__ import annotations

import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.gaps import (
    MOST_GROUPS,
    Gap,
    MetricGaps,
    compute_gaps,
    difference_interval,
    final_year,
    with_holm,
)
from kpi_pipeline.metrics.groups import Span
from kpi_pipeline.metrics.intervals import wilson_interval

READMISSION = load_metrics()["readmission_30d"]
YEAR = Span(12, Month(2026, 9))


def sums(*groups: tuple[str, str, int, int]) -> pd.DataFrame:
    """(dimension, group, readmitted, discharges) → the sums of a proportion, with the whole."""
    first = groups[0][0]
    whole = [(events, n) for dimension, _, events, n in groups if dimension == first]
    rows = [*groups, ("", "", sum(events for events, _ in whole), sum(n for _, n in whole))]
    frame = pd.DataFrame(rows, columns=["dimension", "group", "numerator", "n_cases"]).assign(months=12, n_excluded=0)
    frame["denominator"] = frame["n_persons"] = frame["n_cases"]
    frame["n_event_persons"] = frame["numerator"]
    for name in ("sum_nn", "sum_nd", "sum_dd", "least", "log_sum", "log_square_sum", "n_logs", "quantile"):
        frame[name] = float("nan")
    numbers = {name: float for name in frame.columns if name not in ("dimension", "group")}
    return frame.astype(numbers).assign(is_before_data=False)


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_the_difference_of_two_proportions_has_newcombes_interval(
    first: tuple[int, int], second: tuple[int, int], ends: tuple[float, float]
) -> None:
    sides = []
    for events, n in (first, second):
        lower, upper = wilson_interval(events, n)
        sides.append((events / n, float(lower), float(upper)))
    assert difference_interval(sides[0], sides[1])[1:] == pytest.approx(ends, abs=6e-5)


def test_each_group_is_held_against_all_others_together() -> None:
    found = compute_gaps(
        sums(("race", "A", 20, 100), ("race", "B", 10, 100), ("race", "C", 30, 200), ("race", "", 5, 9)),
        READMISSION,
        YEAR,
        settings=Settings(),
    )
    gaps = {gap.group: gap for gap in found.gaps}
    assert gaps["A"].difference == pytest.approx(20 - 100 * 40 / 300)
    assert (gaps["A"].n_cases, gaps["A"].n_others, gaps["A"].others_value) == (100, 300, pytest.approx(40 / 3))
    assert (found.n_cases, found.n_not_recorded) == (409, {"race": 9})
    assert not any(gap.is_mirror for gap in found.gaps)


def test_of_two_groups_the_second_gap_is_the_first_mirrored_and_counts_once() -> None:
    (first, second) = compute_gaps(
        sums(("sex", "Female", 20, 100), ("sex", "Male", 40, 100)), READMISSION, YEAR, settings=Settings()
    ).gaps
    assert (first.is_mirror, second.is_mirror) == (False, True)
    assert first.lower is not None
    assert first.upper is not None
    assert (second.difference, second.lower, second.upper) == pytest.approx((20.0, -first.upper, -first.lower))


def test_too_few_on_either_side_is_no_comparison() -> None:
    found = compute_gaps(
        sums(("race", "A", 5, 24), ("race", "B", 10, 100), ("race", "C", 10, 100)),
        READMISSION,
        YEAR,
        settings=Settings(),
    )
    assert [gap.difference is None for gap in found.gaps] == [True, False, False]


def test_one_group_alone_is_compared_with_nobody() -> None:
    assert not compute_gaps(sums(("race", "A", 5, 100)), READMISSION, YEAR, settings=Settings()).gaps


def test_many_groups_keep_the_largest_and_gather_the_rest() -> None:
    many = [("payer", f"P{at}", 10, 100 + at) for at in range(9)]
    found = compute_gaps(sums(*many), READMISSION, YEAR, settings=Settings())
    assert [gap.group for gap in found.gaps] == ["P4", "P5", "P6", "P7", "P8", "Other"]
    assert len(found.gaps) == MOST_GROUPS
    assert found.gaps[-1].n_cases == 100 + 101 + 102 + 103
    assert sum(gap.n_cases for gap in found.gaps) == found.n_cases


def test_a_year_ends_with_the_last_final_month_and_begins_no_earlier_than_the_data() -> None:
    rows = [("2026-04", "final", "before_data"), ("2026-05", "final", "ok"), ("2026-08", "final", "too_few")]
    rows += [("2026-09", "provisional", "ok"), ("2026-11", "final", "ok")]
    values = pd.DataFrame(rows, columns=["month", "maturity", "status"]).assign(metric="m", facility_id="all")
    assert final_year(values, "m", Month(2026, 10), None) == Span(4, Month(2026, 8))
    assert final_year(values, "m", Month(2026, 4), None) is None
    assert final_year(values, "m", Month(2026, 10), "F1") is None


def gap(p_value: float | None, *, is_mirror: bool = False) -> Gap:
    return Gap(
        metric="m", dimension="sex", group="A", n_cases=50, n_events=5, n_persons=50, n_event_persons=5, value=1,
        others_value=0, n_others=50, difference=1, lower=0.5, upper=1.5, p_value=p_value, is_mirror=is_mirror,
    )  # fmt: skip


def test_holm_counts_every_comparison_of_every_measure_once() -> None:
    # Three comparisons: 0.012 ≤ 0.05/3, then 0.02 ≤ 0.05/2, then 0.06 > 0.05. The mirror is none.
    month = Month(2026, 9)
    found = [
        MetricGaps("m", month, month, 1, 1, {}, {}, (gap(0.02), gap(0.02, is_mirror=True), gap(None))),
        MetricGaps("n", month, month, 1, 1, {}, {}, (gap(0.06), gap(0.012))),
    ]
    held = [[one.holds for one in both.gaps] for both in with_holm(found)]
    assert held == [[True, True, False], [False, True]]
    alone = with_holm([MetricGaps("m", month, month, 1, 1, {}, {}, tuple(gap(0.02) for _ in range(3)))])
    assert not any(one.holds for one in alone[0].gaps)
