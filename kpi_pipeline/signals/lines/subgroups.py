"""Subgroups of measured values (xbar and s charts): summaries, and the estimators of the process sigma."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.lines.constants import c4, c5, d2, d3
from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.types import Estimator


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Size, mean, standard deviation (n − 1) and range of each subgroup; None where there is none."""

    sizes: tuple[int, ...]
    means: tuple[float | None, ...]
    sds: tuple[float | None, ...]
    ranges: tuple[float | None, ...]


def summarise_subgroups(observations: Sequence[Sequence[float]]) -> Subgroups:
    """Summarises raw observations, one sequence a subgroup, for `evaluate_chart`.

    >>> summarise_subgroups([[2.0, 4.0], [3.0]]).means
    (3.0, 3.0)
    """
    groups = [np.asarray(group, dtype=np.float64) for group in observations]
    return Subgroups(
        sizes=tuple(int(group.size) for group in groups),
        means=tuple(float(group.mean()) if group.size else None for group in groups),
        sds=tuple(float(group.std(ddof=1)) if group.size > 1 else None for group in groups),
        ranges=tuple(float(np.ptp(group)) if group.size > 1 else None for group in groups),
    )


def subgroup_sigma(sizes: Floats, sds: Floats, ranges: Floats, estimator: Estimator) -> float:
    """The process sigma from the subgroups of more than one value; NaN when there is none.

    default: the mean s when all sizes are equal, else the pooled s (not yet divided by c4).
    The others bear qcc's names: UWAVE-R mean(R/d2), UWAVE-SD mean(s/c4), MVLUE-R and MVLUE-SD the minimum-variance
    weighted means of the same, RMSDF the pooled s over c4(Σ(n − 1) + 1).
    """
    usable = (sizes > 1) & ~np.isnan(sds)
    n, s = sizes[usable], sds[usable]
    if n.size == 0:
        return math.nan
    if estimator in ("UWAVE-R", "MVLUE-R"):
        return _sigma_from_ranges(n, ranges[usable], weighted=estimator == "MVLUE-R")
    if estimator == "default" and (n == n[0]).all():
        return float(s.mean())
    pooled = math.sqrt(float(((n - 1) * s**2).sum() / (n - 1).sum()))
    if estimator == "default":
        return pooled
    if estimator == "RMSDF":
        return pooled / c4(float((n - 1).sum()) + 1)
    unbiased = s / np.array([c4(size) for size in n])
    if estimator == "UWAVE-SD":
        return float(unbiased.mean())
    weights = np.array([c4(size) ** 2 / (1 - c4(size) ** 2) for size in n])
    return float((weights * unbiased).sum() / weights.sum())


def _sigma_from_ranges(n: Floats, ranges: Floats, *, weighted: bool) -> float:
    if np.isnan(ranges).any():
        what = "the estimator from ranges needs the range of every subgroup."
        raise InputError(Fault("ranges", what, "Give ranges."))
    factor = np.array([d2(int(size)) for size in n])
    if not weighted:
        return float((ranges / factor).mean())
    weights = (factor / np.array([d3(int(size)) for size in n])) ** 2
    return float((weights * ranges / factor).sum() / weights.sum())


def unbiased_sd(s: float, sizes: Floats) -> Floats:
    """s / c4(nᵢ) for each size above 1, else NaN."""
    return np.array([s / c4(size) if size > 1 else math.nan for size in sizes.tolist()])


def unbiased_sd_spread(s: float, sizes: Floats, *, over_c4: bool) -> Floats:
    """s·c5(nᵢ), divided by c4(nᵢ) where s is not yet unbiased; NaN for sizes up to 1."""
    return np.array(
        [s * c5(size) / (c4(size) if over_c4 else 1.0) if size > 1 else math.nan for size in sizes.tolist()]
    )
