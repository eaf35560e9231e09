"""The regression-to-the-mean warning: did the start follow a month that was extreme by itself?

A month far out is followed by nearer ones whether or not anybody does anything, and far-out months are when
initiatives are begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries
from kpi_pipeline.signals import Better, evaluate_chart

COMPARED_MONTHS = 6
"""The month before the start is called extreme when it is the highest or lowest of the last six."""


@dataclass(frozen=True, slots=True)
class ExtremeStart:
    """The extreme month the start followed, on the bad side: a return to the usual would look like an improvement.

    kind: how it was extreme.
    """

    month: Month
    value: float
    side: Literal["high", "low"]
    kind: Literal["outside_limits", "extreme_of_last_six"]


def find_extreme_start(before: MonthlySeries, *, better: Better) -> ExtremeStart | None:
    """Whether the last month before the start lay outside the XmR limits of all months before, or was extreme of six.

    Only on the bad side: an extreme month on the good side makes an improvement harder to show, and flatters nobody;
    nor does either with a measure that is better neither high nor low. before: the months before the start, at least
    two. A month that equals another of the six is not extreme.
    """
    if better == "neither":
        return None
    month, value = before.months[-1], before.values[-1]
    chart = evaluate_chart(before.values, chart="xmr", periods=[str(one) for one in before.months])
    last, others = chart.points[-1], before.values[-COMPARED_MONTHS:-1]
    is_bad_high = better == "lower"
    side: Literal["high", "low"] = "high" if is_bad_high else "low"
    limit = last.upper if is_bad_high else last.lower
    if limit is not None and (value > limit if is_bad_high else value < limit):
        return ExtremeStart(month, value, side, "outside_limits")
    if len(others) == COMPARED_MONTHS - 1 and (value > max(others) if is_bad_high else value < min(others)):
        return ExtremeStart(month, value, side, "extreme_of_last_six")
    return None
