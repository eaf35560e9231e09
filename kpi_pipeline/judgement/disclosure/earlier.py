"""What earlier issues printed for the same readers, and what of a figure would tell how few patients moved it since.

Whoever keeps the last issue subtracts: a sum that moved by one late patient tells that patient's days and dollars.
Not here: numbers of cases, which move within the system of all counts (`waterfall`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Literal

from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    Publication,
    counts_its_numerator,
    is_count,
    is_same,
)
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
    """What was printed before. issues: oldest first. n_changed: what changed since the newest of them. further_back:
    what changed since another one, by its place; asked for where a number moved more than once, since it takes time."""

    def __init__(
        self,
        issues: Sequence[Publication] = (),
        n_changed: Behind | None = None,
        further_back: Callable[[int], Behind] = behind_nothing,
    ):
        self._newest = len(issues) - 1
        self._n_changed = n_changed or {}
        self._further_back = further_back
        self._printed: dict[Cell, dict[float, int]] = defaultdict(dict)
        self._withheld: set[Cell] = set()
        self._valued: set[tuple[str, str, str]] = set()
        for at, issue in enumerate(issues):
            self._valued |= {place for place, value in issue.values.items() if value is not None}
            for cell, number in issue.numbers.items():
                if number is None:
                    self._withheld.add(cell)
                else:
                    self._printed[cell][number] = at

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
        changed = self._n_changed if at == self._newest else self._further_back(at)
        return changed.get(cell.place)


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


NOTHING_EARLIER = Earlier()
