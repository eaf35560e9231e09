"""When reports are due: the months there are reports for, and the working day they are made on.

Plain dates, no Dagster: what is scheduled with them is in `schedules`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings

_LAST_WORKING_DAY = 15


@dataclass(frozen=True, slots=True)
class ReportCalendar:
    """The first reported month, the zone months end in, and the working day after month end on which to report.

    days_off: further days without work, beside Saturdays and Sundays.
    """

    time_zone: str = "America/New_York"
    first_month: Month = Month(2024, 11)
    working_day: int = 5
    days_off: frozenset[date] = frozenset()

    def month_due_on(self, day: date) -> Month | None:
        """The month whose report was due by this day: last month from its working day on, None before that."""
        if self._working_day_number(day) < self.working_day:
            return None
        month = Month.of(day).plus(-1)
        return month if month >= self.first_month else None

    def due_day_of(self, month: Month) -> date:
        """The day a month's report falls due."""
        first = month.plus(1).first_day
        due = np.busday_offset(first, self.working_day - 1, roll="forward", holidays=sorted(self.days_off))
        return date.fromisoformat(str(due))

    @property
    def latest_day(self) -> int:
        """The last day of a month on which the report can fall due, whatever weekday the month begins with."""
        weekdays = self.working_day + self._most_days_off()
        return min(28, weekdays + 2 * math.ceil(weekdays / 5))

    def _working_day_number(self, day: date) -> int:
        """How many working days the month has had by the end of this day."""
        first, after = day.replace(day=1), day + timedelta(days=1)
        return int(np.busday_count(first, after, holidays=sorted(self.days_off)))

    def _most_days_off(self) -> int:
        months = [Month.of(day) for day in self.days_off]
        return max((months.count(month) for month in months), default=0)


def read_calendar(environment: Mapping[str, str], settings: Settings) -> ReportCalendar:
    """The calendar of $KPI_FIRST_MONTH, $KPI_WORKING_DAY and $KPI_DAYS_OFF, in the hospital's time zone."""
    faults: list[Fault] = []
    default = ReportCalendar()
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        faults.append(
            Fault("settings", f"time_zone {settings.time_zone!r} is not known.", "Write it as America/New_York.")
        )
    try:
        first_month = Month.parse(environment.get("KPI_FIRST_MONTH") or str(default.first_month))
    except InputError:
        faults.append(_fault("KPI_FIRST_MONTH", environment, "a month such as 2024-11"))
    working_day = environment.get("KPI_WORKING_DAY") or str(default.working_day)
    if not (working_day.isdecimal() and 1 <= int(working_day) <= _LAST_WORKING_DAY):
        faults.append(_fault("KPI_WORKING_DAY", environment, f"a whole number from 1 to {_LAST_WORKING_DAY}"))
    try:
        days_off = frozenset(
            date.fromisoformat(day.strip()) for day in environment.get("KPI_DAYS_OFF", "").split(",") if day.strip()
        )
    except ValueError:
        faults.append(_fault("KPI_DAYS_OFF", environment, "dates such as 2026-11-26, with commas between them"))
    if faults:
        raise DefinitionError(faults)
    return ReportCalendar(settings.time_zone, first_month, int(working_day), days_off)


def _fault(name: str, environment: Mapping[str, str], wanted: str) -> Fault:
    return Fault(f"${name}", f"must be {wanted}; got {environment[name]!r}.", "Change the environment variable.")
