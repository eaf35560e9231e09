"""Turns a chart of the report model into places on paper: lines, bands, marks and labels of a control chart.

Not here: how limits and signals are found (`signals/`), sparklines and bars (`small`), markup (templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from kpi_pipeline.report.drawing.flags import Flag, place_flags
from kpi_pipeline.report.drawing.geometry import (
    PlacedLabel,
    Scale,
    TimeAxis,
    axis_ticks,
    fitted,
    month_label_places,
    month_text,
    pixels,
    polyline,
    spread_labels,
    text_width,
    tick_text,
    value_range,
)
from kpi_pipeline.report.model.chart import Chart, ChartPoint

FULL_WIDTH = 690.0
"""The measure of the page in CSS pixels, the same on US Letter and A4."""
_WIDEST_GUTTER, _WIDEST_UNIT = 190.0, 260.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A number beside the value axis."""

    y: str
    text: str


@dataclass(frozen=True, slots=True)
class MonthTick:
    """A month below the chart: its tick at x, its text anchored at text_x so that it stays on the paper."""

    x: str
    text_x: str
    text: str
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One value: its class gives shape and colour; hollow and ghosted marks keep the shape of their class."""

    x: str
    y: str
    point_class: str
    look: Literal["solid", "hollow", "ghosted"]


@dataclass(frozen=True, slots=True)
class GutterLabel:
    """A direct label in the right gutter."""

    y: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A control chart ready for markup: every coordinate is text. `empty_words` replaces the drawing."""

    width: str
    height: str
    alt: str
    size: Literal["full", "small"]
    left: str
    right: str
    top: str
    bottom: str
    gutter: str
    unit: str
    unit_y: str
    ticks: tuple[Tick, ...] = ()
    months: tuple[MonthTick, ...] = ()
    months_y: str = "0"
    bands: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    centres: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    unsettled_lines: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    labels: tuple[GutterLabel, ...] = ()
    baselines: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    listed_flags: tuple[tuple[str, str], ...] = ()
    empty_words: str = ""
    middle_x: str = "0"
    middle_y: str = "0"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot area and its two axes."""

    left: float
    right: float
    top: float
    bottom: float
    x: TimeAxis
    y: Scale
    is_straight: bool = False


def draw_control_chart(
    chart: Chart, *, width: float = FULL_WIDTH, height: float = 250.0, size: Literal["full", "small"] = "full"
) -> ControlChart:
    """Places a chart. `full` has direct labels in a right gutter; in `small` flags are letters without words."""
    full = size == "full"
    gutter = _gutter_width(chart) if full else 7.0
    ticks, decimals, low, high = _value_axis(chart, about=4 if full else 3)
    texts = [tick_text(tick, decimals=decimals, prefix=chart.tick_prefix, suffix=chart.tick_suffix) for tick in ticks]
    tick_size = 10.2 if full else 9.9
    left = max([30.0 if full else 24.0, *(text_width(text, tick_size) + 9 for text in texts)])
    right, bottom = width - gutter, height - (22.0 if full else 19.0)
    time = TimeAxis(len(chart.points), left, right)
    unit = (
        fitted(chart.unit, width=_WIDEST_UNIT, size=10.0)
        if full and not chart.tick_prefix and not chart.tick_suffix
        else ""
    )
    flags = place_flags(chart, time, width=width, reserved=text_width(unit, 10.0), letters_only=not full)
    top = max(flags.height, 18.0 if unit else 0.0) + (8.0 if full else 7.0)
    blank = ControlChart(
        width=pixels(width),
        height=pixels(height),
        alt=chart.alt,
        size=size,
        left=pixels(left),
        right=pixels(right),
        top=pixels(top),
        bottom=pixels(bottom),
        gutter=pixels(right + 9),
        unit=unit,
        unit_y=pixels(top - 8.5),
    )
    if not any(point.value is not None for point in chart.points):
        return replace(blank, empty_words=chart.empty_words, middle_x=pixels(width / 2), middle_y=pixels(height / 2))
    frame = _Frame(left, right, top, bottom, time, Scale(low, high, bottom, top), chart.is_straight)
    phases = _phase_slices(chart)
    return replace(
        blank,
        ticks=tuple(Tick(pixels(frame.y(tick)), text) for tick, text in zip(ticks, texts, strict=True)),
        months=_month_ticks(chart.points, frame, least=34.0 if full else 44.0, width=width),
        months_y=pixels(bottom + (13.0 if full else 12.0)),
        bands=tuple(band for first, end in phases for band in _bands(chart.points, first, end, frame)),
        limits=_steps(chart.points, phases, frame, "upper") + _steps(chart.points, phases, frame, "lower"),
        centres=_steps(chart.points, phases, frame, "centre"),
        targets=_steps(chart.points, [(0, len(chart.points))], frame, "target"),
        lines=_lines(chart.points, frame, settled=True),
        unsettled_lines=_lines(chart.points, frame, settled=False),
        marks=tuple(_marks(chart.points, frame)),
        labels=tuple(_gutter_labels(chart, frame)) if full else (),
        baselines=_baselines(chart.points, frame),
        flags=flags.flags,
        listed_flags=flags.listed,
    )


def _value_axis(chart: Chart, *, about: int) -> tuple[list[float], int, float, float]:
    """Ticks, their decimals, and the ends of the axis; all drawn numbers lie between the ends."""
    drawn = [
        number
        for point in chart.points
        for number in (point.value, point.centre, point.lower, point.upper, point.target)
        if number is not None
    ] or [0.0, 1.0]
    low, high = value_range(drawn, decimals=chart.decimals)
    ticks, decimals = axis_ticks(low, high, about=about)
    return ticks, decimals, low, high


def _phase_slices(chart: Chart) -> list[tuple[int, int]]:
    """First and end index of each phase."""
    months = [point.month for point in chart.points]
    bounds = [0, *(months.index(month) for month in chart.phase_starts), len(months)]
    return list(pairwise(bounds))


def _runs(present: Sequence[bool], first: int, end: int) -> list[tuple[int, int]]:
    """Stretches of consecutive True between first and end, as (first, end) pairs."""
    runs: list[tuple[int, int]] = []
    for index in range(first, end):
        if present[index]:
            if runs and runs[-1][1] == index:
                runs[-1] = (runs[-1][0], index + 1)
            else:
                runs.append((index, index + 1))
    return runs


def _edges(index: int, frame: _Frame) -> tuple[float, float]:
    """The stretch of the time axis a month owns, cut at the plot's edges."""
    return max(frame.x(index) - frame.x.half_step, frame.left), min(frame.x(index) + frame.x.half_step, frame.right)


