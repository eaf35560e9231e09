"""The attacker: what an outsider can work out of everything published together, however they go about it.

For every withheld count the least and the largest number that fits all that is printed, exactly: a mixed-integer
program over the linear system of all that is tied to it (HiGHS). A count is told when fewer numbers fit than there are
small ones, and they may be small. For two sums of one quantity (costs, days, weights): whether their difference tells
the sum of a few patients.
Not here: the system (`publication`), the defence (`small_numbers`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array

from kpi_pipeline.core.chatter import without_chatter
from kpi_pipeline.judgement.disclosure.counts import is_small
from kpi_pipeline.judgement.disclosure.earlier import KNOWN_TO
from kpi_pipeline.judgement.disclosure.narrowing import is_narrow
from kpi_pipeline.judgement.disclosure.page_cells import begins, rests_of, table_relations
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    Publication,
    Relation,
    is_count,
    is_same,
    relations_of,
)
from kpi_pipeline.metrics.declaration import Metric

_SECONDS = 2.0
"""For one exact bound; after that the bound of the relaxation holds, which is wider."""

_UNBOUNDED = 3
"""The status of `scipy.optimize.milp` for a program without a bound."""

_NARROW_SHARE = 0.2
"""Two sums so near each other, over places and months, are taken for one quantity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be worked out: the cell, between which numbers it lies, and of what it is the difference (or '')."""

    cell: Cell
    lower: float
    upper: float
    difference_to: str = ""


def attack(
    publication: Publication, metrics: Mapping[str, Metric], *, threshold: int, known: Sequence[Relation] = ()
) -> list[Finding]:
    """Every protected quantity that is narrowed below the threshold; empty when the publication holds.

    known: what the attacker knows besides, from a label, say.
    """
    found: list[Finding] = []
    for hidden, relations in _connected(publication, metrics, known):
        found += _attack_cells(publication, hidden, relations, metrics, threshold)
    found += _attack_rests(publication, metrics, threshold)
    return found + _attack_differences(publication, metrics, threshold)


def _attack_rests(publication: Publication, metrics: Mapping[str, Metric], threshold: int) -> list[Finding]:
    """Groups that are withheld and few, all together."""
    rests = rests_of(publication.numbers, metrics)
    return [Finding(cell, rest, rest) for cell, rest in rests if is_small(rest, threshold) and not is_same(rest, 0.0)]


def few_people_shown(
    publication: Publication,
    metrics: Mapping[str, Metric],
    n_people: Mapping[tuple[str, str, str], float],
    *,
    threshold: int,
) -> list[Finding]:
    """Events printed, or told by their value, that happened to few people, however many the events.

    n_people: figure → the people behind its events; no outsider knows it, whoever tests the defence does.
    """
    found = []
    for place, people in n_people.items():
        cell = Cell(*place, NUMERATOR)
        if not 0 < people < threshold or not is_count(cell, metrics[cell.metric]):
            continue
        if publication.numbers.get(cell) is not None or publication.values.get(place) is not None:
            found.append(Finding(cell, people, people, difference_to="people"))
    return found


def _connected(
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


def attack_issues(
    issues: Sequence[Publication],
    metrics: Mapping[str, Metric],
    *,
    threshold: int,
    n_changed: Sequence[Mapping[tuple[str, str, str], int]] = (),
) -> list[Finding]:
    """What several issues tell together: each, all as one, and what of a figure moved between two of them.

    issues: oldest first, each in all its copies. n_changed: (metric, facility, month) → cases that count otherwise, as
    an issue itself prints of the issue before it; empty for the first.
    """
    whole = Publication()
    for one in issues:
        whole = whole.merged(one)
    found = attack(whole, metrics, threshold=threshold)
    for one in issues:
        found += [rest for rest in _attack_rests(one, metrics, threshold) if rest not in found]
    for at, (then, now) in enumerate(pairwise(issues), start=1):
        unchanged = _unchanged_since(then, now, n_changed[at]) if at < len(n_changed) else {}
        if unchanged:
            known = Publication(now.numbers | unchanged, now.values)
            found += [one for one in attack(known, metrics, threshold=threshold) if one not in found]
    for later, earlier in combinations(reversed(range(len(issues))), 2):
        since = _added(n_changed[earlier + 1 : later + 1]) if later < len(n_changed) else {}
        found += _attack_change(issues[earlier], issues[later], metrics, threshold, since)
    return found


def _unchanged_since(
    then: Publication, now: Publication, n_changed: Mapping[tuple[str, str, str], int]
) -> dict[Cell, float | None]:
    """Numbers withheld now that were printed then, of figures of which no case counts otherwise: they are the same."""
    return {
        cell: then.numbers[cell]
        for cell in now.withheld
        if then.numbers.get(cell) is not None and n_changed.get(cell.place) == 0
    }


def _added(n_changed: Sequence[Mapping[tuple[str, str, str], int]]) -> dict[tuple[str, str, str], int]:
    """How many cases changed over several issues, where each says it: at most so many, a case may change twice."""
    places = set.intersection(*(set(one) for one in n_changed)) if n_changed else set()
    return {place: sum(one[place] for one in n_changed) for place in places}


def _attack_change(
    then: Publication,
    now: Publication,
    metrics: Mapping[str, Metric],
    threshold: int,
    n_changed: Mapping[tuple[str, str, str], int],
) -> list[Finding]:
    """Numbers printed then whose difference to now is known, and is that of a few patients."""
    groups = {cell: group for group in _connected(now, metrics) for cell in group[0]}
    systems: dict[int, _System] = {}
    later: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in now.numbers:
        later[begins(cell)].append(cell)
    found = []
    for cell, before in ((cell, number) for cell, number in then.numbers.items() if number is not None):
        for own in later.get(begins(cell), ()):
            after = now.numbers[own]
            if after is None:
                system = systems.setdefault(id(groups[own]), _System(*groups[own], now, metrics))
                if is_count(own, metrics[own.metric]) and system.width_seen(own) >= threshold - 2:
                    continue
                lower, upper = system.range_of(own)
            else:
                lower = upper = after
            is_told = _tells_change(own, before, lower, upper, metrics, threshold)
            if is_told and _is_of_few(own, then, now, metrics, threshold, n_changed):
                found.append(Finding(own, lower - before, upper - before, difference_to="an issue before"))
    return found


def _tells_change(
    cell: Cell, before: float, lower: float, upper: float, metrics: Mapping[str, Metric], threshold: int
) -> bool:
    """Whether a number that lies between two ends tells that it moved, and by how much."""
    low, high = lower - before, upper - before
    if is_count(cell, metrics[cell.metric]):
        few = -threshold < low and high < threshold and not low == high == 0
        return few and high - low + 1 < threshold - 1
    if low <= 0 <= high or is_same(lower, before) or is_same(upper, before):
        return False
    return high - low < 2 * KNOWN_TO * abs(low + high) / 2


def _is_of_few(
    cell: Cell,
    then: Publication,
    now: Publication,
    metrics: Mapping[str, Metric],
    threshold: int,
    n_changed: Mapping[tuple[str, str, str], int],
) -> bool:
    """Whether fewer patients than the threshold are behind a change, as far as a reader can tell; in doubt, few."""
    if is_count(cell, metrics[cell.metric]):
        return True  # the change itself is a number of cases, or of what happened to no more patients than that
    if cell.place in n_changed:
        return n_changed[cell.place] < threshold
    for name in (COUNTED, DENOMINATOR):
        counted = cell._replace(name=name)
        before, after = then.numbers.get(counted), now.numbers.get(counted)
        if is_count(counted, metrics[cell.metric]) and before is not None and after is not None:
            return abs(after - before) < threshold
    return True


def _attack_cells(
    publication: Publication,
    hidden: Sequence[Cell],
    relations: Sequence[Relation],
    metrics: Mapping[str, Metric],
    threshold: int,
) -> list[Finding]:
    system = _System(hidden, relations, publication, metrics)
    found = []
    for cell in hidden:
        if not is_count(cell, metrics[cell.metric]) or not relations:
            continue
        if system.is_open(cell, threshold):
            continue
        lower, upper = system.range_of(cell)
        if is_narrow(lower, upper, threshold) and upper > 0:
            found.append(Finding(cell, lower, upper))
    return found


class _System:
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
