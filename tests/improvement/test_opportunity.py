"""Excess days and what they would be worth: by hand, never a day twice, never a stay in a result."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.improvement import Capacity, compute_excess_days, compute_opportunity, countable_days
from kpi_pipeline.improvement.drivers.opportunity import bootstrap_sums


def stays_of(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """service line, LOS, GMLOS, avoidable days, direct cost, variable direct cost."""
    columns = ["service_line", "length_of_stay_days", "drg_geometric_mean_days", "avoidable_days", "direct_cost",
               "variable_direct_cost"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(stay_id=[f"stay-{place}" for place in range(len(frame))])


WARD = [
    # line, LOS, GMLOS, avoidable, direct, variable
    ("medicine", 6, 4.0, 0, 6000.0, 3000.0),  # 2 excess
    ("medicine", 3, 4.0, 0, 3000.0, 1500.0),  # none, 1 below
    ("medicine", 12, 4.0, 0, 12000.0, 6000.0),  # exactly three times: 8 excess, no outlier
    ("medicine", 13, 4.0, 5, 13000.0, 6500.0),  # outlier, 9 excess
    ("surgery", 5, 2.5, 2, 10000.0, 4000.0),  # 2.5 excess, 2 documented among them
    ("surgery", 4, 3.5, 3, 8000.0, 2000.0),  # 0.5 excess, 3 documented
    ("surgery", 2, None, 1, None, None),  # no DRG, not costed: 1 documented day
]


# ---- excess days ----


def test_excess_days_by_hand() -> None:
    table = compute_excess_days(stays_of(WARD))
    medicine, surgery = table.groups
    assert (medicine.group, surgery.group) == ("medicine", "surgery")
    assert (medicine.n_stays, medicine.n_over, medicine.days) == (4, 3, 34)
    assert (medicine.excess_days, medicine.net_days) == (10, 9)
    assert (medicine.n_outliers, medicine.outlier_days, medicine.outlier_excess_days) == (1, 13, 9)
    assert medicine.excess_days_with_outliers == 19
    assert (surgery.n_stays, surgery.excess_days, surgery.n_without_expected) == (2, 3, 1)
    assert (table.total.excess_days, table.total.n_stays, table.total.n_without_expected) == (13, 6, 1)


def test_more_than_three_times_the_expected_stay_is_an_outlier_and_exactly_three_is_not() -> None:
    at, above = (compute_excess_days(stays_of([("m", days, 4.0, 0, 1.0, 1.0)])).total for days in (12, 13))
    assert (at.n_outliers, at.excess_days) == (0, 8)
    assert (above.n_outliers, above.excess_days) == (1, 0)


def test_stays_can_be_grouped_by_drg_and_those_without_one_are_named() -> None:
    stays = stays_of(WARD[:3]).assign(drg_code=["291", None, "064"])
    assert [group.group for group in compute_excess_days(stays, by="drg_code").groups] == ["064", "291", "Not recorded"]


# ---- each day once ----


def test_a_day_that_is_both_excess_and_documented_counts_once() -> None:
    # outlier: listed apart; 2.5 with 2 among them; 3 with 0.5 among them; documented alone
    assert countable_days(stays_of(WARD)).tolist() == [2, 0, 8, 0, 2.5, 3, 1]


def test_no_more_days_count_than_the_stay_had() -> None:
    assert countable_days(stays_of([("m", 2, 4.0, 9, 1.0, 1.0)])).tolist() == [2]


def test_without_documented_days_the_excess_counts() -> None:
    stays = stays_of(WARD).drop(columns="avoidable_days")
    assert countable_days(stays).tolist() == [2, 0, 8, 0, 2.5, 0.5, 0]


stay_rows = st.lists(
    st.tuples(
        st.sampled_from(["medicine", "surgery", None]),
        st.integers(1, 60),
        st.one_of(st.none(), st.floats(1, 12)),
        st.integers(0, 20),
        st.one_of(st.none(), st.floats(0, 1e5)),
        st.one_of(st.none(), st.floats(0, 1e5)),
    ),
    min_size=1,
    max_size=25,
)


@given(stay_rows)
@settings(deadline=None)
def test_the_opportunity_never_counts_a_day_twice(rows: list[tuple[Any, ...]]) -> None:
    stays = stays_of(rows)
    counted = countable_days(stays)
    excess = countable_days(stays.assign(avoidable_days=0))
    documented = countable_days(stays.assign(drg_geometric_mean_days=np.nan))
    length = stays["length_of_stay_days"].to_numpy()
    outlier = length > 3 * stays["drg_geometric_mean_days"].astype(float).fillna(np.inf).to_numpy()
    assert (counted[outlier] == 0).all()
    usual = ~outlier
    assert (counted <= length).all()
    assert (counted[usual] <= (excess + documented)[usual]).all()
    assert (counted[usual] >= np.maximum(excess, documented)[usual] - 1e-9).all()
    # Documenting a day that is beyond the expected stay anyway adds nothing.
    within = stays.assign(avoidable_days=np.floor(excess).astype(int))
    assert (countable_days(within) == excess).all()


@given(stay_rows)
@settings(deadline=None, max_examples=30)
def test_groups_and_total_count_the_same_days(rows: list[tuple[Any, ...]]) -> None:
    stays = stays_of(rows)
    table = compute_opportunity(stays, seed=1, n_resamples=20)
    assert sum(group.days.value for group in table.groups) == pytest.approx(table.total.days.value)
    assert sum(group.n_stays for group in table.groups) == len(stays)
    excess = compute_excess_days(stays)
    assert sum(group.excess_days for group in excess.groups) == pytest.approx(excess.total.excess_days)


# ---- dollars ----

FULL_HOUSE = Capacity(
    contribution_margin_per_day_usd=1000,
    backfill_probability=0.6,
    occupancy_pct=92,
    occupancy_threshold_pct=90,
    source="Finance, October 2026",
)


def test_three_methods_value_the_same_days_by_hand() -> None:
    table = compute_opportunity(stays_of(WARD), seed=3, capacity=FULL_HOUSE, last_day_share=0.5)
    medicine, surgery = table.groups
    last_days, full, capacity = medicine.methods
    # 2 · 500 · 0.5 + 8 · 500 · 0.5; 2 · 1,000 + 8 · 1,000; 10 · 0.6 · 1,000
    assert [method.usd and method.usd.value for method in medicine.methods] == pytest.approx([2500, 10000, 6000])
    assert (last_days.usd_per_day, full.usd_per_day, capacity.usd_per_day) == pytest.approx((250, 1000, 600))
    assert (medicine.lowest_usd, medicine.highest_usd) == pytest.approx((2500, 10000))
    assert (medicine.n_stays, medicine.n_contributing, medicine.days.value) == (4, 2, 10)
    assert (table.last_day_share, table.capacity, table.seed) == (0.5, FULL_HOUSE, 3)
    # 2.5 · 800 · 0.5 + 3 · 500 · 0.5; the stay not costed is unknown, not zero
    assert surgery.methods[0].usd is not None
    assert surgery.methods[0].usd.value == pytest.approx(1750)
    assert (surgery.methods[0].days_valued, surgery.methods[0].n_stays_not_valued) == (5.5, 1)
    assert (surgery.methods[2].days_valued, surgery.methods[2].n_stays_not_valued) == (6.5, 0)


def test_the_methods_are_a_range_and_no_result_adds_them() -> None:
    total = compute_opportunity(stays_of(WARD), seed=3, capacity=FULL_HOUSE).total
    values = [method.usd.value for method in total.methods if method.usd is not None]
    assert (total.lowest_usd, total.highest_usd) == (min(values), max(values))
    numbers = [value for value in dataclasses.astuple(total) if isinstance(value, float)]
    assert not any(number == pytest.approx(sum(values)) for number in numbers)


@pytest.mark.parametrize(
    ("capacity", "omission"),
    [(None, "not_declared"), (dataclasses.replace(FULL_HOUSE, occupancy_pct=89.9), "beds_not_full")],
)
def test_freed_capacity_is_worth_nothing_while_beds_stand_empty(capacity: Capacity | None, omission: str) -> None:
    method = compute_opportunity(stays_of(WARD), seed=1, capacity=capacity).total.methods[2]
    assert (method.method, method.usd, method.omission) == ("capacity_value", None, omission)


def test_beds_exactly_at_the_threshold_are_full() -> None:
    assert dataclasses.replace(FULL_HOUSE, occupancy_pct=90).is_worth


def test_without_any_cost_there_are_days_and_no_dollars() -> None:
    stays = stays_of([("m", 6, 4.0, 0, None, None)] * 3)
    total = compute_opportunity(stays, seed=1).total
    assert total.days.value == 6
    assert [method.omission for method in total.methods] == ["no_cost_data", "no_cost_data", "not_declared"]
    assert (total.lowest_usd, total.highest_usd) == (None, None)


def test_stays_without_a_day_too_many_are_an_opportunity_of_nothing() -> None:
    total = compute_opportunity(stays_of([("m", 3, 4.0, 0, 10.0, 5.0)]), seed=1).total
    assert (total.days.value, total.lowest_usd, total.highest_usd, total.methods[0].usd_per_day) == (0, 0, 0, None)


def test_no_stays_give_an_empty_table() -> None:
    table = compute_opportunity(stays_of([]), seed=1)
    assert table.groups == ()
    assert (table.total.n_stays, table.total.days.value) == (0, 0)


# ---- intervals ----


def test_groups_do_not_move_each_other() -> None:
    both, alone = (compute_opportunity(stays_of(rows), seed=5) for rows in (WARD, WARD[:4]))
    assert both.groups[0] == alone.groups[0]


def test_the_interval_is_set_by_the_seed_and_not_by_the_order_of_the_rows() -> None:
    chance = np.random.default_rng(1)
    stays = stays_of([("m", int(days), 4.3, 0, 900.0, 400.0) for days in chance.integers(1, 12, size=60)])
    table = compute_opportunity(stays, seed=5)
    assert compute_opportunity(stays.sample(frac=1, random_state=3), seed=5) == table
    assert compute_opportunity(stays, seed=6).total.days != table.total.days


def test_the_interval_is_that_of_a_sum_of_resampled_stays() -> None:
    # A sum of n independent values: ± 1.96 · sd · sqrt(n)
    values = np.random.default_rng(1).exponential(2.0, size=(900, 1))
    (found,) = bootstrap_sums(values, chance=np.random.default_rng(2), n_resamples=4000)
    half = 1.96 * values.std() * 30
    assert found.value == pytest.approx(values.sum())
    assert (found.lower, found.upper) == pytest.approx((values.sum() - half, values.sum() + half), rel=0.02)


def test_equal_stays_leave_nothing_to_chance() -> None:
    (found,) = bootstrap_sums(np.full((10, 1), 3.0), chance=np.random.default_rng(1), n_resamples=50)
    assert (found.value, found.lower, found.upper) == (30, 30, 30)


# ---- refusals and privacy ----


def test_all_faults_of_a_table_of_stays_are_told_without_naming_a_stay() -> None:
    stays = stays_of(WARD)
    stays = pd.concat([stays, stays.iloc[[0]]], ignore_index=True)
    stays["direct_cost"] = -1.0
    stays.loc[2, "length_of_stay_days"] = 0
    with pytest.raises(InputError) as caught:
        compute_opportunity(stays, seed=1)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "1 rows of a stay given before" in text
    assert "length_of_stay_days is not above 0" in text
    assert "direct_cost below 0" in text
    assert "stay-" not in text


@pytest.mark.parametrize("column", ["stay_id", "drg_geometric_mean_days", "service_line", "direct_cost"])
def test_a_missing_column_is_told_by_its_name(column: str) -> None:
    with pytest.raises(InputError, match=column):
        compute_opportunity(stays_of(WARD).drop(columns=column), seed=1)


@pytest.mark.parametrize("share", [0.0, 1.01])
def test_an_impossible_share_of_the_last_day_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="last_day_share"):
        compute_opportunity(stays_of(WARD), seed=1, last_day_share=share)


def test_an_impossible_backfill_probability_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        dataclasses.replace(FULL_HOUSE, backfill_probability=60)


def test_no_stay_is_in_a_result() -> None:
    stays = stays_of(WARD)
    printed = repr(compute_opportunity(stays, seed=1)) + repr(compute_excess_days(stays))
    assert "stay-" not in printed
