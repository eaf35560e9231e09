"""The lines of an interrupted time series: which month belongs where, and the columns of the regression.

Time is counted in months from the first month that counts after the start; there the level change is read. Nothing is
fitted here, and no break is ever searched for: the start is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.initiatives import Model, Seasonality
from kpi_pipeline.improvement.estimates import Floats

Role = Literal["before", "washout", "after"]

MONTHS_IN_YEAR = 12


@dataclass(frozen=True, slots=True)
class Segments:
    """Where the months lie. first_full: the first month wholly after the start; first_counted: after the washout.

    A month in which the start falls after its first day is neither before nor after; it is part of the washout.
    """

    starts_on: date
    first_full: Month
    first_counted: Month

    def role_of(self, month: Month) -> Role:
        """Whether a month lies before the start, in the washout or after it."""
        if month < Month.of(self.starts_on):
            return "before"
        return "after" if month >= self.first_counted else "washout"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the regression: level, trend, level change, slope change if modelled, season if declared."""

    segments: Segments
    model: Model
    seasonality: Seasonality

    @property
    def n_changes(self) -> int:
        """How many columns carry the change: they stand third and, with a slope change, fourth."""
        return 2 if self.model == "level_and_slope" else 1

    def design(self, months: Sequence[Month]) -> Floats:
        """Months x columns, with the change where it has happened."""
        return self._rows(months, changed=[self.segments.role_of(month) == "after" for month in months])

    def without_change(self, months: Sequence[Month]) -> Floats:
        """The same rows as if the change had not happened: the counterfactual line."""
        return self._rows(months, changed=[False] * len(months))

    def effects(self, months: Sequence[Month]) -> Floats:
        """For each month after the start, the contrast that gives the effect in it."""
        return self.design(months) - self.without_change(months)

    def unit(self, column: int, months: Sequence[Month]) -> Floats:
        """The contrast that reads one coefficient."""
        contrast = np.zeros(self.design(months).shape[1])
        contrast[column] = 1.0
        return contrast

    def _rows(self, months: Sequence[Month], *, changed: Sequence[bool]) -> Floats:
        time = np.array([month.months_since(self.segments.first_counted) for month in months], dtype=np.float64)
        after = np.array(changed, dtype=np.float64)
        columns = [np.ones_like(time), time, after]
        if self.model == "level_and_slope":
            columns.append(after * time)
        return np.column_stack([*columns, *self._season(months)])

    def _season(self, months: Sequence[Month]) -> list[Floats]:
        numbers = np.array([month.number for month in months])
        if self.seasonality == "calendar_months":
            return [(numbers == number).astype(np.float64) for number in range(2, MONTHS_IN_YEAR + 1)]
        waves = {"automatic": 0, "none": 0, "one_wave": 1, "two_waves": 2}[self.seasonality]
        angles = [2 * math.pi * wave * numbers / MONTHS_IN_YEAR for wave in range(1, waves + 1)]
        return [turn(angle) for angle in angles for turn in (np.cos, np.sin)]


def find_segments(starts_on: date, *, washout_months: int) -> Segments:
    """The segments of a start: the first full month after it, and the first that counts."""
    month = Month.of(starts_on)
    first_full = month if starts_on == month.first_day else month.plus(1)
    return Segments(starts_on, first_full, first_full.plus(washout_months))
