"""Counts the truth from the generator's own events, before a file is written. Knows nothing of the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic.care.endings import TRANSFER, UNPLANNED
from kpi_pipeline.synthetic.care.money import NO_AMOUNT
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import AGAINST_ADVICE, TO_OTHER_ACUTE_HOSPITAL
from kpi_pipeline.synthetic.ground.places import FACILITIES, FACILITY_IDS, HARBOR
from kpi_pipeline.synthetic.ground.plan import NEVER, ROUNDS_FACILITY, Bools, Floats, Ints, Plan, day_number
from kpi_pipeline.synthetic.truth import ChangeTruth, MonthTruth

FOLLOW_UP_DAYS = 30
DENIAL_WINDOW_DAYS = 60
_MINUTES_IN_24_HOURS = 1440


@dataclass(frozen=True, slots=True)
class Events:
    """The generator's event tables. `spoilt` names, per unhealable fault, the rows of `stays` it hit."""

    stays: pd.DataFrame
    money: pd.DataFrame
    payer: Ints
    cases: pd.DataFrame
    reopened: pd.DataFrame
    waits: pd.DataFrame
    denials: pd.DataFrame
    census: Ints
    shifts: pd.DataFrame
    spoilt: dict[str, Ints]

    def is_spoilt(self, *faults: str) -> Bools:
        """Which stays were hit by any of these faults."""
        hit = np.zeros(len(self.stays), dtype=bool)
        for fault in faults:
            hit[self.spoilt.get(fault, np.empty(0, dtype=np.int64))] = True
        return hit


