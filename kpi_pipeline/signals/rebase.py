"""Rebasing: a recorded decision to compute new limits from a point on, and the check that it hides nothing.

Never automatic. Where decisions are kept is not here; this is the pure test that refuses or allows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.evaluate import evaluate_chart
from kpi_pipeline.signals.reading.rule_sets import find_rule_set
from kpi_pipeline.signals.types import Chart, ChartResult, RuleSet


@dataclass(frozen=True, slots=True)
class RebaseDecision:
    """Who decided, when, and why, that limits start anew at first_point (position or period).

    is_trial: the new phase may yet be short; its limits are trial limits.
    """

    first_point: int | str
    reason: str
    decided_by: str
    decided_on: date
    is_trial: bool = False


FEWEST_FOR_LIMITS = 2
"""A phase of one point has no limits."""

Refusal = Literal[
    "unexplained", "unowned", "old_too_short", "new_too_short", "new_without_limits", "centre_worse", "hides_concern",
    "no_signal",
]  # fmt: skip
Caution = Literal["trial_limits", "no_direction"]


@dataclass(frozen=True, slots=True)
class RebaseRefusal:
    """One reason why a decision may not stand. points: of the phase that is too short; since: the period from which on
    a concern would be hidden. Everything else a sentence needs is in the check."""

    kind: Refusal
    points: int = 0
    since: str = ""


@dataclass(frozen=True, slots=True)
class RebaseCheck:
    """Whether a decision may stand: why not, and what to be careful about if it does, as records."""

    is_allowed: bool
    refusals: tuple[RebaseRefusal, ...]
    cautions: tuple[Caution, ...]
    better: Better
    rule_set: RuleSet
    n_points_before: int
    n_points_after: int
    old_centre: float | None
    new_centre: float | None


def check_rebase(
    values: Sequence[float | None],
    *,
    chart: Chart,
    better: Better,
    decision: RebaseDecision,
    rules: str | RuleSet = "nhs-2024",
    phases: Sequence[int | str] = (),
    **chart_arguments: Any,
) -> RebaseCheck:
    """Tests a decision against the series as it was known when it was taken.

    Refused: when the new centre is worse than the old, or new limits would no longer show a concern that the old
    limits show (it would hide a deterioration); when the new points show no signal against the old limits in the
    wanted direction (there is nothing to rebase to); when either phase has fewer points than the rule set needs,
    unless the new one is marked trial; when reason or owner are empty. A neutral measure has no wanted direction:
    any signal will do.
    phases: earlier rebases. chart_arguments: as for `evaluate_chart` (denominators, periods, ghosted, ...; with
    frozen_points the old limits are those frozen at the first points of the old phase).
    """
    rule_set = find_rule_set(rules)
    if "baseline" in chart_arguments:
        raise InputError(Fault("baseline", "is set by the check itself.", "Leave it out."))
    arguments = {"chart": chart, "better": better, "rules": rule_set, **chart_arguments}
    rebased = evaluate_chart(values, phases=[*phases, decision.first_point], **arguments)
    first = _first_position(rebased, decision)
    old, new = (phase for phase in rebased.phases if first in (phase.first, phase.last + 1))
    against_old = evaluate_chart(values, phases=phases, baseline=(old.first, first - 1), **arguments)
    # The centres as drawn: a phase's own is on the scale of the calculation, which may be logarithms.
    old_centre, new_centre = (rebased.points[phase.first].centre for phase in (old, new))
    refusals = [
        *_unexplained(decision),
        *_too_short(old.n_points, new.n_points, decision, rule_set),
        *_hides_deterioration(old_centre, new_centre, better),
        *_signals_refuse(against_old, rebased, range(new.first, new.last + 1), better),
    ]
    return RebaseCheck(
        is_allowed=not refusals,
        refusals=tuple(refusals),
        cautions=_cautions(decision, new.n_points, better, rule_set),
        better=better,
        rule_set=rule_set,
        n_points_before=old.n_points,
        n_points_after=new.n_points,
        old_centre=old_centre,
        new_centre=new_centre,
    )


def _first_position(rebased: ChartResult, decision: RebaseDecision) -> int:
    """Where the new phase begins: the first phase start at or after the point decided on."""
    if isinstance(decision.first_point, int):
        first = decision.first_point
    else:
        first = next(phase.first for phase in rebased.phases if phase.first_period >= str(decision.first_point))
    if first == 0:
        what = "is the first point of the series, so there is nothing to rebase from."
        raise InputError(Fault("first_point", what, "Choose a later one."))
    return first


def _unexplained(decision: RebaseDecision) -> list[RebaseRefusal]:
    missing = []
    if not decision.reason.strip():
        missing.append(RebaseRefusal("unexplained"))
    if not decision.decided_by.strip():
        missing.append(RebaseRefusal("unowned"))
    return missing


def _too_short(n_before: int, n_after: int, decision: RebaseDecision, rule_set: RuleSet) -> list[RebaseRefusal]:
    needed = rule_set.fewest_points_per_phase
    short = []
    if n_before < needed:
        short.append(RebaseRefusal("old_too_short", points=n_before))
    if n_after < needed and not decision.is_trial:
        short.append(RebaseRefusal("new_too_short", points=n_after))
    if n_after < FEWEST_FOR_LIMITS:
        short.append(RebaseRefusal("new_without_limits", points=n_after))
    return short


def _hides_deterioration(old: float | None, new: float | None, better: Better) -> list[RebaseRefusal]:
    if better == "neither" or old is None or new is None:
        return []
    worse = new > old if better == "lower" else new < old
    return [RebaseRefusal("centre_worse")] if worse else []


def _signals_refuse(
    against_old: ChartResult, rebased: ChartResult, positions: range, better: Better
) -> list[RebaseRefusal]:
    """What the new points say against the old limits: a concern that new limits would hide, or no change at all."""
    classes = {against_old.points[i].point_class for i in positions}
    hidden = [i for i in positions if against_old.points[i].point_class == "concern" != rebased.points[i].point_class]
    if hidden:
        return [RebaseRefusal("hides_concern", since=against_old.points[hidden[0]].period)]
    wanted = {"neither_high", "neither_low"} if better == "neither" else {"improvement"}
    return [] if classes & wanted else [RebaseRefusal("no_signal")]


def _cautions(decision: RebaseDecision, n_after: int, better: Better, rule_set: RuleSet) -> tuple[Caution, ...]:
    found: list[Caution] = []
    if n_after < rule_set.fewest_points_per_phase and decision.is_trial:
        found.append("trial_limits")
    if better == "neither":
        found.append("no_direction")
    return tuple(found)
