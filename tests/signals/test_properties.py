"""What must hold for every series, tried on generated ones (Hypothesis)."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.signals import ChartResult, evaluate_chart, find_rule_set
from kpi_pipeline.signals.result_tables import result_as_dict, result_rows

EXAMPLES = settings(max_examples=60, deadline=None)
whole = st.integers(min_value=-200, max_value=200).map(float)
maybe = st.one_of(st.none(), whole)
series = st.lists(maybe, min_size=1, max_size=40)
full_series = st.lists(whole, min_size=2, max_size=40)
rule_names = st.sampled_from(["nhs-2024", "nhs-classic", "ihi", "anhoej"])

FLIPPED = {"improvement": "concern", "concern": "improvement", "common_cause": "common_cause"}


def limits(result: ChartResult) -> list[float | None]:
    return [number for p in result.points for number in (p.centre, p.lower, p.upper, p.lower_2sigma, p.upper_2sigma)]


@EXAMPLES
@given(values=full_series, factor=st.sampled_from([0.25, 2.0, 8.0]), rules=rule_names)
def test_xmr_scales_with_its_values(values: list[float], factor: float, rules: str) -> None:
    plain = evaluate_chart(values, chart="xmr", better="lower", rules=rules)
    scaled = evaluate_chart([value * factor for value in values], chart="xmr", better="lower", rules=rules)
    assert [number and number * factor for number in limits(plain)] == pytest.approx(limits(scaled), rel=1e-9, abs=1e-9)
    assert [point.rules for point in plain.points] == [point.rules for point in scaled.points]


@EXAMPLES
@given(values=full_series, step=st.integers(min_value=-1000, max_value=1000))
def test_xmr_shifts_with_its_values(values: list[float], step: int) -> None:
    plain = evaluate_chart(values, chart="xmr")
    shifted = evaluate_chart([value + step for value in values], chart="xmr")
    moved = [number + step if number is not None else None for number in limits(plain)]
    assert moved == pytest.approx(limits(shifted), rel=1e-9, abs=1e-9)


@EXAMPLES
@given(values=full_series, rules=rule_names)
def test_mirrored_values_swap_the_sides(values: list[float], rules: str) -> None:
    plain = evaluate_chart(values, chart="xmr", rules=rules)
    mirrored = evaluate_chart([-value for value in values], chart="xmr", rules=rules)
    other = {"high": "low", "low": "high"}
    swapped = [{(hit.rule, other[hit.side]) for hit in point.rules} for point in plain.points]
    assert swapped == [{(hit.rule, hit.side) for hit in point.rules} for point in mirrored.points]


@EXAMPLES
@given(values=series, rules=rule_names)
def test_the_other_direction_swaps_improvement_and_concern(values: list[float | None], rules: str) -> None:
    following = find_rule_set(rules, tie="following")
    lower = evaluate_chart(values, chart="xmr", better="lower", rules=following)
    higher = evaluate_chart(values, chart="xmr", better="higher", rules=following)
    assert [FLIPPED[point.point_class] for point in lower.points] == [point.point_class for point in higher.points]
    assert lower.variation.startswith("improvement") == higher.variation.startswith("concern")


@EXAMPLES
@given(values=series, ghost=whole, at=st.integers(min_value=0, max_value=40), rules=rule_names)
def test_a_ghosted_point_changes_nothing_else(values: list[float | None], ghost: float, at: int, rules: str) -> None:
    at = min(at, len(values))
    plain = evaluate_chart(values, chart="xmr", better="lower", rules=rules)
    haunted = evaluate_chart(
        [*values[:at], ghost, *values[at:]], chart="xmr", better="lower", rules=rules, ghosted=[at]
    )
    others = [*haunted.points[:at], *haunted.points[at + 1 :]]
    assert [(p.value, p.centre, p.lower, p.upper, p.rules, p.point_class) for p in plain.points] == [
        (p.value, p.centre, p.lower, p.upper, p.rules, p.point_class) for p in others
    ]
    assert (haunted.variation, haunted.n_points) == (plain.variation, plain.n_points)


@EXAMPLES
@given(first=full_series, second=full_series, other=full_series)
def test_a_phase_does_not_move_another_ones_limits(first: list[float], second: list[float], other: list[float]) -> None:
    one = evaluate_chart([*first, *second], chart="xmr", phases=[len(first)])
    two = evaluate_chart([*first, *other], chart="xmr", phases=[len(first)])
    alone = evaluate_chart(second, chart="xmr")
    assert limits(one)[: 5 * len(first)] == limits(two)[: 5 * len(first)]
    assert limits(one)[5 * len(first) :] == limits(alone)


@EXAMPLES
@given(values=full_series, starts=st.permutations([3, 7, 11]))
def test_the_order_in_which_phases_are_named_does_not_matter(values: list[float], starts: list[int]) -> None:
    inside = [start for start in starts if start < len(values)]
    assert evaluate_chart(values, chart="xmr", phases=inside) == evaluate_chart(
        values, chart="xmr", phases=sorted(inside)
    )


def naive_shift(values: list[float], fewest: int) -> set[int]:
    """Every stretch of `fewest` neighbours on one side of the mean, by brute force."""
    mean = math.fsum(values) / len(values)
    found: set[int] = set()
    for start in range(len(values) - fewest + 1):
        window = values[start : start + fewest]
        if all(value > mean + 1e-9 for value in window) or all(value < mean - 1e-9 for value in window):
            found |= set(range(start, start + fewest))
    return found


def naive_trend(values: list[float], fewest: int) -> set[int]:
    """Every window of `fewest` points that rises throughout, or falls throughout."""
    found: set[int] = set()
    for start in range(len(values) - fewest + 1):
        steps = [b - a for a, b in zip(values[start:], values[start + 1 : start + fewest], strict=False)]
        if all(step > 0 for step in steps) or all(step < 0 for step in steps):
            found |= set(range(start, start + fewest))
    return found


@settings(max_examples=150, deadline=None)
@given(values=st.lists(st.integers(min_value=0, max_value=9).map(float), min_size=2, max_size=40), rules=rule_names)
def test_shift_and_trend_agree_with_brute_force(values: list[float], rules: str) -> None:
    rule_set = find_rule_set(rules)
    result = evaluate_chart(values, chart="xmr", rules=rule_set)
    for rule, fewest, naive in (("shift", rule_set.shift, naive_shift), ("trend", rule_set.trend, naive_trend)):
        fired = {i for i, point in enumerate(result.points) if rule in {hit.rule for hit in point.rules}}
        assert fired == (naive(values, fewest) if fewest else set())


counts = st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=1, max_size=30)


def arguments_for(chart: str, numbers: list[int | None], sizes: list[int]) -> dict[str, Any]:
    """The numbers as a series the chart accepts."""
    if chart in ("p", "p_prime", "u", "u_prime", "i_prime"):
        some = [size if number is None else number + size for number, size in zip(numbers, sizes, strict=True)]
        return {"values": numbers, "denominators": some}
    if chart in ("xbar", "s"):
        sds = [None if size < 2 or number is None else number / 10 for number, size in zip(numbers, sizes, strict=True)]
        return {"values": numbers, "sizes": sizes, "sds": sds}
    return {"values": numbers}


@settings(max_examples=250, deadline=None)
@given(
    chart=st.sampled_from("xmr mr p p_prime u u_prime c g t xbar s i_prime run".split()),
    numbers=counts,
    rules=rule_names,
    better=st.sampled_from(["lower", "higher", "neither"]),
    phase=st.integers(0, 29),
    marks=st.sets(st.integers(0, 29)),
    data=st.data(),
)
def test_no_number_in_any_result_is_nan_or_infinite(
    chart: str, numbers: list[int | None], rules: str, better: str, phase: int, marks: set[int], data: st.DataObject
) -> None:
    sizes = data.draw(st.lists(st.integers(0, 9), min_size=len(numbers), max_size=len(numbers)))
    result = evaluate_chart(
        **arguments_for(chart, numbers, sizes),
        chart=chart,  # type: ignore[arg-type]
        better=better,  # type: ignore[arg-type]
        rules=rules,
        target=0.2,
        phases=[phase] if phase < len(numbers) else [],
        ghosted=[mark for mark in marks if mark < len(numbers) and mark % 2],
        immature=[mark for mark in marks if mark < len(numbers) and not mark % 2],
    )
    json.dumps(result_as_dict(result), allow_nan=False)
    json.dumps(result_rows(result), allow_nan=False)
    assert len(result.points) == len(numbers)
    for point in result.points:
        ordered = [point.lower, point.lower_2sigma, point.upper_2sigma, point.upper]
        known = [number for number in ordered if number is not None]
        assert all(b - a >= -1e-9 * max(1.0, abs(a)) for a, b in pairwise(known))
        assert (point.point_class == "common_cause") == (point.deciding_hit is None)
        assert point.deciding_hit is None or point.deciding_hit in point.rules
