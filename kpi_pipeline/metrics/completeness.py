"""Newest months in which many cases still lack their data: costs and codes arrive weeks after the discharge.

Such a month is provisional: shown hollow, kept out of limits and icons. Only the newest months are, one after the
other back from the last: what is missing in an older month will not come any more.
"""

from __future__ import annotations

import pandas as pd

from kpi_pipeline.metrics.declaration import Metric

LOW_COVERAGE = 0.05
"""A month with less than 95% of its stays coded is not published as final in good practice; here: 5 percentage points
below the facility's own usual share, because some data never come."""

FEWEST_MONTHS = 6
"""Months needed before a share can be called usual."""


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
    # Rounded because 1 - 0.95 is a hair above 0.05.
    final["is_low"] = ((usual - final["share"]).round(9) > LOW_COVERAGE) & (months >= FEWEST_MONTHS)
    newest_first = final.sort_values("month", ascending=False)
    low_to_the_end = newest_first.groupby("facility_id", sort=False)["is_low"].cummin().astype(bool)
    incomplete = low_to_the_end.index[low_to_the_end]
    marked.loc[incomplete, "is_incomplete"] = True
    marked.loc[incomplete, "maturity"] = "provisional"
    return marked
