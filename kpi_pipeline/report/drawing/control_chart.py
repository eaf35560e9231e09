"""A control chart as the templates draw it: every coordinate is text. Made in `drawing.charts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.report.drawing.flags import Flag


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

    @property
    def is_plain(self) -> bool:
        """Whether it is one of the many dots that all look alike."""
        return self.point_class == "common_cause" and self.look == "solid"


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
