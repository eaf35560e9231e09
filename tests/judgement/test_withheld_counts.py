"""Withholding counts, attacked: what is printed must not determine a small count, alone or by any arithmetic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_pipeline.judgement.disclosure import Sum, Withheld, is_small, withhold_counts
from kpi_pipeline.judgement.disclosure.counts import _connected
from kpi_pipeline.judgement.disclosure.narrowing import Equation

SMALL, COMPLEMENT = Withheld.SMALL, Withheld.COMPLEMENT


def test_small_is_from_1_to_threshold_less_1() -> None:
    assert [is_small(n, 11) for n in (0, 1, 10, 11, None)] == [False, True, True, False, False]


def test_nothing_small_means_nothing_withheld() -> None:
    assert withhold_counts({"a": 0, "b": 20, "all": 20}, [Sum("all", ("a", "b"))], threshold=11) == {}


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    counts = {"a": 3, "b": 40, "c": 15, "d": 0, "all": 58}
    hidden = withhold_counts(counts, [Sum("all", ("a", "b", "c", "d"))], threshold=11)
    assert hidden == {"a": SMALL, "c": COMPLEMENT}  # never d: a zero hides nobody


def test_two_small_parts_whose_sum_is_small_are_not_enough() -> None:
    counts = {"a": 3, "b": 4, "c": 40, "all": 47}
    hidden = withhold_counts(counts, [Sum("all", ("a", "b", "c"))], threshold=11)
    assert hidden == {"a": SMALL, "b": SMALL, "c": COMPLEMENT}


def test_two_small_parts_whose_sum_is_large_are_enough() -> None:
    counts = {"a": 9, "b": 9, "c": 40, "all": 58}  # each lies between 1 and 17
    assert withhold_counts(counts, [Sum("all", ("a", "b", "c"))], threshold=11) == {"a": SMALL, "b": SMALL}


def test_the_total_goes_where_no_part_is_left() -> None:
    counts = {"a": 6, "b": 0, "all": 6}
    assert withhold_counts(counts, [Sum("all", ("a", "b"))], threshold=5) == {}
    assert withhold_counts(counts, [Sum("all", ("a", "b"))], threshold=11) == {"a": SMALL, "all": SMALL}


def test_what_is_given_up_last_is_asked_last() -> None:
    counts = {"a": 3, "dear": 20, "cheap": 90, "all": 113}
    hidden = withhold_counts(
        counts, [Sum("all", ("a", "dear", "cheap"))], threshold=11, reluctance=lambda key: int(key == "dear")
    )
    assert hidden == {"a": SMALL, "cheap": COMPLEMENT}


def test_two_tables_that_share_a_count_are_seen_together() -> None:
    counts = {"a": 3, "b": 40, "rest": 60, "all": 103, "b1": 15, "b2": 25}
    sums = [Sum("all", ("a", "b", "rest")), Sum("b", ("b1", "b2"))]
    hidden = withhold_counts(counts, sums, threshold=11)
    assert hidden == {"a": SMALL, "b": COMPLEMENT, "b1": COMPLEMENT}  # else b1 + b2 would give b, and so a


def table_sums(n_rows: int, n_columns: int) -> list[Sum]:
    rows = [Sum((row, "all"), tuple((row, column) for column in range(n_columns))) for row in [*range(n_rows), "all"]]
    columns = [
        Sum(("all", column), tuple((row, column) for row in range(n_rows))) for column in [*range(n_columns), "all"]
    ]
    return rows + columns


def table_counts(cells: Sequence[Sequence[int]]) -> dict[Hashable, float]:
    counts: dict[Hashable, float] = {}
    for row, values in enumerate(cells):
        counts |= {(row, column): float(value) for column, value in enumerate(values)}
        counts[(row, "all")] = float(sum(values))
    for column in [*range(len(cells[0])), "all"]:
        counts[("all", column)] = sum(counts[(row, column)] for row in range(len(cells)))
    return counts


def determined_by_arithmetic(
    counts: Mapping[Hashable, float], sums: Sequence[Sum], hidden: Mapping[Hashable, Withheld]
) -> list[Hashable]:
    """The withheld counts a reader could compute, by exact rank: adding the count as known must lower the freedom."""
    unknown = list(hidden)
    rows = [[(-1.0 if key == one.total else 1.0) if key in one.members else 0.0 for key in unknown] for one in sums]
    rank = np.linalg.matrix_rank(np.array(rows)) if unknown else 0
    found = []
    for key in unknown:
        alone = [[1.0 if other == key else 0.0 for other in unknown]]
        if np.linalg.matrix_rank(np.array(rows + alone)) == rank:
            found.append(key)
    return found


counts_in_cells = st.one_of(st.just(0), st.integers(1, 10), st.integers(11, 400))
tables = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(counts_in_cells, min_size=columns, max_size=columns), min_size=1, max_size=5)
)


@settings(max_examples=100, deadline=None)
@given(tables)
@example([[0, 0, 11, 0], [0, 1, 1, 0], [1, 10, 0, 0]])  # a count fixed by sums that have only zeros left to give up
def test_no_withheld_count_can_be_worked_out_from_the_printed_ones(cells: list[list[int]]) -> None:
    counts = table_counts(cells)
    sums = table_sums(len(cells), len(cells[0]))
    hidden = withhold_counts(counts, sums, threshold=11)
    assert all(key in hidden for key, count in counts.items() if 0 < count < 11)
    assert all(counts[key] > 0 for key in hidden)
    assert determined_by_arithmetic(counts, sums, hidden) == []
    for one in sums:
        parts = [counts[key] for key in one.parts if key in hidden]
        if parts and one.total not in hidden:
            assert sum(parts) >= 11


@given(st.lists(st.dictionaries(st.integers(0, 12), st.sampled_from((1.0, -1.0)), max_size=3), max_size=12))
def test_equations_are_parted_where_they_share_no_unknown(rows: list[dict[Hashable, float]]) -> None:
    groups = [[one.weights for one in group] for group in _connected([Equation(row, 0.0) for row in rows])]
    keys = [{key for row in group for key in row} for group in groups]
    assert sum(map(len, keys)) == len(set().union(*keys))  # no unknown in two groups
    assert {frozenset(row.items()) for group in groups for row in group} == {
        frozenset(row.items()) for row in rows if row
    }
    for group in groups:  # none can be parted further: growing from one row reaches them all
        reached, n = set(group[0]), 0
        while n != (n := len(reached)):
            reached |= {key for row in group if not reached.isdisjoint(row) for key in row}
        assert reached == {key for row in group for key in row}
