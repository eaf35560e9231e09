"""Newest months short of their usual data are provisional, and any month that lacks more than one case in ten."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.completeness import mark_incomplete_months
from kpi_pipeline.metrics.declaration import load_metrics

COST = load_metrics()["total_cost_per_case_usd"]
FIRST = Month(2026, 1)


def marked(
    shares: Sequence[float],
    *,
    maturity: str = "final",
    waiting: int = 0,
    reason: str = "not_costed",
    place: str = "all",
) -> pd.DataFrame:
    """One month after the other of 1,000 cases due, of which this share is counted."""
    months = [str(FIRST.plus(at)) for at in range(len(shares))]
    values = pd.DataFrame(
        {"facility_id": place, "month": months, "maturity": maturity, "n_cases": 1000 + waiting, "n_immature": waiting}
    )
    exclusions = pd.DataFrame(
        {
            "facility_id": place,
            "month": months,
            "exclusion_reason": reason,
            "n_cases": [round(1000 * (1 - share)) for share in shares],
        }
    )
    return mark_incomplete_months(values, exclusions, COST)


def provisional(frame: pd.DataFrame) -> list[int]:
    assert list(frame["is_incomplete"]) == [maturity == "provisional" for maturity in frame["maturity"]]
    return [at for at, flag in enumerate(frame["is_incomplete"]) if flag]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([1.0] * 7 + [0.74], [7]),
        ([1.0] * 7 + [0.99], []),  # exactly one percentage point below is not unusual
        ([1.0] * 7 + [0.989], [7]),
        ([1.0] * 7 + [0.95, 0.92], [7, 8]),
        ([1.0] * 3 + [0.95] + [1.0] * 4, []),  # what is missing in an older month will not come any more
        ([1.0] * 6 + [0.95, 1.0, 0.95], [8]),
        ([0.95] * 8, []),  # always so: data that never come
        ([1.0] * 4 + [0.95], []),  # too few months to know what is usual
        ([0.90] * 8, []),  # exactly nine in ten
        ([0.899] * 8, list(range(8))),  # however usual: the rest does not speak for all
        ([1.0] * 3 + [0.50] + [1.0] * 4, [3]),  # in an older month too
        ([1.0, 0.5], [1]),
    ],
)
def test_months_short_of_their_usual_share_or_of_nine_in_ten(shares: list[float], expected: list[int]) -> None:
    assert provisional(marked(shares)) == expected


def test_an_exclusion_that_does_not_fill_up_later_says_nothing() -> None:
    assert provisional(marked([1.0] * 7 + [0.5], reason="negative_cost")) == []


def test_cases_that_wait_for_follow_up_are_not_due() -> None:
    assert provisional(marked([1.0] * 8, waiting=500)) == []


def test_a_month_that_is_open_already_is_left_alone() -> None:
    frame = marked([1.0] * 7 + [0.5], maturity="open")
    assert set(frame["maturity"]) == {"open"}
    assert not frame["is_incomplete"].any()


def test_facilities_are_judged_by_themselves() -> None:
    both = pd.concat([marked([1.0] * 7 + [0.5], place="A"), marked([1.0] * 8, place="B")], ignore_index=True)
    assert list(both.loc[both["is_incomplete"], "facility_id"]) == ["A"]


@pytest.mark.parametrize(("missing", "expected"), [(1, []), (2, [7])])
def test_one_case_of_a_small_month_is_no_sign(missing: int, expected: list[int]) -> None:
    frame = marked([1.0] * 8)
    values = frame.drop(columns="is_incomplete").assign(n_cases=60)
    exclusions = pd.DataFrame(
        {"facility_id": ["all"], "month": ["2026-08"], "exclusion_reason": ["not_costed"], "n_cases": [missing]}
    )
    assert provisional(mark_incomplete_months(values, exclusions, COST)) == expected
