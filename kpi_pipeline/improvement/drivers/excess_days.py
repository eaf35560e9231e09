"""Net days against the expected stay, by service line or DRG, each with its interval, and shrunk where stays are few.

Expected is the arithmetic mean stay of the stay's MS-DRG (AMLOS), as in the length-of-stay index. Net days are
Σ (LOS − AMLOS) and may be negative: a sum of positive parts only is large for any hospital, because stays vary.
Dollars are `opportunity`'s matter. Results hold sums only, never a stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.estimates import TAILS, Estimate, Floats

OUTLIER_MULTIPLE = 3.0
"""A stay of more than this many times its geometric mean (GMLOS) is an outlier, counted and listed apart."""

UNGROUPED = "Not recorded"
"""The name of the group of stays whose service line or DRG is not recorded."""

FEWEST_OWN_SCATTER = 25
"""Groups of fewer stays take the scatter of all stays: their own is hardly known."""

DAY_COLUMNS = ("stay_id", "length_of_stay_days", "drg_arithmetic_mean_days", "drg_geometric_mean_days")


@dataclass(frozen=True, slots=True)
class ExcessDays:
    """One group. net: days − expected_days, with its interval. ratio: days ÷ expected_days (O/E).

    n_stays: with an AMLOS. shrunk_ratio: O/E drawn towards that of all groups by as much as the group is uncertain
    (None for the total and a single group). n_outliers, outlier_net_days: of stays above 3 × GMLOS; they are part of
    net.
    n_without_expected: stays without an AMLOS, in no other number.
    """

    group: str
    n_stays: int
    days: float
    expected_days: float
    net: Estimate
    ratio: Estimate
    shrunk_ratio: Estimate | None
    n_outliers: int
    outlier_net_days: float
    n_without_expected: int

    @property
    def is_above_expected(self) -> bool:
        """Whether even the shrunk O/E lies above 1 by its interval."""
        return self.shrunk_ratio is not None and self.shrunk_ratio.lower > 1


@dataclass(frozen=True, slots=True)
class ExcessTable:
    """Groups by net days, most first (equal ones by name), and the total of all stays."""

    groups: tuple[ExcessDays, ...]
    total: ExcessDays


def compute_excess_days(stays: pd.DataFrame, *, by: str = "service_line") -> ExcessTable:
    """Net days by group. stays: one row a discharged stay, with DAY_COLUMNS and the column `by`.

    Intervals of O/E on the log scale by the delta method (its residuals LOS − O/E × AMLOS), with t quantiles from 25
    stays on and the scatter of all stays below. Net days have the ends of O/E, times the expected days. Groups
    without a stay that has an AMLOS are left out. Raises InputError for missing columns, a stay given twice and
    impossible lengths of stay.
    """
    check_stays(stays, [*DAY_COLUMNS, by])
    table = stays.assign(group=group_names(stays, by), expected=expected_days(stays))
    known = table[table["expected"].notna()]
    if known.empty:
        raise InputError(Fault("stays", "has no stay with an expected length.", "Load the table of MS-DRGs."))
    overall = float(known["length_of_stay_days"].sum() / known["expected"].sum())
    residuals = known["length_of_stay_days"] - overall * known["expected"]
    scatter = float((residuals**2).sum() / (known["expected"] ** 2).sum())
    n_without = (table["expected"].isna()).groupby(table["group"]).sum()
    groups = [
        _summary(str(name), rows, scatter, overall, int(n_without[name])) for name, rows in known.groupby("group")
    ]
    total = _summary("All", known, scatter, overall, int(table["expected"].isna().sum()))
    shrunk = _shrunk(groups)
    shrunk.sort(key=lambda group: (-group.net.value, group.group))
    return ExcessTable(tuple(shrunk), total)


def expected_days(stays: pd.DataFrame) -> Floats:
    """The AMLOS of each stay, NaN where there is none above 0."""
    expected = stays["drg_arithmetic_mean_days"].to_numpy(dtype=np.float64, na_value=math.nan)
    return np.where(expected > 0, expected, math.nan)


def group_names(stays: pd.DataFrame, by: str) -> pd.Series[str]:
    """The group of each stay; stays without one are together in UNGROUPED."""
    return stays[by].astype("object").where(stays[by].notna(), UNGROUPED).astype(str)


def _summary(name: str, rows: pd.DataFrame, scatter: float, overall: float, n_without: int) -> ExcessDays:
    length, expected = rows["length_of_stay_days"].to_numpy(float), rows["expected"].to_numpy(float)
    days, total_expected, n = float(length.sum()), float(expected.sum()), len(rows)
    ratio, error, quantile = days / total_expected, *_log_error(length, expected, scatter, overall)
    ends = [ratio * math.exp(side * quantile * error) for side in (-1, 1)]
    geometric = rows["drg_geometric_mean_days"].to_numpy(float, na_value=math.nan)
    is_outlier = length > OUTLIER_MULTIPLE * geometric
    return ExcessDays(
        group=name,
        n_stays=n,
        days=days,
        expected_days=total_expected,
        net=Estimate(days - total_expected, *(total_expected * (end - 1) for end in ends)),
        ratio=Estimate(ratio, ends[0], ends[1]),
        shrunk_ratio=None,
        n_outliers=int(is_outlier.sum()),
        outlier_net_days=float((length - expected)[is_outlier].sum()),
        n_without_expected=n_without,
    )


def _log_error(length: Floats, expected: Floats, scatter: float, overall: float) -> tuple[float, float]:
    """The standard error of the logarithm of O/E, and the quantile that goes with it."""
    n = length.size
    if n < FEWEST_OWN_SCATTER:
        # At the days that all stays' ratio would give: a small group of long stays must not look certain.
        usual = overall * float(expected.sum())
        return math.sqrt(scatter * float((expected**2).sum())) / usual, float(special.ndtri(TAILS[1]))
    residuals = length - length.sum() / expected.sum() * expected
    error = math.sqrt(n / (n - 1) * float((residuals**2).sum())) / float(length.sum())
    return error, float(special.stdtrit(n - 1, TAILS[1]))


def _shrunk(groups: list[ExcessDays]) -> list[ExcessDays]:
    """Each group with its O/E drawn towards the groups' mean: DerSimonian and Laird's variance, on the log scale."""
    if len(groups) < 2:
        return groups
    y = np.array([math.log(group.ratio.value) for group in groups])
    normal = float(special.ndtri(TAILS[1]))
    v = np.array([(math.log(group.ratio.upper / group.ratio.lower) / 2 / normal) ** 2 for group in groups])
    v = np.maximum(v, 1e-12)
    weight = 1 / v
    spread = float((weight * (y - (weight * y).sum() / weight.sum()) ** 2).sum())
    spare = float(weight.sum() - (weight**2).sum() / weight.sum())
    tau2 = max(0.0, (spread - (len(groups) - 1)) / spare) if spare > 0 else 0.0
    together = 1 / (tau2 + v)
    centre, centre_variance = float((together * y).sum() / together.sum()), 1 / float(together.sum())
    kept = tau2 / (tau2 + v)
    estimate = centre + kept * (y - centre)
    error = np.sqrt(kept * v + (1 - kept) ** 2 * centre_variance)
    ends = [np.exp(estimate + side * normal * error) for side in (-1, 0, 1)]
    return [
        replace(group, shrunk_ratio=Estimate(float(ends[1][at]), float(ends[0][at]), float(ends[2][at])))
        for at, group in enumerate(groups)
    ]


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
    for column in ("documented_days", "variable_direct_cost"):
        n_negative = int((stays[column] < 0).sum()) if column in stays.columns else 0
        if n_negative:
            faults.append(Fault("stays", f"has {n_negative} rows with {column} below 0.", "Correct or leave them out."))
    if faults:
        raise InputError(faults)
