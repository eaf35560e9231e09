"""Scales, ticks and labels: by hand, and for any numbers a report may hold."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.report.drawing.geometry import (
    PlacedLabel,
    Scale,
    TimeAxis,
    axis_ticks,
    fitted,
    month_label_places,
    pixels,
    spread_labels,
    text_width,
    tick_text,
    value_range,
    wrapped,
)

NUMBERS = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


def test_a_scale_maps_low_to_start_and_high_to_end() -> None:
    scale = Scale(10.0, 20.0, 200.0, 100.0)
    assert (scale(10), scale(15), scale(20)) == (200, 150, 100)


def test_one_month_stands_in_the_middle() -> None:
    assert TimeAxis(1, 0.0, 100.0)(0) == 50


def test_months_share_the_width_between_the_insets() -> None:
    axis = TimeAxis(3, 0.0, 112.0, inset=6.0)
    assert [axis(index) for index in range(3)] == [6, 56, 106]


@pytest.mark.parametrize(("number", "text"), [(1.0, "1"), (1.25, "1.2"), (-0.04, "0"), (10.0, "10"), (0.96, "1")])
def test_a_coordinate_has_at_most_one_decimal(number: float, text: str) -> None:
    assert pixels(number) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_coordinate_that_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        pixels(number)


def test_ticks_of_a_percent_axis() -> None:
    assert axis_ticks(9.6, 18.3) == ([10.0, 12.0, 14.0, 16.0, 18.0], 0)


def test_ticks_by_quarters_print_two_decimals() -> None:
    ticks, decimals = axis_ticks(4.6, 5.6, about=4)
    assert ticks == [4.75, 5.0, 5.25, 5.5]
    assert decimals == 2


@given(NUMBERS, NUMBERS, st.integers(min_value=0, max_value=4))
def test_ticks_lie_inside_the_axis_and_print_differently(one: float, other: float, places: int) -> None:
    low, high = value_range([one, other], decimals=places)
    ticks, decimals = axis_ticks(low, high)
    slack = (high - low) * 1e-6
    assert 2 <= len(ticks) <= 9
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    texts = [tick_text(tick, decimals=decimals) for tick in ticks]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("value", "decimals", "prefix", "suffix", "text"),
    [
        (12500, 0, "$", "", "$12,500"),
        (-1250, 0, "$", "", "-$1,250"),
        (14.5, 1, "", "%", "14.5%"),
        (-0.001, 1, "", "", "0.0"),
    ],
)
def test_tick_texts(value: float, decimals: int, prefix: str, suffix: str, text: str) -> None:
    assert tick_text(value, decimals=decimals, prefix=prefix, suffix=suffix) == text


def test_an_axis_of_counts_does_not_go_below_zero() -> None:
    low, high = value_range([0.0, 10.0], decimals=0)
    assert low == 0
    assert high > 10


def test_a_constant_series_gets_an_axis_with_height() -> None:
    low, high = value_range([5.0, 5.0], decimals=2)
    assert low < 5.0 < high
    assert high - low >= 0.04


def test_noise_below_the_printed_precision_stays_flat() -> None:
    low, high = value_range([5.001, 5.002], decimals=1)
    assert high - low >= 0.4


def test_labels_that_touch_move_apart_around_their_middle() -> None:
    placed = spread_labels([_label(50, "a"), _label(52, "b")], gap=12, top=0, bottom=100)
    assert [(label.text, label.y) for label in placed] == [("a", 45), ("b", 57)]


def test_labels_at_the_edge_stay_inside() -> None:
    placed = spread_labels([_label(99, "a"), _label(100, "b")], gap=12, top=0, bottom=100)
    assert [label.y for label in placed] == [88, 100]


def test_labels_far_apart_are_left_where_they_are() -> None:
    placed = spread_labels([_label(10, "a"), _label(60, "b")], gap=12, top=0, bottom=100)
    assert [label.y for label in placed] == [10, 60]


@given(st.lists(st.floats(min_value=-50, max_value=300, allow_nan=False), max_size=7))
def test_labels_never_overlap_keep_their_order_and_stay_inside(heights: list[float]) -> None:
    labels = [_label(height, str(place)) for place, height in enumerate(heights)]
    placed = spread_labels(labels, gap=12.6, top=10, bottom=216)
    assert [label.text for label in placed] == [label.text for label in sorted(labels, key=lambda label: label.y)]
    assert all(9.999 <= label.y <= 216.001 for label in placed)
    gaps = [later.y - earlier.y for earlier, later in itertools.pairwise(placed)]
    assert all(gap >= 12.599 for gap in gaps)


def _label(y: float, text: str) -> PlacedLabel:
    return PlacedLabel(y, text, "limit")


def test_a_long_label_is_broken_into_two_lines_and_nothing_is_lost() -> None:
    lines = wrapped("Payer authorisation pending, first request refused", width=150, size=10)
    assert len(lines) == 2
    assert " ".join(lines) == "Payer authorisation pending, first request refused"


def test_quarters_are_labelled_when_months_stand_close() -> None:
    months = [f"2025-{number:02d}" for number in range(1, 13)]
    assert [months[place] for place in month_label_places(months, spacing=12)] == [
        "2025-01",
        "2025-04",
        "2025-07",
        "2025-12",
    ]


@given(st.integers(min_value=1, max_value=60), st.integers(min_value=1, max_value=12), st.floats(4, 200))
def test_month_labels_keep_their_distance_and_name_the_last_month(count: int, first: int, spacing: float) -> None:
    index = [first - 1 + place for place in range(count)]
    months = [f"{2020 + number // 12}-{number % 12 + 1:02d}" for number in index]
    places = month_label_places(months, spacing=spacing)
    assert places[-1] == count - 1
    assert all((later - earlier) * spacing >= 34 for earlier, later in itertools.pairwise(places))


def test_a_label_wider_than_its_place_is_cut_visibly() -> None:
    shown = fitted("W" * 5000, width=100, size=10.4)
    assert shown.endswith("…")
    assert text_width(shown, 10.4) <= 100
    assert fitted("Short", width=100, size=10.4) == "Short"
    assert all(text_width(line, 10.4) <= 100 for line in wrapped("a" * 200 + " " + "b" * 200, width=100, size=10.4))