def count_months(plan: Plan, events: Events) -> tuple[MonthTruth, ...]:
    """One MonthTruth per facility and month, in that order."""
    by_discharge = _sum_stays(plan, events)
    by_admission = _sum_admissions(plan, events)
    by_day = _sum_unit_days(plan, events)
    columns = {**by_discharge, **by_admission, **by_day}
    counts = {name: np.rint(values).astype(np.int64) for name, values in columns.items()}
    months = [str(plan.first_month.plus(step)) for step in range(plan.months)]
    truths = []
    for cell in range(len(FACILITIES) * plan.months):
        values = {
            name: round(float(columns[name][cell]), 4) if field.annotation is float else int(counts[name][cell])
            for name, field in MonthTruth.model_fields.items()
            if name in columns
        }
        facility_id, month = FACILITY_IDS[cell // plan.months], months[cell % plan.months]
        truths.append(MonthTruth(facility_id=facility_id, month=month, **values))
    return tuple(truths)


def find_index_stays(plan: Plan, events: Events, *, followed_days: int = FOLLOW_UP_DAYS) -> Bools:
    """Live discharges to the community with a known ending and diagnosis and so many days of follow-up."""
    stays = events.stays
    archetype, disposition = stays["archetype"].to_numpy(), stays["disposition"].to_numpy()
    followed = stays["discharged_on"].to_numpy() <= plan.last_day - followed_days
    live = (stays["discharged"].to_numpy() != NEVER) & ~stays["died"].to_numpy() & followed
    moved_on = (stays["next_kind"].to_numpy() == TRANSFER) | np.isin(disposition, TO_OTHER_ACUTE_HOSPITAL)
    unknown = events.is_spoilt("missing_disposition", "invalid_disposition", "missing_principal_diagnosis")
    index: Bools = live & ~moved_on & (disposition != AGAINST_ADVICE) & arrays.MAY_BE_INDEX[archetype] & ~unknown
    return index


def is_costed(events: Events) -> Bools:
    """Stays whose total cost is known and not negative."""
    known: Bools = events.money["total_cost"].to_numpy() != NO_AMOUNT
    return known & ~events.is_spoilt("negative_cost", "unreadable_cost")


def is_coded(events: Events) -> Bools:
    """Stays with a DRG of the table."""
    coded: Bools = events.money["is_coded"].to_numpy()
    return coded & ~events.is_spoilt("unknown_drg")


def _sum_stays(plan: Plan, events: Events) -> dict[str, Floats]:
    stays, money = events.stays, events.money
    archetype, cents = stays["archetype"].to_numpy(), money["total_cost"].to_numpy()
    index = find_index_stays(plan, events)
    costed, coded = is_costed(events), is_coded(events)
    followed = stays["discharged_on"].to_numpy() <= plan.last_day - DENIAL_WINDOW_DAYS
    denials = np.bincount(events.denials["stay"], minlength=len(stays))
    measures = {
        "discharges": np.ones(len(stays)),
        "los_days": stays["los_days"].to_numpy(),
        "index_discharges": index,
        "unplanned_returns": index & (stays["next_kind"].to_numpy() == UNPLANNED),
        "costed_discharges": costed,
        "total_cost_usd": np.where(costed, cents, 0),
        "coded_discharges": coded,
        "coded_los_days": np.where(coded, stays["los_days"], 0),
        "drg_weight": np.where(coded, arrays.WEIGHT[archetype], 0),
        "expected_los_days": np.where(coded, arrays.AMLOS[archetype], 0),
        "costed_and_coded_discharges": costed & coded,
        "costed_and_coded_cost_usd": np.where(costed & coded, cents, 0),
        "costed_and_coded_drg_weight": np.where(costed & coded, arrays.WEIGHT[archetype], 0),
        "denials": denials,
        "followed_discharges": followed,
        "followed_denials": np.where(followed, denials, 0),
        "avoidable_days": covered_days(events),
    }
    left = stays["discharged"].to_numpy() != NEVER
    cell = stays["facility"].to_numpy() * plan.months + plan.month_index(np.where(left, stays["discharged_on"], 0))
    sums = {
        name: np.bincount(cell[left], values[left], len(FACILITIES) * plan.months).astype(np.float64)
        for name, values in measures.items()
    }
    return {name: values / 100 if name.endswith("_usd") else values for name, values in sums.items()}


def covered_days(events: Events) -> Floats:
    """Per stay the days covered by at least one wait."""
    waits = events.waits
    starts_on = waits["starts_on"].to_numpy()
    days = np.maximum(waits["ends_on"].to_numpy() - starts_on, 1)
    stay = np.repeat(waits["stay"].to_numpy(), days)
    day = np.repeat(starts_on, days) + np.arange(days.sum()) - np.repeat(np.cumsum(days) - days, days)
    covered = pd.DataFrame({"stay": stay, "day": day}).drop_duplicates()
    return np.bincount(covered["stay"], minlength=len(events.stays)).astype(np.float64)


def _sum_admissions(plan: Plan, events: Events) -> dict[str, Floats]:
    stays = events.stays
    admitted, discharged = stays["admitted"].to_numpy(), stays["discharged"].to_numpy()
    assessed = np.full(len(stays), NEVER)
    assessed[events.cases["stay"].to_numpy()] = events.cases["assessed"].to_numpy()
    unassessed = assessed == NEVER
    gone_early = unassessed & (discharged != NEVER) & (discharged - admitted < _MINUTES_IN_24_HOURS)
    month = plan.month_index(stays["admitted_on"].to_numpy())
    counted = ~gone_early & (month >= 0) & (stays["admitted_on"].to_numpy() < plan.last_day)
    in_time = counted & ~unassessed & (assessed - admitted <= _MINUTES_IN_24_HOURS)
    cell = stays["facility"].to_numpy() * plan.months + month
    cells = len(FACILITIES) * plan.months
    return {
        "assessable_admissions": np.bincount(cell[counted], minlength=cells).astype(np.float64),
        "assessed_within_24h": np.bincount(cell[in_time], minlength=cells).astype(np.float64),
    }


def _sum_unit_days(plan: Plan, events: Events) -> dict[str, Floats]:
    shifts = np.zeros_like(events.census)
    np.add.at(shifts, (events.shifts["unit"], events.shifts["day"] - plan.first_day), 1)
    patients = np.where(shifts > 0, events.census, 0)
    month = plan.month_index(np.arange(plan.first_day, plan.last_day + 1))
    cell = arrays.UNIT_FACILITY[:, None] * plan.months + month[None, :]
    cells = len(FACILITIES) * plan.months
    return {
        "patients_with_case_manager": np.bincount(cell.ravel(), patients.ravel(), cells).astype(np.float64),
        "case_manager_shifts": np.bincount(cell.ravel(), shifts.ravel(), cells).astype(np.float64),
    }


def describe_changes(plan: Plan, events: Events) -> tuple[ChangeTruth, ...]:
    """The changes that were made, with the size they really had in this hospital."""
    changes = []
    if plan.rounds_month is not None:
        changes.append(_rounds_change(events, plan.rounds_month))
    if plan.denials_month is not None:
        changes.append(_denial_change(plan, events, plan.denials_month))
    return tuple(changes)


def _rounds_change(events: Events, month: Month) -> ChangeTruth:
    """The size is counted stay by stay, against the same stay without the rounds."""
    stays = events.stays
    after = (stays["discharged"].to_numpy() != NEVER) & (stays["facility"].to_numpy() == ROUNDS_FACILITY)
    after &= stays["discharged_on"].to_numpy() >= day_number(month.first_day)
    saved = (stays["los_days"] - stays["los_days_without_rounds"]).to_numpy()[after]
    return ChangeTruth(
        name="daily multidisciplinary rounds",
        facility_id=FACILITY_IDS[ROUNDS_FACILITY],
        metric="length_of_stay_days",
        starts_on=month.first_day,
        first_month=str(month),
        size=round(_mean(saved), 4),
        unit="days",
        means="Daily rounds at one facility shorten every day of stay from their first day on.",
        also_moves=(
            "length_of_stay_index",
            "total_cost_per_case_usd",
            "case_mix_adjusted_cost_per_case_usd",
            "avoidable_days_per_100_discharges",
            "caseload_per_case_manager",
        ),
    )


def _denial_change(plan: Plan, events: Events, month: Month) -> ChangeTruth:
    """The size is the rise of the payer's own denial rate times its share of the discharges since."""
    discharged_on = events.stays["discharged_on"].to_numpy()
    followed = events.stays["discharged"].to_numpy() != NEVER
    followed &= discharged_on <= plan.last_day - DENIAL_WINDOW_DAYS
    changed = discharged_on >= day_number(month.first_day)
    harbor = events.payer == HARBOR
    denials = np.bincount(events.denials["stay"], minlength=len(events.stays))
    rise = _mean(denials[followed & changed & harbor]) - _mean(denials[followed & ~changed & harbor])
    return ChangeTruth(
        name="new review policy of Harbor Medicare Advantage",
        facility_id="all",
        metric="denials_per_100_discharges",
        starts_on=month.first_day,
        first_month=str(month),
        size=round(100 * _mean(harbor[followed & changed]) * rise, 4),
        unit="per 100 discharges",
        means="One payer denies more of the stays discharged from this day on, at every facility.",
    )


def _mean(values: NDArray[np.generic]) -> float:
    """The mean, and 0 of nothing: a change in the last month has no followed discharges yet."""
    return float(values.astype(np.float64).mean()) if len(values) else 0.0
