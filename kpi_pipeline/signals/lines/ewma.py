"""The exponentially weighted moving average: small lasting changes, seen sooner than by single points.

z_i = λ·x_i + (1 − λ)·z_(i−1), z_0 the centre (Roberts, Technometrics 1, 1959). Centre and sigma are those of an XmR
chart of the values (mean, mean moving range over 1.128); the limits are the exact ones that widen with i, as R's qcc
has them.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.series import Series


def count_steps(series: Series) -> Series:
    """The series with, as size of each point, how many points of its phase count up to it: the i of the limits."""
    counts = series.counts.astype(np.float64)
    steps = np.cumsum(counts)
    before_phase = np.concatenate(([0.0], steps))[np.searchsorted(series.phase, series.phase, side="left")]
    return replace(series, size=np.maximum(steps - before_phase, 1.0))


def width_factor(steps: Floats, weight: float) -> Floats:
    """sqrt(λ/(2 − λ)·(1 − (1 − λ)^(2i))): the sigma of z_i in sigmas of a single value."""
    return np.asarray(np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps))))


def smoothed(series: Series, centre: Floats, weight: float) -> Series:
    """The series of z. A missing point leaves z as it is; a ghosted or immature one shows its z, but does not pass it
    on."""
    values, counts = series.value, series.counts
    found = np.full(values.size, math.nan)
    last, phase = math.nan, -1
    for at in range(values.size):
        if series.phase[at] != phase:
            phase, last = int(series.phase[at]), float(centre[at])
        if math.isnan(values[at]):
            continue
        found[at] = weight * values[at] + (1 - weight) * last
        if counts[at]:
            last = float(found[at])
    return replace(series, value=found, drawn=found)
