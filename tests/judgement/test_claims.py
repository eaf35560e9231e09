"""What becomes of a claim: by hand for each ending, never dropped for random charts, and how often right in short form
(the long one: docs/simulations.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.claims_simulation import carried, follow_series, new_icons, onset_coverage, simulate
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.claims.follow import ChartNow, FollowUp, follow_claim, new_claim, weight_of_return
from kpi_pipeline.signals import ChartResult, evaluate_chart

FIRST = Month(2024, 1)
BASELINE = [10.0, 10.4, 9.6, 10.2, 9.8, 10.3, 9.7, 10.1] * 3
"""24 months around 10."""
HIGH = [10.8, 10.9, 10.7, 10.8, 10.9, 10.7, 10.8, 10.9]
"""Eight months 1.6 standard deviations above: a run that the rules colour."""


def chart(values: Sequence[float | None], *, version: int = 1, phases: Sequence[str] = ()) -> ChartNow:
    months = list(month_range(FIRST, FIRST.plus(len(values) - 1)))

    def judged(n: int) -> ChartResult:
        known = {str(month) for month in months[:n]}
        return evaluate_chart(
            values[:n],
            chart="xmr",
            better="lower",
            rules="frozen-2026",
            frozen_points=24,
            periods=[str(month) for month in months[:n]],
            phases=[phase for phase in phases if phase in known],
        )

    return ChartNow(months, judged(len(values)), version, lambda month: judged(month.months_since(FIRST) + 1))


def said(values: Sequence[float]) -> Claim:
    now = chart(values)
    return new_claim("measure", "all", now, report_month=now.history[-1])


BROKEN = 9.95
"""A month just below the centre line."""
CLAIM = said(BASELINE + HIGH)
CLAIMED = FIRST.plus(len(BASELINE + HIGH) - 1)


def test_a_signal_makes_a_claim_with_its_side_its_months_and_the_onset() -> None:
    assert (CLAIM.side, CLAIM.state, CLAIM.first_month, CLAIM.signalled) == ("high", "new", CLAIMED, CLAIMED)
    assert CLAIM.onset[1] <= FIRST.plus(24) <= CLAIM.onset[2]
    assert CLAIM.signal_from == FIRST.plus(23)  # the run takes in a month before the change
    assert Claim.model_validate_json(CLAIM.model_dump_json()) == CLAIM


def test_it_continues_while_the_chart_shows_it_and_is_sustained_after_twelve_final_months() -> None:
    after_one = follow_claim(CLAIM, chart([*BASELINE, *HIGH, 10.8]))
    assert (after_one.claim.state, after_one.claim.signalled) == ("continuing", CLAIMED.plus(1))
    assert follow_claim(CLAIM, chart([*BASELINE, *HIGH, 10.8, 10.9, 10.7])).claim.state == "continuing"  # 11 months
    assert follow_claim(CLAIM, chart([*BASELINE, *HIGH, 10.8, 10.9, 10.7, 10.8])).claim.state == "sustained"


def test_one_month_that_breaks_the_run_is_no_end_and_no_silence() -> None:
    now = chart([*BASELINE, *HIGH, BROKEN])
    assert now.result is not None
    assert now.result.variation == "common_cause"
    followed = follow_claim(CLAIM, now)
    assert (followed.claim.state, followed.claim.is_open, followed.claim.signalled) == ("unconfirmed", True, CLAIMED)


def test_it_fades_when_the_months_since_weigh_twenty_to_one_for_the_old_level() -> None:
    faded = follow_claim(CLAIM, chart([*BASELINE, *HIGH, 10.0, 9.8, 10.1, 9.9]))
    assert (faded.claim.state, faded.claim.cause, faded.claim.is_open) == ("faded", "old_level", False)


def test_it_is_not_upheld_after_a_year_without_signal() -> None:
    between = [BROKEN, 10.9] * 6  # neither a signal nor a return
    almost = follow_claim(CLAIM, chart([*BASELINE, *HIGH, *between[:11]]))
    assert almost.claim.state == "unconfirmed"
    year = follow_claim(CLAIM, chart([*BASELINE, *HIGH, *between]))
    assert (year.claim.state, year.claim.cause) == ("faded", "no_signal")


def test_it_is_reversed_when_the_chart_shows_the_other_side() -> None:
    assert follow_claim(CLAIM, chart([*BASELINE, *HIGH, 7.0])).claim.state == "reversed"


def test_it_is_withdrawn_when_the_figures_it_rested_on_are_others_now() -> None:
    corrected = [10.1, 9.9, 10.2, 9.8, 10.0, 10.3, 9.7, 10.1]
    followed = follow_claim(CLAIM, chart([*BASELINE, *corrected, 10.0]))
    assert (followed.claim.state, followed.claim.cause) == ("withdrawn", "figures")


def test_it_is_withdrawn_when_the_definition_is_another_one_that_does_not_show_it() -> None:
    other = follow_claim(CLAIM, chart([*BASELINE, *HIGH, BROKEN], version=2))
    assert (other.claim.state, other.claim.cause) == ("withdrawn", "definition")
    same = follow_claim(CLAIM, chart([*BASELINE, *HIGH, 10.8], version=2))
    assert (same.claim.state, same.claim.version) == ("continuing", 2)


def test_recorded_new_limits_settle_it_and_are_no_restatement() -> None:
    values = [*BASELINE, *HIGH, 10.8, 10.9, 10.7, 10.8, 10.9]
    assert follow_claim(CLAIM, chart(values, phases=[str(FIRST.plus(24))])).claim.state == "settled"


def test_what_cannot_be_judged_waits() -> None:
    few = chart([10.0, 10.4, 9.6])
    nothing = ChartNow((), None, 1, lambda _: None)
    for now in (few, nothing):
        waiting = follow_claim(CLAIM, now)
        assert (waiting.claim.state, waiting.claim.is_open) == ("waiting", True)


def test_an_onset_is_kept_while_the_chart_does_not_contradict_it_and_told_anew_when_it_does() -> None:
    longer = follow_claim(CLAIM, chart([*BASELINE, *HIGH, *HIGH]))
    assert longer.claim.onset == CLAIM.onset
    assert not longer.dated_anew
    wrong = CLAIM.model_copy(update={"onset": (FIRST.plus(5), FIRST.plus(4), FIRST.plus(6))})
    anew = follow_claim(wrong, chart([*BASELINE, *HIGH, *HIGH]))
    assert anew.claim.onset[1] <= FIRST.plus(24) <= anew.claim.onset[2]
    assert anew.dated_anew


def test_the_weight_of_a_return_by_hand() -> None:
    """Limits at 10 ± 3 give sigma 1; the claimed level is 2 sigma. A month on the centre weighs 2·(2/2 − 0) = 2, one at
    the claimed level −2 (floored at 0), one half-way nothing."""
    point = chart(BASELINE).result
    assert point is not None

    def result(*values: float) -> ChartResult:
        points = tuple(
            replace(point.points[0], value=value, centre=10.0, lower=7.0, upper=13.0) for value in (12.0, 12.0, *values)
        )
        return replace(point, points=points)

    weigh = lambda *values: weight_of_return(result(*values), "high", first=0, last=1)  # noqa: E731
    assert weigh(10.0) == pytest.approx(2.0)
    assert weigh(10.0, 10.0) == pytest.approx(4.0)
    assert weigh(12.0) == 0.0
    assert weigh(11.0) == 0.0
    assert weigh(12.0, 12.0, 10.0) == pytest.approx(2.0)  # what came before does not save it
    assert weight_of_return(result(10.0), "low", first=0, last=1) == pytest.approx(0.5)  # never weighed below 1 sigma


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-4, 4), min_size=30, max_size=45),
    st.lists(st.tuples(st.integers(0, 44), st.floats(-4, 4)), max_size=6),
)
def test_no_open_claim_is_ever_passed_over_whatever_the_figures_and_their_corrections(
    series: list[float], corrections: list[tuple[int, float]]
) -> None:
    values = [10 + one for one in series]
    claims: list[Claim] = []
    for n in range(24, len(values) + 1):
        for at, value in corrections:
            if at < n and at % 7 == n % 7:
                values[at] = 10 + value
        now = chart(values[:n])
        followed = [follow_claim(one, now) for one in claims if one.is_open]
        assert [one.before for one in followed] == [one for one in claims if one.is_open]
        for one in followed:
            _is_consistent(one, now)
        claims = [one.claim for one in followed]
        deciding = now.result.deciding_signal if now.result else None
        if deciding and not any(one.is_open and one.side == deciding.side for one in claims):
            claims.append(new_claim("measure", "all", now, report_month=now.history[-1]))


def _is_consistent(one: FollowUp, now: ChartNow) -> None:
    shown = now.result.deciding_signal if now.result else None
    same_side = shown is not None and shown.side == one.claim.side
    assert one.shows_signal == same_side == (one.claim.state in ("continuing", "sustained"))
    assert (one.claim.state == "reversed") <= (shown is not None and not same_side)
    assert (one.claim.cause == "") == (one.claim.state not in ("faded", "withdrawn"))


def test_in_short_form_stable_hospitals_make_few_claims_and_true_changes_are_carried() -> None:
    stable, _ = simulate(60, 0.0)
    assert sum(one.new().sum() for one in stable) / 60 / 3 < 0.35  # a chart and year; 0.17 in the long form
    changed, _ = simulate(60, 2.0)
    opened = np.array([one.open_on("high") for one in changed])
    assert carried(opened, 12) > 85
    assert carried(opened, 24) > 85
    first, kept, dated = onset_coverage(changed)
    assert min(first, kept) > 88
    assert dated > 85
    assert sum(one.vanished() for one in [*stable, *changed]) == 0


def test_the_simulation_counts_what_vanishes() -> None:
    followed = follow_series([*BASELINE, *HIGH, *[10.0] * 28])
    assert followed.vanished() == 0
    at = next(k for k, issue in enumerate(followed.issues) if any(one.before is not None for one in issue))
    followed.issues[at] = []
    assert followed.vanished() == 1
    assert new_icons(np.array([[0, 1, 1, 0, -1, 1]])) == 3.0
