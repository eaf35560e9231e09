"""The statistical constants of control charts, each with a name and a source. No data, no charts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import special

from kpi_pipeline.signals.types import Constant

MOVING_RANGE_D2 = 1.128
"""Mean range of two standard normal values, to three decimals as printed and used everywhere (exact: 2/sqrt(pi))."""

XMR_FACTOR = 2.66
"""Half width of the XmR limits in mean moving ranges, 3/1.128 rounded (Wheeler, Understanding Variation, 1993)."""

MOVING_RANGE_UPPER = 3.267
"""Upper limit of a moving range in mean moving ranges: D4 for two values (Montgomery, Introduction to SQC)."""

T_CHART_POWER = 3.6
"""Times between events to the power 1/3.6 are near normal (Nelson, J. Quality Technology 26, 1994)."""

CONSTANT_SOURCES = {
    "XmR factor": "Wheeler, Understanding Variation (1993)",
    "d2 of moving ranges": "Montgomery, Introduction to Statistical Quality Control",
    "moving-range limit": "Montgomery (D4 of two values); Nelson, J. Quality Technology 14 (1982) for screening",
    "EWMA weight": "Roberts, Technometrics 1 (1959); Montgomery, ch. 9",
    "EWMA width": "Montgomery, ch. 9, in sigmas of the average",
    "t chart power": "Nelson, J. Quality Technology 26 (1994)",
}


def constant(name: str, value: float) -> Constant:
    """A constant that was used, with its source, for print."""
    return Constant(name=name, value=value, source=CONSTANT_SOURCES[name])


@lru_cache(maxsize=4096)
def c4(n: float) -> float:
    """The mean of the standard deviation of n standard normal values (n > 1)."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def c5(n: float) -> float:
    """The standard deviation of the standard deviation of n standard normal values."""
    return math.sqrt(1 - c4(n) ** 2)


@lru_cache(maxsize=512)
def d2(n: int) -> float:
    """The mean range of n standard normal values, rounded to three decimals as in the printed tables."""
    return round(_range_moments(n)[0], 3)


@lru_cache(maxsize=512)
def d3(n: int) -> float:
    """The standard deviation of the range of n standard normal values, to seven decimals."""
    mean, square = _range_moments(n)
    return round(math.sqrt(square - mean**2), 7)


def _range_moments(n: int) -> tuple[float, float]:
    """E[R] and E[R²] by quadrature of 1 − F(r), F(r) = n ∫ φ(x) [Φ(x + r) − Φ(x)]^(n−1) dx."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x, wx = 9 * nodes, 9 * weights
    r, wr = 9 + 9 * nodes, 9 * weights
    inner = special.ndtr(x[:, None] + r[None, :]) - special.ndtr(x)[:, None]
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    below = n * (wx * density) @ inner ** (n - 1)
    return float(wr @ (1 - below)), float(2 * wr @ (r * (1 - below)))


@lru_cache(maxsize=1024)
def sigma_z_chance_range(n_points: int) -> tuple[float, float]:
    """The 95 % range of Laney's sigma_z when there is no over-dispersion: 1 ± 1.96 standard errors.

    sigma_z is a mean moving range of n standardised values over d2, so its variance is that of the mean of n − 1
    absolute differences: Var|d| = 2 − 4/π each, and Cov = (4/π)(√3/2 + π/12 − 1) for neighbours (absolute
    moments of the bivariate normal with correlation −1/2), all over (4/π).
    """
    m = n_points - 1
    if m < 1:
        return (0.0, math.inf)
    own = 2 - 4 / math.pi
    neighbour = 4 / math.pi * (math.sqrt(3) / 2 + math.pi / 12 - 1)
    variance = (m * own + 2 * (m - 1) * neighbour) / m**2 / (4 / math.pi)
    half = 1.959964 * math.sqrt(variance)
    return (1 - half, 1 + half)


@lru_cache(maxsize=4096)
def fewest_crossings(n_pairs: int) -> int:
    """The 5 % quantile of Binomial(n_pairs, 1/2), exactly, in whole numbers. Fewer crossings are a signal."""
    cumulative, term, k = 1, 1, 0
    while 20 * cumulative < 2**n_pairs:
        k += 1
        term = term * (n_pairs - k + 1) // k
        cumulative += term
    return k


def longest_run_limit(n_useful: int) -> int:
    """The longest run that chance allows among n useful points: round(log2 n) + 3 (Anhøj & Olesen 2014)."""
    return round(math.log2(n_useful)) + 3
