"""Parts that print as a sum add up as printed, and each is off by less than one step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core.text.rounding import round_half_up, round_parts


def test_three_thirds_of_a_hundred_print_as_a_hundred() -> None:
    assert round_parts([100 / 3] * 3, 0) == (34, 33, 33)


def test_the_part_that_lost_most_goes_up() -> None:
    assert round_parts([1.2, 2.4, 3.4], 0) == (1, 3, 3)  # 7.0; 2.4 and 3.4 lost most, the first of them goes up


def test_parts_of_both_signs_add_up_to_a_given_total() -> None:
    assert round_parts([-1.26, 2.51, 0.0], 1, total=1.2) == (-1.3, 2.5, 0.0)


def test_a_part_without_a_remainder_stays() -> None:
    assert round_parts([0.1, 0.2, 0.7], 1) == (0.1, 0.2, 0.7)
    assert round_parts([], 2) == ()


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=12), st.integers(0, 3))
def test_printed_parts_sum_to_the_printed_total(parts: list[float], decimals: int) -> None:
    printed = round_parts(parts, decimals)
    assert round(sum(printed), 6) == round_half_up(sum(parts), decimals)
    assert all(abs(one - part) < 1.0001 * 10**-decimals for one, part in zip(printed, parts, strict=True))
