"""Everything published together as one linear system: cells, what is printed of them, and the sums they obey.

A cell is one sum or count of one metric at one place in one month. What is printed is a number; what is withheld is
only known not to be negative. Not here: solving the system (`attack`), choosing what to withhold (`small_numbers`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import inf
from typing import NamedTuple

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.counts import Number, Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric

NUMERATOR, DENOMINATOR, COUNTED, LISTED = "numerator", "denominator", "cases counted", "cases listed"
_NOISE = 1e-9
_EXCLUDED = "excluded: "
_OF_EVENTS = ("proportion", "rate", "count")
_OVER_CASES = ("proportion", "rate", "mean", "median", "percentile")
"""Kinds whose denominator is the number of cases counted."""


def excluded(reason: str) -> str:
    """The name of the number of cases left out for a reason."""
    return f"{_EXCLUDED}{reason}"


class Cell(NamedTuple):
    """The name of one number."""

    metric: str
    facility_id: str
    month: str
    name: str

    @property
    def place(self) -> tuple[str, str, str]:
        """The figure it belongs to."""
        return self.metric, self.facility_id, self.month


@dataclass(frozen=True, slots=True)
class Relation:
    """lower ≤ Σ weight × cell ≤ upper."""

    weights: Mapping[Cell, float]
    lower: float
    upper: float


@dataclass(slots=True)
class Publication:
    """numbers: cell → the number printed, None where it is withheld. values: figure → the value printed, or None.

    other_places: facilities known to be there from elsewhere, of which this may print nothing.
    """

    numbers: dict[Cell, float | None] = field(default_factory=dict)
    values: dict[tuple[str, str, str], float | None] = field(default_factory=dict)
    other_places: frozenset[str] = frozenset()

    @property
    def places(self) -> frozenset[str]:
        """Every facility somebody knows to be there."""
        return (self.other_places | {cell.facility_id for cell in self.numbers}) - {WHOLE_SYSTEM}

    @property
    def withheld(self) -> list[Cell]:
        """The cells somebody did not want to be known."""
        return [cell for cell, number in self.numbers.items() if number is None]

    def merged(self, other: Publication) -> Publication:
        """Both together: what either prints is known. A month restated in between is another month, and kept apart."""
        restated = {
            cell.month
            for cell, number in other.numbers.items()
            if number is not None and (before := self.numbers.get(cell)) is not None and not is_same(before, number)
        } | {
            place[2]
            for place, value in other.values.items()
            if value is not None and self.values.get(place) not in (None, value)
        }
        suffix = f" (restated {len({cell.month for cell in self.numbers if ' ' in cell.month}) + 1})"

        def apart(month: str) -> str:
            return f"{month}{suffix}" if month in restated else month

        joined = Publication(dict(self.numbers), dict(self.values), self.other_places | other.other_places)
        for cell, number in other.numbers.items():
            key = cell._replace(month=apart(cell.month))
            if number is not None or key not in joined.numbers:
                joined.numbers[key] = number
        for (metric, facility, month), value in other.values.items():
            place = (metric, facility, apart(month))
            if value is not None or place not in joined.values:
                joined.values[place] = value
        return joined


def publish(figures: Iterable[Figure]) -> Publication:
    """The publication of these figures, in every copy and form together."""
    made = Publication()
    for figure in figures:
        cells: dict[str, Number] = {NUMERATOR: figure.numerator, COUNTED: figure.n_counted, LISTED: figure.n_listed}
        cells |= {} if figure.denominator is None else {DENOMINATOR: figure.denominator}
        cells |= {excluded(reason): count for reason, count in figure.exclusions.items()}
        place = (figure.metric, figure.facility_id, str(figure.month))
        for name, number in cells.items():
            if number is not None:
                made.numbers[Cell(*place, name)] = None if isinstance(number, Withheld) else number
        made.values[place] = figure.number
    return made


def relations_of(publication: Publication, metrics: Mapping[str, Metric]) -> list[Relation]:
    """Every equation and inequality an outsider knows to hold."""
    figures: dict[tuple[str, str, str], dict[str, Cell]] = defaultdict(dict)
    over_places: dict[tuple[str, str, str], dict[str, Cell]] = defaultdict(dict)
    for cell in publication.numbers:
        figures[cell.place][cell.name] = cell
        over_places[(cell.metric, cell.month, cell.name)][cell.facility_id] = cell
    relations = []
    for places in over_places.values():
        if len(places) > 1 and (whole := places.get(WHOLE_SYSTEM)) is not None:
            parts = [cell for place, cell in places.items() if place != WHOLE_SYSTEM]
            lacks_some = len(parts) < len(publication.places)  # of which nothing is printed: the whole is no less
            relations.append(Relation({whole: 1.0} | dict.fromkeys(parts, -1.0), 0.0, inf if lacks_some else 0.0))
    for place, cells in figures.items():
        relations += _within(place, cells, publication.values.get(place), metrics[place[0]])
    return relations + _shared(figures, publication, metrics)


def _sum(total: Cell, parts: Sequence[Cell]) -> Relation:
    return Relation({total: 1.0} | dict.fromkeys(parts, -1.0), 0.0, 0.0)


def _within(
    place: tuple[str, str, str], cells: Mapping[str, Cell], value: float | None, metric: Metric
) -> list[Relation]:
    """Cases listed = left out + counted; the denominator; the value with its rounding; events among cases."""
    found = []
    reasons = [cell for name, cell in cells.items() if name.startswith(_EXCLUDED)]
    if LISTED in cells and COUNTED in cells:
        found.append(_sum(cells[LISTED], [cells[COUNTED], *reasons]))
    if counts_its_numerator(metric) and COUNTED in cells and NUMERATOR in cells:
        found.append(Relation({cells[NUMERATOR]: 1.0, cells[COUNTED]: -1.0}, 0.0, 0.0))
    if DENOMINATOR not in cells or NUMERATOR not in cells:
        return found
    numerator, denominator = cells[NUMERATOR], cells[DENOMINATOR]
    if metric.kind in _OVER_CASES and COUNTED in cells:
        found.append(Relation({denominator: 1.0, cells[COUNTED]: -1.0}, 0.0, 0.0))
    if metric.kind == "proportion":
        found.append(Relation({denominator: 1.0, numerator: -1.0}, 0.0, inf))
    if value is not None and metric.is_ratio_of_sums:
        half = 0.5 * 10**-metric.decimals * (1 + 1e-9)
        found.append(Relation({numerator: metric.scale, denominator: -(value - half)}, 0.0, inf))
        found.append(Relation({numerator: metric.scale, denominator: -(value + half)}, -inf, 0.0))
    return found


def _shared(
    figures: Mapping[tuple[str, str, str], Mapping[str, Cell]],
    publication: Publication,
    metrics: Mapping[str, Metric],
) -> list[Relation]:
    """What two measures of one population leave out for one reason: a case is left out for the first that holds.

    Where the same reasons come before it, that is one number. Where the second measure asks for more before it, its
    number is no larger, and no smaller than the first one's less those that it left out before.
    """
    population = populations_printed(publication)
    groups: dict[tuple[str, str, str, str], list[Cell]] = defaultdict(list)
    for (metric, facility, month), cells in figures.items():
        for name, cell in cells.items():
            if name.startswith(_EXCLUDED):
                groups[(population.get(metric, metric), facility, month, name)].append(cell)
    found = []
    for (_, facility, month, name), cells_of_reason in groups.items():
        reason = name.removeprefix(_EXCLUDED)
        for first, second in combinations(cells_of_reason, 2):
            one, other = (asked_before(metrics[cell.metric], reason) for cell in (first, second))
            if one is None or other is None or not (one <= other or other <= one):
                continue
            more, fewer = (first, second) if one <= other else (second, first)
            if one == other:
                found.append(Relation({first: 1.0, second: -1.0}, 0.0, 0.0))
                continue
            asked = [Cell(fewer.metric, facility, month, excluded(extra)) for extra in one ^ other]
            found.append(Relation({more: 1.0, fewer: -1.0}, 0.0, inf))
            if all(cell in publication.numbers for cell in asked):
                found.append(Relation({more: 1.0, fewer: -1.0} | dict.fromkeys(asked, -1.0), -inf, 0.0))
    return found


def asked_before(metric: Metric, reason: str) -> frozenset[str] | None:
    """The reasons for which a case is left out before this one is asked; None where the measure has no such reason."""
    reasons = list(metric.exclusions)
    return frozenset(reasons[: reasons.index(reason)]) if reason in reasons else None


def populations_printed(publication: Publication) -> dict[str, str]:
    """Metric → population: those that list equally many cases wherever both print it list the same ones."""
    listed: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for cell, number in publication.numbers.items():
        if cell.name == LISTED and number is not None:
            listed[cell.metric][(cell.facility_id, cell.month)] = number
    population: dict[str, str] = {}
    for metric, own in listed.items():
        for first in dict.fromkeys(population.values()):
            both = own.keys() & listed[first].keys()
            if both and all(own[place] == listed[first][place] for place in both):
                population[metric] = first
                break
        else:
            population[metric] = metric
    return population


def counts_its_numerator(metric: Metric) -> bool:
    """Whether the numerator is the number of cases counted."""
    return metric.kind == "count" and metric.unit != "usd"


def is_same(one: float, other: float) -> bool:
    """Whether two printed numbers are one, whatever the order their cases were summed in."""
    return abs(one - other) <= _NOISE * max(1.0, abs(one), abs(other))


def is_count(cell: Cell, metric: Metric) -> bool:
    """Whether the cell counts cases or events, so that it is a whole number and may be a small one."""
    if cell.name == NUMERATOR:
        return metric.kind in _OF_EVENTS
    return cell.name != DENOMINATOR or metric.kind in _OVER_CASES
