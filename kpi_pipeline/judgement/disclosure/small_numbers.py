"""Takes small numbers out of a report's figures: counts of patients from 1 to threshold − 1 and what gives one away.

Three steps. Values: a small numerator, its complement, or few cases behind it; then the next smallest facility,
because facilities sum to the whole system. Counts: cases listed = exclusions + cases counted, for all metrics that
list the same cases together, and facilities sum again. Neighbours: two printed numbers of cases counted among the
same cases that differ by a small number are a subtraction away from a small group.
Not here: the reasoning about sums (`counts`) and tables (`tables`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.rounding import round_half_up
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.counts import Number, Sum, Withheld, is_small
from kpi_pipeline.judgement.disclosure.tables import total_last, withhold_table
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric

_LISTED, _COUNTED, _DENOMINATOR = "cases listed", "cases counted", "denominator"
_OWN_EXCLUSION, _SHARED_EXCLUSION = 0, 2
_RELUCTANCE = {_COUNTED: 1, _DENOMINATOR: 1, _LISTED: 3}
"""What is given up first: an exclusion of one metric, then its denominator, then an exclusion that several metrics
print (each would lose its denominator with it), last the number of cases that they all list."""

_Key = tuple[str, Month, str]
"""Metric, month, facility: names one figure."""


def withhold_small_numbers(figures: Sequence[Figure], metrics: Mapping[str, Metric], *, threshold: int) -> list[Figure]:
    """The same figures, in the same order, with small numbers of patients and their complements withheld."""
    of_patients = iter(
        _withhold_patients([one for one in figures if metrics[one.metric].counts_patients], metrics, threshold)
    )
    return [next(of_patients) if metrics[one.metric].counts_patients else one for one in figures]


def _withhold_patients(figures: Sequence[Figure], metrics: Mapping[str, Metric], threshold: int) -> list[Figure]:
    without_value: dict[_Key, Withheld] = {}
    without_count: dict[_Key, dict[str, Withheld]] = {}
    names = _Names(figures)
    months: dict[Month, list[Figure]] = defaultdict(list)
    for figure in figures:
        months[figure.month].append(figure)
    for group in months.values():
        without_value |= _withheld_values(group, metrics, threshold)
        without_count |= _withheld_counts(group, metrics, names, threshold)
    disclosed = [
        _disclosed(
            figure, metrics[figure.metric], without_value.get(_key(figure)), without_count[_key(figure)], threshold
        )
        for figure in figures
    ]
    telling = _telling_values(disclosed)
    return [_without_value(figure) if _key(figure) in telling else figure for figure in disclosed]


_FEW_UNKNOWNS = 4
"""Among so few places with withheld sums, their printed values and the sums over places tell the sums."""


def _telling_values(disclosed: Sequence[Figure]) -> set[_Key]:
    """Values that would tell withheld sums: numerator = value × denominator at each place, and places sum to the whole.

    With two places withheld that is four unknowns in four equations; with four, eight in six, between narrow bounds. So
    the smallest place's value goes as well.
    """
    groups: dict[tuple[str, Month], list[Figure]] = defaultdict(list)
    for figure in disclosed:
        if isinstance(figure.denominator, Withheld):
            groups[(figure.metric, figure.month)].append(figure)
    telling: set[_Key] = set()
    for group in groups.values():
        is_open = len(group) <= _FEW_UNKNOWNS and not any(isinstance(figure.value, Withheld) for figure in group)
        if is_open:
            places = [figure for figure in group if figure.facility_id != WHOLE_SYSTEM and figure.number is not None]
            smallest_first = sorted(places, key=lambda one: (one.plotted_denominator or 0.0, one.facility_id))
            telling |= {_key(one) for one in smallest_first[:1]}
    return telling


def _without_value(figure: Figure) -> Figure:
    return replace(
        figure,
        value=Withheld.COMPLEMENT,
        lower=None,
        upper=None,
        plotted_numerator=None,
        plotted_denominator=None,
    )


def _key(figure: Figure) -> _Key:
    return (figure.metric, figure.month, figure.facility_id)


def _plain(number: Number) -> float:
    return number if isinstance(number, float) else 0.0


def _withheld_values(
    month_figures: Sequence[Figure], metrics: Mapping[str, Metric], threshold: int
) -> dict[_Key, Withheld]:
    """The figures of one month whose value and numerator may not be known."""
    withheld: dict[_Key, Withheld] = {}
    for name, group in _by_metric(month_figures).items():
        weights = _weights(group, metrics[name])
        facilities = tuple(figure.facility_id for figure in group if figure.facility_id != WHOLE_SYSTEM)
        sums = [Sum(WHOLE_SYSTEM, facilities)] if facilities and len(facilities) < len(group) else []
        hidden = withhold_table(weights, sums, threshold=threshold, reluctance=total_last(WHOLE_SYSTEM))
        withheld |= {_key(figure): hidden[figure.facility_id] for figure in group if figure.facility_id in hidden}
    return withheld


def _weights(group: Sequence[Figure], metric: Metric) -> list[dict[Hashable, float]]:
    """Facility → count, once for each kind of count that the metric's value would give away."""

    def of(count: str) -> dict[Hashable, float]:
        numbers = {
            "counted": lambda figure: _plain(figure.n_counted),
            "numerator": lambda figure: _plain(figure.numerator),
            "denominator": lambda figure: _plain(figure.denominator),
            "patients": lambda figure: _plain(figure.n_event_patients),
            "remainder": lambda figure: _plain(figure.denominator) - _plain(figure.numerator),
        }
        return {figure.facility_id: numbers[count](figure) for figure in group}

    kinds = ["counted"]
    kinds += ["numerator"] if metric.kind in ("proportion", "rate", "count") else []
    kinds += ["denominator"] if metric.kind != "ratio" else []
    kinds += ["patients"] if all(figure.n_event_patients is not None for figure in group) else []
    kinds += ["remainder"] if metric.kind == "proportion" else []
    return [of(kind) for kind in kinds]


