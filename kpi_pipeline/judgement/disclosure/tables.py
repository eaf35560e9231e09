"""Which rows of a table with a total may not be printed: one fix-point for every table of the report.

Not here: the reasoning about one set of sums (`counts`), which tables there are (their own modules).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

from kpi_pipeline.judgement.disclosure.counts import Sum, Withheld, is_small, withhold_counts


def withhold_table(
    kinds: Sequence[Mapping[Hashable, float]],
    sums: Sequence[Sum],
    *,
    threshold: int,
    reluctance: Callable[[Hashable], int] = lambda key: 0,
    kin: Sequence[Sequence[Hashable]] = (),
    also: Iterable[Hashable] = (),
    fixed: Collection[Hashable] = frozenset(),
) -> dict[Hashable, Withheld]:
    """Row → why it is withheld, so that no small count of any kind can be read or worked out.

    kinds: row → count, once for each kind of count that a printed row gives away (cases, events, the rest); a row
    withheld for one kind is withheld for all. sums: hold within each kind. reluctance: as in `withhold_counts`.
    kin: rows that count cases of one population; of two printed ones that differ by a small number the later goes,
    because the difference may be a small group. also: rows to withhold beside the small ones. fixed: rows that are
    known, whatever is withheld now.
    """
    given_up: set[Hashable] = set(also)
    while True:
        hidden = _settled(kinds, sums, threshold, given_up, reluctance, fixed)
        close = _close_neighbours(kinds, kin, hidden, threshold) - set(fixed)
        if not close:
            return hidden
        given_up |= close  # and from the start again: with them out, less of the rest may have to go


def _settled(
    kinds: Sequence[Mapping[Hashable, float]],
    sums: Sequence[Sum],
    threshold: int,
    given_up: Iterable[Hashable],
    reluctance: Callable[[Hashable], int],
    fixed: Collection[Hashable],
) -> dict[Hashable, Withheld]:
    """The rows withheld for any kind of count, until no kind asks for another."""
    hidden = dict.fromkeys(given_up, Withheld.COMPLEMENT)
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        for counts in kinds:
            small = {key: why for key, why in hidden.items() if why is Withheld.SMALL}
            hidden = (
                withhold_counts(counts, sums, threshold=threshold, also=hidden, reluctance=reluctance, fixed=fixed)
                | small
            )
        if len(kinds) == 1:
            break
    return hidden


def total_last(total: Hashable) -> Callable[[Hashable], int]:
    """The reluctance of a table whose total is given up only when no row is left."""
    return lambda key: int(key == total)


def _close_neighbours(
    kinds: Sequence[Mapping[Hashable, float]],
    kin: Sequence[Sequence[Hashable]],
    hidden: Mapping[Hashable, Withheld],
    threshold: int,
) -> set[Hashable]:
    """The printed rows that differ by a small number from an earlier one of their kin that stays."""
    close: set[Hashable] = set()
    for counts in kinds:
        for population in kin:
            staying: list[float] = []
            for key in population:
                if key in hidden or key in close:
                    continue
                if any(is_small(abs(counts[key] - other), threshold) for other in staying):
                    close.add(key)
                else:
                    staying.append(counts[key])
    return close
