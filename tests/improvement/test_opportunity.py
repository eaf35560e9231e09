"""Net days and the three rungs: sums by hand, shrinkage by an independent formula, coverage, and what is never
claimed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as distributions

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.improvement import (
    Capacity,
    Comparator,
    ExcessTable,
    Opportunity,
    compute_excess_days,
    compute_opportunity,
)
from kpi_pipeline.improvement.drivers.opportunity_result import ASSUMED_SHARES, LAST_DAY_SHARE


def stays(rows: list[tuple[str, float, float | None]], **columns: object) -> pd.DataFrame:
    """(service line, length of stay, AMLOS) a stay; GMLOS is 0.8 AMLOS, variable direct cost 100 a day."""
    table = pd.DataFrame(
        {
            "stay_id": range(len(rows)),
            "service_line": [line for line, _, _ in rows],
            "length_of_stay_days": [float(days) for _, days, _ in rows],
            "drg_arithmetic_mean_days": pd.Series([expected for _, _, expected in rows], dtype=float),
            "variable_direct_cost": [100.0 * days for _, days, _ in rows],
            "documented_days": 0.0,
        }
    )
    table["drg_geometric_mean_days"] = 0.8 * table["drg_arithmetic_mean_days"]
    return table.assign(**columns)


def random_stays(n: int, ratios: dict[str, float], seed: int = 1) -> pd.DataFrame:
    """Right-skewed stays of the lines in turn, each with its true O/E against an AMLOS of 3 to 6."""
    chance = np.random.default_rng(seed)
    lines = [list(ratios)[at % len(ratios)] for at in range(n)]
    expected = chance.uniform(3, 6, n)
    length = expected * [ratios[line] for line in lines] * np.exp(0.6 * chance.normal(size=n) - 0.18)
    return stays(list(zip(lines, length.tolist(), expected.tolist(), strict=True)))


# ---- net days ----


def test_net_days_by_hand_and_they_may_be_negative() -> None:
    table = compute_excess_days(stays([("a", 6, 4), ("a", 5, 4), ("b", 1, 4), ("b", 2, 4), ("b", 20, None)]))
    assert [(group.group, group.n_stays, group.days, group.net.value) for group in table.groups] == [
        ("a", 2, 11, 3), ("b", 2, 3, -5),
    ]  # fmt: skip
    assert (table.total.net.value, table.total.n_stays, table.total.n_without_expected) == (-2, 4, 1)
    assert table.groups[1].n_without_expected == 1
    assert table.total.ratio.value == 14 / 16
    assert table.total.shrunk_ratio is None


def test_a_hospital_of_expected_stays_has_no_excess_however_much_stays_vary() -> None:
    """The fault this replaces: Σ max(0, LOS − x) of these very stays is some 30 % of all days."""
    table = random_stays(4000, {"a": 1.0, "b": 1.0})
    positive = (table["length_of_stay_days"] - table["drg_geometric_mean_days"]).clip(lower=0).sum()
    found = compute_excess_days(table)
    assert positive > 0.25 * table["length_of_stay_days"].sum()
    assert found.total.net.lower < 0 < found.total.net.upper
    assert not any(group.is_above_expected for group in found.groups)


def test_an_outlier_is_counted_apart_and_stays_part_of_the_net_days() -> None:
    # 3 × GMLOS = 3 × 3.2 = 9.6
    total = compute_excess_days(stays([("a", 9.6, 4), ("a", 9.7, 4), ("a", 4, 4)])).total
    assert (total.n_outliers, total.outlier_net_days) == (1, pytest.approx(5.7))
    assert total.net.value == pytest.approx(11.3)


def test_the_interval_by_hand() -> None:
    rows = [("a", days, 4.0) for days in [2, 3, 4, 5, 8] * 6]
    total = compute_excess_days(stays(rows)).total
    length = np.array([days for _, days, _ in rows])
    residuals = length - length.mean()  # one AMLOS for all: O/E × AMLOS is the mean stay
    error = math.sqrt(30 / 29 * (residuals**2).sum()) / length.sum()
    end = length.sum() / 120 * math.exp(distributions.t.ppf(0.975, 29) * error)
    assert (total.ratio.upper, total.net.upper) == (pytest.approx(end), pytest.approx(120 * (end - 1)))


def test_a_group_of_one_stay_takes_the_scatter_of_all() -> None:
    table = compute_excess_days(random_stays(300, {"a": 1.0}).replace({"service_line": {}}).assign(
        service_line=["x", *["a"] * 299]
    ))  # fmt: skip
    alone = next(group for group in table.groups if group.group == "x")
    assert alone.n_stays == 1
    assert alone.ratio.lower < alone.ratio.value / 2
    assert alone.ratio.upper > alone.ratio.value * 2


def test_shrinkage_is_that_of_dersimonian_and_laird() -> None:
    table = compute_excess_days(random_stays(1200, {"a": 0.8, "b": 1.0, "c": 1.3}))
    y = np.array([math.log(group.ratio.value) for group in table.groups])
    v = np.array([(math.log(group.ratio.upper / group.ratio.lower) / 2 / 1.959964) ** 2 for group in table.groups])
    w = 1 / v
    q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
    tau2 = (q - 2) / (w.sum() - (w**2).sum() / w.sum())
    mean = (y / (tau2 + v)).sum() / (1 / (tau2 + v)).sum()
    for group, own, variance in zip(table.groups, y, v, strict=True):
        assert group.shrunk_ratio is not None
        kept = tau2 / (tau2 + variance)
        assert math.log(group.shrunk_ratio.value) == pytest.approx(mean + kept * (own - mean), abs=1e-6)


def test_small_groups_are_drawn_far_towards_the_others() -> None:
    rows = random_stays(2000, {"a": 1.0, "b": 1.05, "c": 0.95})
    few = stays([("tiny", 12, 4), ("tiny", 11, 4)]).assign(stay_id=[9000, 9001])
    table = compute_excess_days(pd.concat([rows, few]))
    tiny = next(group for group in table.groups if group.group == "tiny")
    assert tiny.ratio.value > 2.5
    assert tiny.shrunk_ratio is not None
    assert tiny.shrunk_ratio.value < 1.3
    assert not tiny.is_above_expected


@pytest.mark.parametrize("n", [50, 200, 800])
def test_the_interval_of_net_days_holds_the_truth(n: int) -> None:
    held = 0
    for seed in range(300):
        net = compute_excess_days(random_stays(n, {"a": 1.1}, seed=seed)).total
        held += net.ratio.lower <= 1.1 <= net.ratio.upper
    assert 0.91 <= held / 300 <= 0.985


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40), st.sampled_from([2.0, 4.0, None])), min_size=1))
@settings(deadline=None, max_examples=60)
def test_groups_sum_to_the_total(rows: list[tuple[str, int, float | None]]) -> None:
    if all(expected is None for _, _, expected in rows):
        with pytest.raises(InputError, match="no stay with an expected length"):
            compute_excess_days(stays(rows))
        return
    table = compute_excess_days(stays(rows))
    for count in ("n_stays", "days", "expected_days", "n_outliers", "outlier_net_days"):
        assert math.fsum(getattr(group, count) for group in table.groups) == pytest.approx(getattr(table.total, count))
    assert math.fsum(group.net.value for group in table.groups) == pytest.approx(table.total.net.value, abs=1e-9)


def test_faults_of_the_stays_are_told() -> None:
    with pytest.raises(InputError, match="no column drg_arithmetic_mean_days"):
        compute_excess_days(stays([("a", 5, 4)]).drop(columns="drg_arithmetic_mean_days"))
    with pytest.raises(InputError, match="days would count twice"):
        compute_excess_days(stays([("a", 5, 4), ("a", 5, 4)]).assign(stay_id=1))
    with pytest.raises(InputError, match="not above 0"):
        compute_excess_days(stays([("a", 0, 4)]))


# ---- the three rungs ----


def rungs(table: pd.DataFrame, excess: ExcessTable | None = None, **more: object) -> Opportunity:
    return compute_opportunity(table, excess, seed=1, **more)  # type: ignore[arg-type]


def test_documented_days_are_worth_a_late_day_of_their_own_stay_by_hand() -> None:
    # 100 a day: 3 days at 0.5 × 100, 2 days of a stay that is not costed
    table = stays([("a", 6, 4), ("a", 5, 4), ("a", 4, 4)], documented_days=[3.0, 2.0, 0.0])
    table.loc[1, "variable_direct_cost"] = None
    rung = rungs(table, last_day_share=0.5).rungs[0]
    assert rung.days is not None
    assert rung.usd is not None
    assert (rung.days.value, rung.usd.value, rung.days_valued, rung.n_not_valued) == (5, 150, 3, 1)


def test_documented_days_never_exceed_the_stay() -> None:
    rung = rungs(stays([("a", 4, 4)], documented_days=[9.0])).rungs[0]
    assert rung.days is not None
    assert rung.days.value == 4


def test_no_group_above_expected_is_zero_dollars_and_said() -> None:
    table = random_stays(800, {"a": 0.9, "b": 1.0})
    rung = rungs(table, compute_excess_days(table)).rungs[1]
    assert (rung.days, rung.usd, rung.groups, rung.omission) == (None, None, (), "none_above_expected")


def test_net_excess_counts_only_groups_above_expected_after_shrinkage() -> None:
    table = random_stays(3000, {"long": 1.4, "short": 0.7, "usual": 1.0})
    excess = compute_excess_days(table)
    rung = rungs(table, excess, last_day_share=0.6).rungs[1]
    assert [group.group for group in rung.groups] == ["long"]
    (group,) = rung.groups
    assert rung.days is not None
    assert rung.usd is not None
    assert group.shrunk_ratio is not None
    assert rung.days.value == pytest.approx(group.expected_days * (group.shrunk_ratio.value - 1))
    assert rung.usd.value == pytest.approx(rung.days.value * 60)
    assert rung.days.lower == pytest.approx(group.expected_days * (group.shrunk_ratio.lower - 1), rel=0.05)
    assert excess.total.net.value < rung.days.value  # and yet nothing is netted away in silence: both are there


def test_a_gap_needs_a_declared_comparator() -> None:
    table = random_stays(2000, {"a": 1.2})
    excess = compute_excess_days(table)
    assert rungs(table, excess).rungs[2].omission == "not_declared"
    best = Comparator(1.0, "our best quarter", "2025 Q2")
    rung = rungs(table, excess, comparator=best).rungs[2]
    assert rung.days is not None
    assert rung.days.value == pytest.approx(excess.total.net.value)
    assert rungs(table, excess, comparator=Comparator(1.5, "x", "y")).rungs[2].omission == "not_above_comparator"


def test_an_assumed_share_widens_every_interval_and_a_declared_one_does_not() -> None:
    table = random_stays(2000, {"long": 1.4, "usual": 1.0}).assign(documented_days=1.0)
    excess = compute_excess_days(table)
    assumed, declared = rungs(table, excess), rungs(table, excess, last_day_share=LAST_DAY_SHARE)
    assert (assumed.share_is_assumed, declared.share_is_assumed) == (True, False)
    for one, other in zip(assumed.rungs[:2], declared.rungs[:2], strict=True):
        assert one.usd is not None
        assert other.usd is not None
        assert one.usd.value == pytest.approx(other.usd.value)
        assert one.usd.upper - one.usd.lower > 1.3 * (other.usd.upper - other.usd.lower)
    documented = assumed.rungs[0].usd
    assert documented is not None
    low, high = (documented.value * share / LAST_DAY_SHARE for share in ASSUMED_SHARES)
    assert low < documented.lower < documented.upper < high


def test_capacity_is_valued_only_where_declared_and_beds_are_full() -> None:
    table = stays([("a", 6, 4)] * 50, documented_days=1.0)
    full = Capacity(900.0, 0.5, 91.0, 85.0, "Finance")
    valued = rungs(table, capacity=full).rungs[0].capacity_usd
    assert valued is not None
    assert valued.value == 50 * 450
    assert rungs(table, capacity=Capacity(900.0, 0.5, 70.0, 85.0, "Finance")).rungs[0].capacity_usd is None
    assert rungs(table).rungs[0].capacity_usd is None
    with pytest.raises(InputError, match="between 0 and 1"):
        Capacity(900.0, 1.5, 91.0, 85.0, "Finance")


def test_the_capture_rate_counts_long_stays_with_a_day_on_record() -> None:
    # GMLOS 3.2: long from above 5.2
    table = stays([("a", 5.2, 4), ("a", 5.3, 4), ("a", 9, 4)], documented_days=[1.0, 0.0, 2.0])
    capture = rungs(table).capture
    assert capture is not None
    assert (capture.n_long, capture.n_documented) == (2, 1)
    assert rungs(table, documents_days=False).capture is None
    assert rungs(table, documents_days=False).rungs[0].omission == "not_supplied"


def test_without_costs_days_have_no_price() -> None:
    table = random_stays(1500, {"long": 1.5, "usual": 1.0}).assign(documented_days=1.0, variable_direct_cost=np.nan)
    found = rungs(table, compute_excess_days(table))
    assert found.late_day_usd is None
    assert [rung.usd for rung in found.rungs] == [None, None, None]
    assert found.rungs[0].days is not None


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does_little() -> None:
    table = random_stays(400, {"a": 1.3, "b": 1.0}).assign(documented_days=lambda t: t["stay_id"] % 3 == 0)
    table["documented_days"] = table["documented_days"].astype(float)
    one = rungs(table, compute_excess_days(table))
    two = rungs(table.iloc[::-1], compute_excess_days(table.iloc[::-1]))
    assert one.rungs[0] == two.rungs[0]


@pytest.mark.parametrize("share", [0.0, 1.2])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="last_day_share"):
        rungs(stays([("a", 5, 4)]), last_day_share=share)