class _Names:
    """Which counts are one and the same number, though several metrics print it.

    Metrics that list equally many cases at every facility in every month list the same cases (the month's
    discharges, say): one population. Within one, equal exclusions of one name are one count.
    """

    def __init__(self, figures: Sequence[Figure]):
        listed: dict[str, list[object]] = defaultdict(list)
        excluded: dict[tuple[str, str], list[object]] = defaultdict(list)
        for figure in sorted(figures, key=lambda one: (one.month, one.facility_id)):
            place = (figure.month, figure.facility_id)
            listed[figure.metric].append((place, figure.n_listed))
            for reason, count in figure.exclusions.items():
                excluded[(figure.metric, reason)].append((place, count))
        first: dict[object, str] = {}
        self.population = {metric: first.setdefault(tuple(profile), metric) for metric, profile in listed.items()}
        same: dict[object, str] = {}
        self._exclusion = {
            (metric, reason): same.setdefault(
                (self.population[metric], reason, tuple(profile)), f"{reason} of {metric}"
            )
            for (metric, reason), profile in excluded.items()
        }

    @staticmethod
    def counted(metric: str) -> str:
        """Name of a metric's number of cases counted."""
        return f"{_COUNTED} by {metric}"

    def of(self, figure: Figure) -> dict[str, str]:
        """Name of a count in a figure → name of the number, shared by all that print it."""
        names = {reason: self._exclusion[(figure.metric, reason)] for reason in figure.exclusions}
        names |= {_LISTED: f"{_LISTED} by {self.population[figure.metric]}", _COUNTED: self.counted(figure.metric)}
        return names | ({} if _counts_its_cases(figure) else {_DENOMINATOR: f"{_DENOMINATOR} of {figure.metric}"})


