"""Bands for provisional figures, from what earlier issues showed at the same age and what became final since.

A figure of age 0 is of the issue's own month, of age 1 the month before, and so on. Each earlier month of which an
issue showed a provisional figure at that age, and a later one the final figure, gives one ratio of final to shown. The
band is the prediction interval of the next ratio (Student's t on logarithms; on differences where a value is not above
zero): it holds what chance, delay and their variation made of earlier figures, and is wide where few months are known.
Pure functions; not here: reading the archive (`pipeline.issue_before`), words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scipy import special

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.metrics.declaration import Metric

FEWEST_MONTHS, MOST_MONTHS = 6, 12
"""Months that a band rests on: fewer tell nothing of its spread, older ones are of another delay
(docs/simulations.md)."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Band:
    """Where the final value of a provisional figure is expected, from n_months earlier ones of its age."""

    shown: Vintage
    lower: float
    upper: float
    n_months: int


@dataclass(frozen=True, slots=True)
class TestedBand:
    """The band an earlier issue's figure had, by what was known then, and the final value."""

    band: Band
    final: float

    @property
    def held(self) -> bool:
        """Whether the final value lies in the band."""
        return self.band.lower <= self.final <= self.band.upper


@dataclass(frozen=True, slots=True)
class JudgedBands:
    """now: the provisional figures of this report that can have a band. tested: those of earlier issues."""

    now: tuple[Band, ...]
    tested: tuple[TestedBand, ...]


class Vintages:
    """What issues showed of one measure, by month of the issue and month of the figure."""

    def __init__(self, shown: Iterable[Vintage]):
        self._shown = {(one.issued, one.month): one for one in shown}
        self._finals: dict[Month, list[tuple[Month, float]]] = {}
        for (issued, month), one in sorted(self._shown.items()):
            if one.is_final:
                self._finals.setdefault(month, []).append((issued, one.value))
        self.issues = sorted({issued for issued, _ in self._shown})
        self.months = sorted({month for _, month in self._shown})

    def shown(self, issued: Month, month: Month) -> Vintage | None:
        """What an issue showed of a month."""
        return self._shown.get((issued, month))

    def provisional(self, issued: Month) -> Iterator[Vintage]:
        """What an issue showed that was not final."""
        found = (self._shown.get((issued, month)) for month in self.months)
        return (one for one in found if one is not None and not one.is_final)

    def final(self, month: Month, *, known_in: Month) -> float | None:
        """The final value of a month as the newest issue up to then showed it."""
        return next((value for issued, value in reversed(self._finals.get(month, [])) if issued <= known_in), None)


def judge_bands(shown: Iterable[Vintage], system: Mapping[str, Measure], month: Month) -> JudgedBands | None:
    """Bands and their back-test; None where no band can be given, now or of an earlier issue."""
    known: dict[str, list[Vintage]] = {}
    for one in shown:
        measure = system.get(one.metric)
        if measure is not None and measure.metric.version == one.version and one.issued < month:
            known.setdefault(one.metric, []).append(one)
    now: list[Band] = []
    tested: list[TestedBand] = []
    for name in (name for name in system if name in known):
        metric = system[name].metric
        vintages = Vintages([*known[name], *_as_shown_now(system[name], month)])
        now += _bands(vintages, metric, month)
        tested += _back_test(vintages, metric, month)
    return JudgedBands(tuple(now), tuple(tested)) if now or tested else None


def band_of(shown: Vintage, vintages: Vintages, metric: Metric) -> Band | None:
    """The band of one provisional figure, by what issues up to its own had shown; None with fewer than six months."""
    pairs = list(_pairs(shown, vintages))[-MOST_MONTHS:]
    if len(pairs) < FEWEST_MONTHS:
        return None
    in_logs = shown.value > 0 and all(first > 0 and final > 0 for first, final in pairs)
    moves = [math.log(final / first) if in_logs else final - first for first, final in pairs]
    n = len(moves)
    mean = sum(moves) / n
    spread = math.sqrt(sum((one - mean) ** 2 for one in moves) / (n - 1))
    half = float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * spread * math.sqrt(1 + 1 / n)
    ends = [shown.value * math.exp(mean + end) if in_logs else shown.value + mean + end for end in (-half, half)]
    least = 10.0**-metric.decimals  # a figure that never moved yet may move by what is printed
    middle = sum(ends) / 2
    lower, upper = min(ends[0], middle - least), max(ends[1], middle + least)
    if metric.kind == "proportion":
        lower, upper = max(lower, 0.0), min(upper, metric.scale)
    return Band(shown, lower, upper, n)


def _pairs(shown: Vintage, vintages: Vintages) -> Iterator[tuple[float, float]]:
    """What earlier months showed at the same age, each with the final value known when this one was shown."""
    for month in (month for month in vintages.months if month < shown.month):
        first = vintages.shown(month.plus(shown.age), month)
        final = vintages.final(month, known_in=shown.issued)
        if first is not None and not first.is_final and final is not None:
            yield first.value, final


def _bands(vintages: Vintages, metric: Metric, issued: Month) -> Iterator[Band]:
    found = (band_of(one, vintages, metric) for one in vintages.provisional(issued))
    return (band for band in found if band is not None)


def _back_test(vintages: Vintages, metric: Metric, now: Month) -> Iterator[TestedBand]:
    for issued in (issued for issued in vintages.issues if issued < now):
        for band in _bands(vintages, metric, issued):
            final = vintages.final(band.shown.month, known_in=now)
            if final is not None:
                yield TestedBand(band, final)


def _as_shown_now(measure: Measure, month: Month) -> Iterator[Vintage]:
    metric = measure.metric
    for of in measure.months:
        figure = measure.figures.get(of)
        if figure is not None and figure.number is not None:
            yield Vintage(metric.name, metric.version, month, of, figure.number, figure.is_final)
