"""One claim as the register keeps it: no number of it could give a patient away."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.targets import MonthField
from kpi_pipeline.signals.types import Side

ClaimState = Literal[
    "new", "continuing", "sustained", "unconfirmed", "waiting", "faded", "reversed", "withdrawn", "settled"
]
"""new: said for the first time. continuing: the chart still shows it. sustained: for twelve final months. unconfirmed:
no signal in the newest month, and not yet weight enough for the old level. waiting: the measure cannot be judged.
Ended: faded (the old level is back), reversed (now the other way), withdrawn (the data or the definition changed, and
it would not have been said), settled (new limits were recorded)."""

ENDED = frozenset({"faded", "reversed", "withdrawn", "settled"})

Cause = Literal["", "old_level", "no_signal", "figures", "definition", "not_shown"]
"""Why a claim faded: the months since fit the old level, or show no signal for a year. Why it was withdrawn: the
figures changed, the definition did, or the measure is no longer in the report."""


class Claim(BaseModel):
    """One claim after an issue.

    version: of the measure's definition. side: of the chart. first_month: of the report that said it first.
    signal_from: the first month of the signal then. signalled: the newest month in which the chart showed it.
    limits_from: the month in which the limits then in force began, with a rebase; else None. onset: likeliest, earliest
    and latest month of the change, as dated first and kept; empty where it could not be told within a year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    metric: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
    facility_id: Annotated[str, Field(min_length=1, max_length=1000)] = WHOLE_SYSTEM
    version: int
    side: Side
    state: ClaimState = "new"
    cause: Cause = ""
    first_month: MonthField
    signal_from: MonthField
    signalled: MonthField
    limits_from: MonthField | None = None
    onset: Annotated[tuple[MonthField, ...], Field(max_length=3)] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is still to be followed up."""
        return self.state not in ENDED

    @property
    def key(self) -> tuple[str, str, Side]:
        """Measure, place and side: there is one open claim of each."""
        return self.metric, self.facility_id, self.side

    @field_serializer("first_month", "signal_from", "signalled", "limits_from")
    def _month_text(self, month: Month | None) -> str | None:
        return None if month is None else str(month)

    @field_serializer("onset")
    def _onset_texts(self, onset: tuple[Month, ...]) -> list[str]:
        return [str(month) for month in onset]
