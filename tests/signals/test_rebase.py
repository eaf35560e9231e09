"""A rebase is refused unless it is explained, long enough, and hides nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.judgement.rebase_faults import rebase_faults
from kpi_pipeline.report.words.charts.rebases import rebase_cautions
from kpi_pipeline.signals import Better
from kpi_pipeline.signals.rebase import RebaseCheck, RebaseDecision, check_rebase

DECISION = RebaseDecision(12, "Discharge lounge opened", "Director of case management", date(2026, 2, 1))
OLD = [11.0, 9.0] * 6
LOWER = [6.0, 4.0] * 6
HIGHER = [16.0, 14.0] * 6


def check(values: list[float], better: Better = "lower", decision: RebaseDecision = DECISION) -> RebaseCheck:
    return check_rebase(values, chart="xmr", better=better, decision=decision)


def refusals(found: RebaseCheck) -> tuple[str, ...]:
    """Why it may not stand, as a reader is told."""
    return tuple(fault.what.removeprefix("is refused: ") for fault in rebase_faults("rebase", found))


def test_a_sustained_improvement_with_a_known_cause_may_be_rebased() -> None:
    found = check([*OLD, *LOWER])
    assert found.is_allowed
    assert found.refusals == ()
    assert (found.old_centre, found.new_centre) == (10, 5)
    assert (found.n_points_before, found.n_points_after) == (12, 12)


def test_a_deterioration_may_not() -> None:
    found = check([*OLD, *HIGHER])
    assert not found.is_allowed
    assert any("hide a deterioration" in refusal for refusal in refusals(found))
    assert any("show a concern" in refusal for refusal in refusals(found))
    assert check([*OLD, *HIGHER], "higher").is_allowed


def test_one_bad_month_that_the_new_limits_still_show_is_not_hidden() -> None:
    assert check([*OLD, *LOWER[:6], 30, *LOWER[6:]]).is_allowed


def test_a_concern_that_new_limits_would_hide_is_refused_even_when_the_mean_improves() -> None:
    wild = [0.0, 17.0, 0.0, 0.5, 0.0, 17.0, 0.0, 0.5, 0.0, 17.0, 0.0, 0.5]
    found = check([*OLD, *wild])
    assert found.new_centre is not None
    assert found.old_centre is not None
    assert found.new_centre < found.old_centre
    (refusal,) = refusals(found)
    assert refusal == "Against the old limits the points from 14 on show a concern, which new limits would hide."


def test_without_a_signal_there_is_nothing_to_rebase_to() -> None:
    found = check([*OLD, *[10.5, 8.5] * 6])
    (refusal,) = refusals(found)
    assert refusal.startswith("Against the old limits the new points show no signal in the wanted direction")


@pytest.mark.parametrize(("n_new", "allowed"), [(11, False), (12, True)])
def test_the_new_phase_needs_its_points(n_new: int, allowed: bool) -> None:
    assert check([*OLD, *LOWER[:n_new]]).is_allowed is allowed


def test_a_short_phase_may_stand_as_trial() -> None:
    trial = replace(DECISION, is_trial=True)
    found = check([*OLD, *LOWER[:7]], decision=trial)
    assert found.is_allowed
    assert rebase_cautions(found) == ("Trial limits from 7 points; compute them again at 12.",)


def test_the_old_phase_needs_its_points_too() -> None:
    found = check([*OLD[:11], *LOWER], decision=replace(DECISION, first_point=11))
    assert refusals(found) == ("The old phase would keep 11 points, and rule set nhs-2024 needs 12.",)


def test_reason_and_owner_are_required() -> None:
    found = check([*OLD, *LOWER], decision=replace(DECISION, reason=" ", decided_by=""))
    assert refusals(found) == (
        "The reason is empty: name the known cause of the change.",
        "Nobody is named as the owner of the decision.",
    )


def test_a_neutral_measure_is_allowed_with_a_warning() -> None:
    found = check([*OLD, *HIGHER], "neither")
    assert found.is_allowed
    assert "no wanted direction" in rebase_cautions(found)[0]
    assert not check([*OLD, *[10.5, 8.5] * 6], "neither").is_allowed


def test_periods_phases_and_denominators_are_passed_on() -> None:
    months = [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(36)]
    counts = [30, 34] * 6 + [20, 24] * 6 + [10, 12] * 6
    found = check_rebase(
        counts,
        chart="p",
        better="lower",
        decision=replace(DECISION, first_point="2026-01"),
        phases=["2025-01"],
        denominators=[100] * 36,
        periods=months,
    )
    assert found.is_allowed
    assert (found.old_centre, found.new_centre) == pytest.approx((0.22, 0.11))


def test_centres_are_told_as_drawn_also_on_a_log_scale() -> None:
    found = check_rebase([1, 4] * 6 + [4, 16] * 6, chart="xmr", better="lower", decision=DECISION, scale="log")
    assert (found.old_centre, found.new_centre) == pytest.approx((2, 8))  # geometric means, not their logarithms
    assert "The new centre 8 is worse than the old 2" in refusals(found)[0]


def test_impossible_first_points_are_refused() -> None:
    with pytest.raises(InputError, match="first point of the series"):
        check([*OLD, *LOWER], decision=replace(DECISION, first_point=0))
    with pytest.raises(InputError, match="no position 99"):
        check([*OLD, *LOWER], decision=replace(DECISION, first_point=99))
    with pytest.raises(InputError, match="set by the check itself"):
        check_rebase([*OLD, *LOWER], chart="xmr", better="lower", decision=DECISION, baseline=12)
