"""95 % intervals of monthly values, from sums over cases: arrays in, arrays out, NaN where there is none.

What each covers at small numbers is simulated (docs/simulations.md). No data frame, no metric.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

CONFIDENCE = 0.95
"""The nominal coverage of every interval."""

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats]
_TAIL = 0.5 + CONFIDENCE / 2


def wilson_interval(events: Any, n: Any) -> Ends:
    """A proportion (0 to 1) of n cases (Wilson, JASA 22, 1927)."""
    z = special.ndtri(_TAIL)
    events, n = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    p = events / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # Of none and of all the end is exactly 0 and 1; in floating point it would be a hair beside the value.
    return np.where(p == 0, 0.0, middle - half), np.where(p == 1, 1.0, middle + half)


def gamma_interval(events: Any, squares: Any, size: Any, *, usual_weight: float = 1.0) -> Ends:
    """A rate of events that come in clusters: Σ events of the cases, Σ of their squares, over `size`.

    Each case with w event days is one Poisson event of weight w (Fay & Feuer, Statistics in Medicine 16, 1997). The
    upper
    end adds one more event: of the event-weighted mean weight (Tiwari, Clegg & Zou, Statistical Methods in Medical
    Research 15, 2006), since one very long wait would else stretch every upper end, and no less than usual_weight,
    that of the measure's other months, since a month of few events does not show how heavy they can be. Where no case
    ever has more than one event these are Garwood's exact limits (1936): no event seen is not no event possible.
    """
    y, v, size = (np.asarray(one, dtype=float) for one in (events, squares, size))
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.maximum(np.where(y > 0, v / y, 0.0), max(usual_weight, 1.0))
        lower = np.where(y > 0, v / (2 * y) * special.chdtri(2 * y**2 / v, _TAIL), 0.0)
        more_y, more_v = y + weight, v + weight**2
        upper = more_v / (2 * more_y) * special.chdtri(2 * more_y**2 / more_v, 1 - _TAIL)
        return lower / size, upper / size


def log_delta_interval(ratio: Any, standard_error: Any, n: Any, *, never_negative: Any) -> Ends:
    """A mean or ratio of n cases: t limits on the logarithm, so that the long tail of stays and costs lies above.

    ratio × exp(± t · se/ratio); plain t limits where a case may lie below zero, or all are zero.
    """
    ratio, error, n = (np.asarray(one, dtype=float) for one in (ratio, standard_error, n))
    half = special.stdtrit(n - 1, _TAIL) * error
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        on_logs = np.asarray(never_negative, dtype=bool) & (ratio > 0)
        factor = np.exp(np.where(on_logs, half / ratio, 0.0))
        return np.where(on_logs, ratio / factor, ratio - half), np.where(on_logs, ratio * factor, ratio + half)


def log_normal_interval(log_sum: Any, log_square_sum: Any, n: Any) -> Ends:
    """A geometric mean of n cases, from the sum of their logarithms and of the squares of these (Student's t)."""
    log_sum, log_square_sum, n = (np.asarray(one, dtype=float) for one in (log_sum, log_square_sum, n))
    mean = log_sum / n
    spread = np.sqrt(np.clip((log_square_sum - n * mean**2) / (n - 1), 0, None) / n)
    half = special.stdtrit(n - 1, _TAIL) * spread
    return np.exp(mean - half), np.exp(mean + half)
