"""Choosing a chart, adjusting for seasons, expecting false signals."""

from __future__ import annotations

import pytest

from kpi_pipeline.core.errors import DefinitionError, InputError
from kpi_pipeline.signals import evaluate_chart
from kpi_pipeline.signals.chance.seasonality import adjust_for_season, compare_same_month
from kpi_pipeline.signals.chart_choice import chart_uses


def months(n: int, first: int = 0) -> list[str]:
    return [f"{2023 + (first + i) // 12}-{(first + i) % 12 + 1:02d}" for i in range(n)]


@pytest.mark.parametrize(
    ("declared", "kind", "uses"),
    [
        ("p_prime", "proportion", "counts"),
        ("u", "rate", "counts"),
        ("xmr", "mean", "value"),
        ("xbar", "mean", "subgroups"),
        ("c", "count", "value"),
        ("run", "median", "value"),
    ],
)
def test_what_a_chart_is_drawn_from(declared: str, kind: str, uses: str) -> None:
    assert chart_uses(declared, kind=kind) == uses  # type: ignore[arg-type]


@pytest.mark.parametrize(("declared", "kind"), [("p", "mean"), ("xmr", "colour"), ("c", "proportion")])
def test_a_chart_that_does_not_fit_its_kind_is_refused(declared: str, kind: str) -> None:
    with pytest.raises(DefinitionError, match=f"{declared!r} does not go with kind {kind!r}"):
        chart_uses(declared, kind=kind)  # type: ignore[arg-type]


WINTER = [3.0, 2, 1, 0, -1, -2, -3, -2, -1, 0, 1, 2]
"""A season that sums to zero over a year."""


def test_an_additive_season_is_taken_out_exactly_in_spite_of_a_step() -> None:
    values = [100 + winter for winter in WINTER] + [120 + winter for winter in WINTER]
    adjusted = adjust_for_season(values, months(24), method="additive")
    assert adjusted.values == pytest.approx([100.0] * 12 + [120.0] * 12)
    assert [adjusted.indices[month] for month in range(1, 13)] == pytest.approx(WINTER)
    assert adjusted.n_years == 2


def test_a_multiplicative_season_is_divided_out_and_keeps_the_level() -> None:
    factor = [1 + winter / 10 for winter in WINTER]
    adjusted = adjust_for_season([100 * f for f in factor] + [200 * f for f in factor], months(24))
    assert adjusted.values == pytest.approx([100.0] * 12 + [200.0] * 12)
    assert [adjusted.indices[month] for month in range(1, 13)] == pytest.approx(factor)


def test_months_beyond_the_complete_years_are_adjusted_too() -> None:
    values = [100 + winter for winter in WINTER[9:] + WINTER * 2]
    adjusted = adjust_for_season(values, months(27, first=9), method="additive")
    assert adjusted.n_years == 2
    assert adjusted.values == pytest.approx([100.0] * 27)


def test_missing_months_stay_missing_and_incomplete_years_do_not_count() -> None:
    values: list[float | None] = [100 + winter for winter in WINTER * 3]
    values[1] = None
    adjusted = adjust_for_season(values, months(36), method="additive")
    assert adjusted.values[1] is None
    assert adjusted.n_years == 2
    values[20] = None
    with pytest.raises(InputError, match="needs 2 complete years; found 1"):
        adjust_for_season(values, months(36), method="additive")


def test_seasonal_adjustment_clears_false_signals() -> None:
    noise = [0.4, -0.7, 0.2, 0.9, -0.5, -0.1, 0.6, -0.8, 0.3, -0.4, 0.8, -0.6]
    values = [100 + 3 * w + noise[(5 * i) % 12] for i, w in enumerate(WINTER * 3)]
    before = evaluate_chart(values, chart="xmr")
    after = evaluate_chart(adjust_for_season(values, months(36)).values, chart="xmr")
    assert before.signals
    assert not after.signals


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"is_rolling": True}, "rolling or year-to-date"),
        ({"periods": ["a"] * 24}, "must be months"),
        ({"periods": months(24)[::-1]}, "must be months in time order"),
        ({"values": [0.0] * 24}, "needs values above 0"),
    ],
)
def test_what_cannot_be_adjusted(options: dict[str, object], what: str) -> None:
    arguments = {"values": [1.0] * 24, "periods": months(24), **options}
    with pytest.raises(InputError, match=what):
        adjust_for_season(**arguments)  # type: ignore[arg-type]


def test_same_month_comparison() -> None:
    pairs = compare_same_month([10, 11, None, 13, 14], ["2025-01", "2025-02", "2025-03", "2026-01", "2026-03"])
    assert [(pair.period, pair.year_before, pair.change) for pair in pairs[3:]] == [
        ("2026-01", 10, 3),
        ("2026-03", None, None),
    ]
    with pytest.raises(InputError, match="rolling"):
        compare_same_month([1], ["2025-01"], is_rolling=True)
