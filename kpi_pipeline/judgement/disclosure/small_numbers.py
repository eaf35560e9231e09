"""Takes small numbers out of a report's figures: counts of patients from 1 to threshold − 1 and what gives one away.

Three steps. Values: a small numerator, its complement, or few cases behind it; then the next smallest facility,
because facilities sum to the whole system. Counts: cases listed = exclusions + cases counted, for all metrics that
list the same cases together, and facilities sum again. Neighbours: two printed numbers of cases counted among the
same cases that differ by a small number are a subtraction away from a small group.
Not here: the counts as a system (`waterfall`), the reasoning about sums (`counts`) and tables (`tables`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.counts import Number, Sum, Withheld, is_small
from kpi_pipeline.judgement.disclosure.earlier import NOTHING_EARLIER, Earlier, Moved
from kpi_pipeline.judgement.disclosure.publication import COUNTED, DENOMINATOR, LISTED, NUMERATOR, Cell
from kpi_pipeline.judgement.disclosure.tables import total_last, withhold_table
from kpi_pipeline.judgement.disclosure.waterfall import (
    counts_its_cases,
    plain,
    populations_of,
    withhold_waterfall,
)
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric

_Key = tuple[str, Month, str]
"""Metric, month, facility: names one figure."""


def withhold_small_numbers(
    figures: Sequence[Figure], metrics: Mapping[str, Metric], *, threshold: int, earlier: Earlier = NOTHING_EARLIER
) -> list[Figure]:
    """The same figures, in the same order, with small numbers of patients and their complements withheld.

    earlier: what outsiders were shown before.
    """
    patients = [one for one in figures if metrics[one.metric].counts_patients]
    of_patients = iter(_withhold_patients(patients, metrics, threshold, earlier))
    return [next(of_patients) if metrics[one.metric].counts_patients else one for one in figures]


def _withhold_patients(
    figures: Sequence[Figure], metrics: Mapping[str, Metric], threshold: int, earlier: Earlier
) -> list[Figure]:
    without_value: dict[_Key, Withheld] = {}
    without_count: dict[_Key, dict[str, Withheld]] = {}
    moved = {_key(one): earlier.what_moved(one, metrics[one.metric], threshold) for one in figures if earlier}
    without_sums = {key[:2] for key, what in moved.items() if what != "not"}
    without_sums |= {_key(one)[:2] for one in figures if earlier and _lacked_sums(one, earlier)}
    populations = populations_of(figures)
    months: dict[Month, list[Figure]] = defaultdict(list)
    for figure in figures:
        months[figure.month].append(figure)
    for group in months.values():
        without_value |= _withheld_values(group, metrics, threshold, moved, earlier)
        without_count |= _withheld_counts(group, metrics, populations, threshold, earlier)
    disclosed = []
    for figure in figures:
        key = _key(figure)
        shown = _disclosed(figure, metrics[figure.metric], without_value.get(key), without_count[key], threshold)
        disclosed.append(_without_sums(shown) if key[:2] in without_sums else shown)
    telling = _telling_values(disclosed)
    return [_without_value(figure) if _key(figure) in telling else figure for figure in disclosed]


def _without_sums(figure: Figure) -> Figure:
    """Where few patients moved a sum at one place since it was printed, none of the places prints it."""
    own_denominator = None if counts_its_cases(figure) else figure.denominator
    return replace(
        figure,
        numerator=Withheld.COMPLEMENT if isinstance(figure.numerator, float) else figure.numerator,
        denominator=Withheld.COMPLEMENT if isinstance(own_denominator, float) else figure.denominator,
    )


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


def _withheld_values(
    month_figures: Sequence[Figure],
    metrics: Mapping[str, Metric],
    threshold: int,
    moved: Mapping[_Key, Moved],
    earlier: Earlier,
) -> dict[_Key, Withheld]:
    """The figures of one month whose value and numerator may not be known."""
    withheld: dict[_Key, Withheld] = {}
    for name, group in _by_metric(month_figures).items():
        weights = _weights(group, metrics[name])
        facilities = tuple(figure.facility_id for figure in group if figure.facility_id != WHOLE_SYSTEM)
        sums = [Sum(WHOLE_SYSTEM, facilities)] if facilities and len(facilities) < len(group) else []
        hidden = withhold_table(
            weights,
            sums,
            threshold=threshold,
            reluctance=total_last(WHOLE_SYSTEM),
            also=[
                one.facility_id
                for one in group
                if moved.get(_key(one)) == "value" or (earlier and _was_withheld(one, earlier))
            ],
            fixed={
                one.facility_id for one in group if earlier and earlier.is_known(_numerator(one), plain(one.numerator))
            },
        )
        withheld |= {_key(figure): hidden[figure.facility_id] for figure in group if figure.facility_id in hidden}
    return withheld


def _was_withheld(figure: Figure, earlier: Earlier) -> bool:
    """Whether an issue withheld it and its value: what it protected then is still protected by it."""
    cell = _numerator(figure)
    return earlier.was_withheld(cell) and not earlier.had_value(cell)


def _lacked_sums(figure: Figure, earlier: Earlier) -> bool:
    """Whether an issue printed its value alone."""
    cell = _numerator(figure)
    return earlier.was_withheld(cell) and earlier.had_value(cell)


def _numerator(figure: Figure) -> Cell:
    return Cell(figure.metric, figure.facility_id, str(figure.month), NUMERATOR)


def _weights(group: Sequence[Figure], metric: Metric) -> list[dict[Hashable, float]]:
    """Facility → count, once for each kind of count that the metric's value would give away."""

    def of(count: str) -> dict[Hashable, float]:
        numbers = {
            "counted": lambda figure: plain(figure.n_counted),
            "numerator": lambda figure: plain(figure.numerator),
            "denominator": lambda figure: plain(figure.denominator),
            "patients": lambda figure: plain(figure.n_event_patients),
            "remainder": lambda figure: plain(figure.denominator) - plain(figure.numerator),
        }
        return {figure.facility_id: numbers[count](figure) for figure in group}

    kinds = ["counted"]
    kinds += ["numerator"] if metric.kind in ("proportion", "rate", "count") else []
    kinds += ["denominator"] if metric.kind != "ratio" else []
    kinds += ["patients"] if all(figure.n_event_patients is not None for figure in group) else []
    kinds += ["remainder"] if metric.kind == "proportion" else []
    return [of(kind) for kind in kinds]


