"""A figure as an issue showed it: what bands are made from. Not here: the bands (`bands`)."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.core.periods import Month


@dataclass(frozen=True, slots=True)
class Vintage:
    """A figure as one issue showed it. issued: the month of that issue's report."""

    metric: str
    version: int
    issued: Month
    month: Month
    value: float
    is_final: bool

    @property
    def age(self) -> int:
        """Months from the figure's month to the issue's."""
        return self.issued.months_since(self.month)
