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
    """The extreme month the start followed. kind: how it was extreme.

    flatters: it lay on the bad side, so a return to the usual would look like an improvement. With a measure that is
    better neither high nor low it is False.
    """

    month: Month
    value: float
    side: Literal["high", "low"]
    kind: Literal["outside_limits", "extreme_of_last_six"]
    flatters: bool


def find_extreme_start(before: MonthlySeries, *, better: Better) -> ExtremeStart | None:
    """Whether the last month before the start lay outside the XmR limits of all months before, or was extreme of six.

    before: the months before the start, at least two. A month that equals another of the six is not extreme.
    """
    month, value = before.months[-1], before.values[-1]
    chart = evaluate_chart(before.values, chart="xmr", periods=[str(one) for one in before.months])
    last = chart.points[-1]
    others = before.values[-COMPARED_MONTHS:-1]
    if last.upper is not None and value > last.upper:
        return _found(month, value, "high", "outside_limits", better)
    if last.lower is not None and value < last.lower:
        return _found(month, value, "low", "outside_limits", better)
    if len(others) == COMPARED_MONTHS - 1 and value > max(others):
        return _found(month, value, "high", "extreme_of_last_six", better)
    if len(others) == COMPARED_MONTHS - 1 and value < min(others):
        return _found(month, value, "low", "extreme_of_last_six", better)
    return None


def _found(
    month: Month,
    value: float,
    side: Literal["high", "low"],
    kind: Literal["outside_limits", "extreme_of_last_six"],
    better: Better,
) -> ExtremeStart:
    bad_side = {"lower": "high", "higher": "low", "neither": ""}[better]
    return ExtremeStart(month, value, side, kind, side == bad_side)