def _stairs(points: Sequence[ChartPoint], first: int, end: int, frame: _Frame, line: str) -> list[tuple[float, float]]:
    if frame.is_straight:
        return [(frame.x(index), frame.y(getattr(points[index], line))) for index in range(first, end)]
    corners: list[tuple[float, float]] = []
    for index in range(first, end):
        y = frame.y(getattr(points[index], line))
        corners.extend((edge, y) for edge in _edges(index, frame))
    flat = [
        corner
        for place, corner in enumerate(corners)
        if place in (0, len(corners) - 1) or not corners[place - 1][1] == corner[1] == corners[place + 1][1]
    ]
    return flat


def _steps(
    points: Sequence[ChartPoint], phases: Sequence[tuple[int, int]], frame: _Frame, line: str
) -> tuple[str, ...]:
    """A line of steps per phase, broken where a month has no such number."""
    present = [getattr(point, line) is not None for point in points]
    return tuple(
        polyline(_stairs(points, *run, frame, line)) for first, end in phases for run in _runs(present, first, end)
    )


def _bands(points: Sequence[ChartPoint], first: int, end: int, frame: _Frame) -> list[str]:
    present = [point.lower is not None and point.upper is not None for point in points]
    return [
        polyline([*_stairs(points, *run, frame, "upper"), *reversed(_stairs(points, *run, frame, "lower"))])
        for run in _runs(present, first, end)
    ]


