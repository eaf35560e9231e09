"""One figure explained in lines: what it counts, its waterfall, its value. Not here: what issues said of it."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.report.words.numbers import capitalised, format_value
from kpi_pipeline.report.words.phrases import count_words, follow_up_words, interval_range, no_value_words, subject


def figure_lines(figure: Figure, metric: Metric, *, place: str) -> Iterator[str]:
    """Title and value; definition, numerator, denominator; how many cases were listed, left out and counted."""
    yield f"{subject(metric.title)}, {place}, {figure.month.name} (version {figure.version})"
    if figure.number is None:
        yield f"No value: {no_value_words(figure, metric)}"
    else:
        interval = interval_range(figure, metric)
        within = f" (95% interval {interval})" if interval else ""
        yield f"{format_value(figure.number, metric)}{within}; {follow_up_words(figure, metric)}"
    yield ""
    yield metric.definition
    yield f"Numerator: {metric.numerator} Sum: {count_words(figure.numerator)}"
    if metric.kind != "count":
        yield f"Denominator: {metric.denominator} Sum: {count_words(figure.denominator)}"
    yield ""
    yield from _waterfall(figure, metric)


def no_figure_lines(metric: Metric, why: str) -> Iterator[str]:
    """A measure without any figure: why, and its definition."""
    yield f"{subject(metric.title)}: no figure in any month ({why})"
    yield ""
    yield metric.definition


def _waterfall(figure: Figure, metric: Metric) -> Iterator[str]:
    words = dict(metric.exclusions) | {
        INSUFFICIENT_FOLLOWUP: f"Not followed up for {format_count(metric.matures_after_days, 'days')} yet."
    }
    yield f"{count_words(figure.n_listed)} cases listed"
    for reason, count in figure.exclusions.items():
        if count:
            text = words.get(reason, reason.replace("_", " "))
            yield f"  − {count_words(count)}  {capitalised(text)}"
    yield f"  = {count_words(figure.n_counted)} counted"
