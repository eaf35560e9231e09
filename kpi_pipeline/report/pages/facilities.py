"""The exceptions of the whole system, hospital by hospital: value, interval, basis and what each one's own chart says.

In the order of the facility ids: no ranks. Not here: which measures are compared (`judgement.agenda`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.model import Column, FurtherSection, Table
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


def build_facility_section(judged: Judged) -> FurtherSection | None:
    """A table for each measure that is compared hospital by hospital; None without any."""
    tables = [
        _table(judged, judged.system[name], {place: parts[name] for place, parts in judged.by_facility.items()})
        for name in judged.agenda.compared
    ]
    if not tables:
        return None
    return FurtherSection(
        name="hospitals",
        title="By hospital",
        lede="Measures with a page of their own, and headline measures that changed at a hospital. The order of "
        "hospitals is fixed. With many charts, some signals are chance.",
        tables=tuple(tables),
    )


def _table(judged: Judged, measure: Measure, parts: Mapping[str, Measure]) -> Table:
    metric, headline = measure.metric, measure.headline
    names = judged.scope.facility_names
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
            _row(name, part, figure, judged.scope.small_number_threshold)
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
