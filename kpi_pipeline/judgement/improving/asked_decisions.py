"""Decisions that earlier reports asked for, and what became of them. Not here: words."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.commentary import AskedDecision, asked_in
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.judgement.inputs import ReportInputs

MONTHS_TOLD = 12
"""An answer so old is no news; a decision without one is told until it has one."""
_OPEN = ("postponed",)
"""An answer that leaves the question open."""


@dataclass(frozen=True, slots=True)
class TrackedDecision:
    """One decision: key and month name it. outcome None: no answer is on record."""

    key: str
    month: Month
    asked: AskedDecision
    outcome: DecisionOutcome | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.outcome is None or self.outcome.became in _OPEN


def track_decisions(inputs: ReportInputs) -> tuple[TrackedDecision, ...]:
    """What earlier months asked for: open ones first, then answered ones for a year, oldest question first.

    A report of an older month, made anew, does not know what was decided after the month in which it was due.
    """
    tracked = []
    for key, asked in inputs.asked.items():
        month, outcome = asked_in(key), inputs.outcomes.get(key)
        if month >= inputs.month:
            continue
        if outcome is not None and Month.of(outcome.answered_on) > inputs.month.plus(1):
            outcome = None
        one = TrackedDecision(key, month, asked, outcome)
        if one.is_open or outcome is None or Month.of(outcome.answered_on) > inputs.month.plus(-MONTHS_TOLD):
            tracked.append(one)
    return tuple(sorted(tracked, key=lambda one: (not one.is_open, one.month)))
