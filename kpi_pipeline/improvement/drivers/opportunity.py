"""What days would be worth: three rungs, each on its own, with its interval, its assumption and its condition.

1. `documented`: distinct avoidable days with a reason and a party. 2. `net_excess`: net days of the groups whose O/E
lies above 1 by its interval after shrinkage; none is a fine answer. 3. `comparator_gap`: net days above a declared
comparator. They overlap, so they are never added. A day is worth the variable direct cost of a *late* day, never a
mean day. The words are not here; no stay is in a result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.drivers.excess_days import ExcessTable, check_stays
from kpi_pipeline.improvement.drivers.opportunity_result import (
    ASSUMED_SHARES,
    LAST_DAY_SHARE,
    Capacity,
    Capture,
    Comparator,
    Opportunity,
    Rung,
)
from kpi_pipeline.improvement.estimates import TAILS, Estimate, Floats

LONG_STAY_DAYS = 2.0
"""A stay of more than GMLOS + 2 days should have a reason on record; the share that has is the capture rate."""

_DRAWS_AT_ONCE = 2_000_000
"""Bounds the memory of the bootstrap: about this many resampled stays are held at a time."""


def compute_opportunity(
    stays: pd.DataFrame,
    excess: ExcessTable | None,
    *,
    seed: int,
    documents_days: bool = True,
    capacity: Capacity | None = None,
    comparator: Comparator | None = None,
    last_day_share: float | None = None,
    n_resamples: int = 2000,
) -> Opportunity:
    """The rungs. stays: one row a discharged stay: stay_id, length_of_stay_days, variable_direct_cost, documented_days.

    excess: its net days by group (None: no expected stays). An empty cost is a stay not costed yet. last_day_share
    None takes the published assumption, and its range enters every interval. Raises InputError.
    """
    check_stays(stays, ["stay_id", "length_of_stay_days", "variable_direct_cost", "documented_days"])
    if last_day_share is not None and not 0 < last_day_share <= 1:
        raise InputError(Fault("last_day_share", f"must lie above 0 and not above 1; got {last_day_share}."))
    stays = stays.sort_values("stay_id")  # the stream of chance draws stays by their place
    share = LAST_DAY_SHARE if last_day_share is None else last_day_share
    chance = np.random.default_rng(seed)
    low, high = ASSUMED_SHARES
    shares = chance.triangular(low, share, high, n_resamples) if last_day_share is None else np.full(n_resamples, share)
    mean_day = _mean_day_usd(stays)
    price = _Price(share, shares, mean_day, capacity if capacity and capacity.is_worth else None)
    documented = (
        _documented(stays, price, chance) if documents_days else Rung("documented", None, omission="not_supplied")
    )
    return Opportunity(
        rungs=(documented, _net_excess(excess, price, chance), _comparator_gap(excess, comparator, price, chance)),
        capture=_capture(stays) if documents_days else None,
        late_day_usd=None if mean_day is None else share * mean_day,
        last_day_share=share,
        share_is_assumed=last_day_share is None,
        capacity=capacity,
        comparator=comparator,
        seed=seed,
        n_resamples=n_resamples,
    )


@dataclass(frozen=True, slots=True)
class _Price:
    """share and its draws; mean_day_usd: variable direct cost per day of the stays costed."""

    share: float
    shares: Floats
    mean_day_usd: float | None
    capacity: Capacity | None

    def of_days(self, days: float, drawn: Floats) -> tuple[Estimate | None, Estimate | None]:
        """What net days are worth at the mean late day, and as capacity."""
        usd = None
        if self.mean_day_usd is not None:
            usd = _estimate(days * self.share * self.mean_day_usd, drawn * self.shares * self.mean_day_usd)
        return usd, self.capacity_of(days, drawn)

    def capacity_of(self, days: float, drawn: Floats) -> Estimate | None:
        if self.capacity is None:
            return None
        margin = self.capacity.backfill_probability * self.capacity.contribution_margin_per_day_usd
        return _estimate(days * margin, drawn * margin)


def _estimate(value: float, drawn: Floats) -> Estimate:
    lower, upper = np.quantile(drawn, TAILS)
    return Estimate(float(value), float(lower), float(upper))


def _mean_day_usd(stays: pd.DataFrame) -> float | None:
    costed = stays[stays["variable_direct_cost"].notna()]
    return float(costed["variable_direct_cost"].sum() / costed["length_of_stay_days"].sum()) if len(costed) else None


def _documented(stays: pd.DataFrame, price: _Price, chance: np.random.Generator) -> Rung:
    """Documented days, each at its own stay's late day; stays are resampled."""
    length = stays["length_of_stay_days"].to_numpy(float)
    days = np.minimum(stays["documented_days"].fillna(0).to_numpy(float), length)
    cost = stays["variable_direct_cost"].to_numpy(float, na_value=math.nan) / length
    columns = np.column_stack([days, np.where(np.isnan(cost), 0.0, days * np.nan_to_num(cost))])
    drawn = bootstrap_sums(columns, chance=chance, n_resamples=price.shares.size)
    has_days, is_costed = days > 0, ~np.isnan(cost)
    valued = float(days[is_costed].sum())
    usd = _estimate(columns[:, 1].sum() * price.share, drawn[:, 1] * price.shares) if valued else None
    return Rung(
        "documented",
        _estimate(days.sum(), drawn[:, 0]),
        usd=usd,
        capacity_usd=price.capacity_of(float(days.sum()), drawn[:, 0]),
        days_valued=valued,
        n_not_valued=int((has_days & ~is_costed).sum()),
        n_stays=int(has_days.sum()),
    )