def _withheld_counts(
    month_figures: Sequence[Figure], metrics: Mapping[str, Metric], names: _Names, threshold: int
) -> dict[_Key, dict[str, Withheld]]:
    """For each figure of one month, the counts that may not be printed, by their name in the figure."""
    withheld: dict[_Key, dict[str, Withheld]] = {}
    populations: dict[str, list[Figure]] = defaultdict(list)
    for figure in month_figures:
        populations[names.population[figure.metric]].append(figure)
    for group in populations.values():
        hidden = _solve(group, metrics, names, threshold)
        for figure in group:
            own = names.of(figure)
            withheld[_key(figure)] = {
                name: hidden[(figure.facility_id, shared)]
                for name, shared in own.items()
                if (figure.facility_id, shared) in hidden
            }
    return withheld


def _solve(
    group: Sequence[Figure], metrics: Mapping[str, Metric], names: _Names, threshold: int
) -> dict[Hashable, Withheld]:
    """(facility, name of the number) → why it is withheld, for the metrics of one population in one month."""
    counts: dict[Hashable, float] = {}
    reluctance: dict[Hashable, int] = {}
    sums: dict[Hashable, Sum] = {}
    shared_names: dict[str, None] = {}
    for figure in group:
        own = names.of(figure)
        numbers = _counts_of(figure)
        for name, shared in own.items():
            key = (figure.facility_id, shared)
            counts[key] = numbers[name]
            is_shared = key in reluctance
            rank = _RELUCTANCE.get(name, _SHARED_EXCLUSION if is_shared else _OWN_EXCLUSION)
            reluctance[key] = 2 * rank + int(figure.facility_id == WHOLE_SYSTEM)
            shared_names[shared] = None
        parts = tuple((figure.facility_id, own[name]) for name in (*figure.exclusions, _COUNTED))
        sums[(figure.facility_id, figure.metric)] = Sum((figure.facility_id, own[_LISTED]), parts)
    for pair, differences in _small_differences(group, threshold).items():
        for facility, (more, fewer, difference) in differences.items():
            key = (facility, pair)
            counts[key], reluctance[key] = difference, -1  # nobody prints it: giving it up costs nothing
            members = ((facility, names.counted(fewer)), key)
            sums[(facility, pair)] = Sum((facility, names.counted(more)), members)
        shared_names[pair] = None
    sums |= _equal_exclusions(group, names)
    facilities = sorted({figure.facility_id for figure in group} - {WHOLE_SYSTEM})
    for shared in shared_names:
        parts = tuple((facility, shared) for facility in facilities if (facility, shared) in counts)
        if parts and (WHOLE_SYSTEM, shared) in counts:
            sums[shared] = Sum((WHOLE_SYSTEM, shared), parts)
    return withhold_table(
        [counts],
        tuple(sums.values()),
        threshold=threshold,
        reluctance=lambda key: reluctance[key],
        kin=_kin(group, metrics, names),
    )


def _equal_exclusions(group: Sequence[Figure], names: _Names) -> dict[Hashable, Sum]:
    """Exclusions of one name that happen to be equal at a place: whoever takes them for one number is right there."""
    first: dict[tuple[str, str, float], Hashable] = {}
    equal: dict[Hashable, Sum] = {}
    for figure in group:
        own = names.of(figure)
        for reason, count in figure.exclusions.items():
            key = (figure.facility_id, own[reason])
            other = first.setdefault((figure.facility_id, reason, _plain(count)), key)
            if other != key and _plain(count) > 0:
                equal[("equal", other, key)] = Sum(other, (key,))
    return equal


def _counts_of(figure: Figure) -> dict[str, float]:
    counts = {reason: _plain(count) for reason, count in figure.exclusions.items()}
    counts |= {_LISTED: _plain(figure.n_listed), _COUNTED: _plain(figure.n_counted)}
    return counts | {_DENOMINATOR: _plain(figure.denominator)}


