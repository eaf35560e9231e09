"""Which measures get a page of their own, and what that page says.

A page is for a concern, a measure that consistently misses its target, or a new improvement, in that order. A
neutral measure never gets one: its signal is mentioned, not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.commentary import Comment, MonthCommentary
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.model import (
    Action,
    Balancing,
    ExceptionPage,
    Statement,
)
from kpi_pipeline.report.pages.charts import assurance_mark, build_chart, variation_mark
from kpi_pipeline.report.pages.front import attention_order
from kpi_pipeline.report.words.chart_notes import chart_events, method_sentences, point_notes
from kpi_pipeline.report.words.phrases import subject, unit_words_of
from kpi_pipeline.report.words.sentences import (
    assurance_sentence,
    change_clause,
    change_sentence,
    heading,
    licence_sentence,
    newest_figure_sentence,
    onset_sentence,
    phase_sentences,
    provisional_sentence,
    target_sentence,
)

_USUAL_SHIFT = 6
_REPORTS_AFTER_DETECTION = 2
"""An improvement is news in the report that first shows it and in the two after it, so that one missed meeting
or one late reader does not lose it. A shift shows itself only at its sixth point (or what the rule set asks), so
the signal may have begun that many months earlier."""

Kind = Literal["concern", "failing", "improvement"]

_KIND_WORDS: dict[Kind, str] = {
    "concern": "Concern: a change in the unwanted direction",
    "failing": "Consistently misses its target",
    "improvement": "New improvement: a change in the wanted direction",
}


def choose_exceptions(measures: Iterable[Measure]) -> list[tuple[Kind, Measure]]:
    """(kind, measure) of every page, concerns first, each measure once, in the report's order within a kind."""
    every = list(measures)
    pages: list[tuple[Kind, Measure]] = [
        ("concern" if one.state == "concern" else "failing", one) for one in attention_order(every)
    ]
    news = [one for one in every if one.state == "improvement" and not one.keeps_failing and is_new(one)]
    return pages + [("improvement", one) for one in news]


def is_new(measure: Measure) -> bool:
    """Whether the signal behind the icon began recently enough to be news."""
    if measure.result is None or not measure.signal_months:
        return False
    shift = measure.result.rule_set.shift or _USUAL_SHIFT
    newest = measure.signal_months[-1]
    return newest.months_since(measure.signal_months[0]) < shift + _REPORTS_AFTER_DETECTION


def build_exception_pages(inputs: ReportInputs, measures: Mapping[str, Measure]) -> tuple[ExceptionPage, ...]:
    """One page per exception."""
    commentary = inputs.commentary.of(inputs.month)
    return tuple(_page(inputs, kind, one, measures, commentary) for kind, one in choose_exceptions(measures.values()))


def _page(
    inputs: ReportInputs, kind: Kind, measure: Measure, measures: Mapping[str, Measure], commentary: MonthCommentary
) -> ExceptionPage:
    metric = measure.metric
    comment = commentary.comments.get(metric.name, Comment())
    place = f", {inputs.facility_name}" if inputs.facility_id != WHOLE_SYSTEM and inputs.facility_name else ""
    return ExceptionPage(
        metric=metric.name,
        kind=kind,
        kind_words=_KIND_WORDS[kind],
        heading=heading(measure),
        chart_title=f"{subject(metric.title)}{unit_words_of(metric)}, by month{place}",
        chart=build_chart(measure, facility_id=inputs.facility_id, withholds=inputs.withholds),
        variation=variation_mark(measure),
        assurance=assurance_mark(measure),
        notes=_notes(measure),
        tells=_tells(measure, inputs.settings.small_number_threshold),
        why=Statement(
            paragraphs=comment.why or (),
            by=commentary.by if comment.why else None,
            none_words="No explanation recorded.",
        ),
        doing=tuple(Action(text=one.what, owner=one.owner, due=one.due) for one in comment.doing),
        doing_statement=Statement(by=commentary.by if comment.doing else None, none_words="No action recorded."),
        back=Statement(
            paragraphs=(comment.back_by,) if comment.back_by else (),
            by=commentary.by if comment.back_by else None,
            none_words="No date recorded.",
        ),
        balancing=_balancing(inputs, measure, measures),
        balancing_none_words=_no_balancing_words(measure),
        method=method_sentences(measure),
    )


def _tells(measure: Measure, threshold: int) -> tuple[str, ...]:
    """What the chart tells us: the signal, the newest value and its target, what to expect, phases, what is open."""
    first = (
        f"{change_clause(measure)} {licence_sentence(measure)}" if measure.has_signal else (licence_sentence(measure))
    )
    newest = [newest_figure_sentence(measure, threshold=threshold), target_sentence(measure)]
    said = [
        first,
        onset_sentence(measure),
        " ".join(sentence for sentence in newest if sentence),
        assurance_sentence(measure),
        *phase_sentences(measure),
        provisional_sentence(measure),
    ]
    return tuple(sentence for sentence in said if sentence)


def _notes(measure: Measure) -> tuple[str, ...]:
    return (*(event.note for event in chart_events(measure)), *point_notes(measure))


def _balancing(inputs: ReportInputs, measure: Measure, measures: Mapping[str, Measure]) -> Balancing | None:
    """The first declared balancing measure that has figures."""
    for name in measure.metric.balancing:
        other = measures.get(name)
        if other is not None and other.result is not None:
            return Balancing(
                title=subject(other.metric.title),
                text=change_sentence(other),
                chart=build_chart(other, facility_id=inputs.facility_id, withholds=inputs.withholds, letters={}),
            )
    return None


def _no_balancing_words(measure: Measure) -> str:
    if measure.metric.balancing:
        return "The balancing measure of this measure has no figures."
    return "No balancing measure is declared for this measure."
