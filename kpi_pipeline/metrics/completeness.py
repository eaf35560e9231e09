"""Months in which cases lack their data: costs and codes arrive weeks after the discharge, and some never.

Such a month is provisional: shown hollow, kept out of limits and icons. The newest months are where they fall below the
facility's usual share, one after the other back from the last: those that are coded and costed late are the long and
costly stays. And any month is, however usual, in which more than one case in ten has no data: what is known of the rest
does not speak for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kpi_pipeline.metrics.declaration import Metric

LOW_COVERAGE = 0.01
"""How far the newest months may lie below the facility's own usual share, or one case: with up to five points missing,
the late ones being long stays, a newest month lay up to two sigma too low."""

LEAST_SHARE = 0.9
"""The share of the due cases below which a month is incomplete wherever it lies."""

FEWEST_MONTHS = 6
"""Months needed before a share can be called usual."""


def lags_behind(usual: Any, share: Any, due: Any) -> Any:
    """Whether a share of known cases, of so many due ones, lies below the usual one; numbers or columns of them."""
    behind = np.round(usual - share, 9)  # because 1 - 0.99 is a hair above 0.01
    return (behind > LOW_COVERAGE) & (np.round(behind * due, 6) > 1)


def mark_incomplete_months(values: pd.DataFrame, exclusions: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The values of one metric with the column `is_incomplete`; incomplete final months become provisional.

    values: facility_id, month, maturity, n_cases, n_immature. exclusions: facility_id, month, exclusion_reason,
    n_cases. Only the metric's `late_data_exclusions` count as data that may still come.
    """
    marked = values.copy()
    marked["is_incomplete"] = False
    if not metric.late_data_exclusions or marked.empty:
        return marked
    late = exclusions[exclusions["exclusion_reason"].isin(metric.late_data_exclusions)]
    n_late = late.groupby(["facility_id", "month"])["n_cases"].sum().rename("n_late").reset_index()
    final = marked[marked["maturity"] == "final"].merge(n_late, how="left", on=["facility_id", "month"])
    final.index = marked.index[marked["maturity"] == "final"]
    due = final["n_cases"] - final["n_immature"]
    final["share"] = 1 - final["n_late"].fillna(0).astype(float) / due.where(due > 0)
    by_facility = final.sort_values("month", ascending=False).groupby("facility_id", sort=False)
    usual, months = by_facility["share"].transform("median"), by_facility["share"].transform("count")
    final["is_low"] = lags_behind(usual, final["share"], due) & (months >= FEWEST_MONTHS)
    newest_first = final.sort_values("month", ascending=False)
    low_to_the_end = newest_first.groupby("facility_id", sort=False)["is_low"].cummin().astype(bool)
    is_thin = final["share"].round(9) < LEAST_SHARE
    incomplete = final.index[is_thin | low_to_the_end.reindex(final.index)]
    marked.loc[incomplete, "is_incomplete"] = True
    marked.loc[incomplete, "maturity"] = "provisional"
    return marked
