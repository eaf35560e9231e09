"""Cumulative charts: tabular CUSUM of a series, VLAD and risk-adjusted CUSUM of single cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.lines.constants import MOVING_RANGE_D2
from kpi_pipeline.signals.lines.moving_ranges import mean_range, moving_ranges


@dataclass(frozen=True, slots=True)
class CusumResult:
    """A tabular CUSUM in sigmas. above rises from 0, below falls from 0; None at a missing point.

    signals_high, signals_low: positions where the sum lies beyond the decision interval.
    """

    centre: float
    sigma: float
    reference: float
    decision_interval: float
    above: tuple[float | None, ...]
    below: tuple[float | None, ...]
    signals_high: tuple[int, ...]
    signals_low: tuple[int, ...]


def tabular_cusum(
    values: Sequence[float | None],
    *,
    centre: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    reference: float = 0.5,
    decision_interval: float = 5.0,
    head_start: float = 0.0,
) -> CusumResult:
    """Two-sided CUSUM: C⁺ = max(0, C⁺ + z − k), C⁻ = min(0, C⁻ + z + k), k = `reference`, h = `decision_interval`.

    z = (value − centre)/sigma; both from the first `baseline` points (default: all) unless given: the mean, and
    the mean moving range over 1.128. A missing point leaves the sums as they are. head_start: both sums begin that
    many sigmas out. Source: Montgomery, ch. 9; Lucas & Crosier, Technometrics 24 (1982) for the head start.
    """
    numbers = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    known = numbers[:baseline]
    segments = np.cumsum(np.isnan(known))[~np.isnan(known)]
    known = known[~np.isnan(known)]
    if centre is None:
        centre = float(known.mean()) if known.size else math.nan
    if sigma is None:
        spread = mean_range(moving_ranges(known, segments), screen=False).mean
        sigma = math.nan if spread is None else spread / MOVING_RANGE_D2
    if not sigma > 0 or math.isnan(centre):
        raise InputError(
            Fault("tabular_cusum", "the baseline does not vary, so there is no sigma.", "Give centre and sigma.")
        )
    above, below = _sums(((numbers - centre) / sigma).tolist(), reference, head_start)
    return CusumResult(
        centre=centre,
        sigma=sigma,
        reference=reference,
        decision_interval=decision_interval,
        above=tuple(above),
        below=tuple(below),
        signals_high=tuple(i for i, s in enumerate(above) if s is not None and s > decision_interval),
        signals_low=tuple(i for i, s in enumerate(below) if s is not None and s < -decision_interval),
    )


def _sums(
    scores: Sequence[float], reference: float, head_start: float
) -> tuple[list[float | None], list[float | None]]:
    high, low = head_start, -head_start
    above: list[float | None] = []
    below: list[float | None] = []
    for z in scores:
        if math.isnan(z):
            above.append(None)
            below.append(None)
            continue
        high, low = max(0.0, high + z - reference), min(0.0, low + z + reference)
        above.append(high)
        below.append(low)
    return above, below


def vlad(observed: Sequence[float], expected: Sequence[float]) -> list[float]:
    """Variable life-adjusted display: the running Σ(expected − observed); up is better than expected.

    observed: 1 where the event happened, else 0 (or counts). expected: its predicted risk.
    Source: Lovegrove et al., Lancet 350 (1997).

    >>> vlad([0, 1, 0], [0.25, 0.25, 0.5])
    [0.25, -0.5, 0.0]
    """
    _check_cases(observed, expected, "vlad")
    return [float(total) for total in np.cumsum(np.asarray(expected, float) - np.asarray(observed, float))]


@dataclass(frozen=True, slots=True)
class RiskAdjustedCusum:
    """A risk-adjusted CUSUM: the sum after each case, and where it reached the limit (and restarted at 0)."""

    odds_ratio: float
    limit: float | None
    sums: tuple[float, ...]
    signals: tuple[int, ...]


def risk_adjusted_cusum(
    outcomes: Sequence[float], risks: Sequence[float], *, odds_ratio: float = 2.0, limit: float | None = None
) -> RiskAdjustedCusum:
    """C = max(0, C + W), W = y·log R − log(1 − p + R·p), for each case with outcome y (0 or 1) and risk p.

    odds_ratio R above 1 watches for odds R times as high, below 1 for odds that have fallen to R times.
    Source: Steiner et al., Biostatistics 1 (2000).
    """
    _check_cases(outcomes, risks, "risk_adjusted_cusum")
    if odds_ratio <= 0 or odds_ratio == 1:
        what = f"must be above 0 and not 1, got {odds_ratio:g}."
        raise InputError(Fault("odds_ratio", what, "2 watches for doubled odds."))
    if any(not 0 <= p <= 1 for p in risks):
        raise InputError(Fault("risks", "must lie between 0 and 1.", "Give predicted probabilities."))
    total, sums, signals = 0.0, [], []
    for i, (y, p) in enumerate(zip(outcomes, risks, strict=True)):
        total = max(0.0, total + y * math.log(odds_ratio) - math.log(1 - p + odds_ratio * p))
        sums.append(total)
        if limit is not None and total >= limit:
            signals.append(i)
            total = 0.0
    return RiskAdjustedCusum(odds_ratio, limit, tuple(sums), tuple(signals))


def _check_cases(outcomes: Sequence[float], risks: Sequence[float], where: str) -> None:
    if len(outcomes) != len(risks):
        found = f"{len(outcomes)} outcomes for {len(risks)} expected values."
        raise InputError(Fault(where, found, "Give one expected value per case."))
    if any(number is None or math.isnan(number) for number in [*outcomes, *risks]):
        what = "a case has no outcome or no expected value."
        raise InputError(Fault(where, what, "Leave such cases out, and count them."))
