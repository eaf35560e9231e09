"""Control charts, flags, sparklines and bars: what is drawn where, and that nothing leaves the paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.periods import Month
from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.drawing.geometry import text_width
from kpi_pipeline.report.drawing.small import draw_bars, draw_sparkline
from kpi_pipeline.report.model import Annotation, Bar, Bars, Chart, ChartPoint, Sparkline

NUMBERS = st.one_of(st.none(), st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))


def chart_of(values: Sequence[float | None], **changes: Any) -> Chart:
    """A chart of consecutive months; `changes` replace fields, `by_point` replaces fields of single points."""
    by_point: dict[int, dict[str, Any]] = changes.pop("by_point", {})
    points = tuple(
        ChartPoint.model_validate({"month": str(Month(2025, 1).plus(index)), "value": value} | by_point.get(index, {}))
        for index, value in enumerate(values)
    )
    return Chart(metric="any_metric", better="lower", unit="days", points=points, alt="A finding", **changes)


def test_a_missing_month_breaks_the_line_and_has_no_mark() -> None:
    drawing = draw_control_chart(chart_of([1, 2, None, 4, 5]))
    assert [len(line.split()) for line in drawing.lines] == [2, 2]
    assert len(drawing.marks) == 4


def test_a_value_between_two_missing_months_is_a_mark_without_line() -> None:
    drawing = draw_control_chart(chart_of([None, 3, None]))
    assert drawing.lines == ()
    assert len(drawing.marks) == 1


def test_one_point_is_drawn_in_the_middle() -> None:
    drawing = draw_control_chart(chart_of([4.2]), width=690, height=250)
    assert len(drawing.marks) == 1
    assert float(drawing.left) < float(drawing.marks[0].x) < float(drawing.right)
    assert [month.text for month in drawing.months] == ["Jan 2025"]


@pytest.mark.parametrize("values", [[], [None, None, None]])
def test_an_empty_chart_says_so(values: list[float | None]) -> None:
    drawing = draw_control_chart(chart_of(values))
    assert drawing.empty_words == "No values yet"
    assert drawing.marks == ()


def test_a_constant_series_is_a_level_line_inside_the_plot() -> None:
    drawing = draw_control_chart(chart_of([5.0] * 12))
    heights = {mark.y for mark in drawing.marks}
    assert len(heights) == 1
    assert float(drawing.top) < float(heights.pop()) < float(drawing.bottom)


def test_a_provisional_month_is_hollow_and_its_stretch_of_line_unsettled() -> None:
    drawing = draw_control_chart(chart_of([1, 2, 3], by_point={2: {"hollow": True}}))
    assert [mark.look for mark in drawing.marks] == ["solid", "solid", "hollow"]
    assert [len(line.split()) for line in drawing.lines] == [2]
    assert [len(line.split()) for line in drawing.unsettled_lines] == [2]


def test_a_ghosted_point_is_marked_as_such_and_keeps_its_class() -> None:
    drawing = draw_control_chart(chart_of([1, 9, 2], by_point={1: {"ghosted": True, "point_class": "concern"}}))
    assert (drawing.marks[1].look, drawing.marks[1].point_class) == ("ghosted", "concern")


def test_each_phase_has_limits_of_its_own_that_do_not_touch() -> None:
    limits = {
        index: {
            "centre": 5.0 if index < 3 else 2.0,
            "lower": 4.0 if index < 3 else 1.0,
            "upper": 6.0 if index < 3 else 3.0,
        }
        for index in range(6)
    }
    drawing = draw_control_chart(chart_of([5, 5, 5, 2, 2, 2], by_point=limits, phase_starts=("2025-04",)))
    assert len(drawing.bands) == len(drawing.centres) == 2
    assert len(drawing.limits) == 4
    first_end, second_start = drawing.centres[0].split()[-1], drawing.centres[1].split()[0]
    assert first_end.split(",")[0] == second_start.split(",")[0]
    assert first_end.split(",")[1] != second_start.split(",")[1]


def test_a_target_that_changes_is_one_line_with_a_step() -> None:
    targets = {index: {"target": 5.0 if index < 2 else 4.0} for index in range(4)}
    drawing = draw_control_chart(chart_of([5, 5, 5, 5], by_point=targets))
    assert len(drawing.targets) == 1
    assert len({corner.split(",")[1] for corner in drawing.targets[0].split()}) == 2


def test_a_target_that_begins_later_starts_there() -> None:
    drawing = draw_control_chart(chart_of([5, 5, 5, 5], by_point={2: {"target": 4.0}, 3: {"target": 4.0}}))
    start = float(drawing.targets[0].split()[0].split(",")[0])
    assert float(drawing.marks[1].x) < start < float(drawing.marks[2].x)


def test_gutter_labels_stand_at_their_lines_and_apart() -> None:
    limits = {index: {"centre": 5.0, "lower": 4.9, "upper": 5.1, "target": 5.05} for index in range(3)}
    drawing = draw_control_chart(
        chart_of([5, 5, 5], by_point=limits, upper_label="Upper limit 5.1", centre_label="Mean 5.0",
                 lower_label="Lower limit 4.9", target_label="Target ≤ 5.05", latest_label="Latest 5.0")
    )  # fmt: skip
    heights = sorted(float(label.y) for label in drawing.labels)
    assert len(heights) == 5
    assert all(later - earlier >= 12.4 for earlier, later in pairwise(heights))
    assert next(label.kind for label in drawing.labels) == "limit"


def test_a_label_without_its_line_is_not_printed() -> None:
    assert draw_control_chart(chart_of([5, 6], target_label="Target ≤ 4")).labels == ()


def test_a_small_chart_has_no_labels_and_its_flags_are_letters_without_words() -> None:
    chart = chart_of(
        [5, 6], centre_label="Mean 5", annotations=(Annotation(month="2025-02", letter="A", text="Rounds"),)
    )
    drawing = draw_control_chart(chart, width=218, height=120, size="small")
    assert drawing.labels == ()
    assert [(flag.letter, flag.text) for flag in drawing.flags] == [("A", "")]
    assert float(drawing.top) > float(drawing.flags[0].y) + 8


def test_a_year_below_the_last_month_of_a_small_chart_stays_on_the_paper() -> None:
    chart = chart_of([float(index) for index in range(13)])
    last = draw_control_chart(chart, width=218, height=122, size="small").months[-1]
    assert (last.text, last.anchor, last.text_x) == ("Jan 2026", "end", "218")


def test_the_unit_stands_above_the_axis_unless_the_ticks_carry_it() -> None:
    assert draw_control_chart(chart_of([1, 2])).unit == "days"
    assert draw_control_chart(chart_of([1, 2], tick_suffix="%")).unit == ""


def test_a_flag_in_the_first_month_leaves_room_for_the_unit() -> None:
    flag = Annotation(month="2025-01", letter="A", text="Rounds")
    drawing = draw_control_chart(chart_of([1, 2, 3], annotations=(flag,)))
    assert float(drawing.flags[0].y) < float(drawing.unit_y) - 8


FLAG_TEXTS = ("Rounds", "Daily multidisciplinary rounds on all medical units", "x" * 120)


@given(st.lists(st.tuples(st.integers(0, 23), st.sampled_from(FLAG_TEXTS)), min_size=1, max_size=6))
def test_flags_never_cover_each_other_or_leave_the_paper(wanted: list[tuple[int, str]]) -> None:
    flags = tuple(
        Annotation(month=str(Month(2025, 1).plus(month)), letter="ABCDEF"[place], text=text)
        for place, (month, text) in enumerate(wanted)
    )
    drawing = draw_control_chart(chart_of([float(index) for index in range(24)], annotations=flags))
    listed = dict(drawing.listed_flags)
    assert {flag.letter for flag in drawing.flags} == {flag.letter for flag in flags}
    assert all(bool(flag.text) != (flag.letter in listed) for flag in drawing.flags)
    spans = []
    for flag in drawing.flags:
        length = text_width(flag.text, 10.2)
        start = float(flag.text_x) if flag.anchor == "start" else float(flag.text_x) - length
        assert start >= -1
        assert start + length <= 691
        spans.append((flag.y, start, start + length, flag.text))
    for one, other in combinations([span for span in spans if span[3]], 2):
        assert one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]


def test_the_line_of_a_flag_does_not_cross_the_words_of_another() -> None:
    flags = (
        Annotation(month="2026-01", letter="A", text="Daily multidisciplinary rounds (Example Lakeside Hospital)"),
        Annotation(month="2026-09", letter="B", text="Physician advisor reviews short stays before discharge"),
    )
    drawing = draw_control_chart(chart_of([float(index) for index in range(24)], annotations=flags))
    (words,) = [flag for flag in drawing.flags if flag.text]  # there is room for the words of one of them
    (other,) = [flag for flag in drawing.flags if not flag.text]
    assert drawing.listed_flags == ((other.letter, flags["AB".index(other.letter)].text),)
    length = text_width(words.text, 10.2)
    start = float(words.text_x) - (length if words.anchor == "end" else 0)
    assert float(other.y) > float(words.y) or not start < float(other.x) < start + length  # a line runs downwards


def test_two_events_of_one_month_stand_above_each_other_with_their_words() -> None:
    flags = tuple(Annotation(month="2026-01", letter=letter, text=f"Event {letter}") for letter in "AB")
    drawing = draw_control_chart(chart_of([float(index) for index in range(24)], annotations=flags))
    assert [flag.text for flag in drawing.flags] == ["Event A", "Event B"]
    assert [float(flag.y) for flag in drawing.flags] == [10.0, 28.0]
    small = draw_control_chart(chart_of([1, 2, 3] * 8, annotations=flags), width=218, height=120, size="small")
    assert float(small.top) == 2 * 18 + 7


def test_a_flag_text_too_long_for_the_paper_is_listed_below() -> None:
    flag = Annotation(month="2025-02", letter="A", text="A " + "very " * 40 + "long text")
    drawing = draw_control_chart(chart_of([1, 2, 3], annotations=(flag,)))
    assert drawing.flags[0].text == ""
    assert drawing.listed_flags == (("A", flag.text),)


@st.composite
def any_chart(draw: st.DrawFn) -> Chart:
    n_points = draw(st.integers(0, 40))
    points = {
        index: {line: draw(NUMBERS) for line in ("centre", "lower", "upper", "target")}
        | {"hollow": draw(st.booleans()), "ghosted": draw(st.booleans())}
        for index in range(n_points)
    }
    later = [str(Month(2025, 1).plus(index)) for index in range(1, n_points)]
    starts = draw(st.lists(st.sampled_from(later), unique=True, max_size=3)) if later else []
    return chart_of(
        draw(st.lists(NUMBERS, min_size=n_points, max_size=n_points)),
        by_point=points,
        phase_starts=tuple(sorted(starts)),
        decimals=draw(st.integers(0, 4)),
        upper_label="Upper limit",
        centre_label="Mean",
        target_label="Target",
        latest_label="Latest",
    )


@settings(max_examples=60, deadline=None)
@given(any_chart(), st.sampled_from([("full", 690.0, 262.0), ("small", 218.0, 122.0)]))
def test_whatever_the_numbers_every_coordinate_is_finite_and_on_the_paper(
    chart: Chart, size: tuple[Any, float, float]
) -> None:
    kind, width, height = size
    drawing = draw_control_chart(chart, width=width, height=height, size=kind)
    _assert_on_paper(drawing, width, height)
    _assert_on_paper(draw_sparkline(Sparkline(points=chart.points, alt="A trend")), 112, 26)


def _assert_on_paper(drawing: Any, width: float, height: float) -> None:
    for text in _texts(drawing):
        assert not re.search(r"nan|inf", text)
        for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", text):
            assert -0.1 <= float(x) <= width + 0.1
            assert -0.1 <= float(y) <= height + 0.1


def _texts(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, tuple):
        return [text for item in part for text in _texts(item)]
    if is_dataclass(part):
        skipped = {"alt", "ticks", "labels", "months"}
        return [text for item in fields(part) if item.name not in skipped for text in _texts(getattr(part, item.name))]
    return []


def test_a_sparkline_marks_signals_the_provisional_month_and_the_last_value() -> None:
    points = chart_of([1, 2, 3, 4, 5, 6], by_point={1: {"point_class": "concern"}, 5: {"hollow": True}}).points
    drawing = draw_sparkline(Sparkline(points=points, alt="A trend"))
    assert [mark.point_class for mark in drawing.marks] == ["concern"]
    assert drawing.last is not None
    assert drawing.last.look == "hollow"


@pytest.mark.parametrize(("n", "n_lines"), [(3, 0), (5, 0), (6, 1)])
def test_two_or_three_months_are_points_and_no_trend(n: int, n_lines: int) -> None:
    points = tuple(ChartPoint(month=f"2026-{month:02}", value=float(month)) for month in range(1, n + 1))
    drawing = draw_sparkline(Sparkline(points=points, alt="A trend"))
    assert len(drawing.lines) == n_lines
    assert len(drawing.marks) + 1 == (n if n_lines == 0 else 1)


def test_an_empty_sparkline_says_so() -> None:
    drawing = draw_sparkline(Sparkline(points=(), alt="A trend"))
    assert (drawing.empty_words, drawing.last) == ("No values yet", None)


def bars_of(*values: float, label: str = "Cause") -> Bars:
    bars = tuple(Bar(label=label, value=value, value_words=f"{value:g}", beside=("10%",)) for value in values)
    return Bars(caption="Causes", alt="Causes", value_heading="Days", beside_headings=("Share",), bars=bars)


def test_bars_are_as_long_as_their_values() -> None:
    widths = [float(row.width) for row in draw_bars(bars_of(100, 50, 0)).rows]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1)
    assert widths[2] == 0


def test_bars_of_nothing_have_no_length() -> None:
    assert [row.width for row in draw_bars(bars_of(0, 0)).rows] == ["0", "0"]


def test_a_long_bar_label_takes_two_lines() -> None:
    drawing = draw_bars(bars_of(1, label="Payer authorisation pending after a first request that was refused"))
    assert len(drawing.rows[0].labels) == 2
