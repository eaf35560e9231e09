"""Encounters that are no acute stays: emergency visits, observation, and the rehabilitation facility.

None of them is ever an index or a return. Half of the emergency and observation patients are new; the others are
patients discharged in the last 30 days with nothing further planned for them, so that visits never overlap a stay.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.archetypes import (
    AGAINST_ADVICE,
    DRG_NUMBER,
    EMERGENCY_DIAGNOSES,
    OBSERVATION_DIAGNOSES,
    REHABILITATION_DIAGNOSES,
    REHABILITATION_DRGS,
)
from kpi_pipeline.synthetic.endings import NOTHING
from kpi_pipeline.synthetic.people import People, draw_people, join_people
from kpi_pipeline.synthetic.places import CENTRAL, FACILITIES
from kpi_pipeline.synthetic.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan

EMERGENCY_PER_DISCHARGE = 0.40
OBSERVATION_PER_DISCHARGE = 0.15
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
    rehabilitation = _build_rehabilitation(rng, stays, person, open_ended)
    n_emergency = len(after) // 6
    emergency, people = _build_visits(
        rng, plan, stays, person, people, after[:n_emergency], EMERGENCY_PER_DISCHARGE, is_observation=False
    )
    n_observation = len(after) // 14
    observation, people = _build_visits(
        rng, plan, stays, person, people, after[n_emergency : n_emergency + n_observation], OBSERVATION_PER_DISCHARGE,
        is_observation=True,
    )  # fmt: skip
    encounters = pd.concat([emergency, observation, rehabilitation], ignore_index=True)
    there = encounters["discharged"].to_numpy() >= plan.end_minute
    encounters["discharged"] = np.where(there, NEVER, encounters["discharged"])
    encounters["disposition"] = np.where(there, "", encounters["disposition"])
    begun = encounters["admitted"].to_numpy() < plan.end_minute
    begun &= there | (encounters["discharged"].to_numpy() >= plan.first_day * MINUTES_PER_DAY)
    return encounters[begun].reset_index(drop=True), people


def _build_visits(
    rng: np.random.Generator,
    plan: Plan,
    stays: pd.DataFrame,
    person: Ints,
    people: People,
    after: Ints,
    per_discharge: float,
    *,
    is_observation: bool,
) -> tuple[pd.DataFrame, People]:
    """Visits of patients just discharged (rows `after` of the stays) and of new people, in about equal numbers."""
    per_month = np.array([place.discharges_per_month for place in FACILITIES]) * per_discharge * plan.scale
    n_new = max(1, int(per_month.sum() * plan.months) - len(after))
    share = per_month / per_month.sum()
    facility = np.concatenate([stays["facility"].to_numpy()[after], rng.choice(len(share), size=n_new, p=share)])
    soon = stays["discharged_on"].to_numpy()[after] + np.minimum(rng.geometric(0.09, len(after)) + 1, 30)
    days = plan.last_day - plan.first_day + 1
    day = np.concatenate([soon, plan.first_day + rng.integers(0, days, n_new)])
    alike = np.array([DRG_NUMBER["193"], DRG_NUMBER["897"]])  # as old as these patients are
    new = draw_people(rng, alike[rng.integers(0, 2, n_new)], seen_on=day[len(after) :])
    who = np.concatenate([person[after], len(people) + np.arange(n_new)])
    n = len(day)
    admitted = day * MINUTES_PER_DAY + np.clip(rng.normal(15 * 60, 300, n), 5, 1430).astype(np.int64)
    median_hours, spread = (27.0, 0.42) if is_observation else (3.6, 0.5)
    hours = median_hours * np.exp(spread * rng.standard_normal(n))
    codes = np.array(OBSERVATION_DIAGNOSES if is_observation else EMERGENCY_DIAGNOSES)
    frame = pd.DataFrame(
        {
            "encounter_type": "observation" if is_observation else "emergency department",
            "person": who,
            "facility": facility,
            "admitted": admitted,
            "discharged": admitted + np.clip(hours * 60, 25, 96 * 60).astype(np.int64),
            "diagnosis_code": codes[rng.integers(0, len(codes), n)],
            "disposition": np.where(rng.random(n) < 0.02, AGAINST_ADVICE, "01"),
            "drg_code": "",
            "unit": "OBS" if is_observation else "ED",
            "cost_per_hour": 95.0 if is_observation else 210.0,
        }
    )
    return frame, join_people(people, new)


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
