"""Newest months in which many cases still lack their data are provisional; older ones are what they are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.report.completeness import mark_incomplete_months
from kpi_pipeline.report.figures import Figure

FIRST = Month(2026, 1)


def figures(shares: Sequence[float], *, maturity: str = "final", waiting: float = 0.0) -> list[Figure]:
    """One figure a month of 1,000 cases, of which this share is counted."""
    return [
        Figure(
            metric="total_cost_per_case_usd",
            version=1,
            facility_id="all",
            month=FIRST.plus(at),
            numerator=1.0,
            denominator=1000 * share,
            value=1.0,
            lower=None,
            upper=None,
            maturity=maturity,  # type: ignore[arg-type]
            status="ok",
            status_reason="",
            n_listed=1000.0 + waiting,
            n_counted=1000 * share,
            exclusions={"insufficient_followup": waiting, "not_costed": 1000 - 1000 * share},
        )
        for at, share in enumerate(shares)
    ]


def provisional(shares: Sequence[float]) -> list[int]:
    marked = mark_incomplete_months(figures(shares))
    assert [one.is_incomplete for one in marked] == [one.maturity == "provisional" for one in marked]
    return [at for at, one in enumerate(marked) if one.is_incomplete]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([1.0] * 7 + [0.74], [7]),
        ([1.0] * 7 + [0.95], []),  # exactly five percentage points below is not unusual
        ([1.0] * 7 + [0.949], [7]),
        ([1.0] * 7 + [0.90, 0.70], [7, 8]),
        ([1.0] * 3 + [0.70] + [1.0] * 4, []),  # what is missing in an older month will not come any more
        ([1.0] * 6 + [0.70, 1.0, 0.70], [8]),
        ([0.80] * 8, []),  # always so: an exclusion that is there to stay
        ([1.0] * 4 + [0.70], []),  # too few months to know what is usual
    ],
)
def test_only_the_newest_months_far_below_the_usual_share(shares: list[float], expected: list[int]) -> None:
    assert provisional(shares) == expected


def test_months_that_wait_for_follow_up_are_not_judged_by_it() -> None:
    marked = mark_incomplete_months(figures([1.0] * 8, waiting=500.0))
    assert not [one for one in marked if one.is_incomplete]


def test_a_month_that_is_provisional_already_is_left_alone() -> None:
    months = figures([1.0] * 8) + figures([0.5], maturity="open")
    assert mark_incomplete_months(months) == months