def _withheld_counts(
    month_figures: Sequence[Figure],
    metrics: Mapping[str, Metric],
    populations: Mapping[str, str],
    threshold: int,
    earlier: Earlier,
) -> dict[_Key, dict[str, Withheld]]:
    """For each figure of one month, the counts that may not be printed, by their name in the figure."""
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in month_figures:
        groups[populations[figure.metric]].append(figure)
    hidden: dict[tuple[str, str], dict[str, Withheld]] = {}
    for group in groups.values():
        hidden |= withhold_waterfall(group, metrics, threshold=threshold, earlier=earlier)
    return {_key(figure): hidden[(figure.metric, figure.facility_id)] for figure in month_figures}


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
    no_denominator = no_count.get(COUNTED) or no_count.get(DENOMINATOR)
    if no_denominator and not no_value and _value_pins_down(figure, metric):
        no_value = Withheld.COMPLEMENT
    numerator: Number = figure.numerator
    if (no_value or no_denominator) and numerator is not None:
        numerator = Withheld.SMALL if is_small(plain(numerator), threshold) else Withheld.COMPLEMENT

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
        n_listed=no_count.get(LISTED, figure.n_listed),
        n_counted=no_count.get(COUNTED, figure.n_counted),
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
    size = figure.denominator if counts_its_cases(figure) else figure.n_counted
    return plain(size) < metric.scale * 10**metric.decimals
