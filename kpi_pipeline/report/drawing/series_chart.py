"""The control chart of any series, as the report draws its own: for `kpi signals FILE.csv --chart-file`.

A series may be by week, by case or by number; the report's charts are by month. So the points are placed as
consecutive months, and the labels below them are the series' own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.drawing.control_chart import ControlChart, MonthTick
from kpi_pipeline.report.drawing.geometry import TimeAxis, pixels, text_width
from kpi_pipeline.report.model.chart import Chart, ChartPoint, MonthKey
from kpi_pipeline.report.words.charts.chart_verdicts import variation_reason
from kpi_pipeline.signals import ChartResult, Point

_MOST_POINTS = 600
"""More points than this lie closer together than a pixel on a page."""

_CHART_NAMES = {
    "xmr": "XmR",
    "p_prime": "p′",
    "u_prime": "u′",
    "i_prime": "I′",
    "ewma": "EWMA",
    "xbar": "X-bar",
    "s": "S",
}

_STAND_IN = Month(2000, 1)
_MONTHS = TypeAdapter(list[MonthKey])


def draw_series(result: ChartResult, *, title: str) -> ControlChart:
    """Places the chart of an evaluated series at the width of the report's page; InputError if it is too large."""
    if len(result.points) > _MOST_POINTS:
        what = f"has {len(result.points):,} points; a chart can show {_MOST_POINTS}."
        raise InputError(Fault(title, what, "Shorten the series, or print it with --format csv."))
    periods = [point.period for point in result.points]
    are_months = _are_consecutive_months(periods)
    months = periods if are_months else [str(_STAND_IN.plus(place)) for place in range(len(periods))]
    try:
        drawing = draw_control_chart(_chart(result, months, title), height=300.0)
    except ValidationError as error:
        raise InputError(Fault(title, "has numbers too large to draw.", "Use a larger unit.")) from error
    return drawing if are_months or drawing.empty_words else replace(drawing, months=_labels(periods, drawing))


def _are_consecutive_months(periods: Sequence[str]) -> bool:
    try:
        months = [Month.parse(period) for period in _MONTHS.validate_python(list(periods))]
    except ValidationError:
        return False
    return all(later.months_since(earlier) == 1 for earlier, later in pairwise(months))


def _chart(result: ChartResult, months: Sequence[str], title: str) -> Chart:
    decimals = _decimals(result.points)
    points = tuple(_point(point, month) for point, month in zip(result.points, months, strict=True))
    centre = "Median" if result.chart in ("run", "g") else "Mean"
    return Chart(
        metric="series",
        better=result.better,
        unit=f"{_CHART_NAMES.get(result.chart, result.chart)} chart",
        decimals=decimals,
        points=points,
        phase_starts=tuple(months[phase.first] for phase in result.phases[1:]),
        upper_label=_label("Upper limit", [point.upper for point in points], decimals),
        centre_label=_label(centre, [point.centre for point in points], decimals),
        lower_label=_label("Lower limit", [point.lower for point in points], decimals),
        target_label=_label("Target", [point.target for point in points], decimals),
        latest_label=_label("Newest", [point.value for point in points], decimals),
        alt=f"{title}: {variation_reason(result)}.",
    )


def _point(point: Point, month: str) -> ChartPoint:
    is_neither = point.point_class in ("neither_high", "neither_low")
    return ChartPoint(
        month=month,
        value=point.value,
        centre=point.centre,
        lower=point.lower,
        upper=point.upper,
        target=point.target,
        point_class="neither" if is_neither else point.point_class,
        hollow=point.is_immature,
        ghosted=point.is_ghosted,
    )


def _decimals(points: Sequence[Point]) -> int:
    """Three digits of the largest number drawn, at most four after the point."""
    drawn = [abs(number) for point in points for number in (point.value, point.upper, point.lower) if number]
    return min(4, max(0, 2 - math.floor(math.log10(max(drawn))))) if drawn else 0


def _label(word: str, numbers: Sequence[float | None], decimals: int) -> str | None:
    known = [number for number in numbers if number is not None]
    return f"{word} {round_half_up(known[-1], decimals):,.{decimals}f}" if known else None


def _labels(periods: Sequence[str], drawing: ControlChart) -> tuple[MonthTick, ...]:
    """The series' own periods below the points: the last one, and backwards from it as many as have room."""
    left, right, width = float(drawing.left), float(drawing.right), float(drawing.width)
    axis = TimeAxis(len(periods), left, right)
    room = max(text_width(period, 10.0) for period in periods) + 10.0
    every = max(1, math.ceil(room / axis.step)) if len(periods) > 1 else 1
    ticks = []
    for place in range(len(periods) - 1, -1, -every):
        x, half = axis(place), text_width(periods[place], 10.0) / 2
        if x - half >= 0 and x + half <= width:
            ticks.append(MonthTick(pixels(x), pixels(x), periods[place], "middle"))
    return tuple(reversed(ticks))
