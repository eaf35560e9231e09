"""Funnel plots: units compared with their common level, without ranks. Over-dispersion widens the limits for all.

Limits follow Spiegelhalter (Statistics in Medicine 24, 2005; and with others, JRSS A 175, 2012) as FunnelPlotR
computes them. No time, no phases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.reading.verdict import class_of_side
from kpi_pipeline.signals.types import PointClass

Kind = Literal["proportion", "observed_expected"]
Transform = Literal["arcsine", "log", "sqrt"]

Z_95 = 1.959964
"""Normal quantile of the 95 % limits, to six decimals as in FunnelPlotR."""
Z_998 = 3.090232
"""Normal quantile of the 99.8 % limits, to six decimals as in FunnelPlotR."""


FEWEST_UNITS = 10
"""With fewer units the spread between them is a guess."""


@dataclass(frozen=True, slots=True)
class FunnelLimits:
    """Limits at one size, in the order lower 95 %, upper 95 %, lower 99.8 %, upper 99.8 %."""

    lower_95: float
    upper_95: float
    lower_998: float
    upper_998: float


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """One unit. limits: without, adjusted_limits: with over-dispersion. is_outside: beyond the drawn 99.8 % limits."""

    name: str
    numerator: float
    denominator: float
    value: float
    limits: FunnelLimits
    adjusted_limits: FunnelLimits
    is_outside: bool
    point_class: PointClass


@dataclass(frozen=True, slots=True)
class FunnelResult:
    """A funnel. phi: mean squared score after winsorising (None when not estimated); tau2: variance between units.

    is_adjusted: the drawn limits are the adjusted ones. value_scale: values and limits are multiplied by it.
    """

    kind: Kind
    transform: Transform
    target: float
    phi: float | None
    tau2: float
    is_adjusted: bool
    value_scale: float
    points: tuple[FunnelPoint, ...]

    @property
    def has_few_units(self) -> bool:
        """Whether there are too few units to judge the spread between them."""
        return len(self.points) < FEWEST_UNITS


def evaluate_funnel(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    names: Sequence[str] | None = None,
    kind: Kind = "proportion",
    transform: Transform | None = None,
    better: Better = "neither",
    adjust: bool = True,
    trim: float = 0.1,
    value_scale: float = 1.0,
) -> FunnelResult:
    """A funnel of proportions (Σy/Σn on the arcsine-root scale) or of observed over expected (target 1).

    denominators: cases, or expected events. transform of observed/expected: 'log' (default; the scores are truncated
    by `trim` at each end, as the English SHMI does) or 'sqrt' (winsorised, as the English CQC does; FunnelPlotR draws
    these limits as 1 ± z·√(s² + τ²) without squaring back, and so do we under that name).
    adjust: widen the limits by an additive variance between units where phi shows more spread than chance.
    """
    y, n, labels = _read(numerators, denominators, names, kind)
    how: Transform = transform or ("arcsine" if kind == "proportion" else "log")
    if (how == "arcsine") != (kind == "proportion"):
        raise InputError(Fault("transform", f"{how!r} does not go with {kind}.", "Leave it out for a proportion."))
    target = float(y.sum() / n.sum()) if kind == "proportion" else 1.0
    phi, tau2 = _overdispersion(y, n, target, how, trim) if adjust else (None, 0.0)
    is_adjusted = phi is not None and phi > 1 and tau2 > 0
    plain = np.array([_limits(size, target, how, 0.0, exact=True) for size in n.tolist()]) * value_scale
    wide = np.array([_limits(size, target, how, tau2, exact=False) for size in n.tolist()]) * value_scale
    values = y / n * value_scale
    drawn = wide if is_adjusted else plain
    points = tuple(_point(labels[i], y[i], n[i], values[i], plain[i], wide[i], drawn[i], better) for i in range(y.size))
    return FunnelResult(kind, how, target * value_scale, phi, tau2, is_adjusted, value_scale, points)


def funnel_limits(result: FunnelResult, denominators: Sequence[float]) -> tuple[FunnelLimits, ...]:
    """The drawn limits at any sizes, for the curves of the funnel."""
    target = result.target / result.value_scale
    tau2 = result.tau2 if result.is_adjusted else 0.0
    rows = [_limits(size, target, result.transform, tau2, exact=not result.is_adjusted) for size in denominators]
    return tuple(FunnelLimits(*(limit * result.value_scale for limit in row)) for row in rows)


def _read(
    numerators: Sequence[float], denominators: Sequence[float], names: Sequence[str] | None, kind: Kind
) -> tuple[Floats, Floats, list[str]]:
    y, n = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    labels = [str(name) for name in names] if names is not None else [str(i + 1) for i in range(y.size)]
    faults = []
    if kind not in ("proportion", "observed_expected"):
        faults.append(Fault("kind", f"{kind!r} is not a funnel.", "Use proportion or observed_expected."))
    if y.shape != n.shape or y.size != len(labels) or not y.size:
        what = f"{y.size} numerators, {n.size} denominators, {len(labels)} names."
        faults.append(Fault("funnel", what, "Give one each, and at least one unit."))
    elif np.isnan(y).any() or (y < 0).any() or not (n > 0).all():
        faults.append(Fault("funnel", "needs counts of 0 or more and sizes above 0.", "Leave units without cases out."))
    elif kind == "proportion" and (y > n).any():
        faults.append(Fault("funnel", "a proportion exceeds 1.", "Use observed_expected for ratios."))
    if faults:
        raise InputError(faults)
    return y, n, labels


def _overdispersion(y: Floats, n: Floats, target: float, transform: Transform, trim: float) -> tuple[float, float]:
    """Phi, the mean squared score with the extremes tamed; tau2, DerSimonian and Laird's variance between units."""
    s = np.sqrt(1 / n) if transform == "log" else 1 / (2 * np.sqrt(n))
    with np.errstate(divide="ignore"):
        scores = {
            "arcsine": lambda: (np.arcsin(np.sqrt(y / n)) - math.asin(math.sqrt(target))) / s,
            "sqrt": lambda: (np.sqrt(y / n) - 1) / s,
            "log": lambda: np.log(y / n) / s,
        }[transform]()
    if transform == "log":
        kept = _truncated(scores, trim)
        scores, s = scores[kept], s[kept]
    else:
        scores = np.clip(scores, *np.quantile(scores, [trim, 1 - trim]))
    if scores.size == 0:
        return 0.0, 0.0
    phi = float((scores**2).sum() / scores.size)
    weights = 1 / s**2
    spare = float(weights.sum() - (weights**2).sum() / weights.sum())
    excess = scores.size * phi - (scores.size - 1)
    return phi, max(0.0, excess / spare) if spare > 0 else 0.0


