"""What the director has not yet answered about measures that need attention: listed once, asked before issue."""

from __future__ import annotations

from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.declared.commentary import Comment
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.words.phrases import subject


def build_owed(judged: Judged) -> tuple[str, ...]:
    """`Denials per 100 discharges: why, what is being done and when it will be back`, for each measure with a gap.

    Of an improvement nothing is owed: it stands by itself. A copy for outsiders does not tell them what is owed inside.
    """
    if judged.scope.privacy == "external":
        return ()
    owed = []
    for item in judged.agenda.exceptions:
        if item.kind == "improvement":
            continue
        comment = judged.commentary.comments.get(item.metric, Comment())
        answers = (
            ("why", comment.why),
            ("what is being done", comment.doing),
            ("when it will be back", comment.back_by),
        )
        gaps = [question for question, answer in answers if not answer]
        if gaps:
            owed.append(f"{subject(judged.system[item.metric].metric.title)}: {join_words(gaps)}")
    return tuple(owed)
