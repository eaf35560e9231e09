"""Weekdays, the season, and the hour that does not exist: day and minute arithmetic on whole columns."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, Floats, Ints


def weekday_of(days: Ints) -> Ints:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (days + 3) % 7


def season(days: Ints) -> Floats:
    """A yearly wave that peaks at 1 in late January."""
    wave: Floats = np.cos(2 * np.pi * (days % 365.25 - 25) / 365.25)
    return wave


def skip_missing_hour(minutes: Ints) -> Ints:
    """On the Sunday in March when clocks go forward there is no time from 2:00 to 2:59: it is 3:00 to 3:59."""
    day = minutes // MINUTES_PER_DAY
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_month = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    second_sunday = (month == 3) & (weekday_of(day) == 6) & (of_month >= 8) & (of_month <= 14)
    missing = second_sunday & (minutes % MINUTES_PER_DAY // 60 == 2)
    return np.where(missing, minutes + 60, minutes)