def _truncated(scores: Floats, trim: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The units left when the lowest and highest of 1/trim equal parts by rank are dropped."""
    parts = 1 / trim if trim > 0 else math.inf
    if math.isinf(parts):
        return np.isfinite(scores)
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # equal scores share their mean rank
    part = np.floor(rank * parts / (scores.size + 1))
    return (part > 0) & (part < parts - 1) & np.isfinite(scores)


def _limits(size: float, target: float, transform: Transform, tau2: float, *, exact: bool) -> list[float]:
    """Lower and upper 95 %, lower and upper 99.8 %. exact: Poisson limits for observed/expected without adjustment."""
    if exact and transform != "arcsine":
        return [float(limit) for alpha in (0.025, 0.001) for limit in _poisson_limits(size, alpha)]
    s2 = 1 / size if transform == "log" else 1 / (4 * size)
    row = []
    for z in (-Z_95, Z_95, -Z_998, Z_998):
        half = z * math.sqrt(s2 + tau2)
        if transform == "arcsine":
            angle = min(max(math.asin(math.sqrt(target)) + half, 0.0), math.pi / 2)
            row.append(math.sin(angle) ** 2)
        else:
            row.append(math.exp(half) if transform == "log" else max(0.0, 1 + half))
    return row


def _poisson_limits(expected: float, alpha: float) -> tuple[float, float]:
    """The exact limits of an observed count over its expectation, by the chi-square link (a gamma quantile)."""
    lower, upper = special.gammaincinv(expected, alpha), special.gammainccinv(expected + 1, alpha)
    return float(lower) / expected, float(upper) / expected


def _point(
    name: str, y: float, n: float, value: float, plain: Floats, wide: Floats, drawn: Floats, better: Better
) -> FunnelPoint:
    high, low = value > drawn[3], value < drawn[2]
    point_class = class_of_side("high" if high else "low", better) if high or low else "common_cause"
    limits, adjusted = (FunnelLimits(*(float(limit) for limit in row)) for row in (plain, wide))
    return FunnelPoint(name, float(y), float(n), float(value), limits, adjusted, bool(high or low), point_class)
