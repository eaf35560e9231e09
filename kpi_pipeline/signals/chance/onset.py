"""When a lasting change began: the maximum-likelihood month of a step, with an interval.

The first point of a run is not the month of the change: runs begin by chance before it or late after it. The step
model (Samuel, Pignatiello & Calvin, Quality Engineering 10, 1998) asks instead which month divides the series best
into two levels. Whether there is a change at all is for the rules, not for this module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.signals.lines.formulas import from_calculation_scale, to_calculation_scale
from kpi_pipeline.signals.lines.limits import Lines
from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.series import Series
from kpi_pipeline.signals.types import Onset, Signal

COVERAGE = 0.93
LEAST_HELD = 0.7
"""Of the posterior. Months are whole, so that no stretch holds exactly this: the one whose odds lie nearest is taken.
After a sharp step that may be one month which holds less, but never less than `LEAST_HELD`. It covers in 90 to 98 % of
simulated series (docs/simulations.md)."""

MOST_AUTOCORRELATION = 0.5
FEWEST_POINTS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A step between two levels. position: the first point of the new level, earliest and latest its 95 % interval
    (places among the points given). before, after: the levels if the step is there, on the scale of the values."""

    position: int
    earliest: int
    latest: int
    before: float
    after: float


STEP_RULES = frozenset({"shift", "two_of_three", "outside", "long_run"})
"""Rules that speak of a level. A trend has no month in which it began."""


def find_onset(series: Series, lines: Lines, signal: Signal | None) -> Onset | None:
    """The onset of the change behind a signal, from all points of its phase up to the signal's last one."""
    if signal is None or signal.rule not in STEP_RULES:
        return None
    limits = lines.phases[int(series.phase[signal.last])]
    within = limits.rows[series.counts[limits.rows] & (limits.rows <= signal.last)]
    values = to_calculation_scale(series.chart, series.scale, series.value)
    known = within[~np.isnan(values[within])]
    if limits.spread is None:
        return None
    sigmas = limits.spread.sigma_points[known - limits.rows[0]]
    step = estimate_step(values[known], sigmas if (sigmas > 0).all() else None)
    if step is None or (step.after > step.before) != (signal.side == "high"):
        return None
    levels = (
        from_calculation_scale(series.chart, series.scale, np.array([step.before, step.after])) * series.value_scale
    )
    first, earliest, latest = (int(known[place]) for place in (step.position, step.earliest, step.latest))
    n_points = step.latest - step.earliest + 1
    return Onset(first, earliest, latest, n_points, float(levels[0]), float(levels[1]))


def estimate_step(values: Floats, sigmas: Floats | None = None) -> Step | None:
    """The most likely step in the values (no NaN); None with fewer than 8 points or no variation.

    sigmas: relative standard deviations of the points, where they differ. Each place has the posterior probability
    that follows from flat priors for place, levels and log of the spread; its mode is the likelihood's up to the
    small weight of uneven parts. The interval is the stretch of places that holds the month in about 95 of 100 series.
    """
    n = values.size
    if n < FEWEST_POINTS:
        return None
    weights = np.ones(n) if sigmas is None else 1 / np.asarray(sigmas, dtype=np.float64) ** 2
    log_posterior, before, after = _log_posterior(values, weights / weights.mean())
    if log_posterior is None:
        return None
    best = int(np.argmax(log_posterior))
    steps = np.where(np.arange(n) <= best, before[best], after[best])
    posterior = np.exp(_share_of_news(values - steps) * (log_posterior - log_posterior[best]))
    posterior /= posterior.sum()
    first, last = _nearest_stretch(posterior, best)
    return Step(best + 1, first + 1, last + 1, float(before[best]), float(after[best]))


def _share_of_news(rest: Floats) -> float:
    """What a month that resembles its neighbour tells, against an independent one: (1 − ρ)/(1 + ρ)."""
    n, total = rest.size, float((rest**2).sum())
    if total == 0:
        return 1.0
    rho = (float((rest[1:] * rest[:-1]).sum()) / total * n + 2) / (n - 3)
    rho = min(max(rho, 0.0), MOST_AUTOCORRELATION)
    return (1 - rho) / (1 + rho)


def _log_posterior(values: Floats, weights: Floats) -> tuple[Floats | None, Floats, Floats]:
    """For a step before point 1, 2, …, n − 1 the log posterior up to a constant, and the two levels."""
    n = values.size
    shifted = values - values.mean()
    w, wx, wxx = (np.cumsum(one)[:-1] for one in (weights, weights * shifted, weights * shifted**2))
    total_w, total_wx, total_wxx = weights.sum(), (weights * shifted).sum(), (weights * shifted**2).sum()
    before, after = wx / w, (total_wx - wx) / (total_w - w)
    rest = (wxx - wx * before) + (total_wxx - wxx - (total_wx - wx) * after)
    if not total_wxx > 1e-18 * max(1.0, float(np.abs(values).max()) ** 2):
        return None, before, after
    rest = np.maximum(rest, 1e-12 * total_wxx)  # two constant levels: all weight on the place between them
    log_posterior = -0.5 * np.log(w * (total_w - w)) - (n - 2) / 2 * np.log(rest)
    return log_posterior, before + values.mean(), after + values.mean()


def _nearest_stretch(posterior: Floats, best: int) -> tuple[int, int]:
    """The neighbouring places around the best one that together hold about the coverage, grown by the likelier end."""
    first = last = best
    held = float(posterior[best])
    while held < COVERAGE and (first > 0 or last < posterior.size - 1):
        below = float(posterior[first - 1]) if first > 0 else -math.inf
        above = float(posterior[last + 1]) if last < posterior.size - 1 else -math.inf
        grown = held + max(below, above)
        if held >= LEAST_HELD and _log_odds(COVERAGE) - _log_odds(held) < _log_odds(grown) - _log_odds(COVERAGE):
            break
        first, last, held = (first - 1, last, grown) if below >= above else (first, last + 1, grown)
    return first, last


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share)) if share < 1 else math.inf
