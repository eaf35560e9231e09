"""Lines of a whole series: each phase by its chart's formula, Laney's decision, limits, clamps, back to scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from kpi_pipeline.signals.lines.constants import sigma_z_chance_range
from kpi_pipeline.signals.lines.formulas import (
    FORMULAS,
    PhaseData,
    Spread,
    from_calculation_scale,
    to_calculation_scale,
)
from kpi_pipeline.signals.lines.moving_ranges import Floats, Whole
from kpi_pipeline.signals.series import Flags, Method, Series
from kpi_pipeline.signals.types import Chart, LaneyChoice

PRIMES: dict[Chart, Chart] = {"p_prime": "p", "u_prime": "u"}


@dataclass(frozen=True, slots=True)
class PhaseLimits:
    """One phase's calculation and where it lies; spread is None when no point could carry limits."""

    rows: Whole
    n_points: int
    n_baseline: int
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class Lines:
    """Centre and limits at every point on the drawn scale, NaN where there is none.

    floor_free_lower, ceiling_free_upper: the limits before clamping, for comparing with a target.
    has_variation: False where sigma is 0, so that no rule about limits can fire.
    """

    chart: Chart
    laney: LaneyChoice | None
    centre: Floats
    lower: Floats
    upper: Floats
    lower_2sigma: Floats
    upper_2sigma: Floats
    floor_free_lower: Floats
    ceiling_free_upper: Floats
    has_variation: Flags
    phases: tuple[PhaseLimits, ...]


def compute_lines(series: Series, method: Method) -> Lines:
    """Centre, limits and 2-sigma lines of every phase."""
    values = to_calculation_scale(series.chart, series.scale, series.value)
    phases = [_phase_limits(series, values, method, k) for k in range(int(series.phase.max(initial=-1)) + 1)]
    chart, laney = _decide_laney(series.chart, method, phases)
    if chart in PRIMES:
        floor = 1.0 if method.laney == "floored" else 0.0
        phases = [replace(phase, spread=_widened(phase.spread, floor)) for phase in phases]
    lines = np.full((7, series.value.size), math.nan)
    has_variation = np.zeros(series.value.size, dtype=bool)
    for phase in phases:
        if phase.spread is not None:
            lines[:, phase.rows] = _drawn(series, phase.spread)
            has_variation[phase.rows] = phase.spread.sigma > 0
    centre, lower, upper, lower_2sigma, upper_2sigma, raw_lower, raw_upper = lines
    return Lines(
        chart=chart,
        laney=laney,
        centre=centre,
        lower=lower,
        upper=upper,
        lower_2sigma=lower_2sigma,
        upper_2sigma=upper_2sigma,
        floor_free_lower=raw_lower,
        ceiling_free_upper=raw_upper,
        has_variation=has_variation,
        phases=tuple(phases),
    )


def _phase_limits(series: Series, values: Floats, method: Method, k: int) -> PhaseLimits:
    rows = np.flatnonzero(series.phase == k)
    counts = series.counts[rows]
    used = np.flatnonzero(counts & series.in_baseline[rows] & ~np.isnan(values[rows]))
    spread = None
    if used.size:
        data = PhaseData(
            values=values[rows],
            sizes=series.size[rows],
            sds=series.sds[rows],
            ranges=series.ranges[rows],
            segments=series.segment[rows],
            used=used,
        )
        spread = FORMULAS[series.chart](data, method)
    return PhaseLimits(rows, int(counts.sum()), int(used.size), spread)


def _decide_laney(chart: Chart, method: Method, phases: list[PhaseLimits]) -> tuple[Chart, LaneyChoice | None]:
    """Whether p′ or u′ is drawn as such, or as p or u because that was asked for or sigma_z is unknown."""
    if chart not in PRIMES:
        return chart, None
    plain = PRIMES[chart]
    found = [(phase.spread.sigma_z, phase.n_baseline) for phase in phases if phase.spread and phase.spread.sigma_z]
    if method.laney == "never" or not found:
        return plain, LaneyChoice("as_asked" if found else "no_sigma_z", plain)
    is_floored = found[-1][0] < 1 and method.laney == "floored"
    ranges = tuple(sigma_z_chance_range(n) for _, n in found)
    return chart, LaneyChoice("floored" if is_floored else "primed", plain, tuple(one for one, _ in found), ranges)


def _widened(spread: Spread | None, floor: float) -> Spread | None:
    """The limits times sigma_z, or times the floor where that is more.

    Without a sigma_z (one point, or nothing but 0 % or 100 %) they stay as they are.
    """
    if spread is None or spread.sigma_z is None:
        return spread
    return replace(spread, sigma_points=spread.sigma_points * max(spread.sigma_z, floor))


def _drawn(series: Series, spread: Spread) -> Floats:
    """Seven rows for the points of a phase, in the order of the fields of `Lines`."""
    width = spread.sigma_points
    raw = [spread.middle + k * width for k in (-3, 3, -2, 2)]
    clamped = [np.clip(line, spread.floor, spread.ceiling) for line in raw]
    stacked = np.vstack([np.full(width.size, spread.centre), *clamped, raw[0], raw[1]])
    return from_calculation_scale(series.chart, series.scale, stacked) * series.value_scale
