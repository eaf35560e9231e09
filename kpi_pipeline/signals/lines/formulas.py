"""The formula of each chart for one phase: where the centre is and how wide a point may scatter.

Each formula looks at the points of the baseline only and answers for every point of the phase. Phases, Laney's
decision, clamping and the way back from a transformed scale are in `limits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.signals.lines.constants import MOVING_RANGE_D2, MOVING_RANGE_UPPER, T_CHART_POWER
from kpi_pipeline.signals.lines.ewma import width_factor
from kpi_pipeline.signals.lines.moving_ranges import Floats, MeanRange, Whole, mean_range, moving_ranges
from kpi_pipeline.signals.lines.subgroups import subgroup_sigma, unbiased_sd, unbiased_sd_spread
from kpi_pipeline.signals.series import Method

NO_RANGE = MeanRange(None)


@dataclass(frozen=True, slots=True)
class PhaseData:
    """The points of one phase. used: those behind the limits. values are already on the scale of the calculation."""

    values: Floats
    sizes: Floats
    sds: Floats
    ranges: Floats
    segments: Whole
    used: Whole


@dataclass(frozen=True, slots=True)
class Spread:
    """What a formula gives, on the scale of the calculation.

    centre: the line drawn. middle: what the limits lie around. sigma_points: sigma of the statistic at each point,
    NaN where there is none. sigma: for a point of size 1 (the process sigma for xbar and s).
    floor, ceiling: the values a statistic cannot leave.
    """

    centre: float
    middle: float
    sigma_points: Floats
    sigma: float
    mean_range: MeanRange = NO_RANGE
    sigma_z: float | None = None
    floor: float = -math.inf
    ceiling: float = math.inf


Formula = Callable[[PhaseData, Method], Spread]


def _mean(values: Floats) -> float:
    """The mean; of equal values exactly that value, so that a constant series lies on its own mean."""
    first = float(values[0])
    return first if (values == first).all() else math.fsum(values) / values.size


def _xmr(data: PhaseData, method: Method) -> Spread:
    values = data.values[data.used]
    spread = mean_range(moving_ranges(values, data.segments[data.used]), screen=method.screen)
    sigma = math.nan if spread.mean is None else method.sigma_factor / 3 * spread.mean
    centre = _mean(values)
    return Spread(centre, centre, np.full(data.values.size, sigma), sigma, spread)


def _t(data: PhaseData, method: Method) -> Spread:
    spread = _xmr(data, method)
    return Spread(spread.centre, spread.middle, spread.sigma_points, spread.sigma, spread.mean_range, floor=0.0)


def _mr(data: PhaseData, method: Method) -> Spread:
    """Centre MR̄, upper limit 3.267 MR̄; never screened, since the limits are what screening screens by."""
    centre = _mean(data.values[data.used])
    sigma = MOVING_RANGE_UPPER / 3 * centre
    return Spread(centre, 0.0, np.full(data.values.size, sigma), sigma, MeanRange(centre), floor=0.0)


def _p(data: PhaseData, method: Method) -> Spread:
    centre = _ratio(data)
    return _ratio_spread(data, method, centre, math.sqrt(max(0.0, centre * (1 - centre))), ceiling=1.0)


def _u(data: PhaseData, method: Method) -> Spread:
    centre = _ratio(data)
    return _ratio_spread(data, method, centre, math.sqrt(centre), ceiling=math.inf)


def _ratio(data: PhaseData) -> float:
    """Σy/Σn over the baseline."""
    sizes = data.sizes[data.used]
    return math.fsum(data.values[data.used] * sizes) / math.fsum(sizes)


def _ratio_spread(data: PhaseData, method: Method, centre: float, sigma: float, *, ceiling: float) -> Spread:
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma_points = np.where(data.sizes > 0, sigma / np.sqrt(data.sizes), math.nan)
    spread = _range_of_scores(data, method, centre, sigma_points)
    return Spread(centre, centre, sigma_points, sigma, spread, _sigma_z(spread), floor=0.0, ceiling=ceiling)


def _range_of_scores(data: PhaseData, method: Method, centre: float, sigma_points: Floats) -> MeanRange:
    """The mean moving range of the points in sigmas of a binomial or Poisson count; none without variation."""
    width = sigma_points[data.used]
    if not (width > 0).all():
        return NO_RANGE
    scores = (data.values[data.used] - centre) / width
    return mean_range(moving_ranges(scores, data.segments[data.used]), screen=method.screen)


def _sigma_z(spread: MeanRange) -> float | None:
    """Laney's ratio of the observed to the expected variation (Quality Engineering 14, 2002)."""
    return None if spread.mean is None else spread.mean / MOVING_RANGE_D2


