"""Small counts that may not leave the hospital, and the further counts that would give them away.

`withhold_counts` works on any set of counts tied together by sums (a waterfall of exclusions, a total and its
facilities). It knows nothing of metrics; `figures` and `report.pages.appendix` say which counts and
sums there are.
Guarded: each small count, each count that the printed ones determine or narrow to fewer numbers than there are small
ones (`narrowing`), each sum of withheld counts that can be worked out and is small itself. Not guarded: wider ranges (a
reader may still learn that a withheld count is below 40).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import heapify, heappop, heappush

import numpy as np

from kpi_pipeline.judgement.disclosure.narrowing import Equation, System, taken_off


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
    hidden = {key: Withheld.SMALL for key, count in counts.items() if is_small(count, threshold)}
    hidden |= {key: Withheld.COMPLEMENT for key in also if key not in hidden}
    if not hidden:
        return hidden
    choice = _Choice(counts, sums, hidden, threshold=threshold, reluctance=reluctance, fixed=fixed)
    return hidden | dict.fromkeys(choice.given_up(), Withheld.COMPLEMENT)


class _Choice:
    """What to give up beside what is hidden. Counts are numbered as they come, sums as they are given.

    A sum's terms are the numbers of its counts, the total's taken off (`narrowing.taken_off`).
    """

    def __init__(
        self,
        counts: Mapping[Hashable, float],
        sums: Sequence[Sum],
        hidden: Collection[Hashable],
        *,
        threshold: int,
        reluctance: Callable[[Hashable], int],
        fixed: Collection[Hashable],
    ):
        self._keys = list(counts)
        self._counts = list(counts.values())
        self._threshold = threshold
        self._reluctance = reluctance
        at = {key: place for place, key in enumerate(self._keys)}
        self._sums = [
            [taken_off(at[one.total]), *(at[key] for key in one.parts if counts[key] > 0)]
            for one in sums
            if counts[one.total] > 0
        ]
        self._members = [[taken_off(terms[0]), *terms[1:]] for terms in self._sums]
        self._sums_with: list[list[int]] = [[] for _ in self._keys]
        for place, members in enumerate(self._members):
            for member in members:
                self._sums_with[member].append(place)
        self._is_hidden = [key in hidden for key in self._keys]
        self._may_go = [
            count > 0 and not is_hidden and key not in fixed
            for key, count, is_hidden in zip(self._keys, self._counts, self._is_hidden, strict=True)
        ]
        # Zero is printed, so what is withheld is at least one; only a number that nobody prints may be nothing.
        self._least = np.array([float(reluctance(key) >= 0) for key in self._keys])
        self._cheapest: dict[int, int] = {}  # sum → its count that is missed the least
        self._equations: dict[int, Equation] = {}  # of the sums with a withheld count
        self._given_up: list[int] = []

    def given_up(self) -> list[Hashable]:
        """The counts to withhold beside those that were, in the order they are found."""
        to_check = sorted({place for at, sums in enumerate(self._sums_with) if self._is_hidden[at] for place in sums})
        self._settle(to_check)
        while self._equations:
            told = self._told([self._equations[place] for place in sorted(self._equations)])
            to_open = self._sums_to_open(told)
            if not to_open:
                break
            self._settle([touched for place in to_open for touched in self._give_one_up(place)])
        return [self._keys[at] for at in self._given_up]

    def _settle(self, to_check: list[int]) -> None:
        """Gives counts up until no sum by itself gives one away; in the order given: sums that come first decide."""
        heapify(to_check)
        stale = set(to_check)
        while to_check:
            place = heappop(to_check)
            if place not in stale:
                continue
            stale.remove(place)
            self._equations[place] = self._equation(place)
            if self._gives_one_away(place):
                for touched in self._give_one_up(place):
                    stale.add(touched)
                    heappush(to_check, touched)

    def _give_one_up(self, place: int) -> list[int]:
        """Withholds the cheapest count of a sum, if one is left; the sums to be looked at again."""
        at = self._cheapest_of(place)
        if at is None:
            return []
        self._is_hidden[at], self._may_go[at] = True, False
        self._given_up.append(at)
        return self._sums_with[at]

    def _cheapest_of(self, place: int) -> int | None:
        """The count of a sum that is missed the least, if one is left."""
        known = self._cheapest.get(place)
        if known is None or not self._may_go[known]:
            left = [at for at in self._members[place] if self._may_go[at]]
            if not left:
                return None
            known = min(left, key=lambda at: (self._reluctance(self._keys[at]), self._counts[at], str(self._keys[at])))
            self._cheapest[place] = known
        return known

    def _equation(self, place: int) -> Equation:
        """A sum over its withheld counts."""
        unknown = []
        number = 0.0
        for term, at in zip(self._sums[place], self._members[place], strict=True):
            if self._is_hidden[at]:
                unknown.append(term)
            else:
                number += self._counts[at] if term < 0 else -self._counts[at]
        return Equation(unknown, number)

    def _gives_one_away(self, place: int) -> bool:
        """Whether a sum by itself tells a withheld count, or a small sum of withheld ones."""
        unknown = self._equations[place].terms
        if len(unknown) < 2:
            return len(unknown) == 1
        return unknown[0] >= 0 and is_small(sum(self._counts[at] for at in unknown), self._threshold)

    def _told(self, equations: Sequence[Equation]) -> set[int]:
        """The withheld counts that the sums narrow to fewer numbers than there are small ones; else those they fix.

        Passing bounds along a tree of sums finds all that can be known. In a circle a solver would find more: a margin
        is kept there, and what the sums fix together is found by solving them.
        """
        system = System(equations, self._least)
        told = {at for at in np.flatnonzero(system.is_told(self._threshold)).tolist() if self._counts[at] > 0}
        return told or system.fixed_in_circles()

    def _sums_to_open(self, told: set[int]) -> list[int]:
        """Sums to give a count up in, because several together tell a withheld one: the cheapest for each told count.

        The next count in a sum costs what its reluctance says, where one is left. Where none is left in any sum of what
        is told, one goes in the cheapest of the sums that share an unknown with those, and so on outwards.
        """
        seen: set[int] = set()
        ring = set(told)
        while ring:
            places = {place for at in ring for place in self._sums_with[at]} - seen
            seen |= places
            costs = {
                place: self._reluctance(self._keys[at])
                for place in places
                if (at := self._cheapest_of(place)) is not None
            }
            cheapest_first = sorted(costs, key=lambda place: (costs[place], place))
            if costs:
                return self._one_for_each(told, cheapest_first) or cheapest_first[:1]
            ring = {at for place in places for at in self._members[place] if self._is_hidden[at]}
        return []

    def _one_for_each(self, told: set[int], cheapest_first: Sequence[int]) -> list[int]:
        """The first sum of each told count, as far as there is one."""
        left = set(told)
        chosen = []
        for place in cheapest_first:
            if not left.isdisjoint(self._members[place]):
                left.difference_update(self._members[place])
                chosen.append(place)
        return chosen
