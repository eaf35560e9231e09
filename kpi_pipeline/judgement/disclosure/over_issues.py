"""What a reader of several issues works out: each issue, all as one, and what moved from one to another.

Not here: one publication (`attack`), what the defence knows of issues before (`earlier`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from kpi_pipeline.judgement.disclosure.attack import Finding, attack, attack_rests
from kpi_pipeline.judgement.disclosure.earlier import KNOWN_TO
from kpi_pipeline.judgement.disclosure.exact import ExactSystem, connected_cells
from kpi_pipeline.judgement.disclosure.page_cells import begins
from kpi_pipeline.judgement.disclosure.publication import COUNTED, DENOMINATOR, Cell, Publication, is_count, is_same
from kpi_pipeline.metrics.declaration import Metric


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
    places = frozenset[str]().union(*(one.places for one in issues))
    issues = [replace(one, other_places=places) for one in issues]
    whole = Publication()
    for one in issues:
        whole = whole.merged(one)
    found = attack(whole, metrics, threshold=threshold)
    for one in issues:
        found += [rest for rest in attack_rests(one, metrics, threshold) if rest not in found]
    for at, (then, now) in enumerate(pairwise(issues), start=1):
        unchanged = _unchanged_since(then, now, n_changed[at]) if at < len(n_changed) else {}
        if unchanged:
            known = replace(now, numbers=now.numbers | unchanged)
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
    groups = {cell: group for group in connected_cells(now, metrics) for cell in group[0]}
    systems: dict[int, ExactSystem] = {}
    later: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in now.numbers:
        later[begins(cell)].append(cell)
    found = []
    for cell, before in ((cell, number) for cell, number in then.numbers.items() if number is not None):
        for own in later.get(begins(cell), ()):
            after = now.numbers[own]
            if after is None:
                system = systems.setdefault(id(groups[own]), ExactSystem(*groups[own], now, metrics))
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
