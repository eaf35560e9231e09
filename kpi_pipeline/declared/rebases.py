"""A recorded rebase: limits computed afresh from a month on, by a person's decision after a known lasting change.

What is printed and drawn of it, and nothing else. Where rebases are kept is the `journal`'s matter;
whether one may stand is `signals.rebase`, asked by `series` and `judgement.rebase_check`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.commentary import Line
from kpi_pipeline.declared.targets import MonthField


class Rebase(BaseModel):
    """One decision. facility_id `all` is the whole system's chart, which is not that of any facility.

    trial: the new phase may still be short; its limits are trial limits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    metric: str
    facility_id: str = WHOLE_SYSTEM
    from_month: Annotated[MonthField, Field(alias="from")]
    reason: Line
    decided_by: Line
    decided_on: date
    trial: bool = False

    @property
    def key(self) -> str:
        """Its name: `metric:facility:month`. A chart can be rebased once from a month."""
        return f"{self.metric}:{self.facility_id}:{self.from_month}"

    @field_serializer("from_month")
    def _month_text(self, month: Month) -> str:
        return str(month)


def rebases_of(rebases: Iterable[Rebase], metric: str, facility_id: str) -> tuple[Rebase, ...]:
    """The rebases of one chart, in time order."""
    found = [one for one in rebases if (one.metric, one.facility_id) == (metric, facility_id)]
    return tuple(sorted(found, key=lambda one: one.from_month))
