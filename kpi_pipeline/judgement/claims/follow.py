"""What became of one claim, read from its chart as it is now and as it would have been read when it was last said.

A run that one month breaks is not a change that went away. A claim is carried until the months since it was last
shown weigh `RETURN_ODDS` to one for the level before it: a one-sided CUSUM of log-likelihood ratios (Page 1954, Lorden
1971) between the level claimed and the centre line. Pure functions of charts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.claims.claim import Cause, Claim, ClaimState
from kpi_pipeline.signals import ChartResult, Point
from kpi_pipeline.signals.types import Side

RETURN_ODDS = 20
"""So many to one the months since must speak for the old level before a claim is said to have faded."""
SMALLEST_LEVEL = 1.0
"""Standard deviations: a smaller change is weighed as one of this size, or nothing could ever speak against it."""
LONGEST_UNCONFIRMED = 12
"""Final months without the signal after which a claim is not upheld any longer, whatever they weigh."""
SUSTAINED_MONTHS = 12
DATABLE_MONTHS = 12
"""An interval of so many months dates nothing."""


@dataclass(frozen=True, slots=True)
class ChartNow:
    """One chart as this issue judges it. history: the month of each point. result: None without any figure.

    until: the same chart with today's figures as far as a month, None before its first: what an issue of then would
    have read had it known what is known now.
    """

    history: Sequence[Month]
    result: ChartResult | None
    version: int
    until: Callable[[Month], ChartResult | None]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A claim as it is now. before: as the issue before left it; None when it is new.

    shows_signal: whether the chart shows it in its newest final month. may_rebase: whether new limits from its first
    month would stand, so that they can be proposed.
    """

    claim: Claim
    before: Claim | None
    shows_signal: bool = False
    may_rebase: bool = False

    @property
    def dated_anew(self) -> bool:
        """Whether an onset that was told before is told otherwise now."""
        return self.before is not None and bool(self.before.onset) and self.before.onset != self.claim.onset


def first_month_of(claim: Claim) -> Month:
    """Where the change it speaks of began as far as is known: the dated onset, else the first month of the signal."""
    return claim.onset[0] if claim.onset else claim.signal_from


def side_of(result: ChartResult | None) -> Side | None:
    """The side of the signal behind the icon; None without one."""
    return result.deciding_signal.side if result is not None and result.deciding_signal is not None else None


def new_claim(metric: str, facility_id: str, chart: ChartNow, *, report_month: Month) -> Claim:
    """The claim a chart with a signal makes."""
    result = chart.result
    if result is None or result.deciding_signal is None or result.decided_at is None:
        raise ValueError("a chart without a signal makes no claim")
    return Claim(
        metric=metric,
        facility_id=facility_id,
        version=chart.version,
        side=result.deciding_signal.side,
        first_month=report_month,
        signal_from=chart.history[result.deciding_signal.first],
        signalled=chart.history[result.decided_at],
        limits_from=_limits_from(chart, result.decided_at),
        onset=_datable_onset(chart),
    )


def follow_claim(claim: Claim, chart: ChartNow) -> FollowUp:
    """What became of a claim. It is never dropped: what cannot be judged waits."""
    result = chart.result
    now = side_of(result)
    if result is None or result.variation == "empty":
        return _as(claim, "waiting")
    if now == claim.side:
        return _carried(claim, chart)
    if chart.version != claim.version:
        return _as(claim, "withdrawn", cause="definition")
    at = _position(chart, claim.signalled)
    if at is None:
        return _as(claim, "waiting")
    if _limits_from(chart, at) != claim.limits_from:
        return _as(claim, "settled")
    if side_of(chart.until(claim.signalled)) != claim.side:
        return _as(claim, "withdrawn", cause="figures")
    if now is not None:
        return _as(claim, "reversed")
    weight = weight_of_return(result, claim.side, first=_level_from(claim, chart, at), last=at)
    n_without = sum(_counts(point) for point in result.points[at + 1 :])
    if weight >= math.log(RETURN_ODDS):
        return _as(claim, "faded", cause="old_level")
    return _as(claim, "faded", cause="no_signal") if n_without >= LONGEST_UNCONFIRMED else _as(claim, "unconfirmed")


