"""Why a chart's icons are what they are, and when its change began, each in one clause.

Every number is taken from the result. Not here: which signal decides (`signals.reading`), what a measure's page says of
it (`words.sentences`), how the chart was drawn (`words.chart_warnings`).
"""

from __future__ import annotations

from datetime import date

from kpi_pipeline.core.text.language import date_words, month_words, one_or_many
from kpi_pipeline.signals import ChartResult
from kpi_pipeline.signals.periods import month_numbers
from kpi_pipeline.signals.types import Onset, Signal

_MEDIAN_CHARTS = frozenset({"run", "g"})


def variation_reason(result: ChartResult) -> str:
    """What the variation icon rests on: '6 points in a row below the mean'."""
    if result.not_judged == "few_events":
        return "too few events for an icon: less than about one a point is expected, and runs of zeros are chance"
    if result.not_judged == "few_points":
        needed = max(result.rule_set.fewest_points_for_icons, 1)
        return f"too few points for an icon: {result.n_points} where {needed} are needed"
    if result.deciding_signal is None:
        return "no signal at the last point: common cause variation"
    return _signal_words(result, result.deciding_signal)


def assurance_reason(result: ChartResult) -> str:
    """Why the assurance icon is what it is; empty without one. Numbers to four figures, on the plotted scale."""
    if result.assurance == "none" or result.decided_at is None:
        return ""
    at = result.points[result.decided_at]
    if at.target is None or at.lower is None or at.upper is None:
        return ""
    points = "months" if _is_monthly(result) else "points"
    point = one_or_many(1, points)
    if result.assurance == "hit_or_miss":
        between = f"lies between the limits {at.lower:.4g} and {at.upper:.4g}"
        return f"the target {at.target:.4g} {between}: single {points} meet or miss it by chance"
    is_high = at.target > (at.lower + at.upper) / 2
    beyond = f"above the upper limit {at.upper:.4g}" if is_high else f"below the lower limit {at.lower:.4g}"
    meets = f"nearly every {point} meets it" if result.assurance == "passing" else f"hardly any {point} meets it"
    return f"the target {at.target:.4g} lies at or {beyond}, and {result.better} is better: {meets}"


def onset_words(result: ChartResult, onset: Onset) -> str:
    """When the change began: 'most likely from March 2026 on, between February 2026 and May 2026 (95 %)'."""
    first, earliest, latest = (_period(result, at) for at in (onset.position, onset.earliest, onset.latest))
    if onset.earliest == onset.latest:
        return f"most likely from {first} on"
    return f"most likely from {first} on, between {earliest} and {latest} (95 %)"


def _signal_words(result: ChartResult, signal: Signal) -> str:
    """What fired. No date but that of a single point: a run does not begin where a change does (`Onset`)."""
    side = "above" if signal.side == "high" else "below"
    limit = "upper" if signal.side == "high" else "lower"
    centre = "median" if result.chart in _MEDIAN_CHARTS else "mean"
    n = signal.n_points
    if signal.rule == "outside" and n == 1:
        where = "in" if _is_monthly(result) else "at"
        return f"1 point {side} the {limit} limit {where} {_period(result, signal.first)}"
    if signal.rule == "outside":
        return f"{n} points in a row {side} the {limit} limit"
    if signal.rule == "shift":
        return f"{n} points in a row {side} the {centre}"
    if signal.rule == "trend":
        return f"{n} points {'rising' if signal.side == 'high' else 'falling'} without a break"
    if signal.rule == "two_of_three":
        of = "2 of 3 points" if n == 2 else f"{n} points"
        return f"{of} close to or beyond the {limit} limit"
    if signal.rule == "long_run":
        return f"a run of {n} points {side} the {centre}"
    phase = result.phases[result.points[signal.last].phase]
    return (
        f"the {centre} is crossed {phase.n_crossings} times where chance gives at least "
        f"{phase.n_crossings_min}; the last {n} points are {side} it"
    )


def _is_monthly(result: ChartResult) -> bool:
    return month_numbers([point.period for point in result.points]) is not None


def _period(result: ChartResult, at: int) -> str:
    """A point's label as a reader says it: 'March 2026', '9 March 2026', 'point 5', or the label itself.

    '2026-03-01' is a month where the series is one of months.
    """
    label = result.points[at].period
    if len(label) == 7 and month_numbers([label]):
        return month_words(date.fromisoformat(f"{label}-01"))
    try:
        day = date.fromisoformat(label)
    except ValueError:
        return f"point {label}" if label.isdigit() else label
    if len(label) != 10:
        return f"point {label}" if label.isdigit() else label
    return month_words(day) if _is_monthly(result) else date_words(day)
