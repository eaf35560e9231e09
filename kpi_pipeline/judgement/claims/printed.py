"""Which charts of a report make claims: those whose words it prints. What becomes of a claim is `claims.register`'s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kpi_pipeline.judgement.agenda import MOST_IN_TABLES, choose_compared
from kpi_pipeline.judgement.claims.follow import FollowUp
from kpi_pipeline.judgement.claims.register import follow_claims
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import Measure


def follow_printed(
    inputs: ReportInputs, system: Mapping[str, Measure], by_facility: Mapping[str, Mapping[str, Measure]]
) -> tuple[FollowUp, ...]:
    """The claims about the report's own scope, and about each hospital as far as it prints what their charts say."""
    charts = {(name, inputs.facility_id): measure for name, measure in system.items()}
    if len(by_facility) > 1:
        printed = set(inputs.settings.report.headline_metrics) | {one.metric for one in inputs.said}
        if len(by_facility) <= MOST_IN_TABLES:
            printed |= set(choose_compared(system, by_facility, inputs.settings.report.headline_metrics))
        charts |= {
            (name, place): measure
            for place, measures in by_facility.items()
            for name, measure in measures.items()
            if name in printed
        }
    return follow_claims(
        inputs.said,
        charts,
        month=inputs.month,
        rules=inputs.settings.rule_set,
        frozen_months=inputs.settings.frozen_months,
    )


def with_kept_onsets(system: Mapping[str, Measure], claims: Iterable[FollowUp], *, own: str) -> dict[str, Measure]:
    """The measures, each with the onset its claim has kept."""
    kept = {
        one.claim.metric: one.claim.onset
        for one in claims
        if one.shows_signal and one.claim.onset and one.claim.metric in system and one.claim.facility_id == own
    }
    return {name: replace(one, kept_onset=kept.get(name, ())) for name, one in system.items()}
