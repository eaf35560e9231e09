"""Scales, ticks and labels: the small sums behind every drawing, in pixels, free of any drawing library.

Not here: what a control chart or a sparkline consists of (`charts`, `small`).
Everything given to a template is already text, so a template never adds or rounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_EM_SHARE = 0.53
"""Mean width of a Source Sans 3 Semibold character as a share of the font size; measured on English text 0.50–0.53."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from low–high to pixels from start–end (start > end for a y axis)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Maps the index of a month to pixels; each month owns half a step on both sides. One month stands alone
    in the middle."""

    n_months: int
    left: float
    right: float
    inset: float = 6.0

    @property
    def step(self) -> float:
        """Pixels from one month to the next."""
        return (self.right - self.left - 2 * self.inset) / max(self.n_months - 1, 1)

    @property
    def half_step(self) -> float:
        """Pixels from a month to the border with its neighbour."""
        return self.step / 2

    def __call__(self, index: int) -> float:
        """The pixel of a month."""
        return (self.left + self.right) / 2 if self.n_months == 1 else self.left + self.inset + self.step * index


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A text that wants to stand at height y; `kind` names its look."""

    y: float
    text: str
    kind: str


def pixels(number: float) -> str:
    """A coordinate for the markup: at most one decimal, never `-0`, never NaN or infinite."""
    if not math.isfinite(number):
        raise ValueError(f"a coordinate must be finite, got {number}")
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Points as the `points` attribute of a polyline or polygon."""
    return " ".join(f"{pixels(x)},{pixels(y)}" for x, y in points)


def value_range(values: Sequence[float], *, decimals: int, padding: float = 0.08) -> tuple[float, float]:
    """Low and high end of an axis around the values, never of zero height.

    A range below the printed precision would show noise as mountains, so it is at least four units of the
    last printed decimal. An axis of values that are never negative does not go below zero.
    """
    low, high = min(values), max(values)
    largest = max(abs(low), abs(high))
    smallest_span = max(4 * 10.0**-decimals, largest * 1e-6)
    span = max(high - low, smallest_span)
    middle = (low + high) / 2
    pad = span * padding
    bottom, top = min(low, middle - span / 2) - pad, max(high, middle + span / 2) + pad
    if low >= 0 and bottom < 0:
        bottom = 0.0
    return bottom, top


def axis_ticks(low: float, high: float, *, about: int = 4) -> tuple[list[float], int]:
    """Round values inside low–high, about as many as asked, and the decimals they need."""
    raw = (high - low) / about
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = min(_STEPS, key=lambda candidate: abs(candidate * magnitude - raw)) * magnitude
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = next((places for places in range(7) if abs(round(step, places) - step) < step * 1e-6), 7)
    return [index * step for index in range(first, last + 1)], decimals


def tick_text(value: float, *, decimals: int, prefix: str = "", suffix: str = "") -> str:
    """An axis number: `-1,250`, `$12,500`, `14.5%`."""
    number = f"{abs(value):,.{decimals}f}"
    sign = "-" if value < 0 and number.strip("0.,") else ""
    return f"{sign}{prefix}{number}{suffix}"


def spread_labels(labels: Sequence[PlacedLabel], *, gap: float, top: float, bottom: float) -> list[PlacedLabel]:
    """Moves labels apart to at least `gap`, inside top–bottom, keeping their order and moving them least.

    Subtracting `gap` once per place turns "at least a gap apart" into "not falling", which is isotonic
    regression (pool adjacent violators): exact, without rounds. When they cannot all fit, the gap shrinks.
    """
    ordered = sorted(labels, key=lambda label: label.y)
    gap = min(gap, (bottom - top) / max(len(ordered) - 1, 1))
    pools: list[tuple[float, int]] = []  # mean of the shifted heights, how many labels share it
    for place, label in enumerate(ordered):
        pools.append((label.y - place * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            earlier_mean, earlier_count = pools.pop()
            total = count + earlier_count
            pools.append(((mean * count + earlier_mean * earlier_count) / total, total))
    shifted = [mean for mean, count in pools for _ in range(count)]
    highest = max(top, bottom - (len(ordered) - 1) * gap)
    return [
        PlacedLabel(min(max(height, top), highest) + place * gap, label.text, label.kind)
        for place, (height, label) in enumerate(zip(shifted, ordered, strict=True))
    ]


def text_width(text: str, size: float) -> float:
    """About how wide a line of text is, in pixels; errs on the wide side."""
    return len(text) * size * _EM_SHARE


def fitted(text: str, *, width: float, size: float) -> str:
    """The text, cut with … where it would be wider."""
    room = max(1, int(width / (size * _EM_SHARE)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def wrapped(text: str, *, width: float, size: float, lines: int = 2) -> list[str]:
    """Breaks a label into at most `lines` lines; what would be wider than a line is cut with …"""
    words, broken = text.split(), [""]
    for word in words:
        longer = f"{broken[-1]} {word}".strip()
        if text_width(longer, size) <= width or not broken[-1] or len(broken) == lines:
            broken[-1] = longer
        else:
            broken.append(word)
    return [fitted(line, width=width, size=size) for line in broken]


def month_label_places(months: Sequence[str], *, spacing: float, least: float = 34.0) -> list[int]:
    """Which months get a label: the last one, and every 1, 2, 3, 6 or 12 months where there is room.

    months: `YYYY-MM`; spacing: pixels between two months; least: pixels a label needs. Quarters and half
    years are those of the calendar, so January carries the year. The first month is labelled when it fits.
    """
    if not months:
        return []
    last = len(months) - 1
    every = next((step for step in (1, 2, 3, 6, 12) if step * spacing >= least), 12)
    numbers = [int(month[5:]) for month in months]
    places = [place for place, number in enumerate(numbers) if (number - 1) % every == 0]
    kept = [place for place in places if (last - place) * spacing >= least]
    if not kept or kept[0] * spacing >= least * 1.6:
        kept = [0, *(place for place in kept if place)]
    return sorted({*kept, last}) if last * spacing >= least else [last]


def month_text(month: str, *, with_year: bool) -> str:
    """`2026-01` as `Jan` or `Jan 2026`."""
    name = MONTH_NAMES[int(month[5:]) - 1]
    return f"{name} {month[:4]}" if with_year else name
