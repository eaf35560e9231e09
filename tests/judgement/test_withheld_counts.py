"""Withholding counts, attacked: what is printed must not determine a small count, alone or by any arithmetic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_pipeline.judgement.disclosure import Sum, Withheld, is_small, withhold_counts
from kpi_pipeline.judgement.disclosure.narrowing import Equation, System, fixed_unknowns, taken_off

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


def test_what_nothing_can_protect_takes_nothing_elsewhere_with_it() -> None:
    """3 of 23, of which 20 was printed before: nothing helps, so nothing of the table beside it goes for that."""
    beside = {"d": 4.0, "e": 15.0, "f": 30.0, "all": 49.0}
    sums = [Sum("all", ("d", "e", "f")), Sum("told", ("a", "b"))]
    hidden = withhold_counts(
        {**beside, "a": 3.0, "b": 20.0, "told": 23.0}, sums, threshold=11, fixed=frozenset({"b", "told"})
    )
    assert hidden == {"a": SMALL, "d": SMALL, "e": COMPLEMENT}


signed_rows = st.lists(
    st.dictionaries(st.integers(0, 9), st.booleans(), max_size=4).map(
        lambda row: [key if is_added else taken_off(key) for key, is_added in row.items()]
    ),
    max_size=9,
)


@given(signed_rows)
def test_unknowns_are_in_a_circle_where_two_ways_lead_to_one(rows: list[list[int]]) -> None:
    different = {frozenset(row) for row in rows if row}
    links = [(at, max(term, ~term)) for at, row in enumerate(different) for term in row]
    expected = set()
    for key in {key for _, key in links}:
        members: set[object] = {key}
        n = 0
        while n != (n := len(members)):
            members |= {
                end for at, one in links if one in members or ("row", at) in members for end in (one, ("row", at))
            }
        if sum(one in members for _, one in links) >= len(members):
            expected.add(key)
    system = System([Equation(row, 0.0) for row in rows], np.zeros(10))
    assert set(np.flatnonzero(system.is_in_circle & system.is_unknown)) == expected


@given(signed_rows)
@example([[0, 1], [0, taken_off(1)]])  # a sum and a difference fix both
@example([[0, 1, 2], [1, 2, 3], [0, 3]])
def test_fixed_is_what_no_solution_moves(rows: list[list[int]]) -> None:
    equations = [{max(term, ~term): 1.0 if term >= 0 else -1.0 for term in row} for row in rows]
    matrix = np.array([[row.get(key, 0.0) for key in range(10)] for row in equations if row] or [[0.0] * 10])
    rank = np.linalg.matrix_rank(matrix)
    fixed = {key for key in range(10) if np.linalg.matrix_rank(np.vstack((matrix, np.eye(10)[key]))) == rank}
    assert fixed_unknowns(equations) == fixed
