"""Places for the small drawings: sparklines and bars.

Not here: control charts (`charts`), markup (templates).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from kpi_pipeline.report.drawing.charts import FULL_WIDTH
from kpi_pipeline.report.drawing.control_chart import Mark
from kpi_pipeline.report.drawing.geometry import Scale, TimeAxis, pixels, polyline, text_width, value_range, wrapped
from kpi_pipeline.report.model.blocks import Bars
from kpi_pipeline.report.model.chart import Sparkline

FEWEST_JOINED = 6
"""Values that a sparkline needs to be a line."""


@dataclass(frozen=True, slots=True)
class SparklineDrawing:
    """A sparkline ready for markup. `empty_words` replaces the drawing; `last` is the latest value."""

    width: str
    height: str
    alt: str
    lines: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    last: Mark | None = None
    empty_words: str = ""
    middle_y: str = "0"


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar: up to two lines of label, the bar, its words and the columns beside it."""

    labels: tuple[tuple[str, str], ...]
    y: str
    height: str
    width: str
    value_x: str
    text_y: str
    value_words: str
    beside: tuple[tuple[str, str], ...]
    strong: bool


@dataclass(frozen=True, slots=True)
class BarsDrawing:
    """A bar chart ready for markup."""

    width: str
    height: str
    alt: str
    left: str
    label_x: str
    value_heading: str
    headings: tuple[tuple[str, str], ...]
    rows: tuple[BarRow, ...]


def draw_sparkline(sparkline: Sparkline, *, width: float = 112.0, height: float = 26.0) -> SparklineDrawing:
    """Places a sparkline: line broken at missing months, dotted target, marks on signals and the last value.

    Fewer values than FEWEST_JOINED are points: a line through two or three would be read as a trend.
    """
    points = sparkline.points
    values = [point.value for point in points if point.value is not None]
    if not values:
        return SparklineDrawing(
            pixels(width), pixels(height), sparkline.alt, empty_words=sparkline.empty_words,
            middle_y=pixels(height / 2 + 3),
        )  # fmt: skip
    drawn = values + [point.target for point in points if point.target is not None]
    time = TimeAxis(len(points), 0.0, width, inset=5.0)
    y = Scale(*value_range(drawn, decimals=4, padding=0.1), height - 2.0, 2.0)
    marks = [
        (index, Mark(pixels(time(index)), pixels(y(point.value)), point.point_class,
                     "ghosted" if point.ghosted else "hollow" if point.hollow else "solid"))
        for index, point in enumerate(points) if point.value is not None
    ]  # fmt: skip
    last_index, last = marks[-1]
    is_joined = len(values) >= FEWEST_JOINED
    lonely = {index for index, _ in marks} - {
        neighbour for here, there in pairwise([index for index, _ in marks]) if is_joined and there == here + 1
        for neighbour in (here, there)
    }  # fmt: skip
    return SparklineDrawing(
        pixels(width),
        pixels(height),
        sparkline.alt,
        lines=_broken_line([point.value for point in points], time, y) if is_joined else (),
        targets=_target_line([point.target for point in points], time, y),
        marks=tuple(
            mark
            for index, mark in marks
            if index != last_index and (index in lonely or mark.point_class != "common_cause" or mark.look == "hollow")
        ),
        last=last,
    )


def _broken_line(values: list[float | None], time: TimeAxis, y: Scale) -> tuple[str, ...]:
    """Polylines through stretches of at least two values."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((time(index), y(value)))
    return tuple(polyline(stretch) for stretch in stretches if len(stretch) > 1)


def _target_line(targets: list[float | None], time: TimeAxis, y: Scale) -> tuple[str, ...]:
    """Level stretches: a target that changes steps, one that is absent leaves a gap."""
    lines: list[list[tuple[float, float]]] = [[]]
    for index, target in enumerate(targets):
        if target is None:
            lines.append([])
            continue
        left, right = max(time(index) - time.half_step, time.left), min(time(index) + time.half_step, time.right)
        if lines[-1] and lines[-1][-1][1] == y(target):
            lines[-1][-1] = (right, y(target))
        else:
            lines[-1].extend([(left, y(target)), (right, y(target))])
    return tuple(polyline(line) for line in lines if line)


def draw_bars(bars: Bars, *, width: float = FULL_WIDTH, row_height: float = 27.0) -> BarsDrawing:
    """Places a bar chart: labels left, bars from a common start, words beside. All-zero bars have no length."""
    size, top = 10.4, 20.0
    widest = max(text_width(bar.label, size) for bar in bars.bars)
    left = min(max(widest + 10.0, 90.0), width * 0.34)
    value_room = max(text_width(bar.value_words, size) for bar in bars.bars) + 14.0
    columns, edge = _column_edges(bars, width)
    longest = max(bar.value for bar in bars.bars) or 1.0
    scale = Scale(0.0, longest, 0.0, max(edge - left - value_room, 20.0))
    rows = []
    for index, bar in enumerate(bars.bars):
        middle = top + (index + 0.5) * row_height
        lines = wrapped(bar.label, width=left - 10.0, size=size)
        first = middle + 3.7 - 6.2 * (len(lines) - 1)
        rows.append(
            BarRow(
                labels=tuple((pixels(first + 12.4 * place), line) for place, line in enumerate(lines)),
                y=pixels(middle - row_height * 0.34),
                height=pixels(row_height * 0.68),
                width=pixels(scale(bar.value)),
                value_x=pixels(left + scale(bar.value) + 6.0),
                text_y=pixels(middle + 3.7),
                value_words=bar.value_words,
                beside=tuple((pixels(x), text) for x, text in zip(columns, bar.beside, strict=True)),
                strong=bar.strong,
            )
        )
    return BarsDrawing(
        width=pixels(width), height=pixels(top + row_height * len(bars.bars) + 4.0), alt=bars.alt,
        left=pixels(left), label_x=pixels(left - 8.0), value_heading=bars.value_heading,
        headings=tuple((pixels(x), text) for x, text in zip(columns, bars.beside_headings, strict=True)),
        rows=tuple(rows),
    )  # fmt: skip


def _column_edges(bars: Bars, width: float) -> tuple[list[float], float]:
    """Right edge of each column beside the bars, and where the bars must end."""
    right, edges = width - 2.0, []
    for place in reversed(range(len(bars.beside_headings))):
        edges.append(right)
        texts = [bars.beside_headings[place], *(bar.beside[place] for bar in bars.bars)]
        right -= max(text_width(text, 10.4) for text in texts) + 14.0
    return edges[::-1], right
