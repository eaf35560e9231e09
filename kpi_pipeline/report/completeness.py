"""Newest months in which many cases still lack their data: costs and codes arrive weeks after the discharge.

Such a month is treated as provisional: shown hollow, kept out of limits and icons. Only the newest months are, one
after the other back from the last: what is missing in an older month will not come any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from kpi_pipeline.report.figures import Figure

LOW_COVERAGE = 0.05
"""A month with less than 95% of its stays coded is not published as final in good practice; here: 5 percentage points
below the measure's own usual share, because some exclusions are there to stay."""

FEWEST_MONTHS = 6
"""Months needed before a share can be called usual."""


def mark_incomplete_months(figures: Sequence[Figure]) -> list[Figure]:
    """The same figures; final ones at the end of a series that count unusually few of their cases are provisional."""
    series: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.is_final:
            series[(figure.metric, figure.facility_id)].append(figure)
    incomplete = {
        (figure.metric, figure.facility_id, figure.month)
        for group in series.values()
        for figure in _incomplete_at_the_end(sorted(group, key=lambda one: one.month))
    }
    return [
        replace(figure, maturity="provisional", is_incomplete=True)
        if (figure.metric, figure.facility_id, figure.month) in incomplete
        else figure
        for figure in figures
    ]


def _incomplete_at_the_end(months: Sequence[Figure]) -> list[Figure]:
    shares = [share for figure in months if (share := _share_counted(figure)) is not None]
    if len(shares) < FEWEST_MONTHS:
        return []
    usual = median(shares)
    found = []
    for figure in reversed(months):
        share = _share_counted(figure)
        if share is None or round(usual - share, 9) <= LOW_COVERAGE:  # 1 - 0.95 is a hair above 0.05
            break
        found.append(figure)
    return found


def _share_counted(figure: Figure) -> float | None:
    """Cases counted out of those whose follow-up is over; None without any."""
    listed, counted, waiting = figure.n_listed, figure.n_counted, figure.n_immature
    if not isinstance(listed, float) or not isinstance(counted, float) or not isinstance(waiting, float):
        return None  # withheld
    return counted / (listed - waiting) if listed > waiting else None