def weight_of_return(result: ChartResult, side: Side, *, first: int, last: int) -> float:
    """How much the points after `last` weigh for the centre line against the level of the points `first` to `last`.

    In natural logarithms of the odds, from 0 up; infinite on a chart without limits, where no run means no evidence.
    """
    claimed = [
        value for point in result.points[first : last + 1] if (value := _sigmas(point, result, side)) is not None
    ]
    if not claimed:
        return math.inf
    level = max(sum(claimed) / len(claimed), SMALLEST_LEVEL)
    weight = 0.0
    for point in result.points[last + 1 :]:
        value = _sigmas(point, result, side)
        if value is not None:
            weight = max(0.0, weight + level * (level / 2 - value))
    return weight


def has_lasted(chart: ChartNow, since: Month) -> bool:
    """Whether twelve final months or more have passed since then, that month included."""
    points = chart.result.points if chart.result is not None else ()
    n_final = sum(_counts(point) for month, point in zip(chart.history, points, strict=True) if month >= since)
    return n_final >= SUSTAINED_MONTHS


def _carried(claim: Claim, chart: ChartNow) -> FollowUp:
    """The chart shows it: it goes on, with the onset told before unless the newer months date it elsewhere."""
    result = chart.result
    if result is None or result.decided_at is None:
        raise ValueError("a chart without a signal carries no claim")
    found = _datable_onset(chart)
    kept = claim.onset
    if found and not (kept and kept[1] <= found[0] <= kept[2]):
        kept = found
    signalled = chart.history[result.decided_at]
    lasts = has_lasted(chart, kept[0] if kept else claim.signal_from)
    return _as(
        claim,
        "sustained" if lasts else "continuing",
        shows_signal=True,
        signalled=max(signalled, claim.signalled),
        limits_from=_limits_from(chart, result.decided_at),
        onset=kept,
        version=chart.version,
    )


def _as(
    claim: Claim, state: ClaimState, *, cause: Cause = "", shows_signal: bool = False, **changed: object
) -> FollowUp:
    return FollowUp(claim.model_copy(update={"state": state, "cause": cause, **changed}), claim, shows_signal)


def _datable_onset(chart: ChartNow) -> tuple[Month, ...]:
    onset = chart.result.onset if chart.result else None
    if onset is None:
        return ()
    span = tuple(chart.history[at] for at in (onset.position, onset.earliest, onset.latest))
    return span if span[2].months_since(span[1]) < DATABLE_MONTHS else ()


def _limits_from(chart: ChartNow, at: int) -> Month | None:
    """The first month of the phase a point lies in; None in the first phase."""
    result = chart.result
    assert result is not None
    phase = next(one for one in result.phases if one.index == result.points[at].phase)
    return chart.history[phase.first] if phase.index else None


def _level_from(claim: Claim, chart: ChartNow, last: int) -> int:
    """Where the level that was claimed begins: at the likeliest month of its change, else with its signal."""
    since = claim.onset[0] if claim.onset else claim.signal_from
    return min(_position(chart, since) or 0, last)


def _position(chart: ChartNow, month: Month) -> int | None:
    at = month.months_since(chart.history[0])
    return at if 0 <= at < len(chart.history) else None


def _counts(point: Point) -> bool:
    return point.value is not None and not point.is_ghosted and not point.is_immature


def _sigmas(point: Point, result: ChartResult, side: Side) -> float | None:
    """How far a point lies from the centre on that side, in standard deviations; None where that cannot be said."""
    limits = (point.lower, point.upper)
    if not _counts(point) or point.value is None or point.centre is None or None in limits:
        return None
    if result.scale == "log" and min(point.value, point.centre) > 0:
        value, centre = math.log(point.value), math.log(point.centre)
        halves = [abs(math.log(one) - centre) for one in limits if one is not None and one > 0]
    else:
        value, centre = point.value, point.centre
        halves = [abs(one - centre) for one in limits if one is not None]
    half = max(halves, default=0.0)  # a limit that is cut at 0 or 100 % lies nearer
    if half == 0:
        return None
    return (value - centre) / (half / 3) * (1 if side == "high" else -1)