def _baselines(points: Sequence[ChartPoint], frame: _Frame) -> tuple[str, ...]:
    """A bar on the axis below the months of a frozen baseline; none where every settled month is in it."""
    settled = [point for point in points if point.value is not None and not (point.hollow or point.ghosted)]
    if all(point.in_baseline for point in settled):
        return ()
    runs = _runs([point.in_baseline for point in points], 0, len(points))
    return tuple(
        polyline([(_edges(first, frame)[0], frame.bottom), (_edges(end - 1, frame)[1], frame.bottom)])
        for first, end in runs
    )


def _lines(points: Sequence[ChartPoint], frame: _Frame, *, settled: bool) -> tuple[str, ...]:
    """The line through the values. Settled stretches join final points; a stretch to a hollow or ghosted
    point is unsettled (drawn dotted). A missing month breaks both."""
    drawn: list[list[int]] = []
    for index in range(len(points) - 1):
        here, there = points[index], points[index + 1]
        if here.value is None or there.value is None:
            continue
        is_settled = not (here.hollow or there.hollow or here.ghosted or there.ghosted)
        if is_settled != settled:
            continue
        if drawn and drawn[-1][-1] == index:
            drawn[-1].append(index + 1)
        else:
            drawn.append([index, index + 1])
    return tuple(polyline((frame.x(index), frame.y(points[index].value or 0.0)) for index in run) for run in drawn)


def _marks(points: Sequence[ChartPoint], frame: _Frame) -> list[Mark]:
    return [
        Mark(
            pixels(frame.x(index)),
            pixels(frame.y(point.value)),
            point.point_class,
            "ghosted" if point.ghosted else "hollow" if point.hollow else "solid",
        )
        for index, point in enumerate(points)
        if point.value is not None
    ]


def _month_ticks(points: Sequence[ChartPoint], frame: _Frame, *, least: float, width: float) -> tuple[MonthTick, ...]:
    """Months below the chart; the first one shown and each January carry the year. None leaves the paper."""
    months = [point.month for point in points]
    places = month_label_places(months, spacing=frame.x.step, least=least)
    ticks = []
    for place in places:
        text = month_text(months[place], with_year=place == places[0] or months[place].endswith("-01"))
        x, half = frame.x(place), text_width(text, 10.0) / 2
        if x + half > width:
            ticks.append(MonthTick(pixels(x), pixels(width), text, "end"))
        elif x < half:
            ticks.append(MonthTick(pixels(x), "0", text, "start"))
        else:
            ticks.append(MonthTick(pixels(x), pixels(x), text, "middle"))
    return tuple(ticks)


def _gutter_width(chart: Chart) -> float:
    texts = [chart.upper_label, chart.centre_label, chart.lower_label, chart.target_label, chart.latest_label]
    widest = max((text_width(text, 10.4) for text in texts if text), default=0.0)
    return min(max(widest + 16.0, 40.0), _WIDEST_GUTTER)


def _gutter_labels(chart: Chart, frame: _Frame) -> list[GutterLabel]:
    """Each label at the height of the last point that has its line, moved apart where they would touch."""
    wanted = (
        (chart.upper_label, "upper", "limit"),
        (chart.centre_label, "centre", "centre"),
        (chart.lower_label, "lower", "limit"),
        (chart.target_label, "target", "target"),
        (chart.latest_label, "value", "latest"),
    )
    labels = []
    for text, line, kind in wanted:
        numbers = [number for point in chart.points if (number := getattr(point, line)) is not None]
        if text and numbers:
            shown = fitted(text, width=_WIDEST_GUTTER - 9.0, size=10.4)
            labels.append(PlacedLabel(frame.y(numbers[-1]), shown, kind))
    placed = spread_labels(labels, gap=12.6, top=frame.top + 2, bottom=frame.bottom - 1)
    return [GutterLabel(pixels(label.y + 3.4), label.text, label.kind) for label in placed]
