"""What the page of a measure says that needs one. Not here: which measures get one (`judgement.agenda`)."""

from __future__ import annotations

from kpi_pipeline.declared.commentary import Comment
from kpi_pipeline.judgement.agenda import ExceptionKind, companions
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import size_of_change
from kpi_pipeline.report.model import (
    Action,
    Balancing,
    ExceptionPage,
    Statement,
)
from kpi_pipeline.report.pages.charts import assurance_mark, build_chart, variation_mark
from kpi_pipeline.report.words.charts.chart_notes import chart_events, method_sentences, point_notes
from kpi_pipeline.report.words.companions import companions_sentence
from kpi_pipeline.report.words.findings import resemblance_sentence
from kpi_pipeline.report.words.notices import caution_words
from kpi_pipeline.report.words.numbers import capitalised
from kpi_pipeline.report.words.phrases import subject, unit_words_of
from kpi_pipeline.report.words.sentences import (
    change_clause,
    change_sentence,
    heading,
    licence_sentence,
    newest_figure_sentence,
    onset_sentence,
    phase_sentences,
    provisional_sentence,
)
from kpi_pipeline.report.words.size import size_words
from kpi_pipeline.report.words.targets import assurance_sentence, target_sentence

_KIND_WORDS: dict[ExceptionKind, str] = {
    "concern": "Concern: a change in the unwanted direction",
    "failing": "Consistently misses its target",
    "improvement": "New improvement: a change in the wanted direction",
}


def build_exception_pages(judged: Judged) -> tuple[ExceptionPage, ...]:
    """One page per exception on the agenda."""
    return tuple(_page(judged, item.kind, judged.system[item.metric]) for item in judged.agenda.exceptions if item.kind)


def _page(judged: Judged, kind: ExceptionKind, measure: Measure) -> ExceptionPage:
    metric, scope, commentary = measure.metric, judged.scope, judged.commentary
    comment = commentary.comments.get(metric.name, Comment())
    place = f", {scope.place}" if scope.place else ""
    return ExceptionPage(
        metric=metric.name,
        kind=kind,
        kind_words=_KIND_WORDS[kind],
        heading=heading(measure),
        chart_title=f"{subject(metric.title)}{unit_words_of(metric)}, by month{place}",
        chart=build_chart(measure, facility_id=scope.facility_id, withholds=scope.withholds),
        variation=variation_mark(measure),
        assurance=assurance_mark(measure),
        notes=_notes(measure),
        tells=_tells(judged, measure),
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
        balancing=_balancing(judged, measure),
        balancing_none_words=_no_balancing_words(measure),
        method=method_sentences(measure),
    )


def _tells(judged: Judged, measure: Measure) -> tuple[str, ...]:
    """What the chart tells us: the signal, the newest value and its target, what to expect, phases, what is open."""
    first = (
        f"{change_clause(measure)} {licence_sentence(measure)}" if measure.has_signal else (licence_sentence(measure))
    )
    newest = [
        newest_figure_sentence(measure),
        target_sentence(measure),
    ]
    opportunity = judged.drivers.opportunity if judged.drivers else None
    begun = [onset_sentence(measure), capitalised(size_words(measure, size_of_change(measure, opportunity)))]
    said = [
        " ".join(part for part in (first, resemblance_sentence(measure, judged.false_signals)) if part),
        " ".join(sentence for sentence in begun if sentence),
        companions_sentence(measure, [one for one in companions(measure, judged.system.values()) if one.has_signal]),
        " ".join(sentence for sentence in newest if sentence),
        caution_words(measure.metric, judged.records.warnings),
        assurance_sentence(measure),
        *phase_sentences(measure),
        provisional_sentence(measure),
    ]
    return tuple(sentence for sentence in said if sentence)


def _notes(measure: Measure) -> tuple[str, ...]:
    return (*(event.note for event in chart_events(measure)), *point_notes(measure))


def _balancing(judged: Judged, measure: Measure) -> Balancing | None:
    """The first declared balancing measure that has figures."""
    scope = judged.scope
    for name in measure.metric.balancing:
        other = judged.system.get(name)
        if other is not None and other.result is not None:
            return Balancing(
                title=subject(other.metric.title),
                text=change_sentence(other),
                chart=build_chart(other, facility_id=scope.facility_id, withholds=scope.withholds, letters={}),
            )
    return None


def _no_balancing_words(measure: Measure) -> str | None:
    """What stands in its place where a declared balancing measure cannot be shown; None where none is declared."""
    return "The balancing measure of this measure has no figures." if measure.metric.balancing else None
