"""Moving ranges: between neighbours only, never across a missing point, screened once when asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.signals.lines.constants import MOVING_RANGE_UPPER

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeanRange:
    """The mean moving range as used. None when there is no pair of neighbours.

    n_screened: ranges left out. fell_back: screening would have left no variation at all, so nothing was screened.
    """

    mean: float | None
    n_screened: int = 0
    fell_back: bool = False


def moving_ranges(values: Floats, segments: Whole) -> Floats:
    """|x[i] − x[i−1]| for neighbours of one segment. values: the points that count, in time order.

    A ghosted point is simply not among the values, so its neighbours are neighbours; a missing point starts a
    new segment, so that no range spans it.
    """
    return np.abs(np.diff(values))[segments[1:] == segments[:-1]]


def mean_range(ranges: Floats, *, screen: bool) -> MeanRange:
    """The mean of the ranges; with `screen`, those from 3.267 mean ranges up are dropped, once.

    Where screening would drop every range, or leave only zeros though there was variation, the unscreened mean
    is used: limits that collapse onto the mean would flag every point.
    """
    if ranges.size == 0:
        return MeanRange(None)
    mean = float(ranges.mean())
    if not screen:
        return MeanRange(mean)
    kept = ranges[ranges < MOVING_RANGE_UPPER * mean]
    if kept.size == 0 or (mean > 0 and not kept.any()):
        return MeanRange(mean, 0, fell_back=True)
    return MeanRange(float(kept.mean()), int(ranges.size - kept.size))
