"""The plan of one made-up hospital: period, size, dates of the two changes, and its streams of chance.

Days are whole numbers since 1970-01-01 and minutes likewise, in the facility's own clock: the generator never
needs an instant. Nothing is drawn here.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic.ground.places import LAKESIDE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

MINUTES_PER_DAY = 1440
NEVER = np.iinfo(np.int64).min
"""Stands for "has not happened" in a column of days or minutes; becomes an empty field."""

WARM_UP_DAYS = 90
"""Admissions start this long before the first month, so that it opens with a full house."""

SMALLEST_SCALE, LARGEST_SCALE = 0.005, 20
"""Below, a facility-month has hardly a patient; above, the ids run out of digits."""

ROUNDS_FACILITY = LAKESIDE
ROUNDS_MONTH_INDEX = 24
ROUNDS_STAY_FACTOR = 0.91
DENIALS_MONTH_INDEX = 29
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for, and the dates that follow from it."""

    seed: int
    months: int
    last_month: Month
    scale: float
    changes: bool
    faults: bool

    def __post_init__(self) -> None:
        found = []
        if self.months < 1:
            found.append(Fault("months", f"must be 1 or more, got {self.months}.", "Ask for at least one month."))
        if not SMALLEST_SCALE <= self.scale <= LARGEST_SCALE:
            what = f"must be from {SMALLEST_SCALE} to {LARGEST_SCALE}, got {self.scale}."
            found.append(Fault("scale", what, "1.0 is the full size."))
        if found:
            raise InputError(found)

    @property
    def first_month(self) -> Month:
        """The first month with complete discharges."""
        return self.last_month.plus(1 - self.months)

    @property
    def first_day(self) -> int:
        """Day number of the first day of the first month."""
        return day_number(self.first_month.first_day)

    @property
    def last_day(self) -> int:
        """Day number of the last day of the last month: every feed is complete to it."""
        return day_number(self.last_month.last_day)

    @property
    def end_minute(self) -> int:
        """The first minute after the last day: what had not happened by then is not in the data."""
        return (self.last_day + 1) * MINUTES_PER_DAY

    @property
    def rounds_month(self) -> Month | None:
        """Month in which the daily rounds start, or None when they never do."""
        return self._change_month(ROUNDS_MONTH_INDEX)

    @property
    def denials_month(self) -> Month | None:
        """Month in which the payer's new review policy starts, or None when it never does."""
        return self._change_month(DENIALS_MONTH_INDEX)

    def _change_month(self, index: int) -> Month | None:
        return self.first_month.plus(index) if self.changes and index < self.months else None

    def month_index(self, days: Ints) -> Ints:
        """Months since the plan's first month; negative before it."""
        first = self.first_month
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return months - ((first.year - 1970) * 12 + first.number - 1)

    def stream(self, name: str) -> np.random.Generator:
        """An own stream of chance for each part, so that one part's draws never shift another's."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])
