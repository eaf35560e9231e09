"""The share of points expected to meet a target while nothing changes: what "consistently misses" hides.

An icon flips when a limit crosses the target, however little moved. The share moves with the series, and its interval
says how well it is known.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from kpi_pipeline.signals.lines.formulas import to_calculation_scale
from kpi_pipeline.signals.lines.limits import Lines, PhaseLimits
from kpi_pipeline.signals.reading.verdict import NO_ASSURANCE
from kpi_pipeline.signals.series import Series
from kpi_pipeline.signals.types import Onset, TargetShare

FEWEST_FOR_PATTERN = 12
"""Fewer points of a baseline tell nothing about how neighbours resemble each other."""

MOST_AUTOCORRELATION = 0.8

RANGE_EFFICIENCY = 0.62
"""Degrees of freedom of a mean moving range of n points, as a share of n - 1 (Nelson, J. Quality Technology 14, 1982;
Wheeler's tables: 14.6 for n = 24)."""


def expected_target_share(series: Series, lines: Lines, at: int | None, onset: Onset | None) -> TargetShare | None:
    """The share at point `at`, from the level since the onset, or else of the baseline; None without target or limits.

    Normal on the scale of the calculation, with the point's own sigma. The interval (95 %) holds that level and sigma
    are estimates, and that points which resemble their neighbours tell less of the level; the share itself is the
    predictive one, so that few points give no certainty.
    """
    if at is None or series.better == "neither" or math.isnan(series.target[at]):
        return None
    phase = lines.phases[int(series.phase[at])]
    spread = phase.spread
    if spread is None or lines.chart in NO_ASSURANCE:
        return None
    sigma = float(spread.sigma_points[at - phase.rows[0]])
    if not sigma > 0:
        return None
    target = _on_calculation_scale(series, float(series.target[at]))
    level, n_level = spread.middle, phase.n_baseline
    if onset is not None:
        since = series.counts[onset.position : at + 1]
        level, n_level = _on_calculation_scale(series, onset.after), int(since.sum())
    freedom = RANGE_EFFICIENCY * max(phase.n_baseline - 1, 1)
    z = (target - level) / sigma * (1 if series.better == "lower" else -1)
    share = float(special.stdtr(freedom, z / math.sqrt(1 + 1 / n_level)))
    half = 1.96 * math.sqrt(_repetition(series, lines, phase) / n_level + z**2 / (2 * freedom))
    lower, upper = (float(special.ndtr(z + side * half)) for side in (-1, 1))
    return TargetShare(share, min(lower, share), max(upper, share), onset is not None, n_level)


def _repetition(series: Series, lines: Lines, phase: PhaseLimits) -> float:
    """How many neighbouring points tell as much of the level as one independent point: (1 + rho) / (1 - rho).

    rho: the autocorrelation of the baseline's own points, without the bias of short series, at least 0.
    """
    used = phase.rows[(series.counts & series.in_baseline)[phase.rows]]
    off = series.value[used] * series.value_scale - lines.centre[used]
    if used.size < FEWEST_FOR_PATTERN or not (off**2).sum() > 0:
        return 1.0
    neighbours = np.diff(used) == 1
    rho = float((off[1:] * off[:-1])[neighbours].sum() / (off**2).sum())
    rho = min(max((rho * off.size + 1) / (off.size - 3), 0.0), MOST_AUTOCORRELATION)
    return (1 + rho) / (1 - rho)


def _on_calculation_scale(series: Series, drawn: float) -> float:
    value = np.array([drawn / series.value_scale])
    return float(to_calculation_scale(series.chart, series.scale, value)[0])
