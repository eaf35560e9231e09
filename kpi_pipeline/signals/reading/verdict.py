"""From rule hits to what a reader is shown: the class of a point, the variation icon and the assurance icon."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.lines.limits import Lines
from kpi_pipeline.signals.reading.rules import ON_LINE
from kpi_pipeline.signals.series import Series
from kpi_pipeline.signals.types import Assurance, PointClass, RuleHit, RuleSet, Side, Signal, Variation

NO_ASSURANCE = frozenset({"g", "t", "run", "mr", "s", "ewma"})
"""Charts whose limits say nothing about reaching a target: rare events, medians, and charts of scatter."""


def class_of_side(side: Side, better: Better) -> PointClass:
    """What a signal on that side means for the measure."""
    if better == "neither":
        return "neither_high" if side == "high" else "neither_low"
    return "improvement" if (side == "high") == (better == "higher") else "concern"


def deciding_signal(signals: Sequence[Signal], better: Better, rule_set: RuleSet) -> Signal | None:
    """Which of the signals on one point decides its class: first by rule, then, for one rule on two sides, by tie.

    signals: those that hold the point, in time order. A neutral measure's tie goes to the one that follows.
    """
    for rule in rule_set.precedence:
        fired = [signal for signal in signals if signal.rule == rule]
        if not fired:
            continue
        if rule_set.tie != "following" and better != "neither":
            wanted = [signal for signal in fired if class_of_side(signal.side, better) == rule_set.tie]
            return (wanted or fired)[-1]
        return fired[-1]
    return None


def hit_of(signal: Signal | None) -> RuleHit | None:
    """The rule and side of a signal."""
    return RuleHit(signal.rule, signal.side) if signal else None


def variation_icon(signal: Signal | None, better: Better) -> Variation:
    """The icon of a point whose class the signal decides; common cause without one."""
    if signal is None:
        return "common_cause"
    if better == "neither":
        return "neither_high" if signal.side == "high" else "neither_low"
    if class_of_side(signal.side, better) == "improvement":
        return "improvement_high" if signal.side == "high" else "improvement_low"
    return "concern_high" if signal.side == "high" else "concern_low"


def assurance_icon(series: Series, lines: Lines, at: int | None, rule_set: RuleSet) -> Assurance:
    """Whether the process will reach its target: limits and target as they stand at point `at`.

    Limits are compared as they are before clamping: a target of 0 % under a lower limit clamped to 0 % can be
    met, and is hit or miss, not failing.
    """
    if at is None or series.better == "neither" or lines.chart in NO_ASSURANCE:
        return "none"
    target = float(series.target[at])
    lower, upper = float(lines.floor_free_lower[at]), float(lines.ceiling_free_upper[at])
    if math.isnan(target) or math.isnan(lower) or math.isnan(upper):
        return "none"
    decides = rule_set.target_on_limit == "decides"
    below = _reaches(lower, target, on_limit=decides)
    above = _reaches(target, upper, on_limit=decides)
    if not below and not above:
        return "hit_or_miss"
    if below and above:  # no variation and a target on the line itself: every point meets it exactly
        return "passing"
    return "passing" if below == (series.better == "higher") else "failing"


def _reaches(higher: float, lower: float, *, on_limit: bool) -> bool:
    """Whether `higher` lies above `lower`; equal counts with on_limit."""
    tolerance = ON_LINE * max(abs(higher), abs(lower))
    return higher >= lower - tolerance if on_limit else higher > lower + tolerance
