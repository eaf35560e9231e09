"""What a plan has come to so far, as numbers: the level before and since its start, and the months on target.

A description beside the estimate, never in its place. Not here: the estimate (`improvement.effects`), words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric

_MONTHS_BEFORE = 12


@dataclass(frozen=True, slots=True)
class SinceStart:
    """A measure before and since a start. before, since: the levels on the printed scale, each a ratio of sums.

    n_before: final months of the year before; n_since: final months from first_counted on. n_met: of the n_judged
    months since that had a target, those that met it.
    """

    first_counted: Month
    before: float
    since: float
    n_before: int
    n_since: int
    n_met: int
    n_judged: int


def compute_since_start(measure: Measure, start: Month, first_counted: Month) -> SinceStart | None:
    """The levels before `start` and since `first_counted`; None where either has no final month with a figure."""
    final = {month: one for month, one in measure.figures.items() if one.is_final and one.number is not None}
    before = [final[month] for back in range(1, _MONTHS_BEFORE + 1) if (month := start.plus(-back)) in final]
    since = [one for month, one in sorted(final.items()) if month >= first_counted]
    old, new = _level(before, measure.metric), _level(since, measure.metric)
    if old is None or new is None:
        return None
    met = _months_met(measure, since)
    return SinceStart(first_counted, old, new, len(before), len(since), sum(met), len(met))


def _level(figures: Sequence[Figure], metric: Metric) -> float | None:
    sums = [(one.plotted_numerator, one.plotted_denominator) for one in figures]
    known = [(top, bottom) for top, bottom in sums if top is not None and bottom]
    if not known or len(known) < len(sums) or not metric.is_ratio_of_sums:
        return None
    return metric.scale * sum(top for top, _ in known) / sum(bottom for _, bottom in known)


def _months_met(measure: Measure, since: Sequence[Figure]) -> list[bool]:
    """For each month with a target, whether its printed value met it."""
    metric, met = measure.metric, []
    for one in since:
        target = measure.targets.get(one.month)
        if target is not None and one.number is not None:
            value, goal = (round_half_up(number, metric.decimals) for number in (one.number, target.value))
            met.append(value == goal or (value < goal) == (metric.better == "lower"))
    return met
