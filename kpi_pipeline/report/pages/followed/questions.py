"""Questions the director will be asked about the month's findings, each answered as far as the data allow."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Column, FurtherSection, Table
from kpi_pipeline.report.words.followed.questions import Answer, answers_about, decisions_answer, outside_answer
from kpi_pipeline.report.words.numbers import MISSING
from kpi_pipeline.report.words.phrases import subject

_MOST_ASKED_ABOUT = 3
_LEDE = (
    "What may be said, and what may not: where the data do not carry an answer, that is said, and what it would need. "
    "Figures are named by their ids in the attached table."
)


def build_questions(judged: Judged) -> FurtherSection | None:
    """The page; None in a month without a finding that needs a page, and without decisions asked before."""
    headlines = judged.headlines
    asked_about = sorted(
        judged.agenda.exceptions, key=lambda item: (item.kind == "improvement", item.metric not in headlines)
    )
    measures = [judged.system[item.metric] for item in asked_about[:_MOST_ASKED_ABOUT]]
    if not measures:
        return None
    return FurtherSection(
        name="questions",
        title="Questions you will be asked",
        lede=_LEDE,
        tables=(
            *(_table(subject(one.metric.title), answers_about(judged, one)) for one in measures),
            _table("All findings", [decisions_answer(judged), outside_answer()]),
        ),
    )


def _table(caption: str, answers: Iterable[Answer]) -> Table:
    return Table(
        caption=caption,
        columns=(Column(heading="Question"), Column(heading="Answer"), Column(heading="Figures")),
        rows=tuple((one.question, one.text, ", ".join(one.figures) or MISSING) for one in answers),
    )
