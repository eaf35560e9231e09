"""Labels of points: reading them, and finding gaps between months."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise

from kpi_pipeline.core.errors import Fault

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])(-01)?$")
_DAY = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")


def read_labels(periods: Sequence[object] | None, n_points: int) -> tuple[str, ...]:
    """One label a point: the period as text (dates as ISO), or 1, 2, 3 ... when there are none."""
    if periods is None:
        return tuple(str(i + 1) for i in range(n_points))
    return tuple(_label(period) for period in periods)


def _label(period: object) -> str:
    if isinstance(period, datetime):
        period = period.date() if period.time() == datetime.min.time() else period
    return period.isoformat() if isinstance(period, (date, datetime)) else str(period)


def month_numbers(labels: Sequence[str]) -> list[int] | None:
    """Months since year 0, when every label is a month ('2026-03') or every one the first day of one; else None."""
    if not labels:
        return None
    numbers = [_month_number(label) for label in labels]
    if any(number is None for number in numbers) or len({len(label) for label in labels}) > 1:
        return None
    return [number for number in numbers if number is not None]


@lru_cache(maxsize=4096)
def _month_number(label: str) -> int | None:
    match = _MONTH.match(label)
    return int(match[1]) * 12 + int(match[2]) - 1 if match else None


def months_missing_before(months: Sequence[int]) -> list[int]:
    """For each point, how many steps were skipped since the one before; the step is the usual distance."""
    steps = [later - earlier for earlier, later in pairwise(months)]
    if not steps:
        return [0] * len(months)
    usual = min(step for step, count in Counter(steps).items() if count == max(Counter(steps).values()))
    return [0] + [max(0, (step - 1) // max(usual, 1)) for step in steps]


def order_faults(labels: Sequence[str], months: Sequence[int] | None) -> list[Fault]:
    """Periods out of time order. Months may not repeat; days may (two events on one day)."""
    if months is not None:
        bad = [(a, b) for (a, m), (b, n) in pairwise(zip(labels, months, strict=True)) if n <= m]
    elif all(_DAY.match(label) for label in labels):
        bad = [(a, b) for a, b in pairwise(labels) if b < a]
    else:
        return []
    return [
        Fault("periods", f"must rise in time, but {b} follows {a}.", "Sort the points; give each period once.")
        for a, b in bad[:3]
    ]
