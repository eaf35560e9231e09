"""Newest months in which many cases still lack their data are provisional; older ones are what they are."""

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
        ([1.0] * 7 + [0.95], []),  # exactly five percentage points below is not unusual
        ([1.0] * 7 + [0.949], [7]),
        ([1.0] * 7 + [0.90, 0.70], [7, 8]),
        ([1.0] * 3 + [0.70] + [1.0] * 4, []),  # what is missing in an older month will not come any more
        ([1.0] * 6 + [0.70, 1.0, 0.70], [8]),
        ([0.80] * 8, []),  # always so: data that never come
        ([1.0] * 4 + [0.70], []),  # too few months to know what is usual
    ],
)
def test_only_the_newest_months_far_below_the_usual_share(shares: list[float], expected: list[int]) -> None:
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
