"""Turns a funnel of the report model into places on paper: units by size between curved limits.

Not here: how the limits are found (`signals/funnel.py`), charts over time (`charts`), markup (templates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.report.drawing.charts import FULL_WIDTH
from kpi_pipeline.report.drawing.control_chart import GutterLabel, Mark, Tick
from kpi_pipeline.report.drawing.geometry import (
    PlacedLabel,
    Scale,
    axis_ticks,
    fitted,
    pixels,
    polyline,
    spread_labels,
    text_width,
    tick_text,
    value_range,
)
from kpi_pipeline.report.model.chart import Funnel, FunnelMark

_WIDEST_NAME = 220.0
_OUTER, _INNER = "99.8% limits", "95% limits"


@dataclass(frozen=True, slots=True)
class SizeTick:
    """A number below the chart."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class NameLabel:
    """The name of a unit outside the limits, beside its mark."""

    x: str
    y: str
    text: str
    anchor: Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class FunnelDrawing:
    """A funnel ready for markup: every coordinate is text. The band lies between the 95 % limits."""

    width: str
    height: str
    alt: str
    left: str
    right: str
    bottom: str
    gutter: str
    centre_y: str
    band: str
    outer: tuple[str, str]
    ticks: tuple[Tick, ...]
    sizes: tuple[SizeTick, ...]
    sizes_y: str
    size_heading: str
    heading_y: str
    marks: tuple[Mark, ...]
    names: tuple[NameLabel, ...]
    labels: tuple[GutterLabel, ...]


def draw_funnel(funnel: Funnel, *, width: float = FULL_WIDTH, height: float = 184.0) -> FunnelDrawing:
    """Places a funnel: sizes to the right, values upwards, names only where the model gives them."""
    drawn = [mark.value for mark in funnel.marks] + [funnel.centre]
    drawn += [limit for at in funnel.curve for limit in (at.lower_998, at.upper_998)]
    low, high = value_range(drawn, decimals=funnel.decimals, padding=0.04)
    ticks, decimals = axis_ticks(low, high)
    texts = [tick_text(tick, decimals=decimals, suffix=funnel.tick_suffix) for tick in ticks]
    left = max(30.0, *(text_width(text, 10.2) + 9 for text in texts))
    gutter = max(text_width(text, 10.4) for text in (funnel.centre_label, _OUTER, _INNER)) + 16.0
    right, bottom = width - gutter, height - 36.0
    largest = max(at.size for at in funnel.curve)
    x, y = Scale(0.0, largest, left, right), Scale(low, high, bottom, 8.0)
    size_ticks, size_decimals = axis_ticks(0.0, largest, about=5)
    last = funnel.curve[-1]
    placed = spread_labels(
        [
            PlacedLabel(y(last.upper_998), _OUTER, "limit"),
            PlacedLabel(y(last.upper_95), _INNER, "limit"),
            PlacedLabel(y(funnel.centre), funnel.centre_label, "centre"),
        ],
        gap=12.6,
        top=10.0,
        bottom=bottom - 1,
    )
    return FunnelDrawing(
        width=pixels(width),
        height=pixels(height),
        alt=funnel.alt,
        left=pixels(left),
        right=pixels(right),
        bottom=pixels(bottom),
        gutter=pixels(right + 9),
        centre_y=pixels(y(funnel.centre)),
        band=polyline(
            [(x(at.size), y(at.upper_95)) for at in funnel.curve]
            + [(x(at.size), y(at.lower_95)) for at in reversed(funnel.curve)]
        ),
        outer=(
            polyline((x(at.size), y(at.lower_998)) for at in funnel.curve),
            polyline((x(at.size), y(at.upper_998)) for at in funnel.curve),
        ),
        ticks=tuple(Tick(pixels(y(tick)), text) for tick, text in zip(ticks, texts, strict=True)),
        sizes=tuple(SizeTick(pixels(x(size)), tick_text(size, decimals=size_decimals)) for size in size_ticks),
        sizes_y=pixels(bottom + 15.0),
        size_heading=funnel.size_heading,
        heading_y=pixels(bottom + 30.0),
        marks=tuple(Mark(pixels(x(one.size)), pixels(y(one.value)), one.point_class, "solid") for one in funnel.marks),
        names=tuple(_names(funnel.marks, x, y, middle=(left + right) / 2, top=12.0, bottom=bottom - 2)),
        labels=tuple(GutterLabel(pixels(label.y + 3.4), label.text, label.kind) for label in placed),
    )


def _names(
    marks: tuple[FunnelMark, ...], x: Scale, y: Scale, *, middle: float, top: float, bottom: float
) -> list[NameLabel]:
    """Names beside their marks: to the right in the left half, to the left in the right half, moved apart."""
    names: list[NameLabel] = []
    for is_left in (True, False):
        named = sorted(
            (one for one in marks if one.label and (x(one.size) < middle) == is_left), key=lambda one: y(one.value)
        )
        wanted = [PlacedLabel(y(one.value), fitted(str(one.label), width=_WIDEST_NAME, size=10.4), "") for one in named]
        for one, label in zip(named, spread_labels(wanted, gap=12.6, top=top, bottom=bottom), strict=True):
            at = x(one.size) + (9.0 if is_left else -9.0)
            names.append(NameLabel(pixels(at), pixels(label.y + 3.6), label.text, "start" if is_left else "end"))
    return names
