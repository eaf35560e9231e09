"""Small counts that may not leave the hospital, and the further counts that would give them away.

`withhold_counts` works on any set of counts tied together by sums (a waterfall of exclusions, a total and its
facilities). It knows nothing of metrics; `figures` and `build_appendix` say which counts and which sums there are.
Guarded: each small count, each count that the printed ones determine, each sum of withheld counts that can be
worked out and is small itself. Not guarded: ranges (a reader may still learn that a withheld count is below 40),
and a reader who compares two issues of the same month.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

_NO_WAY_TO_MOVE = 1e-9
"""A withheld count whose null-space coordinates are all below this has one possible value: it can be worked out."""


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
) -> dict[Hashable, Withheld]:
    """Which counts to withhold, so that no small one can be read or worked out from the rest.

    also: counts to withhold beside the small ones. reluctance: among the counts of a sum, those with the lowest
    number are given up first, then the smallest. Counts of zero are printed: they hide nobody.
    """
    hidden = {key: Withheld.SMALL for key, count in counts.items() if is_small(count, threshold)}
    hidden |= {key: Withheld.COMPLEMENT for key in also if key not in hidden}
    if not hidden:
        return hidden
    while (leak := _first_leak(counts, sums, hidden, threshold)) is not None:
        candidates = [key for key in leak.members if key not in hidden and counts[key] > 0]
        given_up = min(candidates, key=lambda key: (reluctance(key), counts[key], str(key)))
        hidden[given_up] = Withheld.COMPLEMENT
    return hidden


def _first_leak(
    counts: Mapping[Hashable, float], sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld], threshold: int
) -> Sum | None:
    """The first sum that gives a withheld count away and still has a count to give up, or None."""
    open_sums = [one for one in sums if any(key not in hidden and counts[key] > 0 for key in one.members)]
    for one in open_sums:
        unknown = [key for key in one.members if key in hidden]
        if len(unknown) == 1:
            return one
        if unknown and one.total not in hidden and is_small(sum(counts[key] for key in unknown), threshold):
            return one
    determined = _determined(sums, hidden)
    return next((one for one in open_sums if determined.intersection(one.members)), None)


def _determined(sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld]) -> set[Hashable]:
    """The withheld counts that several sums together determine: those fixed in the solution space."""
    places = {key: place for place, key in enumerate(key for key in hidden)}
    rows = []
    for one in sums:
        row = np.zeros(len(places))
        for key in one.members:
            if key in places:
                row[places[key]] += -1.0 if key == one.total else 1.0
        if row.any():
            rows.append(row)
    if not rows:
        return set()
    _, sizes, directions = np.linalg.svd(np.array(rows))
    free = directions[int((sizes > _NO_WAY_TO_MOVE).sum()) :]
    fixed = np.abs(free).max(axis=0, initial=0.0) < _NO_WAY_TO_MOVE
    return {key for key, place in places.items() if fixed[place]}
