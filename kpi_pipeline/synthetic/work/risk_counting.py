"""What the generator itself expects of stays, and the three indices against it: probabilities, days and dollars that
the stays were drawn with. Facilities differ; what is expected is of the whole system, as a model of patients has it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kpi_pipeline.synthetic.care.endings import UNPLANNED
from kpi_pipeline.synthetic.care.money import expected_dollars
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.plan import NEVER, Bools, Floats, Plan
from kpi_pipeline.synthetic.truth import ExpectationTruth
from kpi_pipeline.synthetic.work.counted_cases import CountedCases
from kpi_pipeline.synthetic.work.counting import Events, find_index_stays, is_coded, is_costed

BASELINE_MONTHS = 12
_READMISSION, _DAYS, _COST = "readmission_30d", "length_of_stay_days", "total_cost_per_case_usd"


def count_indices(plan: Plan, events: Events) -> tuple[list[CountedCases], tuple[ExpectationTruth, ...]]:
    """The cases of the three indices, and what is expected by DRG. Stays that have no DRG yet are no cases."""
    stays = events.stays
    ended = (stays["discharged"] != NEVER).to_numpy() & events.money["is_coded"].to_numpy()
    index, costed = ended & find_index_stays(plan, events), ended & is_costed(events)
    back = (stays["next_kind"] == UNPLANNED).to_numpy()
    usd = np.where(costed, events.money["total_cost"].to_numpy() / 100, 0.0)
    cases: list[CountedCases] = []
    truths: list[ExpectationTruth] = []
    for metric, of, rows, outcome, drawn in (
        ("readmission_30d_index", _READMISSION, index, back, stays["return_probability"].to_numpy()),
        ("length_of_stay_risk_index", _DAYS, ended, stays["los_days"].to_numpy(), stays["expected_days"].to_numpy()),
        ("total_cost_risk_index", _COST, costed, usd, expected_dollars(stays, stays["expected_days"].to_numpy())),
    ):
        by_archetype, of_all = _means(plan, events, rows, drawn)
        expected = np.where(is_coded(events), by_archetype[stays["archetype"].to_numpy()], of_all)
        facility, left_on = stays["facility"].to_numpy()[rows], stays["discharged_on"].to_numpy()[rows]
        cases.append(CountedCases(metric, facility, left_on, outcome[rows], expected[rows]))
        truths += _expectations(of, by_archetype, of_all)
    return cases, tuple(truths)


def _means(plan: Plan, events: Events, rows: Bools, drawn: Floats) -> tuple[Floats, float]:
    """By archetype, and of all, what the stays of the baseline were drawn with."""
    stays = events.stays
    month = plan.month_index(np.where(rows, stays["discharged_on"], 0))
    early = rows & (month >= 0) & (month < BASELINE_MONTHS)
    archetype, n = stays["archetype"].to_numpy()[early], len(arrays.DRG_CODES)
    of_all = float(drawn[early].mean()) if early.any() else 0.0
    size = np.bincount(archetype, minlength=n)
    return np.where(size > 0, np.bincount(archetype, drawn[early], n) / np.maximum(size, 1), of_all), of_all


def _expectations(metric: str, by_archetype: Floats, of_all: float) -> Iterator[ExpectationTruth]:
    for code, expected in [*zip(arrays.DRG_CODES, by_archetype.tolist(), strict=True), ("", of_all)]:
        yield ExpectationTruth(metric=metric, drg_code=code, expected=round(expected, 9))
