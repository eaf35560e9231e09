"""Why a rebase may not stand, as the errors that stop it. Not here: the test itself (`signals.rebase`), nor what to be
careful about in one that stands (`report.words.rebases`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.signals.rebase import FEWEST_FOR_LIMITS, RebaseCheck, RebaseRefusal, Refusal


def rebase_faults(place: str, check: RebaseCheck) -> list[Fault]:
    """One fault for each refusal. place: names the rebase."""
    return [Fault(place, f"is refused: {_WHY[refusal.kind](refusal, check)}") for refusal in check.refusals]


def _needs(check: RebaseCheck) -> str:
    return f"rule set {check.rule_set.name} needs {check.rule_set.fewest_points_per_phase}"


def _no_signal(_: RebaseRefusal, check: RebaseCheck) -> str:
    direction = "" if check.better == "neither" else " in the wanted direction"
    return f"Against the old limits the new points show no signal{direction}: there is no change to rebase to."


_WHY: Mapping[Refusal, Callable[[RebaseRefusal, RebaseCheck], str]] = {
    "unexplained": lambda _, __: "The reason is empty: name the known cause of the change.",
    "unowned": lambda _, __: "Nobody is named as the owner of the decision.",
    "old_too_short": lambda one, check: f"The old phase would keep {one.points} points, and {_needs(check)}.",
    "new_too_short": lambda one, check: (
        f"The new phase has {one.points} points, and {_needs(check)}; wait, or mark the decision as trial."
    ),
    "new_without_limits": lambda one, _: (
        f"The new phase has {one.points} points; limits need at least {FEWEST_FOR_LIMITS}."
    ),
    "centre_worse": lambda _, check: (
        f"The new centre {check.new_centre:.4g} is worse than the old {check.old_centre:.4g} ({check.better} is "
        "better): new limits would hide a deterioration."
    ),
    "hides_concern": lambda one, _: (
        f"Against the old limits the points from {one.since} on show a concern, which new limits would hide."
    ),
    "no_signal": _no_signal,
}
"""One sentence for each kind."""
