"""Charts, sparklines and icons of the report model, from a measure's signals. Words from `words.sentences`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Annotation, AssuranceMark, Chart, ChartPoint, PointClass, Sparkline, VariationMark
from kpi_pipeline.report.words.charts.chart_notes import chart_events
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_target, unit_words
from kpi_pipeline.report.words.phrases import assurance_word, variation_word
from kpi_pipeline.report.words.reasons import missing_words
from kpi_pipeline.report.words.sentences import chart_finding
from kpi_pipeline.signals import Point

Line = Literal["upper", "centre", "lower", "target"]


def build_chart(
    measure: Measure, *, facility_id: str, withholds: bool, letters: Mapping[tuple[Month, str], str] | None = None
) -> Chart:
    """The control chart of one measure. withholds: limits are rounded as printed, so that they hold nothing more.

    letters: (month, words) → the page's letter of an event; what it does not name is left out. None: the chart's own.
    """
    metric = measure.metric
    points = _points(measure, withholds)
    target = _last(points, "target")
    return Chart(
        metric=metric.name,
        facility_id=facility_id,
        better=metric.better,
        unit=unit_words(metric),
        decimals=metric.decimals,
        tick_prefix="$" if metric.unit == "usd" else "",
        tick_suffix="%" if metric.unit == "percent" else "",
        points=points,
        phase_starts=tuple(str(one.from_month) for one in measure.shown_rebases),
        annotations=tuple(
            Annotation(month=str(event.month), letter=letter, text=event.text)
            for event in chart_events(measure)
            if (letter := event.letter if letters is None else letters.get((event.month, event.words)))
        ),
        upper_label=_line_label("Upper limit", _last(points, "upper"), metric),
        centre_label=_line_label(centre_word(measure), _last(points, "centre"), metric),
        lower_label=_line_label("Lower limit", _last(points, "lower"), metric),
        target_label=None if target is None else f"Target {format_target(target, metric)}",
        latest_label=_latest_label(measure),
        alt=chart_finding(measure),
        empty_words=capitalised(missing_words(metric, measure.missing)) if measure.result is None else "No values yet",
    )


def build_sparkline(measure: Measure, *, withholds: bool) -> Sparkline | None:
    """The small trend of one measure; None when there is not a single value."""
    points = _points(measure, withholds)
    if not any(point.value is not None for point in points):
        return None
    return Sparkline(points=points, alt=chart_finding(measure))


def variation_mark(measure: Measure) -> VariationMark | None:
    """The variation icon with its word; None when the measure has no figures."""
    if measure.result is None:
        return None
    return VariationMark(icon=measure.result.variation, word=variation_word(measure))


def assurance_mark(measure: Measure) -> AssuranceMark | None:
    """The assurance icon with its word; None when the measure has no figures."""
    if measure.result is None:
        return None
    return AssuranceMark(icon=measure.result.assurance, word=assurance_word(measure))


def centre_word(measure: Measure) -> Literal["Mean", "Median"]:
    """What the centre line is."""
    return "Median" if measure.result is not None and measure.result.chart in ("run", "g") else "Mean"


def _points(measure: Measure, withholds: bool) -> tuple[ChartPoint, ...]:
    if measure.result is None:
        return ()
    is_alone = sum(point.value is not None for point in measure.result.points) < 2
    return tuple(
        _point(measure, point, measure.figures.get(month), withholds, is_alone)
        for month, point in zip(measure.months, measure.shown_points, strict=True)
    )


def _point(measure: Measure, point: Point, figure: Figure | None, withholds: bool, is_alone: bool) -> ChartPoint:
    """One month. Limits are left out where their width would tell a withheld denominator, where a month that is not
    final has them too wide, because few of its cases are counted yet, and where there are too few months for an icon:
    a band of three months would show as routine what nobody knows yet. A point that is alone has no mean. A thin
    month has no value here: it is told in words."""
    is_partial = point.is_immature and point.denominator is not None
    without_limits = (
        measure.has_no_band or is_partial or (figure is not None and isinstance(figure.denominator, Withheld))
    )
    decimals = measure.metric.decimals

    def line(number: float | None) -> float | None:
        return round_half_up(number, decimals) if withholds and number is not None else number

    return ChartPoint(
        month=point.period,
        value=figure.number if figure and figure.month not in measure.thin_months else None,
        centre=None if is_alone else line(point.centre),
        lower=None if without_limits else line(point.lower),
        upper=None if without_limits else line(point.upper),
        target=point.target,
        point_class=_point_class(point),
        hollow=point.is_immature,
        ghosted=point.is_ghosted,
        in_baseline=point.in_baseline,
    )


def _point_class(point: Point) -> PointClass:
    if point.point_class in ("neither_high", "neither_low"):
        return "neither"
    return point.point_class  # type: ignore[return-value]


def _last(points: Sequence[ChartPoint], line: Line) -> float | None:
    """The number beside which the label of a line stands: that of the last point that has it."""
    return next((number for point in reversed(points) if (number := getattr(point, line)) is not None), None)


def _line_label(word: str, number: float | None, metric: Metric) -> str | None:
    return None if number is None else f"{word} {format_bare(number, metric)}"


def _latest_label(measure: Measure) -> str | None:
    """The last plotted value, where the line ends."""
    for month in reversed(measure.months):
        figure = measure.figures.get(month)
        if figure is not None and month not in measure.thin_months and figure.number is not None:
            label = f"{month.short_name} {format_bare(figure.number, measure.metric)}"
            return label if figure.is_final else f"{label}, {figure.maturity}"
    return None
