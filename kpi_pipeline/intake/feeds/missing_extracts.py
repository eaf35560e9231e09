"""Extracts that a series of files lacks: `denials_2026-08.csv` and `denials_2026-10.csv` without September's.

The names alone tell it, so that it is told on any machine. Series are by table and by what stands around the date,
such as a facility's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.intake.reading.file_order import name_date, name_without_date
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.staged.staged_files import StagedFile

_FEWEST_FILES = 3
"""So many monthly files make a series."""
_MOST_MISSING = 6
"""A longer stretch without files is another way of cutting the extract, not a file that was forgotten."""


def find_missing_extracts(files: Sequence[StagedFile], options: LandingOptions) -> list[Notice]:
    """A notice for each monthly series of a delta feed that lacks months in the middle, or that others outran."""
    series: dict[tuple[str, str], dict[int, str]] = {}
    for file in files:
        day = name_date(file.file_name)
        if day is not None and options.feed_of(file.table) == "delta":
            months = series.setdefault((file.table, name_without_date(file.file_name)), {})
            months[12 * day.year + day.month - 1] = file.file_name
    monthly = {key: months for key, months in series.items() if _is_monthly(sorted(months))}
    newest = max((max(months) for months in monthly.values()), default=0)
    notices = []
    for (table, name), months in sorted(monthly.items()):
        if options.is_withdrawn(months[max(months)]):
            continue
        for one, following in pairwise([*sorted(months), newest + 1]):
            if 1 < following - one <= _MOST_MISSING + 1:
                notices += [_missing(name, table, month) for month in range(one + 1, following)]
    return notices


def _missing(name: str, table: str, month: int) -> Notice:
    details = {"month": f"{month // 12}-{month % 12 + 1:02}"}
    return Notice("extract_missing", file=name, table=table, details=details)


def _is_monthly(months: Sequence[int]) -> bool:
    return len(months) >= _FEWEST_FILES and median(b - a for a, b in pairwise(months)) == 1