def bootstrap_sums(values: Floats, *, chance: np.random.Generator, n_resamples: int) -> Floats:
    """The sums of each column over resampled stays: shape (n_resamples, columns)."""
    n_stays = values.shape[0]
    if n_stays == 0:
        return np.zeros((n_resamples, values.shape[1]))
    at_once = max(1, _DRAWS_AT_ONCE // n_stays)
    sums = []
    for first in range(0, n_resamples, at_once):
        drawn = chance.integers(0, n_stays, size=(min(at_once, n_resamples - first), n_stays))
        sums.append(np.column_stack([column[drawn].sum(axis=1) for column in values.T]))
    return np.vstack(sums)


def _net_excess(excess: ExcessTable | None, price: _Price, chance: np.random.Generator) -> Rung:
    """Net days of the groups whose shrunk O/E lies above 1 by its interval."""
    if excess is None:
        return Rung("net_excess", None, omission="no_expected_stay")
    above = tuple(group for group in excess.groups if group.is_above_expected)
    if not above:
        return Rung("net_excess", None, omission="none_above_expected")
    days, drawn = 0.0, np.zeros(price.shares.size)
    for group in above:
        assert group.shrunk_ratio is not None
        days += group.expected_days * (group.shrunk_ratio.value - 1)
        drawn += group.expected_days * (_drawn_ratios(group.shrunk_ratio, chance, price.shares.size) - 1)
    usd, capacity_usd = price.of_days(days, drawn)
    return Rung(
        "net_excess",
        _estimate(days, drawn),
        usd=usd,
        capacity_usd=capacity_usd,
        days_valued=days if usd else 0.0,
        n_stays=sum(group.n_stays for group in above),
        groups=above,
    )


def _comparator_gap(
    excess: ExcessTable | None, comparator: Comparator | None, price: _Price, chance: np.random.Generator
) -> Rung:
    """Days above the comparator's O/E, of all stays together."""
    if comparator is None:
        return Rung("comparator_gap", None, omission="not_declared")
    if excess is None:
        return Rung("comparator_gap", None, omission="no_expected_stay")
    total = excess.total
    days = total.expected_days * (total.ratio.value - comparator.observed_over_expected)
    if days <= 0:
        return Rung("comparator_gap", None, omission="not_above_comparator")
    ratios = _drawn_ratios(total.ratio, chance, price.shares.size)
    drawn = total.expected_days * (ratios - comparator.observed_over_expected)
    usd, capacity_usd = price.of_days(days, drawn)
    return Rung(
        "comparator_gap",
        _estimate(days, drawn),
        usd=usd,
        capacity_usd=capacity_usd,
        days_valued=days if usd else 0.0,
        n_stays=total.n_stays,
    )


def _drawn_ratios(ratio: Estimate, chance: np.random.Generator, n_draws: int) -> Floats:
    """Draws from the log-normal whose ends are those of the interval."""
    error = math.log(ratio.upper / ratio.lower) / 2 / float(special.ndtri(TAILS[1]))
    return np.asarray(ratio.value * np.exp(error * chance.normal(size=n_draws)))


def _capture(stays: pd.DataFrame) -> Capture | None:
    """Of the stays above GMLOS + 2 days, those with a documented day; None without a geometric mean."""
    if "drg_geometric_mean_days" not in stays.columns or not stays["drg_geometric_mean_days"].notna().any():
        return None
    is_long = stays["length_of_stay_days"] > stays["drg_geometric_mean_days"] + LONG_STAY_DAYS
    return Capture(int(is_long.sum()), int((is_long & (stays["documented_days"] > 0)).sum()))
