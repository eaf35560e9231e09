"""Visits to the clinic after going home, and observation that ended in an admission.

Both are drawn from streams of their own after everything else: no other row of the hospital depends on them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import FRESH
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import CLINIC_DIAGNOSES
from kpi_pipeline.synthetic.ground.calendar import skip_missing_hour, weekday_of
from kpi_pipeline.synthetic.ground.places import FACILITIES
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Ints, Plan

_VISIT_SHARE = 0.64
_LATEST_VISIT_DAYS = 30
_CONVERTED_SHARE = 0.28
"""Of observation patients never seen before, those who are admitted: about a fifth of all observation."""
_LONGEST_WAIT_MINUTES = 12 * 60
_ADMITTED_HERE = "09"
"""UB-04 discharge status: admitted as an inpatient to this hospital."""


def build_clinic_visits(plan: Plan, stays: pd.DataFrame, *, person: Ints, next_admitted_on: Ints) -> pd.DataFrame:
    """At most one visit for each stay that ended at home, on a weekday, before the person is admitted again.

    Columns: stay (row number), person, facility, admitted, discharged (minutes), diagnosis_code.
    """
    rng = plan.stream("clinic visits")
    left_on = stays["discharged_on"].to_numpy()
    home = (stays["discharged"].to_numpy() != NEVER) & np.isin(stays["disposition"], ["01", "06"])
    rows = np.flatnonzero(home & (rng.random(len(stays)) < _VISIT_SHARE))
    day = left_on[rows] + np.minimum(rng.geometric(0.11, len(rows)), _LATEST_VISIT_DAYS)
    day = day + np.where(weekday_of(day) >= 5, 7 - weekday_of(day), 0)
    admitted = skip_missing_hour(day * MINUTES_PER_DAY + rng.integers(8 * 60, 16 * 60, len(rows)))
    visits = pd.DataFrame(
        {
            "stay": rows,
            "person": person[rows],
            "facility": stays["facility"].to_numpy()[rows],
            "admitted": admitted,
            "discharged": admitted + rng.integers(15, 55, len(rows)),
            "diagnosis_code": np.array(CLINIC_DIAGNOSES)[rng.integers(0, len(CLINIC_DIAGNOSES), len(rows))],
        }
    )
    back_on = next_admitted_on[rows]
    comes = (day <= plan.last_day) & ((back_on == NEVER) | (day < back_on))
    return visits[comes].reset_index(drop=True)


def convert_observation(
    plan: Plan, stays: pd.DataFrame, others: pd.DataFrame, *, person: Ints, n_known: int
) -> pd.DataFrame:
    """The other encounters, where some observation patients turn out to be those of the next admission there.

    Who was to be a new person (from number n_known on) is that patient instead; how many are observed, when and for
    how long is as it was. Only admissions out of the blue follow, at most half a day later.
    """
    rng = plan.stream("conversions")
    asked = (others["encounter_type"] == "observation").to_numpy() & (others["person"].to_numpy() >= n_known)
    asked &= (others["discharged"].to_numpy() != NEVER) & (rng.random(len(others)) < _CONVERTED_SHARE)
    archetype = stays["archetype"].to_numpy()
    fits = (stays["kind"].to_numpy() == FRESH) & ~arrays.IS_ELECTIVE[archetype] & ~arrays.IS_BIRTH[archetype]
    who, disposition = others["person"].to_numpy().copy(), others["disposition"].to_numpy().astype(object)
    admitted, ended = stays["admitted"].to_numpy(), others["discharged"].to_numpy()
    for number in range(len(FACILITIES)):
        visits = np.flatnonzero(asked & (others["facility"].to_numpy() == number))
        visits = visits[np.argsort(ended[visits], kind="stable")]
        waiting = np.flatnonzero(fits & (stays["facility"].to_numpy() == number))
        taken = 0
        for visit in visits:
            taken = max(taken, int(np.searchsorted(admitted[waiting], ended[visit])))
            if taken < len(waiting) and admitted[waiting[taken]] - ended[visit] <= _LONGEST_WAIT_MINUTES:
                who[visit], disposition[visit] = person[waiting[taken]], _ADMITTED_HERE
                taken += 1
    return others.assign(person=who, disposition=disposition)
