"""The scorecard, and in the annex small multiples of all measures: each once, in a stable order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.model import Scorecard, ScorecardGroup, ScorecardRow, SmallMultiple, SmallMultiples
from kpi_pipeline.report.pages.charts import assurance_mark, build_chart, build_sparkline, variation_mark
from kpi_pipeline.report.pages.front import build_reading
from kpi_pipeline.report.words.charts.chart_notes import chart_events, letter_events
from kpi_pipeline.report.words.findings import (
    false_signal_sentence,
    further_measures_words,
    scorecard_title,
    summary_sentence,
)
from kpi_pipeline.report.words.followed.claims import proposal_sentence
from kpi_pipeline.report.words.notices import caution_words
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_bare, format_target, unit_words
from kpi_pipeline.report.words.phrases import (
    WITHHELD,
    basis_words,
    count_words,
    latest_words,
    mid_sentence,
    no_value_words,
    subject,
)
from kpi_pipeline.report.words.reasons import missing_words
from kpi_pipeline.report.words.sentences import year_ago_words

_SECTIONS = {
    "flow": "Patient flow",
    "readmissions": "Readmissions",
    "cost": "Cost",
    "utilisation": "Utilization",
    "case management": "Case management",
    "compliance": "Compliance",
    "experience": "Patient experience",
    "people": "Staffing and training",
}
"""Sections in the order of the pages (`judgement.agenda.SECTIONS`), with their headings."""


_NAMES_IN_LINE = 15
_LONGEST_NOTE = 600
"""Letters of one note under the scorecard; longer commentary is split."""


def build_scorecard(judged: Judged) -> Scorecard:
    """The measures an executive asks for (`agenda.choose_scorecard`), one row each; what has no figure says why."""
    every, agenda = list(judged.system.values()), judged.agenda
    which = "Headlines, targets and changes" if agenda.further else "Every measure"
    where = [further_measures_words(len(agenda.further))] if agenda.further else _without_data(judged)
    return Scorecard(
        title=scorecard_title(every),
        lede=summary_sentence(every),
        caption=f"{which}: the newest final value up to {judged.scope.month.name}",
        groups=_groups(judged, agenda.scorecard),
        notes=(*_cautions(judged, agenda.scorecard), *_notes(judged), *where),
    )


def _groups(judged: Judged, names: Sequence[str]) -> tuple[ScorecardGroup, ...]:
    groups, measures = [], [judged.system[name] for name in names]
    for section, heading in _SECTIONS.items():
        rows = tuple(_row(judged, one) for one in measures if one.metric.section == section)
        if rows:
            groups.append(ScorecardGroup(heading=heading, rows=rows))
    return tuple(groups)


def section_headings(judged: Judged) -> dict[str, str]:
    """The heading that each measure stands under, in the order of the sections."""
    found = {one.metric.name: one.metric.section for one in judged.system.values()}
    return {name: heading for section, heading in _SECTIONS.items() for name, own in found.items() if own == section}


def _cautions(judged: Judged, names: Sequence[str]) -> list[str]:
    """What must be known beside the figures of some rows, each said once with the measures it is about."""
    said: dict[str, list[str]] = {}
    for name in names:
        metric = judged.system[name].metric
        if caution := caution_words(metric, judged.records.warnings):
            said.setdefault(caution, []).append(mid_sentence(metric.title))
    return [capitalised(f"{'; '.join(titles)}: {mid_sentence(caution)}") for caution, titles in said.items()]


def _without_data(judged: Judged) -> list[str]:
    """The measures without figures that have no row, by what is missing: they take a line, not a row each."""
    reasons: dict[str, list[str]] = {}
    for name, one in judged.system.items():
        if name not in {*judged.agenda.scorecard, *judged.agenda.further}:
            reasons.setdefault(missing_words(one.metric, one.missing), []).append(subject(one.metric.title))
    parts = [
        (why, names[at : at + _NAMES_IN_LINE])
        for why, names in reasons.items()
        for at in range(0, len(names), _NAMES_IN_LINE)
    ]
    return [f"{capitalised(why)}: {'; '.join(names)}." for why, names in parts]


def build_small_multiples(judged: Judged) -> SmallMultiples | None:
    """The chart of every measure that has figures, drawn small; one letter stands for the same event on all of them."""
    scope = judged.scope
    measures = [one for one in judged.system.values() if _has_points(one)]
    if not measures:
        return None
    letters = letter_events(chart_events(one) for one in measures)
    without_row = (
        () if not judged.agenda.further else (*_cautions(judged, judged.agenda.further), *_without_data(judged))
    )
    band = "H" if all(one.has_no_band for one in measures) else "The band is routine variation; h"
    return SmallMultiples(
        title="All measures at a glance",
        lede=f"Each chart ends in {scope.month.name}. {band}ollow points are not final. In brackets: the 95% interval.",
        panels=tuple(
            SmallMultiple(
                metric=one.metric.name,
                title=subject(one.metric.title),
                value_words=latest_words(one, with_interval=True),
                basis_words=_panel_basis(one),
                variation=variation_mark(one),
                chart=build_chart(one, facility_id=scope.facility_id, withholds=scope.withholds, letters=letters),
            )
            for one in measures
        ),
        notes=(
            *(f"{letter}: {words}" for (_, words), letter in letters.items()),
            *_without_points(judged.system.values()),
            *without_row,
        ),
    )


def _has_points(measure: Measure) -> bool:
    """Whether any month shown has a figure to draw."""
    return any(figure.number is not None for month in measure.months if (figure := measure.figures.get(month)))


def _without_points(measures: Iterable[Measure]) -> list[str]:
    """The measures that were supplied and have no figure to draw, with why the newest one is none."""
    reasons: dict[str, list[str]] = {}
    for one in measures:
        if one.result is not None and not _has_points(one):
            headline, metric = one.headline, one.metric
            why = missing_words(metric, one.missing) if headline is None else no_value_words(headline, metric)
            reasons.setdefault(why, []).append(subject(one.metric.title))
    return [
        f"No chart, for want of a figure in any month shown ({why}): {'; '.join(names[at : at + _NAMES_IN_LINE])}."
        for why, names in reasons.items()
        for at in range(0, len(names), _NAMES_IN_LINE)
    ]


def _panel_basis(measure: Measure) -> str | None:
    """What the newest value rests on, and the value a year before: `3,804 discharges · A year earlier: 4.84`."""
    figure, before = measure.headline, measure.year_ago
    if figure is None or figure.number is None:
        return None
    said = [basis_words(figure, measure.metric)] if measure.metric.kind != "count" else []
    said += [year_ago_words(measure) or ""] if before is not None and before.number is not None else []
    return " · ".join(said) or None


def _row(judged: Judged, measure: Measure) -> ScorecardRow:
    metric, figure, target = measure.metric, measure.headline, measure.target
    has_denominator = figure is not None and figure.denominator is not None and metric.kind != "count"
    return ScorecardRow(
        metric=metric.name,
        name=subject(metric.title),
        unit=unit_words(metric),
        reading=build_reading(measure),
        denominator=count_words(figure.denominator) if figure and has_denominator else None,
        denominator_noun=metric.denominator_noun if has_denominator else None,
        target=format_target(target.value, metric) if target else None,
        target_source=target.source if target else None,
        year_ago=_year_ago(measure),
        sparkline=build_sparkline(measure, withholds=judged.scope.withholds),
        variation=variation_mark(measure),
        assurance=assurance_mark(measure),
    )


def _year_ago(measure: Measure) -> str | None:
    if measure.headline is None:
        return None
    figure = measure.year_ago
    return MISSING if figure is None or figure.number is None else format_bare(figure.number, measure.metric)


def _comments_without_page(judged: Judged) -> list[str]:
    """What the director wrote about measures that have no page of their own, so that it is not lost."""
    commentary, measures = judged.commentary, judged.system
    with_page = {item.metric for item in judged.agenda.exceptions}
    notes = []
    for name, comment in commentary.comments.items():
        if name in with_page:
            continue
        said = [*(comment.why or ()), *(f"{one.what.rstrip('.')} ({one.owner}, {one.due})." for one in comment.doing)]
        said += [f"Back by {comment.back_by}."] if comment.back_by else []
        on = f"{commentary.by}, on {mid_sentence(measures[name].metric.title)}:"
        together = " ".join([on, *said])
        notes += [together] if len(together) <= _LONGEST_NOTE else [f"{on} {sentence}" for sentence in said]
    return notes


def _notes(judged: Judged) -> tuple[str, ...]:
    notes = ["Small print under a value: its 95% interval. Year ago: the same month of the year before."]
    if sentence := false_signal_sentence(judged.false_signals):
        notes.append(sentence)
    if sentence := proposal_sentence(judged):
        notes.append(sentence)
    notes += _comments_without_page(judged)
    if judged.scope.withholds:
        threshold = judged.scope.small_number_threshold
        notes.append(
            f"{capitalised(WITHHELD)}: a count of 1 to {threshold - 1} patients, or a number that would give one away; "
            "which of the two it is stays hidden."
        )
    return tuple(notes)
