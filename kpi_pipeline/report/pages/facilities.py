"""The exceptions of the whole system, hospital by hospital: value, interval, basis and what each one's own chart says.

In the order of the facility ids: no ranks. One facility, or more than a handful, get no such page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import Measure, build_measure
from kpi_pipeline.report.model import Column, FurtherSection, Table
from kpi_pipeline.report.pages.exceptions import choose_exceptions
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_bare
from kpi_pipeline.report.words.phrases import (
    count_words,
    interval_range,
    no_value_words,
    subject,
    unit_words_of,
    variation_word,
)
from kpi_pipeline.report.words.sentences import signal_words

MOST_FACILITIES = 12
"""A table of more hospitals than this would be read as a league table."""


def build_facility_section(
    inputs: ReportInputs, measures: Mapping[str, Measure], figures: Sequence[Figure]
) -> FurtherSection | None:
    """A table for each exception, and for each other headline measure that shows a signal at some hospital."""
    facilities = sorted({figure.facility_id for figure in figures if figure.facility_id != WHOLE_SYSTEM})
    if inputs.facility_id != WHOLE_SYSTEM or not 2 <= len(facilities) <= MOST_FACILITIES:
        return None
    exceptions = [measure for _, measure in choose_exceptions(measures.values())]
    others = [measures[name] for name in inputs.settings.report.headline_metrics if measures[name] not in exceptions]
    tables = []
    for measure in [*exceptions, *others]:
        parts = {
            facility: build_measure(inputs, measure.metric, measure.months, figures, facility_id=facility)
            for facility in facilities
        }
        signals = [part for part in parts.values() if part.has_signal]
        if measure.headline is not None and (measure in exceptions or signals):
            tables.append(_table(inputs, measure, parts))
    if not tables:
        return None
    return FurtherSection(
        name="hospitals",
        title="By hospital",
        lede="Measures with a page of their own, and headline measures that changed at a hospital. The order of "
        "hospitals is fixed. With many charts, some signals are chance.",
        tables=tuple(tables),
    )


def _table(inputs: ReportInputs, measure: Measure, parts: Mapping[str, Measure]) -> Table:
    metric, headline = measure.metric, measure.headline
    names = {mark.facility_id: mark.facility_name for mark in inputs.facts.watermarks}
    month = headline.month if headline else measure.report_month
    rows = [(names.get(facility, facility), part, part.figures.get(month)) for facility, part in parts.items()]
    return Table(
        caption=f"{subject(metric.title)}{unit_words_of(metric)}, {month.name}",
        columns=(
            Column(heading="Hospital"),
            Column(heading="Value", numeric=True),
            Column(heading="95% interval", numeric=True),
            Column(heading=capitalised(metric.denominator_noun), numeric=True),
            Column(heading="What its own chart says"),
        ),
        rows=tuple(
            _row(name, part, figure, inputs.settings.small_number_threshold)
            for name, part, figure in [*rows, ("All hospitals", measure, headline)]
        ),
    )


def _row(name: str, part: Measure, figure: Figure | None, threshold: int) -> tuple[str, ...]:
    if figure is None:
        return (name, "no cases", MISSING, MISSING, MISSING)
    metric = part.metric
    if figure.number is None:
        value = "withheld" if isinstance(figure.value, Withheld) else no_value_words(figure, metric)
    else:
        value = format_bare(figure.number, metric)
    return (
        name,
        value,
        interval_range(figure, metric) or MISSING,
        count_words(figure.denominator, threshold=threshold),
        ", ".join(words for words in (variation_word(part), signal_words(part)) if words),
    )
