"""The ledger of restated figures as the report knows it: no case, only sums by cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.periods import Month

Cause = Literal[
    "follow_up",
    "late",
    "correction",
    "removal",
    "identity",
    "comparison",
    "elsewhere",
    "reference",
    "definition",
    "settings",
    "program",
    "unexplained",
]
CAUSES: tuple[Cause, ...] = (
    "follow_up",
    "late",
    "correction",
    "removal",
    "identity",
    "comparison",
    "elsewhere",
    "reference",
    "definition",
    "settings",
    "program",
    "unexplained",
)
"""The fixed order in which causes are asked and applied; each changed case has the first that holds.

follow_up: the case was without its full follow-up then or is now, or was coded or costed since. late: rows came in a
file that landed since. correction: a row was sent again with other content. removal: its source took a row back.
identity: the person behind it is another one. comparison: its own rows are as they were, but rows changed of which that
is made which its month is compared with (the costs of the year before). elsewhere: other rows changed that it rests on,
such as those that say until when the data reach. reference, definition, settings, program: nothing in its rows changed,
but that did. unexplained: none of them; it is printed as such.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause did to one figure. n_cases: cases it changed. numerator, denominator: change of the sums. value:
    change of the value, None where one of the two has none. columns: `table.column` of what was sent again."""

    cause: Cause
    n_cases: int
    numerator: float
    denominator: float
    value: float | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatedFigure:
    """One figure that was shown and is another one now. was_final: whether it was final when it was shown.

    value_then, value_now: None where there was none to print. parts: in the order of the causes; they add up.
    n_people: people behind the cases that changed, where a case is of somebody; None where nobody looked.
    """

    metric: str
    facility_id: str
    month: Month
    was_final: bool
    version_then: int
    version_now: int
    numerator_then: float
    numerator_now: float
    denominator_then: float
    denominator_now: float
    value_then: float | None
    value_now: float | None
    parts: tuple[Part, ...]
    n_people: int | None = None

    @property
    def n_behind(self) -> int:
        """How many are behind the change: the cases that changed, or their people where those are fewer."""
        n_cases = sum(part.n_cases for part in self.parts)
        return n_cases if self.n_people is None else min(n_cases, self.n_people)

    @property
    def change(self) -> float | None:
        """How much the value moved."""
        if self.value_then is None or self.value_now is None:
            return None
        return self.value_now - self.value_then


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """What changed since an issue. number, month: of that issue. n_compared: figures it showed that exist now, too.

    defined_anew: measure → (version then, version now) of those whose rules changed. releases: then and now.
    """

    number: int
    month: Month
    n_compared: int
    figures: tuple[RestatedFigure, ...]
    defined_anew: Mapping[str, tuple[int, int]]
    releases: tuple[str, str]

    @property
    def n_behind(self) -> dict[tuple[str, str, str], int]:
        """(metric, facility, month) → how many are behind the figure's change."""
        return {(one.metric, one.facility_id, str(one.month)): one.n_behind for one in self.figures}
