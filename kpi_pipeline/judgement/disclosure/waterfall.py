"""The counts of one month as one system: cases listed = exclusions + cases counted, facilities sum to the whole.

A number has one name, however many metrics print it. Not here: which values may be printed (`small_numbers`), the
reasoning about sums (`counts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.counts import Number, Sum, Withheld, is_small
from kpi_pipeline.judgement.disclosure.earlier import NOTHING_EARLIER, Earlier
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    LISTED,
    NUMERATOR,
    Cell,
    asked_before,
    counts_its_numerator,
    excluded,
    is_count,
    is_same,
)
from kpi_pipeline.judgement.disclosure.tables import withhold_table
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric

_OWN_EXCLUSION, _SHARED_EXCLUSION = 0, 2
_RELUCTANCE = {COUNTED: 1, DENOMINATOR: 1, LISTED: 3}
"""What is given up first: an exclusion of one metric, then its denominator, then an exclusion that several metrics
print (each would lose its denominator with it), last the number of cases that they all list."""

_Key = tuple[str, str]
"""Facility and name of a number."""


def plain(number: Number) -> float:
    """The number, where none is missing or withheld."""
    return number if isinstance(number, float) else 0.0


def counts_its_cases(figure: Figure) -> bool:
    """Whether the denominator is the number of cases counted, or there is none; expected days are another number."""
    return figure.denominator is None or figure.denominator == figure.n_counted


def populations_of(figures: Sequence[Figure]) -> dict[str, str]:
    """Metric → population: those that list equally many cases at every facility in every month list the same ones."""
    listed: dict[str, list[object]] = defaultdict(list)
    for figure in sorted(figures, key=lambda one: (one.month, one.facility_id)):
        listed[figure.metric].append((figure.month, figure.facility_id, figure.n_listed))
    first: dict[object, str] = {}
    return {metric: first.setdefault(tuple(profile), metric) for metric, profile in listed.items()}


def withhold_waterfall(
    group: Sequence[Figure], metrics: Mapping[str, Metric], *, threshold: int, earlier: Earlier = NOTHING_EARLIER
) -> dict[tuple[str, str], dict[str, Withheld]]:
    """(metric, facility) → count → why it is withheld, for all figures of one population in one month."""
    system = _system(group, metrics, threshold)
    if earlier:
        _add_earlier(system, group, metrics, earlier, threshold)
    hidden = withhold_table(
        [system.counts],
        tuple(system.sums),
        threshold=threshold,
        reluctance=lambda key: system.reluctance[key],
        kin=system.kin,
        also=system.withheld_before - system.fixed,
        fixed=system.fixed,
    )
    return {
        (figure.metric, figure.facility_id): {
            count: hidden[(figure.facility_id, name)]
            for count, name in system.names[figure.metric].items()
            if (figure.facility_id, name) in hidden
        }
        for figure in group
    }


@dataclass(slots=True)
class _System:
    """counts: number → how large. sums: as they hold. kin: numbers of one population, at each facility. fixed: numbers
    that were printed before. withheld_before: numbers that an issue withheld; what they protected, they protect still.
    names: metric → count (a reason, or cases listed and so on) → name of the number.
    """

    names: dict[str, dict[str, str]]
    counts: dict[Hashable, float] = field(default_factory=dict)
    reluctance: dict[Hashable, int] = field(default_factory=dict)
    sums: dict[Sum, None] = field(default_factory=dict)
    kin: list[list[Hashable]] = field(default_factory=list)
    fixed: set[Hashable] = field(default_factory=set)
    withheld_before: set[Hashable] = field(default_factory=set)

    def add(self, key: _Key, count: float, rank: int) -> None:
        """One number at one facility; the whole's is kept rather than a facility's."""
        self.counts[key] = count
        self.reluctance[key] = max(2 * rank + int(key[0] == WHOLE_SYSTEM), self.reluctance.get(key, 0))


def _system(group: Sequence[Figure], metrics: Mapping[str, Metric], threshold: int) -> _System:
    system = _System(_names(group))
    users: dict[str, set[str]] = defaultdict(set)
    for metric, own in system.names.items():
        for name in own.values():
            users[name].add(metric)
    for figure in group:
        own = system.names[figure.metric]
        place = figure.facility_id
        for count, number in _counts_of(figure).items():
            rank = _RELUCTANCE.get(count, _SHARED_EXCLUSION if len(users[own[count]]) > 1 else _OWN_EXCLUSION)
            system.add((place, own[count]), number, rank)
        if own[COUNTED] != own[LISTED]:
            parts = tuple((place, own[count]) for count in (*figure.exclusions, COUNTED))
            system.sums[Sum((place, own[LISTED]), parts)] = None
    _add_small_differences(system, group, threshold)
    _add_equal_exclusions(system, group)
    _add_asked_later(system, group, metrics, threshold)
    _add_places(system, group)
    system.kin = _kin(system, group, metrics)
    return system


def _names(group: Sequence[Figure]) -> dict[str, dict[str, str]]:
    """Equal at every facility is one number: cases counted (and listed, where none is left out), and exclusions of
    one reason. Whoever reads them takes them for one, and is right."""
    vectors: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for figure in sorted(group, key=lambda one: one.facility_id):
        for count, number in _counts_of(figure).items():
            vectors[(figure.metric, count)].append((figure.facility_id, number))
    first: dict[object, str] = {}
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for (metric, count), vector in sorted(vectors.items(), key=lambda one: one[0][1] != LISTED):
        if count == DENOMINATOR:
            names[metric][count] = f"{count} of {metric}"
            continue
        kind = COUNTED if count in (COUNTED, LISTED) else count
        names[metric][count] = first.setdefault((kind, tuple(vector)), f"{count} of {metric}")
    return names


def _counts_of(figure: Figure) -> dict[str, float]:
    counts = {reason: plain(count) for reason, count in figure.exclusions.items()}
    counts |= {LISTED: plain(figure.n_listed), COUNTED: plain(figure.n_counted)}
    return counts if counts_its_cases(figure) else counts | {DENOMINATOR: plain(figure.denominator)}


def _add_small_differences(system: _System, group: Sequence[Figure], threshold: int) -> None:
    """Two numbers of cases counted of which one holds the other and a few more: those few are a group of their own.

    Whoever knows both sums of costs, days or weights knows the group's.
    """
    counted: dict[str, dict[str, float]] = defaultdict(dict)
    for figure in group:
        counted[system.names[figure.metric][COUNTED]][figure.facility_id] = plain(figure.n_counted)
    for more, fewer in permutations(counted, 2):
        _add_difference(system, more, counted[more], fewer, counted[fewer], threshold)


def _add_equal_exclusions(system: _System, group: Sequence[Figure]) -> None:
    """Exclusions of one reason that are equal at some facilities alone: taken for one number, they would tell there."""
    first: dict[tuple[str, str, float], Hashable] = {}
    for figure in group:
        for reason, count in figure.exclusions.items():
            key = (figure.facility_id, system.names[figure.metric][reason])
            other = first.setdefault((figure.facility_id, reason, plain(count)), key)
            if other != key and plain(count) > 0:
                system.sums[Sum(other, (key,))] = None


def _add_asked_later(system: _System, group: Sequence[Figure], metrics: Mapping[str, Metric], threshold: int) -> None:
    """Exclusions of one reason that one measure asks for after others: its number is the other's less those who were
    left out before, and those are a group of their own."""
    numbers: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    asked: dict[tuple[str, str], frozenset[str] | None] = {}
    for figure in group:
        for reason, count in figure.exclusions.items():
            name = system.names[figure.metric][reason]
            numbers[reason][name][figure.facility_id] = plain(count)
            asked.setdefault((reason, name), asked_before(metrics[figure.metric], reason))
    for reason, of_names in numbers.items():
        for more, fewer in permutations(of_names, 2):
            one, other = asked[reason, more], asked[reason, fewer]
            if one is not None and other is not None and one < other:
                _add_difference(system, more, of_names[more], fewer, of_names[fewer], threshold)


def _add_difference(
    system: _System, more: str, of_more: dict[str, float], fewer: str, of_fewer: dict[str, float], threshold: int
) -> None:
    """The difference of two numbers of which one holds the other, at every place, where it is small at any."""
    differences = {place: of_more[place] - of_fewer[place] for place in sorted(of_more.keys() & of_fewer.keys())}
    if min(differences.values(), default=-1) < 0 or not any(is_small(one, threshold) for one in differences.values()):
        return
    for place, difference in differences.items():
        key = (place, f"{more} less {fewer}")
        system.counts[key], system.reluctance[key] = difference, -1  # nobody prints it: giving it up costs nothing
        system.sums[Sum((place, more), ((place, fewer), key))] = None


def _add_places(system: _System, group: Sequence[Figure]) -> None:
    """Facilities sum to the whole, for every number."""
    places: dict[str, list[Hashable]] = defaultdict(list)
    for key in system.counts:
        assert isinstance(key, tuple)
        place, name = key
        if place != WHOLE_SYSTEM:
            places[name].append(key)
    for name, parts in places.items():
        if (WHOLE_SYSTEM, name) in system.counts:
            system.sums[Sum((WHOLE_SYSTEM, name), tuple(parts))] = None


def _add_earlier(
    system: _System, group: Sequence[Figure], metrics: Mapping[str, Metric], earlier: Earlier, threshold: int
) -> None:
    """What outsiders were shown before: the same number is known, a small difference a group."""
    printed: dict[_Key, set[float]] = defaultdict(set)
    for figure in group:
        for count in _counts_of(figure):
            key = (figure.facility_id, system.names[figure.metric][count])
            printed[key].update(_printed(figure, metrics[figure.metric], count, earlier))
            if system.counts[key] > 0 and earlier.was_withheld(_cell(figure, count)):
                system.withheld_before.add(key)
    for key, numbers in printed.items():
        number = system.counts[key]
        others = sorted(then for then in numbers if not is_same(then, number))
        if numbers and not others:
            system.fixed.add(key)
        for then in others:
            if is_small(abs(number - then), threshold) and not is_small(then, threshold):
                before, since = (key[0], f"{key[1]}, then {then:g}"), (key[0], f"{key[1]} since {then:g}")
                system.counts[before], system.reluctance[before] = then, 0
                system.fixed.add(before)
                system.counts[since], system.reluctance[since] = abs(number - then), -1  # nobody prints it
                more, fewer = (key, before) if number > then else (before, key)
                system.sums[Sum(more, (fewer, since))] = None


def _printed(figure: Figure, metric: Metric, count: str, earlier: Earlier) -> Iterator[float]:
    """What earlier issues printed for a count of a figure, under whatever name."""
    cell = _cell(figure, count)
    yield from earlier.printed(cell)
    if count == COUNTED and is_count(cell._replace(name=DENOMINATOR), metric):
        yield from earlier.printed(cell._replace(name=DENOMINATOR))
    if count == COUNTED and counts_its_numerator(metric):
        yield from earlier.printed(cell._replace(name=NUMERATOR))


def _cell(figure: Figure, count: str) -> Cell:
    name = count if count in (LISTED, COUNTED, DENOMINATOR) else excluded(count)
    return Cell(figure.metric, figure.facility_id, str(figure.month), name)


def _kin(system: _System, group: Sequence[Figure], metrics: Mapping[str, Metric]) -> list[list[Hashable]]:
    """The numbers of cases counted among the same cases, by facility; those who leave nobody out keep theirs first."""
    kin: dict[str, dict[Hashable, None]] = defaultdict(dict)
    for figure in sorted(group, key=lambda one: (metrics[one.metric].kind != "count", len(one.exclusions))):
        kin[figure.facility_id][(figure.facility_id, system.names[figure.metric][COUNTED])] = None
    return [list(one) for one in kin.values()]
