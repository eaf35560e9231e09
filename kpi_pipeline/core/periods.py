"""Calendar months as values: parse, order, step, name. Reports are keyed by month, `YYYY-MM`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.text.language import month_words

_SHAPE = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One calendar month. `str(month)` is `YYYY-MM`, the key used everywhere."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `YYYY-MM`; anything else is an InputError."""
        match = _SHAPE.match(text)
        if not match:
            raise InputError(Fault("month", f"must look like 2026-10, got {text!r}.", "Write the year and month."))
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month a day lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def plus(self, months: int) -> Month:
        """The month this many months later (earlier when negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def months_since(self, other: Month) -> int:
        """How many months later than `other` this one is."""
        return (self.year - other.year) * 12 + self.number - other.number

    def year_start(self, starts_in: int = 1) -> Month:
        """The first month of the year this one lies in; starts_in: the number of a year's first month."""
        return Month(self.year if self.number >= starts_in else self.year - 1, starts_in)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return self.plus(1).first_day - timedelta(days=1)

    @property
    def name(self) -> str:
        """The month in words: `October 2026`."""
        return month_words(self.first_day)

    @property
    def short_name(self) -> str:
        """The month for axis labels: `Oct 2026`."""
        return month_words(self.first_day, is_short=True)


def month_range(first: Month, last: Month) -> Iterator[Month]:
    """Every month from first to last, both included; none when last is before first."""
    for step in range(last.months_since(first) + 1):
        yield first.plus(step)
