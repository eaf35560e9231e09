"""Pareto and decompositions: small cases by hand, exact sums for any case."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.improvement import Amount, compute_pareto, decompose_cost, decompose_ratio

# ---- pareto ----


def test_a_pareto_by_hand() -> None:
    pareto = compute_pareto(["Bed", "Payer", "Family", "Test", "Payer"], [50, 20, 15, 5, 10])
    rows = [(row.category, row.count, row.share_pct, row.running_total, row.running_pct) for row in pareto.rows]
    assert rows == [
        ("Bed", 50, 50, 50, 50),
        ("Payer", 30, 30, 80, 80),
        ("Family", 15, 15, 95, 95),
        ("Test", 5, 5, 100, 100),
    ]
    assert [row.is_vital for row in pareto.rows] == [True, True, False, False]
    assert (pareto.total, pareto.n_categories, pareto.n_shown, pareto.n_in_other, pareto.n_vital) == (100, 4, 4, 0, 2)


def test_other_stands_last_however_large_it_is() -> None:
    pareto = compute_pareto(["Other", "Bed", "Payer", "Family"], [60, 20, 15, 5], n_shown=2)
    assert [(row.category, row.count, row.is_other) for row in pareto.rows] == [
        ("Bed", 20, False),
        ("Payer", 15, False),
        ("Other", 65, True),
    ]
    assert (pareto.n_shown, pareto.n_in_other) == (2, 2)
    assert pareto.rows[-1].running_pct == 100


def test_there_are_no_vital_few_where_they_need_other_to_be_many() -> None:
    pareto = compute_pareto(["Other", "Bed", "Payer"], [60, 30, 10])
    assert pareto.n_vital == 0
    assert not any(row.is_vital for row in pareto.rows)


def test_a_share_exactly_reached_is_reached() -> None:
    # 0.7 + 0.1 of 1.0: in binary numbers a little less than 0.8
    assert compute_pareto(["a", "b", "c", "d"], [0.7, 0.1, 0.1, 0.1]).n_vital == 2
    assert compute_pareto(["a", "b", "c", "d"], [70, 10, 10, 10]).n_vital == 2
    assert compute_pareto(["a", "b", "c", "d"], [69, 11, 10, 10], vital_share_pct=80.1).n_vital == 3


def test_equal_counts_stand_in_alphabetical_order_whatever_the_input_order() -> None:
    one = compute_pareto(["Delta", "Alpha", "Charlie", "Bravo"], [5, 5, 5, 9])
    two = compute_pareto(["Bravo", "Charlie", "Delta", "Alpha"], [9, 5, 5, 5])
    assert one == two
    assert [row.category for row in one.rows] == ["Bravo", "Alpha", "Charlie", "Delta"]


def test_what_did_not_happen_has_no_row() -> None:
    pareto = compute_pareto(["Bed", "Payer"], [4, 0])
    assert [row.category for row in pareto.rows] == ["Bed"]
    nothing = compute_pareto(["Bed"], [0])
    assert (nothing.rows, nothing.total, nothing.n_vital) == ((), 0, 0)


def test_every_fault_of_a_pareto_is_told() -> None:
    with pytest.raises(InputError) as caught:
        compute_pareto(["Bed", ""], [-1, math.nan, 3], n_shown=0)
    assert len(caught.value.faults) == 4


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "Other"]), st.floats(0, 1e6)), min_size=1, max_size=30
    ),
    st.integers(1, 6),
)
def test_shares_sum_to_100_and_running_totals_rise_to_the_total(pairs: list[tuple[str, float]], n_shown: int) -> None:
    categories, counts = [name for name, _ in pairs], [count for _, count in pairs]
    pareto = compute_pareto(categories, counts, n_shown=n_shown)
    assert pareto.total == pytest.approx(math.fsum(counts))
    if pareto.rows:
        assert math.fsum(row.share_pct for row in pareto.rows) == pytest.approx(100)
        running = [row.running_total for row in pareto.rows]
        assert running == sorted(running)
        assert (pareto.rows[-1].running_total, pareto.rows[-1].running_pct) == (pareto.total, 100)
        named = [row.count for row in pareto.rows if not row.is_other]
        assert named == sorted(named, reverse=True)
        assert len(named) <= n_shown


# ---- mix and rate ----


def test_a_change_of_mix_alone_by_hand() -> None:
    # Both stay at their own level (4 and 8 days); half the patients move to the longer one: 5 → 6 days
    before = {"surgery": Amount(300, 75), "medicine": Amount(200, 25)}
    after = {"surgery": Amount(200, 50), "medicine": Amount(400, 50)}
    change = decompose_ratio(before, after)
    assert (change.before, change.after) == (5, 6)
    assert (change.mix, change.rate, change.interaction) == pytest.approx((1, 0, 0))
    # Δshare ∓0.25 against the mean overall rate of 5.5: surgery −0.25·(4 − 5.5), medicine 0.25·(8 − 5.5)
    assert [part.mix for part in change.categories] == pytest.approx([0.625, 0.375])
    assert [part.category for part in change.categories] == ["medicine", "surgery"]


def test_a_change_of_rates_alone_by_hand() -> None:
    before = {"surgery": Amount(400, 100), "medicine": Amount(800, 100)}
    after = {"surgery": Amount(60, 20), "medicine": Amount(180, 20)}
    change = decompose_ratio(before, after)
    assert (change.mix, change.rate) == pytest.approx((0, 0))
    assert [part.rate for part in change.categories] == pytest.approx([0.5, -0.5])
    assert [(part.rate_before, part.rate_after) for part in change.categories] == [(8, 9), (4, 3)]


def test_both_at_once_by_hand_in_both_forms() -> None:
    # Shares 0.8/0.2 → 0.5/0.5, rates 10/20 → 8/22: 12 → 15
    before = {"a": Amount(800, 80), "b": Amount(400, 20)}
    after = {"a": Amount(400, 50), "b": Amount(1100, 50)}
    symmetric = decompose_ratio(before, after)
    # mix −0.3·9 + 0.3·21 = 3.6; rate −2·0.65 + 2·0.35 = −0.6
    assert (symmetric.change, symmetric.mix, symmetric.rate) == pytest.approx((3, 3.6, -0.6))
    three = decompose_ratio(before, after, method="interaction")
    # mix −0.3·10 + 0.3·20 = 3; rate −2·0.8 + 2·0.2 = −1.2; interaction 0.6 + 0.6
    assert (three.mix, three.rate, three.interaction) == pytest.approx((3, -1.2, 1.2))


def test_a_percentage_is_decomposed_in_percentage_points() -> None:
    change = decompose_ratio({"a": Amount(10, 100)}, {"a": Amount(12, 100)}, scale=100)
    assert (change.before, change.after, change.rate) == pytest.approx((10, 12, 2))


def test_a_category_that_comes_or_goes_is_mix() -> None:
    before = {"a": Amount(100, 10), "gone": Amount(60, 3)}
    after = {"a": Amount(110, 10), "new": Amount(5, 1)}
    parts = {part.category: part for part in decompose_ratio(before, after).categories}
    assert (parts["gone"].rate_after, parts["gone"].rate) == (None, 0)
    assert (parts["new"].rate_before, parts["new"].rate) == (None, 0)
    assert parts["gone"].mix < 0
    assert parts["a"].rate > 0


amounts = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(Amount, st.floats(0, 1e5), st.floats(0.5, 1e4)),
    min_size=1,
)


@given(amounts, amounts, st.sampled_from(["symmetric", "interaction"]))
@settings(deadline=None)
def test_mix_and_rate_sum_to_the_change(before: dict[str, Amount], after: dict[str, Amount], method: str) -> None:
    change = decompose_ratio(before, after, method=method)  # type: ignore[arg-type]
    size = 1e-9 * max(part.rate_before or part.rate_after or 0 for part in change.categories) + 1e-9
    size = max(size, 1e-9 * max(abs(part.rate_after or 0) for part in change.categories))
    assert change.mix + change.rate + change.interaction == pytest.approx(change.change, abs=size)
    assert math.fsum(part.total for part in change.categories) == pytest.approx(change.change, abs=size)


@given(amounts, amounts)
@settings(deadline=None)
def test_the_symmetric_form_read_backwards_changes_its_sign(
    before: dict[str, Amount], after: dict[str, Amount]
) -> None:
    there, back = decompose_ratio(before, after), decompose_ratio(after, before)
    size = 1e-9 * (1 + max(abs(part.rate_after or part.rate_before or 0) for part in there.categories))
    assert (there.mix, there.rate) == pytest.approx((-back.mix, -back.rate), abs=size)


# ---- volume, mix, price ----


def test_volume_mix_and_price_by_hand() -> None:
    # Budget: 60 cases at 10 and 40 at 20 (cost 1,400). Actual: 50 at 11 and 60 at 19 (1,690).
    budget = {"minor": Amount(600, 60), "major": Amount(800, 40)}
    actual = {"minor": Amount(550, 50), "major": Amount(1140, 60)}
    change = decompose_cost(budget, actual)
    # volume 1,400 · 10 % = 140; at budget cost the actual cases cost 500 + 1,200 = 1,700, mix 1,700 − 1,540 = 160;
    # price 50 · 1 − 60 · 1 = −10
    assert (change.change, change.volume, change.mix, change.price) == pytest.approx((290, 140, 160, -10))
    parts = {part.category: (part.volume, part.mix, part.price) for part in change.categories}
    assert parts["minor"] == pytest.approx((60, -160, 50))
    assert parts["major"] == pytest.approx((80, 320, -60))


def test_a_new_kind_of_case_has_no_old_price_to_differ_from() -> None:
    change = decompose_cost({"a": Amount(100, 10)}, {"a": Amount(100, 10), "new": Amount(90, 3)})
    parts = {part.category: part for part in change.categories}
    assert parts["new"].price == 0
    assert (change.volume, change.price) == pytest.approx((30, 0))
    assert change.volume + change.mix == pytest.approx(90)


@given(amounts, amounts)
@settings(deadline=None)
def test_volume_mix_and_price_sum_to_the_change_as_a_whole_and_by_category(
    before: dict[str, Amount], after: dict[str, Amount]
) -> None:
    change = decompose_cost(before, after)
    terms = [abs(term) for part in change.categories for term in (part.volume, part.mix, part.price)]
    size = 1e-9 * (1 + max(terms))
    assert change.volume + change.mix + change.price == pytest.approx(change.change, abs=size)
    for part in change.categories:
        own = after.get(part.category, Amount(0, 0)).numerator - before.get(part.category, Amount(0, 0)).numerator
        assert part.volume + part.mix + part.price == pytest.approx(own, abs=size)


@pytest.mark.parametrize("decompose", [decompose_ratio, decompose_cost])
@pytest.mark.parametrize(
    ("before", "what"),
    [
        ({}, "has no cases"),
        ({"a": Amount(0, 0)}, "has no cases"),
        ({"a": Amount(5, 0), "b": Amount(1, 1)}, "has 5 over a denominator of 0"),
        ({"a": Amount(1, -1)}, "a denominator of 0 or more"),
        ({"a": Amount(math.nan, 1)}, "needs numbers"),
    ],
)
def test_a_period_without_a_ratio_is_refused(decompose, before: dict[str, Amount], what: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=what):
        decompose(before, {"a": Amount(1, 1)})


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match="symmetric or interaction"):
        decompose_ratio({"a": Amount(1, 1)}, {"a": Amount(1, 1)}, method="oaxaca")  # type: ignore[arg-type]
