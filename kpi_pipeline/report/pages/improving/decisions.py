"""Decisions: those asked for before, with what became of them, and those asked for now, with what a no means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.core.text.language import one_or_many
from kpi_pipeline.declared.commentary import AskedDecision
from kpi_pipeline.judgement.improving.asked_decisions import TrackedDecision
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Column, FurtherSection, Table
from kpi_pipeline.report.words.followed.decisions import asked_before_sentence, became_sentence
from kpi_pipeline.report.words.numbers import MISSING, capitalised, small_count_words
from kpi_pipeline.report.words.sentences import heading

_LEDE = "What is asked for, what it takes and what follows from a no are the director's words, as are the answers."


def build_decisions(judged: Judged) -> FurtherSection | None:
    """The page; None where nothing was asked before, and page 1 says all there is about what is asked now."""
    asked = judged.commentary.decisions
    is_weighed = any(one.cost or one.benefit or one.if_no for one in asked)
    if not judged.asked_before and not is_weighed:
        return None
    tables = [_asked_now(judged, asked)] if is_weighed else []
    tables += [_asked_before(judged, judged.asked_before)] if judged.asked_before else []
    return FurtherSection(
        name="decisions",
        title=_title(judged, len(asked)),
        lede=_LEDE,
        tables=tuple(tables),
        paragraphs=tuple(_notes(asked if is_weighed else (), judged.asked_before)),
    )


def _title(judged: Judged, n_asked: int) -> str:
    if judged.asked_before:
        return asked_before_sentence(judged.asked_before).rstrip(".")
    asked = f"{small_count_words(n_asked)} {one_or_many(n_asked, 'decisions')}"
    return f"{capitalised(asked)} asked for, and what each takes and brings"


def _asked_now(judged: Judged, asked: Sequence[AskedDecision]) -> Table:
    return Table(
        caption=f"Asked for in {judged.scope.month.name}",
        columns=(
            Column(heading="Decision"),
            Column(heading="Of whom, by when"),
            Column(heading="What it takes"),
            Column(heading="What it brings"),
            Column(heading="If the answer is no"),
        ),
        rows=tuple(
            (one.what, f"{one.owner}, {one.by}", one.cost or MISSING, one.benefit or MISSING, one.if_no or MISSING)
            for one in asked
        ),
    )


def _asked_before(judged: Judged, tracked: Sequence[TrackedDecision]) -> Table:
    return Table(
        caption="Asked for before, and what became of it",
        columns=(
            Column(heading="Decision"),
            Column(heading="Asked for in"),
            Column(heading="Of whom, by when"),
            Column(heading="What became of it"),
            Column(heading="What its measure shows now"),
        ),
        rows=tuple(
            (
                one.asked.what,
                one.month.name,
                f"{one.asked.owner}, {one.asked.by}",
                became_sentence(one),
                _measure_words(judged, one.asked),
            )
            for one in tracked
        ),
    )


def _measure_words(judged: Judged, asked: AskedDecision) -> str:
    """What the chart of the measure shows, whatever the cause."""
    measure = judged.system.get(asked.measure or "")
    return MISSING if measure is None else f"{heading(measure)}."


def _notes(asked: Sequence[AskedDecision], tracked: Sequence[TrackedDecision]) -> Iterator[str]:
    if any(not (one.cost and one.benefit and one.if_no) for one in asked):
        yield "A dash stands where the director has not written down what a decision takes, brings or prevents."
    if any(one.asked.measure for one in tracked):
        yield "That a measure changed after a decision does not say that the decision changed it."
