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
    tables = _Tables(counts, sums, threshold, reluctance)
    leaking = list(sums)
    while leaking:
        tables.close(leaking, hidden)
        leaking = tables.that_determine(hidden)
    return hidden


class _Tables:
    """Counts and the sums that tie them together; finds what gives a withheld count away, and closes it."""

    def __init__(
        self,
        counts: Mapping[Hashable, float],
        sums: Sequence[Sum],
        threshold: int,
        reluctance: Callable[[Hashable], int],
    ):
        self.counts, self.sums, self.threshold, self.reluctance = counts, sums, threshold, reluctance
        self.with_count: dict[Hashable, list[Sum]] = {}
        for one in sums:
            for key in one.members:
                self.with_count.setdefault(key, []).append(one)

    def close(self, leaking: Sequence[Sum], hidden: dict[Hashable, Withheld]) -> None:
        """Gives up counts until no single sum gives a withheld one away. Sums from `that_determine` give one up first."""
        queue = list(leaking)
        forced = {id(one) for one in leaking} if len(leaking) < len(self.sums) else set()
        while queue:
            one = queue.pop()
            shown = [key for key in one.members if key not in hidden and self.counts[key] > 0]
            if not shown or not (id(one) in forced or self._leaks(one, hidden)):
                continue
            forced.discard(id(one))
            given_up = min(shown, key=lambda key: (self.reluctance(key), self.counts[key], str(key)))
            hidden[given_up] = Withheld.COMPLEMENT
            queue += [one, *self.with_count[given_up]]
