"""What the days beyond need would be worth: a range by three named methods, each with a bootstrap interval.

The methods are three ways to value the same days, so they are a range and are never added. Days come from
`excess_days.countable_days`, which counts each day of a stay once. Which days they are, who owns them and the words are
not here; no stay is in a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.drivers.excess_days import (
    DAY_COLUMNS,
    OUTLIER_MULTIPLE,
    check_stays,
    countable_days,
    group_names,
)
from kpi_pipeline.improvement.estimates import TAILS, Estimate, Floats

MethodName = Literal["variable_cost_of_last_days", "full_direct_cost_per_day", "capacity_value"]
Omission = Literal["no_cost_data", "not_declared", "beds_not_full"]

LAST_DAY_SHARE = 0.6
"""The variable direct cost of a late day, as a share of the stay's mean variable direct cost per day.

An assumption to be replaced by the hospital's own figure. Taheri, Butz and Greenfield (J. American College of Surgeons
191, 2000) found $420 for the last full day where the mean stay was 10.5 days and $17,734, of which about 42 % (their
trauma patients' share) is variable: 420 / (0.42 · 17,734 / 10.5) = 0.59."""

COST_COLUMNS = ("variable_direct_cost", "direct_cost")

_DRAWS_AT_ONCE = 2_000_000
"""Bounds the memory of the bootstrap: about this many resampled stays are held at a time."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a freed bed-day is worth, as finance declares it. Used only while beds are full enough to be wanted.

    is_worth: occupancy_pct at or above occupancy_threshold_pct. source: who says so, printed beside the figure.
    """

    contribution_margin_per_day_usd: float
    backfill_probability: float
    occupancy_pct: float
    occupancy_threshold_pct: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.backfill_probability <= 1:
            what = f"must lie between 0 and 1; got {self.backfill_probability}."
            raise InputError(Fault("capacity: backfill_probability", what))

    @property
    def is_worth(self) -> bool:
        """Whether beds are so full that a freed day would be used."""
        return self.occupancy_pct >= self.occupancy_threshold_pct


@dataclass(frozen=True, slots=True)
class MethodValue:
    """The days valued one way. usd is None, and omission says why, when the method does not apply.

    usd per_day: usd / days_valued. days_valued: of the stays that have what the method needs; the rest of the days are
    n_stays_not_valued stays', and count as unknown, not as nothing.
    """

    method: MethodName
    usd: Estimate | None
    usd_per_day: float | None
    days_valued: float
    n_stays_not_valued: int
    omission: Omission | None = None


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One group's opportunity. days: countable days of its n_stays stays, from n_contributing of them.

    lowest_usd, highest_usd: the range of the methods that apply; None when none does. The methods are not to be added.
    """

    group: str
    n_stays: int
    n_contributing: int
    days: Estimate
    methods: tuple[MethodValue, ...]
    lowest_usd: float | None
    highest_usd: float | None


@dataclass(frozen=True, slots=True)
class OpportunityTable:
    """Groups by days, most first (equal ones by name), the total, and the assumptions to print beside them."""

    groups: tuple[Opportunity, ...]
    total: Opportunity
    last_day_share: float
    outlier_multiple: float
    capacity: Capacity | None
    seed: int
    n_resamples: int


def compute_opportunity(
    stays: pd.DataFrame,
    *,
    seed: int,
    by: str = "service_line",
    capacity: Capacity | None = None,
    last_day_share: float = LAST_DAY_SHARE,
    outlier_multiple: float = OUTLIER_MULTIPLE,
    n_resamples: int = 1000,
) -> OpportunityTable:
    """The opportunity by group. stays: one row a discharged stay: DAY_COLUMNS, COST_COLUMNS, `by`, avoidable_days.

    avoidable_days may be absent; an empty cost is a stay not costed yet. Intervals: percentiles of resampled stays,
    drawn anew from the seed for each group, so that groups do not move each other. Raises InputError.
    """
    check_stays(stays, [*DAY_COLUMNS, *COST_COLUMNS, by])
    if not 0 < last_day_share <= 1:
        raise InputError(Fault("last_day_share", f"must lie above 0 and not above 1; got {last_day_share}."))
    # In one order, whatever the order of the rows: the stream of chance draws stays by their place.
    stays = stays.sort_values("stay_id")
    valued = _values_by_stay(stays, last_day_share=last_day_share, outlier_multiple=outlier_multiple, capacity=capacity)
    valued["group"] = group_names(stays, by).to_numpy()

    def summarise(name: str, rows: pd.DataFrame) -> Opportunity:
        chance = np.random.default_rng(seed)
        return _opportunity(name, rows, capacity=capacity, chance=chance, n_resamples=n_resamples)

    groups = [summarise(str(name), rows) for name, rows in valued.groupby("group", sort=True)]
    groups.sort(key=lambda group: (-group.days.value, group.group))
    total = summarise("All", valued)
    return OpportunityTable(tuple(groups), total, last_day_share, outlier_multiple, capacity, seed, n_resamples)


def bootstrap_sums(values: Floats, *, chance: np.random.Generator, n_resamples: int) -> list[Estimate]:
    """The sum of each column over stays, with the 2.5 and 97.5 percentile of its sum over resampled stays."""
    n_stays = values.shape[0]
    if n_stays == 0:
        return [Estimate(0.0, 0.0, 0.0)] * values.shape[1]
    at_once = max(1, _DRAWS_AT_ONCE // n_stays)
    sums = []
    for first in range(0, n_resamples, at_once):
        n_rows = min(at_once, n_resamples - first)
        drawn = chance.integers(0, n_stays, size=(n_rows, n_stays))
        sums.append(np.column_stack([column[drawn].sum(axis=1) for column in values.T]))
    lower, upper = np.quantile(np.vstack(sums), TAILS, axis=0)
    totals = values.sum(axis=0)
    return [Estimate(float(total), float(a), float(b)) for total, a, b in zip(totals, lower, upper, strict=True)]


def _values_by_stay(
    stays: pd.DataFrame, *, last_day_share: float, outlier_multiple: float, capacity: Capacity | None
) -> pd.DataFrame:
    """Per stay its countable days and their value by each method (NaN: the stay lacks what the method needs)."""
    days = countable_days(stays, outlier_multiple=outlier_multiple)
    length = stays["length_of_stay_days"].to_numpy(dtype=np.float64)
    variable, direct = (stays[column].to_numpy(dtype=np.float64, na_value=np.nan) / length for column in COST_COLUMNS)
    margin = 0.0 if capacity is None else capacity.backfill_probability * capacity.contribution_margin_per_day_usd
    return pd.DataFrame(
        {
            "days": days,
            "variable_cost_of_last_days": days * last_day_share * variable,
            "full_direct_cost_per_day": days * direct,
            "capacity_value": days * margin,
        }
    )


def _opportunity(
    name: str, rows: pd.DataFrame, *, capacity: Capacity | None, chance: np.random.Generator, n_resamples: int
) -> Opportunity:
    names: tuple[MethodName, ...] = ("variable_cost_of_last_days", "full_direct_cost_per_day", "capacity_value")
    columns = np.column_stack([rows["days"], *(rows[method].fillna(0.0) for method in names)])
    days, *sums = bootstrap_sums(columns, chance=chance, n_resamples=n_resamples)
    methods = tuple(_method_value(method, total, rows, capacity) for method, total in zip(names, sums, strict=True))
    applying = [method.usd.value for method in methods if method.usd is not None]
    return Opportunity(
        group=name,
        n_stays=len(rows),
        n_contributing=int((rows["days"] > 0).sum()),
        days=days,
        methods=methods,
        lowest_usd=min(applying, default=None),
        highest_usd=max(applying, default=None),
    )


def _method_value(method: MethodName, usd: Estimate, rows: pd.DataFrame, capacity: Capacity | None) -> MethodValue:
    contributing = rows[rows["days"] > 0]
    known = contributing[contributing[method].notna()]
    days = float(known["days"].sum())
    n_unknown = len(contributing) - len(known)
    omission: Omission | None = None
    if method == "capacity_value" and capacity is None:
        omission = "not_declared"
    elif method == "capacity_value" and capacity is not None and not capacity.is_worth:
        omission = "beds_not_full"
    elif len(contributing) and not len(known):
        omission = "no_cost_data"
    if omission is not None:
        return MethodValue(method, None, None, 0.0, len(contributing), omission)
    return MethodValue(method, usd, usd.value / days if days else None, days, n_unknown)
