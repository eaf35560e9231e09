"""The calibration plot of a risk model: what was expected of tenths of the stays, against what happened.

Not here: what is expected (`improvement/risk`), markup (templates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.report.drawing.control_chart import Mark, Tick
from kpi_pipeline.report.drawing.funnel import SizeTick
from kpi_pipeline.report.drawing.geometry import Scale, axis_ticks, pixels, text_width, tick_text, value_range

_SIDE = 300.0
_Look = Literal["solid", "hollow"]


@dataclass(frozen=True, slots=True)
class CalibrationGroup:
    """A tenth of the stays: the means expected and observed, and whether the model had seen these stays."""

    expected: float
    observed: float
    is_baseline: bool


@dataclass(frozen=True, slots=True)
class CalibrationDrawing:
    """A calibration plot ready for markup: every coordinate is text. The diagonal is where all marks should lie."""

    width: str
    height: str
    alt: str
    left: str
    right: str
    bottom: str
    diagonal: str
    ticks: tuple[Tick, ...]
    sizes: tuple[SizeTick, ...]
    sizes_y: str
    heading_y: str
    headings: tuple[str, str]
    marks: tuple[Mark, ...]
    key: tuple[tuple[Mark, str, str, str], ...]


def draw_calibration(
    groups: tuple[CalibrationGroup, ...], *, alt: str, headings: tuple[str, str], key: tuple[str, str], decimals: int
) -> CalibrationDrawing:
    """Places the plot. headings: of the axis to the right and upwards; key: of the hollow and the solid marks."""
    drawn = [value for group in groups for value in (group.expected, group.observed)]
    low, high = value_range(drawn, decimals=decimals, padding=0.06)
    ticks, tick_decimals = axis_ticks(low, high)
    texts = [tick_text(tick, decimals=tick_decimals, suffix="") for tick in ticks]
    left = max(30.0, *(text_width(text, 10.2) + 9 for text in texts))
    right, top, bottom = left + _SIDE, 22.0, 22.0 + _SIDE
    x, y = Scale(low, high, left, right), Scale(low, high, bottom, top)

    def marked(at_x: float, at_y: float, *, is_baseline: bool) -> Mark:
        look: _Look = "hollow" if is_baseline else "solid"
        return Mark(pixels(at_x), pixels(at_y), "common_cause" if is_baseline else "neither", look)

    return CalibrationDrawing(
        width=pixels(right + 14),
        height=pixels(bottom + 40),
        alt=alt,
        left=pixels(left),
        right=pixels(right),
        bottom=pixels(bottom),
        diagonal=f"{pixels(x(low))},{pixels(y(low))} {pixels(x(high))},{pixels(y(high))}",
        ticks=tuple(Tick(pixels(y(tick)), text) for tick, text in zip(ticks, texts, strict=True)),
        sizes=tuple(SizeTick(pixels(x(tick)), text) for tick, text in zip(ticks, texts, strict=True)),
        sizes_y=pixels(bottom + 15.0),
        heading_y=pixels(bottom + 32.0),
        headings=headings,
        marks=tuple(marked(x(one.expected), y(one.observed), is_baseline=one.is_baseline) for one in groups),
        key=tuple(
            (
                marked(left + 12, top + 12 + 15 * row, is_baseline=row == 0),
                pixels(left + 22),
                pixels(top + 15.6 + 15 * row),
                words,
            )
            for row, words in enumerate(key)
            if any(one.is_baseline == (row == 0) for one in groups)
        ),
    )
