"""The parts of a control chart on paper: steps, bands, lines, marks and months, within a frame of two axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.report.drawing.control_chart import Mark, MonthTick
from kpi_pipeline.report.drawing.geometry import (
    Scale,
    TimeAxis,
    month_label_places,
    month_text,
    pixels,
    polyline,
    text_width,
)
from kpi_pipeline.report.model.chart import ChartPoint


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot area and its two axes."""

    left: float
    right: float
    top: float
    bottom: float
    x: TimeAxis
    y: Scale
    is_straight: bool = False


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


def _edges(index: int, frame: Frame) -> tuple[float, float]:
    """The stretch of the time axis a month owns, cut at the plot's edges."""
    return max(frame.x(index) - frame.x.half_step, frame.left), min(frame.x(index) + frame.x.half_step, frame.right)


def _stairs(points: Sequence[ChartPoint], first: int, end: int, frame: Frame, line: str) -> list[tuple[float, float]]:
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


def steps(points: Sequence[ChartPoint], phases: Sequence[tuple[int, int]], frame: Frame, line: str) -> tuple[str, ...]:
    """A line of steps per phase, broken where a month has no such number."""
    present = [getattr(point, line) is not None for point in points]
    return tuple(
        polyline(_stairs(points, *run, frame, line)) for first, end in phases for run in _runs(present, first, end)
    )


def bands(points: Sequence[ChartPoint], first: int, end: int, frame: Frame) -> list[str]:
    """The band between the limits, broken where a month has none."""
    present = [point.lower is not None and point.upper is not None for point in points]
    return [
        polyline([*_stairs(points, *run, frame, "upper"), *reversed(_stairs(points, *run, frame, "lower"))])
        for run in _runs(present, first, end)
    ]


def baselines(points: Sequence[ChartPoint], frame: Frame) -> tuple[str, ...]:
    """A bar on the axis below the months of a frozen baseline; none where every settled month is in it."""
    settled = [point for point in points if point.value is not None and not (point.hollow or point.ghosted)]
    if all(point.in_baseline for point in settled):
        return ()
    runs = _runs([point.in_baseline for point in points], 0, len(points))
    return tuple(
        polyline([(_edges(first, frame)[0], frame.bottom), (_edges(end - 1, frame)[1], frame.bottom)])
        for first, end in runs
    )


def lines(points: Sequence[ChartPoint], frame: Frame, *, settled: bool) -> tuple[str, ...]:
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


def marks(points: Sequence[ChartPoint], frame: Frame) -> list[Mark]:
    """One mark for each value."""
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


def month_ticks(points: Sequence[ChartPoint], frame: Frame, *, least: float, width: float) -> tuple[MonthTick, ...]:
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
