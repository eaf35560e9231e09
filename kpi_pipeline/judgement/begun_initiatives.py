"""Which initiatives of the improvement programme began inside a chart, and where, in words.

Not here: whether they worked (`improvement`), their page in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.initiatives import Initiative


@dataclass(frozen=True, slots=True)
class BegunInitiative:
    """An initiative as a chart of one of its measures shows it. place: '' when it is the chart's own."""

    title: str
    place: str
    owner: str
    starts_on: date

    @property
    def month(self) -> Month:
        """The month it began in."""
        return Month.of(self.starts_on)

    @property
    def words(self) -> str:
        """Its title, with its place when that is not the chart's own."""
        return f"{self.title} ({self.place})" if self.place else self.title


def begun_initiatives(
    initiatives: Sequence[Initiative],
    metric: str,
    facility_id: str,
    months: Sequence[Month],
    *,
    facility_names: Mapping[str, str],
) -> tuple[BegunInitiative, ...]:
    """Those that name the metric as a measure, began in these months and concern this facility, in time order.

    One at some facilities stands on the whole system's chart with their names, and on the charts of those
    facilities. One that was given up before its first day never began.
    """
    begun = [
        BegunInitiative(one.title, place, one.owner, one.starts_on)
        for one in initiatives
        if metric in (*one.outcomes, *one.processes, *one.balancing)
        and months[0] <= Month.of(one.starts_on) <= months[-1]
        and not (one.closed_on is not None and one.closed_on < one.starts_on)
        and (place := _place(one, facility_id, facility_names)) is not None
    ]
    return tuple(sorted(begun, key=lambda one: (one.starts_on, one.title)))


def _place(initiative: Initiative, facility_id: str, facility_names: Mapping[str, str]) -> str | None:
    """Where it is, seen from the chart's facility; None when it is elsewhere, or nobody has said where."""
    scope = initiative.scope
    parts = [*scope.units, *scope.service_lines]
    if facility_id == WHOLE_SYSTEM:
        return join_words([*(facility_names.get(name, name) for name in scope.facilities), *parts])
    if scope.facilities and facility_id not in scope.facilities:
        return None
    if not scope.facilities and scope.units:
        return None
    return join_words(parts)
