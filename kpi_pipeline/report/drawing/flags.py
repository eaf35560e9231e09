"""Places lettered annotations above a control chart so that no text covers another text or another flag's line.

Not here: the chart under them (`charts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

from kpi_pipeline.report.drawing.geometry import TimeAxis, pixels, text_width
from kpi_pipeline.report.model.chart import Annotation, Chart

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


def place_flags(
    chart: Chart, time: TimeAxis, *, width: float, reserved: float = 0.0, letters_only: bool = False
) -> FlagLayout:
    """Rows for the flags, from the latest to the earliest: the lowest row and the side where nothing is covered.

    As many texts as can stand uncovered do; the others are listed below the chart, and their letters stand alone.
    `reserved` pixels at the left of the lowest row stay free: the unit of the axis stands there.
    """
    if not chart.annotations:
        return FlagLayout((), (), 0.0)
    unit = _Span(-width, 0.0, reserved, 0, "start")
    months = [point.month for point in chart.points]
    flags = sorted(chart.annotations, key=lambda annotation: (annotation.month, annotation.letter))
    places = [max(time(months.index(flag.month)) - time.half_step, time.left) for flag in flags]
    spans, texts = _most_texts(flags, places, unit, width, letters_only)
    n_rows = max(span.row for span in spans) + 1
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
            for flag, span, has_text in zip(flags, spans, texts, strict=True)
        ),
        listed=tuple((flag.letter, flag.text) for flag, has_text in zip(flags, texts, strict=True) if not has_text),
        height=_ROW_HEIGHT * n_rows,
    )


def _most_texts(
    flags: list[Annotation], places: list[float], unit: _Span, width: float, letters_only: bool
) -> tuple[list[_Span], tuple[bool, ...]]:
    """The first layout without a covered text among those with the most texts; at most 64 are tried.

    There is always one: letters without words find a row each.
    """
    kinds = (False,) if letters_only else (True, False)
    choices = sorted(product(kinds, repeat=len(flags)), key=lambda texts: -sum(texts))
    layouts = ((_spans(places, _lengths(flags, texts), unit, width), texts) for texts in choices)
    return next((spans, texts) for spans, texts in layouts if spans is not None)


def _lengths(flags: list[Annotation], texts: tuple[bool, ...]) -> list[float]:
    return [
        text_width(flag.text, _TEXT_SIZE) + _DOT_RADIUS + 6.0 if has_text else 0.0
        for flag, has_text in zip(flags, texts, strict=True)
    ]


def _spans(places: list[float], lengths: list[float], unit: _Span, width: float) -> list[_Span] | None:
    """A place for each flag, from the last to the first; None when one finds none."""
    placed: list[_Span] = []
    for x, length in zip(reversed(places), reversed(lengths), strict=True):
        span = _free_span(x, length, [unit, *placed], width)
        if span is None:
            return None
        placed.append(span)
    return placed[::-1]


def _free_span(x: float, length: float, others: list[_Span], width: float) -> _Span | None:
    """The lowest free place for a flag with a text of this length, right of its line before left of it."""
    for row in range(len(others) + 1):
        for anchor, start, end in (
            ("start", x - _DOT_RADIUS, x + max(length, _DOT_RADIUS)),
            ("end", x - max(length, _DOT_RADIUS), x + _DOT_RADIUS),
        ):
            span = _Span(x, start, end, row, "start" if anchor == "start" else "end")
            is_on_paper = length == 0.0 or (start >= 0 and end <= width)
            if is_on_paper and not any(_in_the_way(span, other) for other in others):
                return span
    return None


def _in_the_way(span: _Span, other: _Span) -> bool:
    """Two flags collide when they overlap in a row, or the line of the upper one cuts the words of the lower one.

    A line behind a lower dot covers nothing: two events of one month stand above each other.
    """
    if span.row == other.row:
        return span.start < other.end + 4 and other.start < span.end + 4
    upper, lower = (span, other) if span.row > other.row else (other, span)
    is_behind_dot = abs(upper.x - lower.x) <= _DOT_RADIUS
    return lower.start - 2 < upper.x < lower.end + 2 and not is_behind_dot