def _counts_its_cases(figure: Figure) -> bool:
    """Whether the denominator is the number of cases counted, or there is none; expected days are another number."""
    return figure.denominator is None or figure.denominator == figure.n_counted


def _small_differences(group: Sequence[Figure], threshold: int) -> dict[str, dict[str, tuple[str, str, float]]]:
    """Pairs of metrics of which one counts the other's cases and a few more: facility → (more, fewer, how many more).

    Those few are a group of their own: whoever knows both sums of costs, days or weights knows the group's.
    """
    counted: dict[str, dict[str, float]] = defaultdict(dict)
    for figure in group:
        counted[figure.metric][figure.facility_id] = _plain(figure.n_counted)
    found: dict[str, dict[str, tuple[str, str, float]]] = {}
    for more, fewer in permutations(counted, 2):
        places = counted[more].keys() & counted[fewer].keys()
        differences = {place: counted[more][place] - counted[fewer][place] for place in sorted(places)}
        if min(differences.values(), default=-1) >= 0 and any(is_small(one, threshold) for one in differences.values()):
            found[f"{more} less {fewer}"] = {
                place: (more, fewer, difference) for place, difference in differences.items()
            }
    return found


def _kin(group: Sequence[Figure], metrics: Mapping[str, Metric], names: _Names) -> list[list[Hashable]]:
    """The numbers of cases counted among the same cases, by facility; those who leave nobody out keep theirs first."""
    kin: dict[str, list[Hashable]] = defaultdict(list)
    for figure in sorted(group, key=lambda one: (metrics[one.metric].kind != "count", len(one.exclusions))):
        kin[figure.facility_id].append((figure.facility_id, names.of(figure)[_COUNTED]))
    return list(kin.values())


def _by_metric(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        groups[figure.metric].append(figure)
    return groups


def _disclosed(
    figure: Figure, metric: Metric, no_value: Withheld | None, no_count: Mapping[str, Withheld], threshold: int
) -> Figure:
    """The figure as the reader may know it; what remains is rounded as printed, so that it holds nothing more."""
    # A ratio's sums are those of its cases: without their number both go, or another ratio's would tell those of a few.
    no_denominator = no_count.get(_COUNTED) or no_count.get(_DENOMINATOR)
    if no_denominator and not no_value and _value_pins_down(figure, metric):
        no_value = Withheld.COMPLEMENT
    numerator: Number = figure.numerator
    if (no_value or no_denominator) and numerator is not None:
        numerator = Withheld.SMALL if is_small(_plain(numerator), threshold) else Withheld.COMPLEMENT

    def rounded(number: float | None) -> float | None:
        return None if number is None or no_value or no_denominator else round_half_up(number, metric.decimals)

    value: Number = no_value if no_value and figure.value is not None else figure.value
    return replace(
        figure,
        numerator=numerator,
        denominator=no_denominator if no_denominator and figure.denominator is not None else figure.denominator,
        value=round_half_up(value, metric.decimals) if isinstance(value, float) else value,
        lower=rounded(figure.lower),
        upper=rounded(figure.upper),
        n_listed=no_count.get(_LISTED, figure.n_listed),
        n_counted=no_count.get(_COUNTED, figure.n_counted),
        exclusions={reason: no_count.get(reason, count) for reason, count in figure.exclusions.items()},
        plotted_numerator=None if no_value else figure.plotted_numerator,
        plotted_denominator=None if no_value else figure.plotted_denominator,
    )


def _value_pins_down(figure: Figure, metric: Metric) -> bool:
    """Whether the printed value alone tells the withheld denominator.

    One case more or less in the numerator moves the value by scale ÷ denominator. While that is a coarser step than
    the last printed digit, few denominators can give the printed value, and the right one can be guessed.
    """
    if metric.kind == "count":
        return True
    size = figure.denominator if _counts_its_cases(figure) else figure.n_counted
    return _plain(size) < metric.scale * 10**metric.decimals
