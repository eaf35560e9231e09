"""Small counts that may not leave the hospital, and the further counts that would give them away.

`withhold_counts` works on any set of counts tied together by sums (a waterfall of exclusions, a total and its
facilities). It knows nothing of metrics; `figures` and `report.pages.appendix` say which counts and
sums there are.
Guarded: each small count, each count that the printed ones determine or narrow to fewer numbers than there are small
ones (`narrowing`), each sum of withheld counts that can be worked out and is small itself. Not guarded: wider ranges (a
reader may still learn that a withheld count is below 40).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush

from kpi_pipeline.judgement.disclosure.narrowing import Equation, is_narrow, narrow_bounds, solved_rows


class Withheld(Enum):
    """Why a number is not printed: it is small, or it would give a small one away."""

    SMALL = "small"
    COMPLEMENT = "complement"


Number = float | Withheld | None
"""A number that may be printed, one that may not, or none (missing)."""


@dataclass(frozen=True, slots=True)
class Sum:
    """total = sum of parts; with all but one known, the last one is known too."""

    total: Hashable
    parts: tuple[Hashable, ...]

    @property
    def members(self) -> tuple[Hashable, ...]:
        """The total and its parts."""
        return (self.total, *self.parts)


def is_small(count: float | None, threshold: int) -> bool:
    """Whether a count is one that may not be printed: above zero and below the threshold."""
    return count is not None and 0 < count < threshold


def withhold_counts(
    counts: Mapping[Hashable, float],
    sums: Sequence[Sum],
    *,
    threshold: int,
    also: Iterable[Hashable] = (),
    reluctance: Callable[[Hashable], int] = lambda key: 0,
    fixed: Collection[Hashable] = frozenset(),
) -> dict[Hashable, Withheld]:
    """Which counts to withhold, so that no small one can be read or worked out from the rest.

    also: counts to withhold beside the small ones. reluctance: among the counts of a sum, those with the lowest
    number are given up first, then the smallest. fixed: counts that were printed before, which nothing can take back.
    Counts of zero are printed: they hide nobody.
    """
    sums = [Sum(one.total, tuple(key for key in one.parts if counts[key] > 0)) for one in sums if counts[one.total] > 0]
    hidden = {key: Withheld.SMALL for key, count in counts.items() if is_small(count, threshold)}
    hidden |= {key: Withheld.COMPLEMENT for key in also if key not in hidden}
    sums_with: dict[Hashable, list[int]] = defaultdict(list)
    for place, one in enumerate(sums):
        for key in one.members:
            sums_with[key].append(place)
    to_check = [place for place, one in enumerate(sums) if not hidden.keys().isdisjoint(one.members)]
    equations: dict[int, Equation | None] = dict.fromkeys(to_check)  # of the sums with a withheld count; None: not made

    def cheapest(one: Sum) -> Hashable | None:
        """The count of a sum that is missed the least, if one is left."""
        shown = [key for key in one.members if key not in hidden and key not in fixed and counts[key] > 0]
        return min(shown, key=lambda key: (reluctance(key), counts[key], str(key)), default=None)

    def give_up(one: Sum) -> None:
        """Withholds one more count of a sum, and has its other sums looked at again."""
        given_up = cheapest(one)
        if given_up is not None:
            hidden[given_up] = Withheld.COMPLEMENT
            for place in sums_with[given_up]:
                heappush(to_check, place)
                equations[place] = None

    while to_check:
        while to_check:  # in the order given, so that the sums that come first decide
            one = sums[heappop(to_check)]
            if _gives_one_away(one, counts, hidden, threshold):
                give_up(one)
        places = sorted(equations)
        touched = [sums[place] for place in places]
        for place in places:
            equations[place] = equations[place] or _equation(sums[place], counts, hidden)
        told = _told(_connected(made for place in places if (made := equations[place])), counts, threshold, reluctance)
        costs = {at: reluctance(key) for at, one in enumerate(touched) if told and (key := cheapest(one)) is not None}
        for one in _sums_to_open(touched, costs, told):
            give_up(one)
    return hidden


def _gives_one_away(
    one: Sum, counts: Mapping[Hashable, float], hidden: Mapping[Hashable, Withheld], threshold: int
) -> bool:
    """Whether a sum by itself tells a withheld count, or a small sum of withheld ones."""
    unknown = [key for key in one.members if key in hidden]
    if len(unknown) < 2:
        return len(unknown) == 1
    return one.total not in hidden and is_small(sum(counts[key] for key in unknown), threshold)


def _sums_to_open(sums: Sequence[Sum], costs: Mapping[int, int], told: set[Hashable]) -> list[Sum]:
    """Sums to give a count up in, because several together tell a withheld one: the cheapest sum for each told count.

    costs: place of a sum → what the next count in it costs, for those that have one left.
    """
    left = set(told)
    chosen: list[Sum] = []
    for at in sorted(costs, key=lambda at: (costs[at], at)):
        if not left.isdisjoint(sums[at].members):
            left = left.difference(sums[at].members)
            chosen.append(sums[at])
    return chosen or ([sums[min(costs)]] if told and costs else [])


def _equation(one: Sum, counts: Mapping[Hashable, float], hidden: Mapping[Hashable, Withheld]) -> Equation:
    """A sum over its withheld counts."""
    weights: dict[Hashable, float] = {}
    number = 0.0
    for key in one.members:
        sign = -1.0 if key == one.total else 1.0
        if key in hidden:
            weights[key] = sign
        else:
            number -= sign * counts[key]
    return Equation(weights, number)


def _told(
    groups: Iterable[Sequence[Equation]],
    counts: Mapping[Hashable, float],
    threshold: int,
    reluctance: Callable[[Hashable], int],
) -> set[Hashable]:
    """The withheld counts that the sums narrow to fewer numbers than there are small ones; if none, those they fix.

    Passing bounds along a tree of sums finds all that can be known. In a circle a solver would find more: a margin is
    kept there, and what the sums fix together is found by solving them.
    """
    told: set[Hashable] = set()
    circles = []
    for group in groups:
        keys = {key for one in group for key in one.weights}
        is_tree = sum(len(one.weights) for one in group) < len(group) + len(keys)
        if not is_tree:
            circles.append(group)
        # Zero is printed, so what is withheld is at least one; only a number that nobody prints may be nothing.
        bounds = narrow_bounds(group, {key: float(reluctance(key) >= 0) for key in keys})
        margin = 0 if is_tree else threshold // 2
        told |= {
            key
            for key, (low, high) in bounds.items()
            if counts[key] > 0 and (is_narrow(low, high, threshold, margin=margin) or low == high)
        }
    return told or {
        key for group in circles for row in solved_rows([one.weights for one in group]) if len(row) == 1 for key in row
    }


def _connected(equations: Iterable[Equation]) -> list[list[Equation]]:
    """The equations in groups, since those that share no withheld count say nothing of each other: no unknown stands in
    two. Equal equations once; each unknown is followed once."""
    different = list({frozenset(one.weights.items()): one for one in equations if one.weights}.values())
    rows_of: dict[Hashable, list[int]] = defaultdict(list)
    for at, one in enumerate(different):
        for key in one.weights:
            rows_of[key].append(at)
    groups: list[list[Equation]] = []
    seen: set[int] = set()
    for first in range(len(different)):
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for at in group:  # grows while it is read
            for key in different[at].weights:
                new = [other for other in rows_of.pop(key, ()) if other not in seen]
                seen.update(new)
                group += new
        groups.append([different[at] for at in group])
    return groups
