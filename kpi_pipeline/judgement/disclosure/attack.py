"""The attacker: what an outsider can work out of everything published together, however they go about it.

For every withheld count the least and the largest number that fits all that is printed, exactly: a mixed-integer
program over the month's linear system (HiGHS). A count is told when fewer numbers fit than there are small ones, and
they may be small. For two sums of one quantity (costs, days, weights): whether their difference tells the sum of a few
patients.
Not here: the system (`publication`), the defence (`small_numbers`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from kpi_pipeline.judgement.disclosure.narrowing import is_narrow
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    Publication,
    Relation,
    is_count,
    relations_of,
)
from kpi_pipeline.metrics.declaration import Metric

_SECONDS = 2.0
"""For one exact bound; after that the bound of the relaxation holds, which is wider."""

_NARROW_SHARE = 0.2
"""A sum of a few patients is told when it is known to within a fifth of itself (the p% rule, p = 10 to each side)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be worked out: the cell, between which numbers it lies, and of what it is the difference (or '')."""

    cell: Cell
    lower: float
    upper: float
    difference_to: str = ""


def attack(publication: Publication, metrics: Mapping[str, Metric], *, threshold: int) -> list[Finding]:
    """Every protected quantity that is narrowed below the threshold; empty when the publication holds."""
    relations = relations_of(publication, metrics)
    by_month: dict[str, list[Relation]] = defaultdict(list)
    for one in relations:
        by_month[next(iter(one.weights)).month].append(one)
    found: list[Finding] = []
    for month, own in sorted(by_month.items()):
        found += _attack_month(publication, own, metrics, month, threshold)
    return found + _attack_differences(publication, metrics, threshold)


def _attack_month(
    publication: Publication,
    relations: Sequence[Relation],
    metrics: Mapping[str, Metric],
    month: str,
    threshold: int,
) -> list[Finding]:
    hidden = [cell for cell in publication.withheld if cell.month == month]
    if not hidden:
        return []
    system = _System(hidden, relations, publication, metrics)
    found = []
    for cell in hidden:
        if not is_count(cell, metrics[cell.metric]):
            continue
        lower, upper = system.range_of(cell)
        if is_narrow(lower, upper, threshold) and upper > 0:
            found.append(Finding(cell, lower, upper))
    return found


class _System:
    """The month's relations over its withheld cells, with what is printed put in."""

    def __init__(
        self,
        hidden: Sequence[Cell],
        relations: Sequence[Relation],
        publication: Publication,
        metrics: Mapping[str, Metric],
    ):
        self._place = {cell: at for at, cell in enumerate(hidden)}
        rows: list[int] = []
        columns: list[int] = []
        weights: list[float] = []
        lows: list[float] = []
        highs: list[float] = []
        for one in relations:
            known = sum(weight * (publication.numbers[cell] or 0.0) for cell, weight in one.weights.items())
            unknown = {cell: weight for cell, weight in one.weights.items() if cell in self._place}
            if not unknown:
                continue
            slack = 1e-6 * max(1.0, abs(known))
            for cell, weight in unknown.items():
                rows.append(len(lows))
                columns.append(self._place[cell])
                weights.append(weight)
            lows.append(one.lower - known - slack)
            highs.append(one.upper - known + slack)
        self._matrix = csr_array((weights, (rows, columns)), shape=(len(lows), len(hidden)))
        self._lows, self._highs = np.array(lows), np.array(highs)
        # Zero is printed, so a withheld number of cases is at least one; events may be withheld with their cases.
        self._least = np.array(
            [float(is_count(cell, metrics[cell.metric]) and cell.name != NUMERATOR) for cell in hidden]
        )
        self._whole = np.array([int(is_count(cell, metrics[cell.metric])) for cell in hidden])

    def range_of(self, cell: Cell) -> tuple[float, float]:
        """The least and the largest number that fits; unbounded above is infinite."""
        lower, upper = self._bound(cell, 1.0), self._bound(cell, -1.0)
        return (0.0 if lower is None else lower), (float("inf") if upper is None else -upper)

    def _bound(self, cell: Cell, sign: float) -> float | None:
        """The least of sign × cell; None when there is none."""
        goal = np.zeros(len(self._place))
        goal[self._place[cell]] = sign
        constraints = [LinearConstraint(self._matrix, self._lows, self._highs)] if len(self._lows) else []
        solved = milp(
            goal,
            integrality=self._whole,
            bounds=Bounds(self._least, np.inf),
            constraints=constraints,
            options={"time_limit": _SECONDS},
        )
        if solved.status == 0 and solved.fun is not None:
            return float(solved.fun)
        relaxed = milp(goal, integrality=0 * self._whole, bounds=Bounds(self._least, np.inf), constraints=constraints)
        return float(relaxed.fun) if relaxed.status == 0 and relaxed.fun is not None else None


def _attack_differences(publication: Publication, metrics: Mapping[str, Metric], threshold: int) -> list[Finding]:
    """Two printed sums of one quantity whose cases differ by a few patients: the difference is those patients' sum."""
    sums: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(dict)
    for cell, number in publication.numbers.items():
        is_sum = cell.name in (NUMERATOR, DENOMINATOR) and not is_count(cell, metrics[cell.metric])
        if is_sum and number:  # counts are the solver's matter
            sums[(cell.metric, cell.name)][(cell.facility_id, cell.month)] = number
    found = []
    for more, fewer in permutations(sums, 2):
        if more[0] == fewer[0] or not _is_one_quantity(sums[more], sums[fewer]):
            continue
        for place, total in sums[more].items():
            n_few = _number_of_cases(publication, more[0], fewer[0], place)
            part = sums[fewer].get(place)
            if part is None or n_few is None or not 0 < n_few < threshold or total <= part:
                continue
            difference = total - part
            found.append(Finding(Cell(more[0], *place, more[1]), difference, difference, difference_to=fewer[0]))
    return found


def _number_of_cases(publication: Publication, more: str, fewer: str, place: tuple[str, str]) -> float | None:
    """By how many cases they differ, where both numbers are printed; where one is not, one patient must be feared."""
    counts = [publication.numbers.get(Cell(metric, *place, COUNTED), 0.0) for metric in (more, fewer)]
    if counts[0] is None or counts[1] is None:
        return 1.0
    return counts[0] - counts[1]


def _is_one_quantity(one: Mapping[tuple[str, str], float], other: Mapping[tuple[str, str], float]) -> bool:
    """Whether two sums stay so close over places and months that an outsider takes them for the same quantity."""
    both = one.keys() & other.keys()
    if not both:
        return False
    shares: Iterable[float] = (abs(one[place] - other[place]) / max(one[place], other[place]) for place in both)
    return float(np.median(list(shares))) < _NARROW_SHARE
