"""Days beyond the expected stay, by service line or DRG, and the days of a stay that an opportunity may count.

Expected is the geometric mean stay of the stay's MS-DRG (GMLOS). Dollars are `opportunity`'s matter. Results hold
sums only, never a stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.estimates import Floats

OUTLIER_MULTIPLE = 3.0
"""A stay of more than this many times its GMLOS is an outlier, listed apart."""

UNGROUPED = "Not recorded"
"""The name of the group of stays whose service line or DRG is not recorded."""

DAY_COLUMNS = ("stay_id", "length_of_stay_days", "drg_geometric_mean_days")


@dataclass(frozen=True, slots=True)
class ExcessDays:
    """One group. excess_days: Σ max(0, LOS − GMLOS) without outliers, net_days: Σ (LOS − GMLOS) without outliers.

    n_stays: with a GMLOS; n_over of them lie above it (outliers too). outlier_excess_days: the outliers' own excess.
    n_without_expected: stays without a GMLOS, in no other number.
    """

    group: str
    n_stays: int
    n_over: int
    days: float
    excess_days: float
    net_days: float
    n_outliers: int
    outlier_days: float
    outlier_excess_days: float
    n_without_expected: int

    @property
    def excess_days_with_outliers(self) -> float:
        """The excess of all stays."""
        return self.excess_days + self.outlier_excess_days


@dataclass(frozen=True, slots=True)
class ExcessTable:
    """Groups by excess, largest first (equal ones by name), and the total of all stays."""

    groups: tuple[ExcessDays, ...]
    total: ExcessDays


def compute_excess_days(
    stays: pd.DataFrame, *, by: str = "service_line", outlier_multiple: float = OUTLIER_MULTIPLE
) -> ExcessTable:
    """Excess days by group. stays: one row a discharged stay, with DAY_COLUMNS and the column `by`.

    Raises InputError for missing columns, a stay given twice (a join that fans out) and impossible lengths of stay.
    """
    check_stays(stays, [*DAY_COLUMNS, by])
    table = stays.assign(group=group_names(stays, by), **day_measures(stays, outlier_multiple))
    groups = [_summary(str(name), rows) for name, rows in table.groupby("group", sort=True)]
    groups.sort(key=lambda group: (-group.excess_days, group.group))
    return ExcessTable(tuple(groups), _summary("All", table))


def countable_days(stays: pd.DataFrame, *, outlier_multiple: float = OUTLIER_MULTIPLE) -> Floats:
    """For each stay, the days an opportunity may count: each day once, however often it was found avoidable.

    A day can be both beyond the GMLOS and documented as avoidable (column `avoidable_days`, optional, already a union
    of intervals). Which days coincide is not known, so the larger of the two counts, never their sum, and never more
    than the stay. Outliers count nothing: they are listed apart. Raises InputError as `compute_excess_days` does.
    """
    check_stays(stays, [*DAY_COLUMNS])
    measures = day_measures(stays, outlier_multiple)
    excess = np.nan_to_num(measures["excess"], nan=0.0)
    avoidable = np.zeros(len(stays))
    if "avoidable_days" in stays.columns:
        avoidable = stays["avoidable_days"].fillna(0).to_numpy(dtype=np.float64)
    length = stays["length_of_stay_days"].to_numpy(dtype=np.float64)
    days = np.minimum(np.maximum(excess, avoidable), length)
    return np.where(measures["is_outlier"], 0.0, days)


def group_names(stays: pd.DataFrame, by: str) -> pd.Series[str]:
    """The group of each stay; stays without one are together in UNGROUPED."""
    return stays[by].astype("object").where(stays[by].notna(), UNGROUPED).astype(str)


def day_measures(stays: pd.DataFrame, outlier_multiple: float) -> dict[str, Any]:
    """Per stay: excess (days above GMLOS, 0 or more), net (above or below), is_outlier. NaN without a GMLOS."""
    length = stays["length_of_stay_days"].to_numpy(dtype=np.float64)
    expected = stays["drg_geometric_mean_days"].to_numpy(dtype=np.float64, na_value=math.nan)
    expected = np.where(expected > 0, expected, math.nan)
    net = length - expected
    return {"net": net, "excess": np.maximum(net, 0.0), "is_outlier": length > outlier_multiple * expected}


def check_stays(stays: pd.DataFrame, columns: list[str]) -> None:
    """Raises InputError with every fault of a table of stays. No stay is named in it."""
    missing = [column for column in columns if column not in stays.columns]
    if missing:
        raise InputError(Fault("stays", f"has no column {', '.join(missing)}.", "Give the columns by these names."))
    faults = []
    n_repeated = int(stays["stay_id"].duplicated().sum())
    if n_repeated or stays["stay_id"].isna().any():
        what = f"has {n_repeated} rows of a stay given before, or rows without a stay_id: days would count twice."
        faults.append(Fault("stays", what, "Give one row a stay; look for a join that fans out."))
    length = stays["length_of_stay_days"].to_numpy(dtype=np.float64, na_value=math.nan)
    n_impossible = int((~(length > 0)).sum())
    if n_impossible:
        what = f"has {n_impossible} rows whose length_of_stay_days is not above 0."
        faults.append(Fault("stays", what, "Leave patients still in house out; a same-day stay is 1 day."))
    for column in ("avoidable_days", "direct_cost", "variable_direct_cost"):
        n_negative = int((stays[column] < 0).sum()) if column in stays.columns else 0
        if n_negative:
            faults.append(Fault("stays", f"has {n_negative} rows with {column} below 0.", "Correct or leave them out."))
    if faults:
        raise InputError(faults)


def _summary(name: str, rows: pd.DataFrame) -> ExcessDays:
    known = rows[rows["net"].notna()]
    usual, outliers = known[~known["is_outlier"]], known[known["is_outlier"]]
    return ExcessDays(
        group=name,
        n_stays=len(known),
        n_over=int((known["net"] > 0).sum()),
        days=float(known["length_of_stay_days"].sum()),
        excess_days=float(usual["excess"].sum()),
        net_days=float(usual["net"].sum()),
        n_outliers=len(outliers),
        outlier_days=float(outliers["length_of_stay_days"].sum()),
        outlier_excess_days=float(outliers["excess"].sum()),
        n_without_expected=len(rows) - len(known),
    )
