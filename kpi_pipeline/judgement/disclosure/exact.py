"""All relations over the withheld cells of a publication, solved exactly: the least and the largest number that fits.

A mixed-integer program over the linear system of all that is tied to a cell (HiGHS).
Not here: which relations hold (`publication`), what is told by an answer (`attack`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array

from kpi_pipeline.core.chatter import without_chatter
from kpi_pipeline.judgement.disclosure.narrowing import is_narrow
from kpi_pipeline.judgement.disclosure.page_cells import table_relations
from kpi_pipeline.judgement.disclosure.publication import NUMERATOR, Cell, Publication, Relation, is_count, relations_of
from kpi_pipeline.metrics.declaration import Metric

_SECONDS = 2.0
"""For one exact bound; after that the bound of the relaxation holds, which is wider."""

_UNBOUNDED = 3
"""The status of `scipy.optimize.milp` for a program without a bound."""


def connected_cells(
    publication: Publication, metrics: Mapping[str, Metric], known: Sequence[Relation] = ()
) -> list[tuple[list[Cell], list[Relation]]]:
    """The withheld cells in groups that no relation ties to another group, each with its relations."""
    first: dict[Cell, Cell] = {cell: cell for cell in publication.withheld}

    def root(cell: Cell) -> Cell:
        while first[cell] != cell:
            first[cell] = first[first[cell]]
            cell = first[cell]
        return cell

    touching: list[tuple[Cell, Relation]] = []
    for one in (*relations_of(publication, metrics), *table_relations(publication.numbers, metrics), *known):
        unknown = [cell for cell in one.weights if cell in first]
        if unknown:
            touching.append((unknown[0], one))
            for cell in unknown[1:]:
                first[root(cell)] = root(unknown[0])
    groups: dict[Cell, tuple[list[Cell], list[Relation]]] = {}
    for cell in first:
        groups.setdefault(root(cell), ([], []))[0].append(cell)
    for cell, one in touching:
        groups[root(cell)][1].append(one)
    return list(groups.values())


class ExactSystem:
    """Relations over withheld cells, with what is printed put in.

    Every solution found says of every cell which number fits: most cells need no solving of their own.
    """

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
        self._seen_least = np.full(len(hidden), np.inf)
        self._seen_most = np.full(len(hidden), -np.inf)

    def is_open(self, cell: Cell, threshold: int) -> bool:
        """Whether whole solutions found so far, for whatever cell, already differ enough in this one."""
        least, most = (float(seen[self._place[cell]]) for seen in (self._seen_least, self._seen_most))
        return least <= most and not is_narrow(least, most, threshold)

    def width_seen(self, cell: Cell) -> float:
        """How far whole solutions found so far differ in this cell; less than nothing while there is none."""
        at = self._place[cell]
        return float(self._seen_most[at] - self._seen_least[at])

    def range_of(self, cell: Cell) -> tuple[float, float]:
        """The least and the largest number that fits; unbounded above is infinite."""
        lower, upper = self._bound(cell, 1.0), self._bound(cell, -1.0)
        return (0.0 if lower is None else lower), (float("inf") if upper is None else -upper)

    def _bound(self, cell: Cell, sign: float) -> float | None:
        """The least of sign × cell; None when there is none.

        Without whole numbers first: what is unbounded then is unbounded with them, too, and HiGHS (SciPy 1.17) calls
        some such programs solved.
        """
        goal = np.zeros(len(self._place))
        goal[self._place[cell]] = sign
        constraints = [LinearConstraint(self._matrix, self._lows, self._highs)] if len(self._lows) else []

        def solve(integrality: NDArray[np.int_]) -> OptimizeResult:
            with without_chatter():  # HiGHS reports some of its steps to whoever runs it
                return milp(
                    goal,
                    integrality=integrality,
                    bounds=Bounds(self._least, np.inf),
                    constraints=constraints,
                    options={"time_limit": _SECONDS},
                )

        relaxed = solve(0 * self._whole)
        if relaxed.status == _UNBOUNDED:
            return None
        solved = solve(self._whole)
        if solved.x is not None:
            self._seen_least, self._seen_most = (
                np.minimum(self._seen_least, solved.x),
                np.maximum(self._seen_most, solved.x),
            )
        if solved.status == 0 and solved.fun is not None:
            return float(solved.fun)
        return float(relaxed.fun) if relaxed.status == 0 and relaxed.fun is not None else None
