"""One figure of a page, as a record."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure import Number

ALL = "all"


@dataclass(frozen=True, slots=True)
class PageFigure:
    """One figure. page and part say where it is printed, item of what it is (a reason, a group, a measure).

    lower, upper: its 95 % interval; None without one. months: the first and the last it is over, where those are not
    the report's own.
    """

    page: str
    part: str
    item: str
    name: str
    value: Number
    unit: str
    lower: float | None = None
    upper: float | None = None
    months: tuple[Month, Month] | None = None

    @property
    def figure_id(self) -> str:
        """`drivers/opportunity/documented/usd`."""
        return f"{self.page}/{self.part}/{self.item}/{self.name}"
