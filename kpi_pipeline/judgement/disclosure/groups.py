"""Which groups of which measures may not be printed: tables of groups tied to their wholes and to each other."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.judgement.disclosure.counts import Sum, Withheld, is_small
from kpi_pipeline.judgement.disclosure.tables import withhold_table

_WHOLE = object()


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """One group: its cases, how many of them had the event, and the people behind each; NaN where nobody knows."""

    cases: float
    events: float
    persons: float
    event_persons: float


@dataclass(frozen=True, slots=True)
class GroupTable:
    """The groups of one measure in one dimension, those of which the group is not known among them; they sum to the
    whole, which is known. counts_events: the numerator counts what happened; is_share: to at most each case once."""

    metric: str
    dimension: str
    groups: Mapping[str, GroupCounts]
    counts_events: bool
    is_share: bool


def withhold_groups(
    tables: Sequence[GroupTable], *, threshold: int, also: Collection[Hashable] = ()
) -> dict[tuple[str, str, str], Withheld]:
    """(metric, dimension, group) → why it is not printed. also: such groups to withhold beside the small ones.

    The cases of a measure and, where they count what happened to patients, its events and the rest, are tied to the
    whole, which the monthly figures tell. Groups of few people go, however many their cases; and of two measures'
    groups that differ by few cases one goes.
    """
    cases: dict[Hashable, float] = {}
    events: dict[Hashable, float] = {}
    rest: dict[Hashable, float] = {}
    sums: list[Sum] = []
    few_people: set[Hashable] = set()
    kin: dict[tuple[str, str], list[Hashable]] = {}
    for one in tables:
        whole: Hashable = (one.metric, one.dimension, _WHOLE)
        members = {name: (one.metric, one.dimension, name) for name in one.groups}
        for name, key in members.items():
            group = one.groups[name]
            cases[key] = group.cases
            events[key] = group.events if one.counts_events else 0.0
            rest[key] = group.cases - group.events if one.is_share else 0.0
            kin.setdefault((one.dimension, name), []).append(key)
            people = (group.persons, *((group.event_persons,) if one.counts_events else ()))
            if any(is_small(count, threshold) for count in people):
                few_people.add(key)
        for counts in (cases, events, rest):
            counts[whole] = sum(counts[key] for key in members.values())
        sums.append(Sum(whole, tuple(members.values())))
    hidden = withhold_table(
        [cases, events, rest],
        sums,
        threshold=threshold,
        also={*few_people, *also},
        fixed={one.total for one in sums},
        kin=list(kin.values()),
    )
    return {key: why for key, why in hidden.items() if isinstance(key, tuple) and key[2] is not _WHOLE}
