"""What to be careful about in new limits that were allowed. Why others are refused is an error, and is made where it is
raised (`judgement.rebase_faults`)."""

from __future__ import annotations

from kpi_pipeline.signals.rebase import Caution, RebaseCheck


def rebase_cautions(check: RebaseCheck) -> tuple[str, ...]:
    """One sentence for each caution."""
    return tuple(_sentence(caution, check) for caution in check.cautions)


def _sentence(caution: Caution, check: RebaseCheck) -> str:
    if caution == "trial_limits":
        again = check.rule_set.fewest_points_per_phase
        return f"Trial limits from {check.n_points_after} points; compute them again at {again}."
    return "The measure has no wanted direction, so nothing shows whether the change is for the better."
