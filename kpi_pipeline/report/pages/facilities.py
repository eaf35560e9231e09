"""Hospital by hospital: every headline measure at a glance, then the exceptions with intervals where few are compared.

In the order of the facility ids: no ranks. Not here: which measures are compared (`judgement.agenda`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.core.text.language import format_number, one_or_many, verb_for
from kpi_pipeline.core.text.texts import join_words, printable_name
from kpi_pipeline.judgement.agenda import MOST_IN_TABLES
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.model import Column, FurtherSection, Grid, GridCell, Table
from kpi_pipeline.report.pages.charts import variation_mark
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_bare, small_count_words
from kpi_pipeline.report.words.phrases import (
    count_words,
    interval_range,
    mid_sentence,
    no_value_words,
    subject,
    unit_words_of,
    variation_word,
)
from kpi_pipeline.report.words.sentences import signal_words

_MOST_NAMED = 2


def build_facility_section(judged: Judged) -> FurtherSection | None:
    """Hospital by headline measure, always; None for the report of one facility."""
    shown = [name for name in judged.headlines if judged.system[name].headline is not None]
    if not judged.by_facility or not shown:
        return None
    tables = [
        _table(judged, judged.system[name], {place: parts[name] for place, parts in judged.by_facility.items()})
        for name in judged.agenda.compared
    ]
    return FurtherSection(
        name="hospitals",
        title=_title(judged, shown),
        lede=_lede(judged, shown),
        grid=_grid(judged, shown),
        tables=tuple(tables) if 1 < len(judged.by_facility) <= MOST_IN_TABLES else (),
    )


def _lede(judged: Judged, shown: Sequence[str]) -> str:
    """What is shown, and how many of its signals chance alone would make."""
    said = (
        "The newest final value of each headline measure, and what the hospital's own chart says of it. The order of "
        "hospitals is fixed."
    )
    expected = judged.chance_at_facilities(shown)
    if expected is None:
        return said
    charts = f"{format_number(expected.n_charts)} {one_or_many(expected.n_charts, 'charts')}"
    if expected.icons < 1:
        share = format_number(100 * expected.chance_of_any_icon)
        return (
            f"{said} Chance alone would color one of the {charts} that can be judged in about {share} of 100 reports."
        )
    return f"{said} Chance alone would color about {format_number(expected.icons)} of the {charts} that can be judged."


def _signals(judged: Judged, shown: Sequence[str]) -> tuple[int, float] | None:
    """How many charts of single hospitals show a change, and how many would by chance alone."""
    expected = judged.chance_at_facilities(shown)
    if expected is None:
        return None
    return sum(parts[name].has_signal for parts in judged.by_facility.values() for name in shown), expected.icons


def _title(judged: Judged, shown: Sequence[str]) -> str:
    """The finding: which headline measures changed for the worse, and at how many hospitals; else for the better."""
    found_and_chance = _signals(judged, shown)
    if found_and_chance and 0 < found_and_chance[0] <= found_and_chance[1]:
        count = capitalised(small_count_words(found_and_chance[0]))
        charts, shows = one_or_many(found_and_chance[0], "charts"), verb_for(found_and_chance[0], "shows", "show")
        return f"{count} {charts} of single hospitals {shows} a change: no more than chance gives"
    for state, words in (("concern", "worse"), ("improvement", "better")):
        changed = {
            name: [place for place, parts in judged.by_facility.items() if parts[name].state == state] for name in shown
        }
        places = {place for found in changed.values() for place in found}
        if not places:
            continue
        if len(places) == 1:
            place = judged.scope.facility_names.get(next(iter(places)), next(iter(places)))
            at = f"at {printable_name(place)}"
        else:
            at = f"at {small_count_words(len(places))} of {small_count_words(len(judged.by_facility))} hospitals"
        names = [mid_sentence(judged.system[name].metric.headline_title) for name in shown if changed[name]]
        if len(names) > _MOST_NAMED:
            return f"{capitalised(small_count_words(len(names)))} headline measures changed for the {words} {at}"
        return f"{capitalised(join_words(names))} changed for the {words} {at}"
    judged_ones = [parts[name] for parts in judged.by_facility.values() for name in shown]
    if all(one.state == "not judged" for one in judged_ones):
        return "By hospital: too few months yet to tell change from routine variation"
    return "No headline measure changed beyond routine variation at any hospital"


def _grid(judged: Judged, shown: Sequence[str]) -> Grid:
    names = judged.scope.facility_names
    rows = [
        (names.get(place, place), tuple(_cell(judged.system[name], parts[name]) for name in shown))
        for place, parts in judged.by_facility.items()
    ]
    if len(rows) > 1:
        rows.append(("All hospitals", tuple(_cell(judged.system[name], judged.system[name]) for name in shown)))
    return Grid(
        caption="Each value with the icon of its own chart; the annex says what the icons mean",
        corner="Hospital",
        columns=tuple(_column(judged.system[name]) for name in shown),
        rows=tuple((printable_name(name), cells) for name, cells in rows),
    )


def _column(measure: Measure) -> str:
    headline = measure.headline
    month = headline.month if headline else measure.report_month
    return f"{subject(measure.metric.headline_title)}{unit_words_of(measure.metric)}, {month.short_name}"


def _cell(system: Measure, part: Measure) -> GridCell:
    """The value of the system's newest final month at this place."""
    month = system.headline.month if system.headline else system.report_month
    figure = part.figures.get(month)
    if figure is None:
        return GridCell(value=MISSING)
    if figure.number is None:
        return GridCell(value="withheld" if isinstance(figure.value, Withheld) else "too few")
    return GridCell(value=format_bare(figure.number, part.metric), mark=variation_mark(part))


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
        rows=tuple(_row(name, part, figure) for name, part, figure in [*rows, ("All hospitals", measure, headline)]),
    )


def _row(name: str, part: Measure, figure: Figure | None) -> tuple[str, ...]:
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
        count_words(figure.denominator),
        ", ".join(words for words in (variation_word(part), signal_words(part)) if words),
    )
