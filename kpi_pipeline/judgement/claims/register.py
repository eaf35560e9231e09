"""All claims of one report: those that earlier issues made, followed up, and those it makes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.claims.follow import (
    ChartNow,
    FollowUp,
    first_month_of,
    follow_claim,
    has_lasted,
    new_claim,
    side_of,
)
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.series import evaluate_months, judge_rebases
from kpi_pipeline.signals import ChartResult


def follow_claims(
    said: Sequence[Claim],
    charts: Mapping[tuple[str, str], Measure],
    *,
    month: Month,
    rules: str,
    frozen_months: int | None,
) -> tuple[FollowUp, ...]:
    """Every open claim followed up, then every new one, each in the order of the charts.

    said: the register as the issue before left it. charts: (measure, place) → what this report shows of it. A claim
    about a chart this report does not have any more is withdrawn, and says so.
    """
    standing = {claim.key: claim for claim in said if claim.is_open}
    followed: list[FollowUp] = []
    told: set[tuple[str, str, str]] = set()
    for (metric, place), measure in charts.items():
        chart = chart_now(measure, rules=rules, frozen_months=frozen_months)
        for key in [key for key in standing if key[:2] == (metric, place)]:
            one = follow_claim(standing.pop(key), chart)
            if one.claim.state == "sustained" and _may_rebase(one.claim, measure, month, rules, frozen_months):
                one = replace(one, may_rebase=True)
            followed.append(one)
            if one.claim.is_open:
                told.add(key)
        side = side_of(measure.result)
        if side is not None and (metric, place, side) not in told:
            claim = new_claim(metric, place, chart, report_month=month)
            lasts = has_lasted(chart, first_month_of(claim))
            may = lasts and _may_rebase(claim, measure, month, rules, frozen_months)
            followed.append(FollowUp(claim, None, shows_signal=True, may_rebase=may))
    gone = [
        FollowUp(one.model_copy(update={"state": "withdrawn", "cause": "not_shown"}), one) for one in standing.values()
    ]
    return (*followed, *gone)


def chart_now(measure: Measure, *, rules: str, frozen_months: int | None) -> ChartNow:
    """A measure's chart, with a way to read it as far as an earlier month."""

    def until(month: Month) -> ChartResult | None:
        history = [one for one in measure.history if one <= month]
        if not any(one in measure.figures for one in history):
            return None
        return evaluate_months(
            measure.metric,
            history,
            measure.figures,
            targets=measure.targets,
            rebases=[one for one in measure.rebases if one.from_month <= month],
            rules=rules,
            frozen_months=frozen_months,
        )

    return ChartNow(measure.history, measure.result, measure.metric.version, until)


def _may_rebase(claim: Claim, measure: Measure, month: Month, rules: str, frozen_months: int | None) -> bool:
    """Whether new limits from the claim's first month would stand: never where they would hide a deterioration."""
    if measure.state == "concern":
        return False
    proposal = Rebase.model_validate(
        {
            "metric": claim.metric,
            "facility_id": claim.facility_id,
            "from": first_month_of(claim),
            "reason": "The change has lasted.",
            "decided_by": "proposal",
            "decided_on": month.last_day,
        }
    )
    earlier = [one for one in measure.rebases if one.from_month < proposal.from_month]
    known = {at: figure for at, figure in measure.figures.items() if at <= month}
    faults, _ = judge_rebases(measure.metric, known, [*earlier, proposal], rules=rules, frozen_months=frozen_months)
    return not faults
