"""Wrong arguments: refused with where, what and what to do; several faults at once."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import evaluate_chart, find_rule_set


@pytest.mark.parametrize(
    ("arguments", "where", "what"),
    [
        ({"chart": "pie"}, "chart", "'pie' is not a chart"),
        ({"better": "up"}, "better", "got 'up'"),
        ({"chart": "p"}, "denominators", "chart p needs them"),
        ({"chart": "xbar"}, "sizes, sds", "needs both"),
        ({"periods": ["2025-01"]}, "periods", "1 entries for 3 values"),
        ({"periods": ["2025-02", "2025-01", "2025-03"]}, "periods", "2025-01 follows 2025-02"),
        ({"periods": ["2025-01", "2025-01", "2025-02"]}, "periods", "2025-01 follows 2025-01"),
        ({"periods": ["2025-01-09", "2025-01-08", "2025-01-10"]}, "periods", "2025-01-08 follows 2025-01-09"),
        ({"phases": [3]}, "phases", "no position 3 among 3 points"),
        ({"phases": [-1]}, "phases", "no position -1"),
        ({"ghosted": ["2025-01"]}, "ghosted", "no period '2025-01'"),
        ({"baseline": 1}, "baseline", "at least 2 points"),
        ({"baseline": (2, 1)}, "baseline", "not a stretch"),
        ({"baseline": (0, 2), "phases": [1]}, "baseline", "not a stretch inside one phase"),
        ({"rules": "nhs-1999"}, "rules", "no rule set is called 'nhs-1999'"),
        ({"scale": "log", "chart": "c"}, "scale", "belongs to chart xmr"),
        ({"values": [1, 0, 2], "scale": "log"}, "values", "above 0"),
        ({"values": [1, -1, 2], "chart": "c"}, "values", "cannot hold negative values; found -1"),
        ({"values": [1, float("inf"), 2]}, "values", "infinite"),
        ({"chart": "p", "denominators": [10, 1, 10]}, "values", "2 of 1 at position 1"),
        ({"chart": "u", "denominators": [10, -1, 10]}, "denominators", "found -1"),
        ({"chart": "p", "denominators": [9, 9, 9], "target": 14}, "target", "14 lies above 1"),
        ({"chart": "p", "denominators": [9, 9, 9], "target": [None, 0.2, 14]}, "target", "14 lies above 1"),
        ({"value_scale": 100.0}, "value_scale", "does not go with chart xmr"),
        ({"value_scale": -1.0, "chart": "u", "denominators": [1, 1, 1]}, "value_scale", "does not go"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(InputError) as error:
        evaluate_chart(**{"values": [1, 2, 3], "chart": "xmr", **arguments})
    assert [fault for fault in error.value.faults if fault.where == where and what in fault.what], error.value


def test_all_faults_of_a_call_are_reported_together() -> None:
    with pytest.raises(InputError) as error:
        evaluate_chart([1, 2, 3], chart="p", denominators=[1, 1], better="down", periods=["a"])  # type: ignore[arg-type]
    assert {fault.where for fault in error.value.faults} == {"better", "denominators", "periods"}


def test_estimators_from_ranges_need_ranges() -> None:
    with pytest.raises(InputError, match="range of every subgroup"):
        evaluate_chart([1, 2], chart="xbar", sizes=[3, 3], sds=[1, 1], estimator="UWAVE-R")


def test_a_rule_set_can_be_changed_in_one_number_and_shows_it() -> None:
    eight = find_rule_set("nhs-2024", shift=8)
    assert (eight.name, eight.shift, eight.trend) == ("nhs-2024+", 8, 6)
    assert find_rule_set(eight) is eight


def test_numpy_numbers_are_as_good_as_python_ones() -> None:
    import numpy as np

    result = evaluate_chart(np.array([10.0, 12, 11, 13]), chart="xmr", target=np.float64(11))  # type: ignore[arg-type]
    assert result == evaluate_chart([10, 12, 11, 13], chart="xmr", target=11)
