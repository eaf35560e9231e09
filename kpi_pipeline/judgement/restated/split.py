"""Splits the change of a figure by the causes of its cases: sums exactly, the value step by step in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.judgement.restated.ledger import CAUSES, Cause, Part
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.survival import survival_median


@dataclass(frozen=True, slots=True)
class Side:
    """A case as one of two issues counts it in a figure."""

    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A case whose part in a figure changed. then, now: None where it does not count in it."""

    cause: Cause
    then: Side | None
    now: Side | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """What a value is made of. cases: numerator and denominator of each, for a median or
    percentile alone."""

    numerator: float
    denominator: float
    n_cases: int
    log_sum: float = 0.0
    cases: tuple[tuple[float, float], ...] = ()


def value_of(sums: Sums, metric: Metric) -> float | None:
    """The value of these sums, however few the cases; None where there is none."""
    if metric.kind == "count":
        return sums.numerator
    if metric.kind == "survival_median":
        return survival_median(sums.cases)
    if metric.quantile is not None:
        return float(np.quantile([one for one, _ in sums.cases], metric.quantile)) if sums.cases else None
    if sums.denominator <= 0:
        return None
    if metric.kind == "geometric_mean":
        return math.exp(sums.log_sum / sums.n_cases) if sums.n_cases and math.isfinite(sums.log_sum) else None
    return metric.scale * sums.numerator / sums.denominator


def split_change(then: Sums, changed: Sequence[ChangedCase], metric: Metric) -> tuple[Sums, tuple[Part, ...]]:
    """The sums now, and what each cause did, in the order of the causes. The parts add up to the change."""
    parts = []
    before = then
    for cause in CAUSES:
        cases = [one for one in changed if one.cause == cause]
        if not cases:
            continue
        after = _applied(before, cases, metric)
        values = value_of(before, metric), value_of(after, metric)
        parts.append(
            Part(
                cause,
                len(cases),
                math.fsum(_both(cases, "numerator")),
                math.fsum(_both(cases, "denominator")),
                None if values[0] is None or values[1] is None else values[1] - values[0],
                tuple(sorted({column for one in cases for column in one.columns})),
            )
        )
        before = after
    return before, tuple(parts)


def _both(cases: Iterable[ChangedCase], field: str) -> Iterable[float]:
    for one in cases:
        if one.now is not None:
            yield getattr(one.now, field)
        if one.then is not None:
            yield -getattr(one.then, field)


def _applied(sums: Sums, cases: Sequence[ChangedCase], metric: Metric) -> Sums:
    now, then = [one.now for one in cases if one.now], [one.then for one in cases if one.then]
    listed = sums.cases
    if metric.quantile is not None:
        left = list(listed)
        for side in then:
            left.remove((side.numerator, side.denominator))
        listed = (*left, *((side.numerator, side.denominator) for side in now))
    logs = 0.0
    if metric.kind == "geometric_mean":
        logs = math.fsum([_log(side) for side in now]) - math.fsum([_log(side) for side in then])
    return Sums(
        sums.numerator + math.fsum(_both(cases, "numerator")),
        sums.denominator + math.fsum(_both(cases, "denominator")),
        sums.n_cases + len(now) - len(then),
        sums.log_sum + logs,
        listed,
    )


def _log(side: Side) -> float:
    return math.log(side.numerator / side.denominator) if side.numerator > 0 and side.denominator > 0 else math.nan
