"""Turns a chart of the report model into places on paper: lines, bands, marks and labels of a control chart.

Not here: how limits and signals are found (`signals/`), sparklines and bars (`small`), markup (templates).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal

from kpi_pipeline.report.drawing.chart_lines import Frame, bands, baselines, lines, marks, month_ticks, steps
from kpi_pipeline.report.drawing.control_chart import ControlChart, GutterLabel, Tick
from kpi_pipeline.report.drawing.flags import place_flags
from kpi_pipeline.report.drawing.geometry import (
    PlacedLabel,
    Scale,
    TimeAxis,
    axis_ticks,
    fitted,
    pixels,
    spread_labels,
    text_width,
    tick_text,
    value_range,
)
from kpi_pipeline.report.model.chart import Chart

FULL_WIDTH = 690.0
"""The measure of the page in CSS pixels, the same on US Letter and A4."""
_WIDEST_GUTTER, _WIDEST_UNIT = 190.0, 260.0


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
    frame = Frame(left, right, top, bottom, time, Scale(low, high, bottom, top), chart.is_straight)
    phases = _phase_slices(chart)
    return replace(
        blank,
        ticks=tuple(Tick(pixels(frame.y(tick)), text) for tick, text in zip(ticks, texts, strict=True)),
        months=month_ticks(chart.points, frame, least=34.0 if full else 44.0, width=width),
        months_y=pixels(bottom + (13.0 if full else 12.0)),
        bands=tuple(band for first, end in phases for band in bands(chart.points, first, end, frame)),
        limits=steps(chart.points, phases, frame, "upper") + steps(chart.points, phases, frame, "lower"),
        centres=steps(chart.points, phases, frame, "centre"),
        targets=steps(chart.points, [(0, len(chart.points))], frame, "target"),
        lines=lines(chart.points, frame, settled=True),
        unsettled_lines=lines(chart.points, frame, settled=False),
        marks=tuple(marks(chart.points, frame)),
        labels=tuple(_gutter_labels(chart, frame)) if full else (),
        baselines=baselines(chart.points, frame),
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


def _gutter_width(chart: Chart) -> float:
    texts = [chart.upper_label, chart.centre_label, chart.lower_label, chart.target_label, chart.latest_label]
    widest = max((text_width(text, 10.4) for text in texts if text), default=0.0)
    return min(max(widest + 16.0, 40.0), _WIDEST_GUTTER)


def _gutter_labels(chart: Chart, frame: Frame) -> list[GutterLabel]:
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