def _c(data: PhaseData, method: Method) -> Spread:
    centre = _mean(data.values[data.used])
    sigma = math.sqrt(centre)
    sigma_points = np.full(data.values.size, sigma)
    spread = _range_of_scores(data, method, centre, sigma_points)
    return Spread(centre, centre, sigma_points, sigma, spread, _sigma_z(spread), floor=0.0)


def _g(data: PhaseData, method: Method) -> Spread:
    """The line drawn is the median; the limits are those of a geometric count around its mean."""
    values = data.values[data.used]
    mean = _mean(values)
    sigma = math.sqrt(mean * (mean + 1))
    return Spread(float(np.median(values)), mean, np.full(data.values.size, sigma), sigma, floor=0.0)


def _i_prime(data: PhaseData, method: Method) -> Spread:
    """Weighted individuals (Taylor's normalised I chart): each range scaled by the sizes of its two points."""
    values, sizes, segments = data.values[data.used], data.sizes[data.used], data.segments[data.used]
    joined = segments[1:] == segments[:-1]
    scaled = math.sqrt(math.pi / 2) * np.abs(np.diff(values)) / np.sqrt(1 / sizes[1:] + 1 / sizes[:-1])
    spread = mean_range(scaled[joined], screen=method.screen)
    sigma = math.nan if spread.mean is None else spread.mean
    centre = _ratio(data)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma_points = np.where(data.sizes > 0, sigma / np.sqrt(data.sizes), math.nan)
    return Spread(centre, centre, sigma_points, sigma, spread)


def _run(data: PhaseData, method: Method) -> Spread:
    centre = float(np.median(data.values[data.used]))
    return Spread(centre, centre, np.full(data.values.size, math.nan), math.nan)


def _xbar(data: PhaseData, method: Method) -> Spread:
    """Limits σ/√nᵢ; with the default estimator σ is s over c4(nᵢ), each subgroup's own."""
    sizes, values = data.sizes[data.used], data.values[data.used]
    centre = math.fsum(values * sizes) / math.fsum(sizes)
    sigma = subgroup_sigma(sizes, data.sds[data.used], data.ranges[data.used], method.estimator)
    per_point = unbiased_sd(sigma, data.sizes) if method.estimator == "default" else np.full(data.sizes.size, sigma)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma_points = np.where(data.sizes > 1, per_point / np.sqrt(data.sizes), math.nan)
    return Spread(centre, centre, sigma_points, sigma)


def _s(data: PhaseData, method: Method) -> Spread:
    """Default: centre and σ both s, width s·c5/c4. A named estimator: centre Σnᵢsᵢ/Σnᵢ, width σ·c5."""
    sizes, sds = data.sizes[data.used], data.values[data.used]
    sigma = subgroup_sigma(sizes, sds, data.ranges[data.used], method.estimator)
    if method.estimator == "default":
        return Spread(sigma, sigma, unbiased_sd_spread(sigma, data.sizes, over_c4=True), sigma, floor=0.0)
    centre = math.fsum(sizes * sds) / math.fsum(sizes)
    return Spread(centre, centre, unbiased_sd_spread(sigma, data.sizes, over_c4=False), sigma, floor=0.0)


def _ewma(data: PhaseData, method: Method) -> Spread:
    """sizes: the step i of each point. The drawn values are smoothed later, around this centre."""
    values = data.values[data.used]
    spread = mean_range(moving_ranges(values, data.segments[data.used]), screen=method.screen)
    sigma = math.nan if spread.mean is None else spread.mean / MOVING_RANGE_D2
    centre = _mean(values)
    widths = method.ewma_width / 3 * sigma * width_factor(data.sizes, method.ewma_weight)
    return Spread(centre, centre, widths, sigma, spread)


FORMULAS: dict[str, Formula] = {
    "xmr": _xmr,
    "mr": _mr,
    "p": _p,
    "p_prime": _p,
    "u": _u,
    "u_prime": _u,
    "c": _c,
    "g": _g,
    "t": _t,
    "xbar": _xbar,
    "s": _s,
    "i_prime": _i_prime,
    "ewma": _ewma,
    "run": _run,
}


def to_calculation_scale(chart: str, scale: str, values: Floats) -> Floats:
    """ln for a log-scale XmR, the power 1/3.6 for a t chart, else unchanged."""
    if scale == "log":
        with np.errstate(invalid="ignore"):
            return np.log(values)
    return np.asarray(values ** (1 / T_CHART_POWER)) if chart == "t" else values


def from_calculation_scale(chart: str, scale: str, lines: Floats) -> Floats:
    """The way back for centre and limits."""
    if scale == "log":
        return np.exp(lines)
    return np.asarray(np.maximum(lines, 0.0) ** T_CHART_POWER) if chart == "t" else lines
