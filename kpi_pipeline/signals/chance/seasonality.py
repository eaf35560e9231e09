"""Seasons: a month index taken out of a series before charting, or each month beside the same month a year before.

The report takes `fit_month_index`: twelve free indices from two years know each month twice, and colour 14 % of stable
charts; one shrunken wave keeps to 3 % (docs/simulations.md). All are declared by the one who charts, never done in
silence. A series that is itself a rolling or year-to-date figure is refused: neighbouring points share their cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.periods import month_numbers, read_labels

FEWEST_YEARS = 2
"""A month index needs each month seen at least twice, else it only repeats that month."""


@dataclass(frozen=True, slots=True)
class SeasonalAdjustment:
    """The series without its seasons. indices: by calendar month 1 to 12; values: None where the input was missing."""

    method: Literal["multiplicative", "additive"]
    values: tuple[float | None, ...]
    indices: dict[int, float]
    n_years: int


@dataclass(frozen=True, slots=True)
class MonthIndex:
    """The size of each calendar month (1 to 12) beside an ordinary one, from n_months months; they average 1."""

    indices: dict[int, float]
    n_months: int


@dataclass(frozen=True, slots=True)
class SameMonth:
    """One month beside the same month a year before; change is None where either is missing."""

    period: str
    value: float | None
    year_before: float | None
    change: float | None


def adjust_for_season(
    values: Sequence[float | None],
    periods: Sequence[object],
    *,
    method: Literal["multiplicative", "additive"] = "multiplicative",
    is_rolling: bool = False,
) -> SeasonalAdjustment:
    """Divides each month by its index (or subtracts it), so that an XmR chart shows change and not the calendar.

    The index of a calendar month is its mean ratio to (or difference from) the mean of its own block of twelve
    months, so that a change of level between years does not enter it; indices average 1 (or 0). Blocks are counted
    back from the last month. Needs two complete blocks. Chart the values as xmr: as counts they are no longer counts.
    """
    months = _months(values, periods, is_rolling)
    known = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    if method == "multiplicative" and (known <= 0).any():
        raise InputError(Fault("values", "a multiplicative index needs values above 0.", "Use method='additive'."))
    ratios: dict[int, list[float]] = {month: [] for month in range(12)}
    n_years = 0
    for block in _complete_blocks(months, known):
        n_years += 1
        level = float(known[block].mean())
        for i in block:
            value = float(known[i])
            ratios[months[i] % 12].append(value / level if method == "multiplicative" else value - level)
    if n_years < FEWEST_YEARS:
        raise InputError(
            Fault(
                "values",
                f"a month index needs {FEWEST_YEARS} complete years; found {n_years} without a missing month.",
                "Compare with the same month of the year before, or wait.",
            )
        )
    indices = {month + 1: sum(found) / len(found) for month, found in ratios.items()}
    by_month = np.array([indices[month % 12 + 1] for month in months])
    adjusted = known / by_month if method == "multiplicative" else known - by_month
    return SeasonalAdjustment(
        method=method,
        values=tuple(None if math.isnan(value) else float(value) for value in adjusted),
        indices=indices,
        n_years=n_years,
    )


def fit_month_index(
    values: Sequence[float | None], periods: Sequence[object], *, n_months: int | None = None
) -> MonthIndex | None:
    """One wave a year in the logarithms of the first `n_months` known values (None: all); None below 24 of them.

    The wave is shrunken by what chance would give it: to nothing where it explains no more than noise does (F of 1 or
    less), hardly at all where it is plain. Values must be above 0.
    """
    months = _months(values, periods, False)
    known = [(month, value) for month, value in zip(months, values, strict=True) if value is not None]
    known = known[:n_months]
    if any(value <= 0 for _, value in known):
        raise InputError(Fault("values", "a month index needs values above 0.", "Leave the season in."))
    if len(known) < 12 * FEWEST_YEARS:
        return None
    month = np.array([month for month, _ in known])
    design = _wave(month, with_level=True)
    logs = np.log([value for _, value in known])
    fitted, *_ = np.linalg.lstsq(design, logs, rcond=None)
    rest = float(((logs - design @ fitted) ** 2).sum()) / (month.size - 3)
    explained = float(((design[:, 1:] @ fitted[1:]) ** 2).sum()) / 2
    shrinkage = max(0.0, 1 - rest / explained) if explained > 0 else 0.0
    wave = np.exp(shrinkage * (_wave(np.arange(12), with_level=False) @ fitted[1:]))
    return MonthIndex({at + 1: float(index) for at, index in enumerate(wave / wave.mean())}, len(known))


def _wave(months: np.ndarray[Any, np.dtype[np.int64]], *, with_level: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Columns of one wave a year; the months' numbers count from a January."""
    angle = 2 * np.pi * months / 12
    level = [np.ones(months.size)] if with_level else []
    return np.column_stack([*level, np.cos(angle), np.sin(angle)])


def compare_same_month(
    values: Sequence[float | None], periods: Sequence[object], *, is_rolling: bool = False
) -> tuple[SameMonth, ...]:
    """Each month beside the same month a year before, for series too short for an index."""
    months = _months(values, periods, is_rolling)
    labels = read_labels(periods, len(values))
    by_month = dict(zip(months, values, strict=True))
    pairs = []
    for label, month, value in zip(labels, months, values, strict=True):
        before = by_month.get(month - 12)
        change = None if value is None or before is None else value - before
        pairs.append(SameMonth(label, value, before, change))
    return tuple(pairs)


def _months(values: Sequence[float | None], periods: Sequence[object], is_rolling: bool) -> list[int]:
    if is_rolling:
        raise InputError(
            Fault("values", "a rolling or year-to-date figure has no months to compare.", "Give the monthly figures.")
        )
    months = month_numbers(read_labels(periods, len(values)))
    if months is None or len(months) != len(values) or sorted(set(months)) != months:
        raise InputError(Fault("periods", "must be months in time order, one per value.", "Write them as 2026-03."))
    return months


def _complete_blocks(months: Sequence[int], known: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[list[int]]:
    """Positions of each block of twelve months, counted back from the last month with a value, with none missing."""
    position = {month: i for i, month in enumerate(months) if not math.isnan(known[i])}
    blocks = []
    last = max(position, default=-1)
    while position and last - 11 >= min(position):
        block = [position[month] for month in range(last - 11, last + 1) if month in position]
        if len(block) == 12:
            blocks.append(block)
        last -= 12
    return blocks
