"""Encounters that are no acute stays: emergency visits, observation, and the rehabilitation facility.

None of them is ever an index or a return. A third of the emergency and observation patients left the hospital within
the last 30 days with nothing further planned for them, so that visits never overlap a stay; the others are new.
Of those, `clinic` makes some of the observed the patients of a stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import NOTHING
from kpi_pipeline.synthetic.care.people import People, draw_people, join_people
from kpi_pipeline.synthetic.ground.archetypes import (
    AGAINST_ADVICE,
    DRG_NUMBER,
    EMERGENCY_DIAGNOSES,
    OBSERVATION_DIAGNOSES,
    REHABILITATION_DIAGNOSES,
    REHABILITATION_DRGS,
)
from kpi_pipeline.synthetic.ground.calendar import skip_missing_hour
from kpi_pipeline.synthetic.ground.places import CENTRAL, FACILITIES
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan


@dataclass(frozen=True, slots=True)
class VisitKind:
    """One kind of visit. per_discharge: visits per acute discharge; after_share: share of those gone home who come."""

    encounter_type: str
    unit: str
    per_discharge: float
    after_share: float
    median_hours: float
    spread: float
    cost_per_hour: float
    diagnoses: tuple[str, ...]


EMERGENCY = VisitKind("emergency department", "ED", 0.40, 1 / 6, 3.6, 0.5, 210.0, EMERGENCY_DIAGNOSES)
OBSERVATION = VisitKind("observation", "OBS", 0.15, 1 / 14, 27.0, 0.42, 95.0, OBSERVATION_DIAGNOSES)
_LONGEST_VISIT_HOURS = 96
_REHABILITATION_SHARE = 0.55
"""Of patients discharged to a rehabilitation facility, those who go to the system's own."""


def build_other_encounters(
    plan: Plan, stays: pd.DataFrame, *, person: Ints, people: People
) -> tuple[pd.DataFrame, People]:
    """One row per encounter, and the people with the new ones added.

    Columns: encounter_type, person, facility, admitted, discharged (minutes; NEVER while there), diagnosis_code,
    disposition, drg_code, unit (short code), cost_per_hour in dollars.
    """
    rng = plan.stream("other encounters")
    open_ended = stays["next_kind"].to_numpy() == NOTHING
    open_ended &= ~stays["died"].to_numpy() & (stays["discharged"].to_numpy() != NEVER)
    left_home = open_ended & np.isin(stays["disposition"], ["01", "06"])
    after = rng.permutation(np.flatnonzero(left_home))
    parts, taken = [_build_rehabilitation(rng, stays, person, open_ended)], 0
    for kind in (EMERGENCY, OBSERVATION):
        n_after = int(len(after) * kind.after_share)
        rows = after[taken : taken + n_after]
        taken += n_after
        soon = stays["discharged_on"].to_numpy()[rows] + np.minimum(rng.geometric(0.09, len(rows)) + 1, 30)
        facility = stays["facility"].to_numpy()[rows]
        new_facility, new_day = _new_visits(rng, plan, kind, n_after)
        # as old as patients with pneumonia and with alcohol dependence are
        alike = np.array([DRG_NUMBER["193"], DRG_NUMBER["897"]])[rng.integers(0, 2, len(new_day))]
        who = np.concatenate([person[rows], len(people) + np.arange(len(new_day))])
        people = join_people(people, draw_people(rng, alike, seen_on=new_day))
        day = np.concatenate([soon, new_day])
        parts.append(_build_visits(rng, kind, who, np.concatenate([facility, new_facility]), day))
    encounters = pd.concat(parts, ignore_index=True)
    there = encounters["discharged"].to_numpy() >= plan.end_minute
    encounters["discharged"] = np.where(there, NEVER, encounters["discharged"])
    encounters["disposition"] = np.where(there, "", encounters["disposition"])
    begun = encounters["admitted"].to_numpy() < plan.end_minute
    begun &= there | (encounters["discharged"].to_numpy() >= plan.first_day * MINUTES_PER_DAY)
    return encounters[begun].reset_index(drop=True), people


def _new_visits(rng: np.random.Generator, plan: Plan, kind: VisitKind, n_known: int) -> tuple[Ints, Ints]:
    """Facility and day of the visits of people never seen before."""
    per_month = np.array([place.discharges_per_month for place in FACILITIES]) * kind.per_discharge * plan.scale
    n = max(1, int(per_month.sum() * plan.months) - n_known)
    facility = rng.choice(len(per_month), size=n, p=per_month / per_month.sum())
    return facility, rng.integers(plan.first_day, plan.last_day + 1, n)


def _build_visits(rng: np.random.Generator, kind: VisitKind, who: Ints, facility: Ints, day: Ints) -> pd.DataFrame:
    n = len(day)
    minute = np.clip(rng.normal(15 * 60, 300, n), 5, MINUTES_PER_DAY - 10).astype(np.int64)
    # before the end is reckoned from it, so that nobody leaves before he came
    admitted = skip_missing_hour(day * MINUTES_PER_DAY + minute)
    hours = kind.median_hours * np.exp(kind.spread * rng.standard_normal(n))
    return pd.DataFrame(
        {
            "encounter_type": kind.encounter_type,
            "person": who,
            "facility": facility,
            "admitted": admitted,
            "discharged": admitted + np.clip(hours * 60, 25, _LONGEST_VISIT_HOURS * 60).astype(np.int64),
            "diagnosis_code": np.array(kind.diagnoses)[rng.integers(0, len(kind.diagnoses), n)],
            "disposition": np.where(rng.random(n) < 0.02, AGAINST_ADVICE, "01"),
            "drg_code": "",
            "unit": kind.unit,
            "cost_per_hour": kind.cost_per_hour,
        }
    )


def _build_rehabilitation(
    rng: np.random.Generator, stays: pd.DataFrame, person: Ints, open_ended: Bools
) -> pd.DataFrame:
    """Rehabilitation-facility stays that begin on the day of the acute discharge, at the central facility."""
    sent = open_ended & (stays["disposition"].to_numpy() == "62") & (rng.random(len(stays)) < _REHABILITATION_SHARE)
    rows = np.flatnonzero(sent)
    n = len(rows)
    admitted = stays["discharged"].to_numpy()[rows] + rng.integers(150, 300, n)
    days = np.clip(np.rint(12 * np.exp(0.35 * rng.standard_normal(n))), 4, 30).astype(np.int64)
    leaves = (admitted // MINUTES_PER_DAY + days) * MINUTES_PER_DAY + rng.integers(9 * 60, 16 * 60, n)
    return pd.DataFrame(
        {
            "encounter_type": "inpatient rehabilitation",
            "person": person[rows],
            "facility": CENTRAL,
            "admitted": admitted,
            "discharged": leaves,
            "diagnosis_code": np.array(REHABILITATION_DIAGNOSES)[rng.integers(0, len(REHABILITATION_DIAGNOSES), n)],
            "disposition": np.where(rng.random(n) < 0.8, "01", "06"),
            "drg_code": np.array(REHABILITATION_DRGS)[rng.integers(0, len(REHABILITATION_DRGS), n)],
            "unit": "REH",
            "cost_per_hour": 46.0,
        }
    )
