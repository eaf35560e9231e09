"""The timelines: who is admitted when, for how long, how the stay ends and what comes next. Acute stays only.

Stays are drawn in waves. The first wave are arrivals out of the blue; each stay then draws explicitly what follows it
(a transfer, an unplanned return within 30 days, a planned one, a later admission, or nothing), and those that follow
are the next wave. A person's stays are therefore never close together by accident, and the truth about
returns is known, not found out. Persons, money and records come later, in other modules.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import FRESH, LATER, NOTHING, PLANNED, TRANSFER, UNPLANNED, complete_stays
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.arrays import CCS_OF, draw_rows
from kpi_pipeline.synthetic.ground.calendar import season, skip_missing_hour, weekday_of
from kpi_pipeline.synthetic.ground.places import CENTRAL, FACILITIES
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, WARM_UP_DAYS, Bools, Ints, Plan

FRESH_SHARE = 0.818
"""Share of all stays that come out of the blue; the rest follow an earlier stay (found by generating, see tests)."""

_WEEKDAY_ARRIVALS = np.array([1.06, 1.05, 1.03, 1.02, 1.02, 0.92, 0.90])
_RETURN_DAYS = np.arange(0, 31)
_RETURN_WEIGHTS = np.where(_RETURN_DAYS == 0, 0.5, np.exp(-_RETURN_DAYS / 16.0))


def build_stays(plan: Plan) -> pd.DataFrame:
    """All acute stays in the period, one row each, ordered by admission.

    Columns: chain, step, kind, facility, archetype, diagnosis (numbers), admitted, discharged (minutes; NEVER while in
    house), admitted_on, discharged_on (days), los_days, los_days_without_rounds, disposition (UB-04 text), died,
    next_kind (of the person's next stay, if it is in the data and was drawn to follow).
    """
    rng = plan.stream("stays")
    wave = _first_arrivals(rng, plan)
    waves = []
    while True:
        # electives moved off a weekend, and what follows late stays, may come after the last day
        wave = wave[wave["admitted"] < plan.end_minute].reset_index(drop=True)
        if wave.empty:
            break
        wave = complete_stays(plan, wave, rng=rng)
        waves.append(wave)
        wave = _next_arrivals(rng, wave)
    return _keep_period(plan, pd.concat(waves, ignore_index=True))


def _first_arrivals(rng: np.random.Generator, plan: Plan) -> pd.DataFrame:
    days = np.arange(plan.first_day - WARM_UP_DAYS, plan.last_day + 1)
    shape = (1 + 0.025 * season(days)) * _WEEKDAY_ARRIVALS[weekday_of(days)]
    per_month = np.array([place.discharges_per_month for place in FACILITIES])
    expected = np.outer(per_month * plan.scale * FRESH_SHARE * 12 / 365.25, shape)
    counts = rng.poisson(expected)
    facility = np.repeat(np.arange(len(FACILITIES)), counts.sum(axis=1))
    day = np.concatenate([np.repeat(days, row) for row in counts])
    winter = (season(day) > 0).astype(np.int64)
    archetype = draw_rows(rng, arrays.ARRIVAL_SHARES[facility, winter])
    elective = arrays.IS_ELECTIVE[archetype]
    weekend = elective & (weekday_of(day) >= 5)
    day = day + np.where(weekend, 7 - weekday_of(day) + rng.integers(0, 5, len(day)), 0)
    return pd.DataFrame(
        {
            "chain": np.arange(len(day)),
            "step": 0,
            "kind": FRESH,
            "facility": facility,
            "archetype": archetype,
            "diagnosis": _draw_diagnoses(rng, archetype),
            "admitted": day * MINUTES_PER_DAY + _arrival_minute(rng, elective),
        }
    )


def _draw_diagnoses(rng: np.random.Generator, archetype: Ints) -> Ints:
    return arrays.DIAGNOSES_OF[archetype, draw_rows(rng, arrays.DIAGNOSIS_SHARES[archetype])]


def _arrival_minute(rng: np.random.Generator, elective: Bools) -> Ints:
    """Elective patients come between 5:30 and 9:00, the others all day, most in the afternoon."""
    by_day = np.clip(rng.normal(14.5 * 60, 5 * 60, len(elective)), 0, MINUTES_PER_DAY - 2)
    any_time = rng.uniform(0, MINUTES_PER_DAY - 1, len(elective))
    unplanned = np.where(rng.random(len(elective)) < 0.7, by_day, any_time)
    return np.where(elective, rng.uniform(330, 540, len(elective)), unplanned).astype(np.int64)


def _next_arrivals(rng: np.random.Generator, wave: pd.DataFrame) -> pd.DataFrame:
    """The stays that follow those of this wave."""
    last = wave[wave["next_kind"] != NOTHING]
    kind = last["next_kind"].to_numpy()
    before = last["archetype"].to_numpy()
    archetype = before.copy()
    unplanned = (kind == UNPLANNED) | (kind == LATER)
    archetype[unplanned] = draw_rows(rng, arrays.RETURN_SHARES[before[unplanned]])
    planned = kind == PLANNED
    archetype[planned] = arrays.FOLLOWED_BY[before[planned]]
    diagnosis = _draw_diagnoses(rng, archetype)
    diagnosis = np.where(kind == TRANSFER, last["diagnosis"].to_numpy(), diagnosis)
    facility = _next_facility(rng, last["facility"].to_numpy(), kind)
    gap = _gap_days(rng, last, kind, facility, diagnosis)
    left = last["discharged"].to_numpy()
    admitted = (left // MINUTES_PER_DAY + gap) * MINUTES_PER_DAY + _arrival_minute(rng, planned)
    same_day = left + ((MINUTES_PER_DAY - 5 - left % MINUTES_PER_DAY) * rng.uniform(0.3, 0.95, len(left))).astype(int)
    admitted = np.where((kind == UNPLANNED) & (gap == 0), same_day, admitted)
    # two hours or more on the road, so that the order holds across the time zones
    admitted = np.where((kind == TRANSFER) & (gap == 0), left + rng.integers(130, 330, len(left)), admitted)
    return pd.DataFrame(
        {
            "chain": last["chain"].to_numpy(),
            "step": last["step"].to_numpy() + 1,
            "kind": kind,
            "facility": facility,
            "archetype": archetype,
            "diagnosis": diagnosis,
            "admitted": admitted,
        }
    )


def _next_facility(rng: np.random.Generator, before: Ints, kind: Ints) -> Ints:
    """Transfers go up to the central hospital, or out of it; one return in eight goes elsewhere."""
    elsewhere = (before + rng.integers(1, len(FACILITIES), len(before))) % len(FACILITIES)
    up = np.where((before != CENTRAL) & (rng.random(len(before)) < 0.95), CENTRAL, elsewhere)
    moved = np.where((rng.random(len(before)) < 0.12) & (kind != PLANNED), elsewhere, before)
    return np.where(kind == TRANSFER, up, moved)


def _gap_days(rng: np.random.Generator, last: pd.DataFrame, kind: Ints, facility: Ints, diagnosis: Ints) -> Ints:
    """Days from discharge to the next admission, kept clear of the rules that would read them otherwise.

    Another hospital on the same or next day would be a transfer, the same hospital and condition on the same day one
    continuous stay: neither is left to chance.
    """
    n = len(last)
    unplanned = rng.choice(_RETURN_DAYS, size=n, p=_RETURN_WEIGHTS / _RETURN_WEIGHTS.sum())
    ccs, ccs_before = CCS_OF[diagnosis], CCS_OF[last["diagnosis"].to_numpy()]
    same_condition = (ccs == ccs_before) | (ccs == 0) | (ccs_before == 0)
    unplanned = np.where(same_condition, np.maximum(unplanned, 1), unplanned)
    unplanned = np.where(facility != last["facility"].to_numpy(), np.maximum(unplanned, 2), unplanned)
    planned = rng.integers(10, 28, n)
    day = last["discharged"].to_numpy() // MINUTES_PER_DAY + planned
    planned = planned + np.where(weekday_of(day) >= 5, 7 - weekday_of(day), 0)
    gap = np.select(
        [kind == UNPLANNED, kind == PLANNED, kind == LATER],
        [unplanned, planned, rng.integers(31, 76, n)],
        np.where(rng.random(n) < 0.75, 0, 1),
    )
    return gap.astype(np.int64)


def _keep_period(plan: Plan, stays: pd.DataFrame) -> pd.DataFrame:
    """What a hospital would extract: discharged in the period or still in house, with who-follows-whom worked out."""
    stays["admitted"] = skip_missing_hour(stays["admitted"].to_numpy())
    stays["discharged"] = skip_missing_hour(stays["discharged"].to_numpy())
    in_house = stays["discharged"].to_numpy() >= plan.end_minute
    for column in ("discharged", "discharged_on"):
        stays[column] = np.where(in_house, NEVER, stays[column])
    stays["disposition"] = np.where(in_house, "", stays["disposition"])
    stays["died"] &= ~in_house
    stays["los_days"] = np.where(in_house, 0, stays["los_days"])
    stays = stays[in_house | (stays["discharged_on"].to_numpy() >= plan.first_day)]
    stays = stays.sort_values(["chain", "step"], kind="stable")
    has_next = stays["chain"].eq(stays["chain"].shift(-1))
    stays["next_kind"] = stays["kind"].shift(-1, fill_value=NOTHING).where(has_next, NOTHING)
    return stays.sort_values("admitted", kind="stable").reset_index(drop=True)
