"""What became of decisions that earlier reports asked for, in words. What was asked is the director's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.improving.asked_decisions import TrackedDecision
from kpi_pipeline.report.words.numbers import capitalised, small_count_words

_BECAME = {
    "granted": "granted",
    "refused": "refused",
    "postponed": "put off",
    "withdrawn": "taken back",
    "done": "carried out",
}
_NO_ANSWER = "no answer on record"


def asked_before_sentence(tracked: Sequence[TrackedDecision]) -> str:
    """`Of three decisions asked for before, one was granted and two have no answer on record.`"""
    counts = Counter(one.outcome.became if one.outcome else "" for one in tracked)
    if len(tracked) == 1:
        return f"The one decision asked for before {_clause(next(iter(counts)), 1)}."
    parts = [f"{small_count_words(count)} {_clause(became, count)}" for became, count in counts.items()]
    return f"Of {small_count_words(len(tracked))} decisions asked for before, {join_words(parts)}."


def became_sentence(one: TrackedDecision) -> str:
    """`Granted on November 12, 2026 (Chief Nursing Officer). From January on.` The note is printed as written."""
    if one.outcome is None:
        return f"{capitalised(_NO_ANSWER)}."
    whose = f" ({one.outcome.said_by})" if one.outcome.said_by else ""
    note = f" {one.outcome.note}" if one.outcome.note else ""
    return f"{capitalised(_BECAME[one.outcome.became])} on {date_words(one.outcome.answered_on)}{whose}.{note}"


def _clause(became: str, count: int) -> str:
    if not became:
        return f"{'has' if count == 1 else 'have'} {_NO_ANSWER}"
    return f"{'was' if count == 1 else 'were'} {_BECAME[became]}"
