"""What of a figure would tell how few patients moved it since an issue that outsiders have.

Whoever keeps an issue subtracts: a sum that moved by one late patient tells that patient's days and dollars.
Not here: numbers of cases, which move within the system of all counts (`waterfall`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Literal

from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    counts_its_numerator,
    is_count,
    is_same,
)
from kpi_pipeline.judgement.disclosure.shown import NOTHING_SHOWN, Shown
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric

KNOWN_TO = 0.2
"""A sum of a few patients is told when it is known to within a fifth of itself (the p% rule, p = 10 to each side)."""

Moved = Literal["not", "sums", "value"]
"""Of a figure that few patients moved: nothing need go, its sums, or its value, too."""


Behind = Mapping[tuple[str, str, str], int]
"""(metric, facility, month) → cases that count otherwise than in an issue, or their people where those are fewer, as
far as that is known."""


def behind_nothing(at: int) -> Behind:
    """Of no issue further back it is known."""
    return {}


class Earlier:
    """What outsiders were shown before. behind: what changed since an issue, by its place among them; asked only for a
    number that moved since, as it takes time."""

    def __init__(self, shown: Shown, behind: Callable[[int], Behind] = behind_nothing):
        self._behind_issue = behind
        self._printed, self._withheld, self._valued = shown.printed, shown.withheld, shown.valued

    def __bool__(self) -> bool:
        return bool(self._printed)

    def printed(self, cell: Cell) -> list[float]:
        """The different numbers that were printed for it."""
        return list(self._printed.get(cell, ()))

    def was_withheld(self, cell: Cell) -> bool:
        """Whether an issue withheld it: printed now and the same, it would tell what it was withheld for."""
        return cell in self._withheld

    def had_value(self, cell: Cell) -> bool:
        """Whether an issue printed a value for its figure."""
        return cell.place in self._valued

    def is_known(self, cell: Cell, number: float | None) -> bool:
        """Whether this very number was printed."""
        return number is not None and any(is_same(number, one) for one in self._printed.get(cell, ()))

    def what_moved(self, figure: Figure, metric: Metric, threshold: int) -> Moved:
        """What must go of a figure because few patients moved one of its sums since it was printed."""
        found: Moved = "not"
        for name, now in ((NUMERATOR, figure.numerator), (DENOMINATOR, figure.denominator)):
            cell = Cell(figure.metric, figure.facility_id, str(figure.month), name)
            is_number_of_cases = is_count(cell, metric) if name == DENOMINATOR else counts_its_numerator(metric)
            if is_number_of_cases or not isinstance(now, float) or self.is_known(cell, now):
                continue  # printed again it tells nothing that it did not tell then
            for then in self.printed(cell):
                change = abs(now - then)
                if self._is_few(figure, metric, cell, then, change, threshold):
                    if _is_told(figure, metric, cell, change, threshold):
                        return "value"
                    found = "sums"
        return found

    def _is_few(self, figure: Figure, metric: Metric, cell: Cell, then: float, change: float, threshold: int) -> bool:
        """Whether fewer patients than the threshold may be behind a change; where nobody knows, one must be feared."""
        if is_count(cell, metric) and (change < threshold or metric.kind == "proportion"):
            return change < threshold  # so few events happened to no more patients, however many came in between
        behind = self._behind(cell, self._printed[cell][then])
        if behind is not None:
            return behind < threshold
        counted = (
            self.printed(cell._replace(name=DENOMINATOR)) if is_count(cell._replace(name=DENOMINATOR), metric) else []
        )
        counted += self.printed(cell._replace(name=COUNTED))
        n_counted = figure.n_counted if isinstance(figure.n_counted, float) else 0.0
        return min((abs(n_counted - one) for one in counted), default=0.0) < threshold

    def _behind(self, cell: Cell, at: int) -> int | None:
        """How many are behind the change of a figure since an issue, where that is known.

        Cases that came, went and came again since are no change, and the others may be of few people however many cases
        they are: what each issue changed does not tell it.
        """
        return self._behind_issue(at).get(cell.place)


def _is_told(figure: Figure, metric: Metric, cell: Cell, change: float, threshold: int) -> bool:
    """Whether the printed value and its rounding tell the withheld sum nearly enough to tell its change."""
    half = half_width(figure.number, figure.numerator, figure.denominator, metric, cell.name)
    if cell.name == NUMERATOR and is_count(cell, metric) and 2 * half < threshold:
        return True
    return half < KNOWN_TO * change


def half_width(value: float | None, numerator: object, denominator: object, metric: Metric, name: str) -> float:
    """How far a sum may lie from what a printed value and the other sum make of it."""
    if metric.kind == "count":
        return 0.0
    if value is None or not metric.is_ratio_of_sums or not isinstance(denominator, float):
        return inf
    half = 0.5 * 10**-metric.decimals
    if name == NUMERATOR:
        return half * denominator / metric.scale
    return inf if value == 0 else half / abs(value) * denominator


NOTHING_EARLIER = Earlier(NOTHING_SHOWN)
