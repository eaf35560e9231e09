"""Places lettered annotations above a control chart so that no text covers another text or another flag's line.

Not here: the chart under them (`geometry_charts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.report.chart_model import Annotation, Chart
from kpi_pipeline.report.geometry import TimeAxis, pixels, text_width

_ROW_HEIGHT = 18.0
_TEXT_SIZE = 10.2
_DOT_RADIUS = 8.0


@dataclass(frozen=True, slots=True)
class Flag:
    """A lettered flag. `text` is empty when it found no room and is listed below the chart instead."""

    x: str
    y: str
    letter: str
    text: str
    text_x: str
    anchor: Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class FlagLayout:
    """All flags of a chart, the (letter, text) pairs to list below it, and the height the flags need."""

    flags: tuple[Flag, ...]
    listed: tuple[tuple[str, str], ...]
    height: float


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a flag stands: its line at x, its dot and text from start to end, in a row counted upwards."""

    x: float
    start: float
    end: float
    row: int
    anchor: Literal["start", "end"]


def place_flags(chart: Chart, time: TimeAxis, *, width: float, reserved: float = 0.0) -> FlagLayout:
    """Rows for the flags, from the latest to the earliest: the lowest row and the side where nothing is covered.

    A text that finds no room is listed below the chart; its letter keeps a row of its own if need be.
    `reserved` pixels at the left of the lowest row stay free: the unit of the axis stands there.
    """
    if not chart.annotations:
        return FlagLayout((), (), 0.0)
    unit = _Span(-width, 0.0, reserved, 0, "start")
    months = [point.month for point in chart.points]
    placed: list[tuple[Annotation, _Span, bool]] = []
    for flag in sorted(chart.annotations, key=lambda annotation: (annotation.month, annotation.letter), reverse=True):
        x = max(time(months.index(flag.month)) - time.half_step, time.left)
        others = [unit, *(span for _, span, _ in placed)]
        span = _free_span(x, text_width(flag.text, _TEXT_SIZE) + _DOT_RADIUS + 6.0, others, width)
        has_text = span is not None
        placed.append((flag, span or _free_span(x, 0.0, others, width) or _row_above(x, others), has_text))
    n_rows = max(span.row for _, span, _ in placed) + 1
    placed.reverse()
    return FlagLayout(
        flags=tuple(
            Flag(
                pixels(span.x),
                pixels(10.0 + _ROW_HEIGHT * (n_rows - 1 - span.row)),
                flag.letter,
                flag.text if has_text else "",
                pixels(span.x + (11.0 if span.anchor == "start" else -11.0)),
                span.anchor,
            )
            for flag, span, has_text in placed
        ),
        listed=tuple((flag.letter, flag.text) for flag, _, has_text in placed if not has_text),
        height=_ROW_HEIGHT * n_rows,
    )


def _free_span(x: float, length: float, others: list[_Span], width: float) -> _Span | None:
    """The lowest free place for a flag with a text of this length, right of its line before left of it."""
    for row in range(len(others) + 1):
        for anchor, start, end in (
            ("start", x - _DOT_RADIUS, x + max(length, _DOT_RADIUS)),
            ("end", x - max(length, _DOT_RADIUS), x + _DOT_RADIUS),
        ):
            span = _Span(x, start, end, row, "start" if anchor == "start" else "end")
            if start >= 0 and end <= width and not any(_in_the_way(span, other) for other in others):
                return span
    return None


def _row_above(x: float, others: list[_Span]) -> _Span:
    return _Span(x, x - _DOT_RADIUS, x + _DOT_RADIUS, len(others), "start")


def _in_the_way(span: _Span, other: _Span) -> bool:
    """Two flags collide when they overlap in a row, or the line of the upper one cuts the lower one."""
    if span.row == other.row:
        return span.start < other.end + 4 and other.start < span.end + 4
    upper, lower = (span, other) if span.row > other.row else (other, span)
    return lower.start - 2 < upper.x < lower.end + 2
