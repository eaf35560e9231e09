"""Counts what the medians, percentiles and geometric means must find, from the generator's events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Plan
from kpi_pipeline.synthetic.work.counted_cases import (
    CountedCases,
    day_of,
    elapsed_minutes,
    geometric_mean,
    half_waited,
    percentile,
    through,
)
from kpi_pipeline.synthetic.work.counting import Events

_HOUR = 60
_MOST_HOURS = 72


def count_pooled(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Length of stay, caseload, age of open cases, hours to the first assessment."""
    stays = events.stays
    left = (stays["discharged"] != NEVER).to_numpy()
    facility, left_on = stays["facility"].to_numpy()[left], stays["discharged_on"].to_numpy()[left]
    days = stays["los_days"].to_numpy()[left]
    for metric, pooled in (
        ("length_of_stay_median_days", percentile(0.5)),
        ("length_of_stay_p90_days", percentile(0.9)),
        ("length_of_stay_geometric_days", geometric_mean),
    ):
        yield CountedCases(metric, facility, left_on, days, pooled=pooled)
    yield _caseload(plan, events)
    yield from _open_ages(plan, events)
    yield from through(_hours_to_assessment(events), plan.last_day - _MOST_HOURS // 24)


def _caseload(plan: Plan, events: Events) -> CountedCases:
    """Patients at midnight per case manager of each unit and day that has one."""
    shifts = np.zeros_like(events.census)
    np.add.at(shifts, (events.shifts["unit"], events.shifts["day"] - plan.first_day), 1)
    unit, day = np.nonzero(shifts)
    per_manager = events.census[unit, day] / shifts[unit, day]
    facility = arrays.UNIT_FACILITY[unit]
    return CountedCases("caseload_p90", facility, plan.first_day + day, per_manager, pooled=percentile(0.9))


def _open_ages(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Days since opening of the cases open at the end of each month; one CountedCases a month."""
    every = pd.concat([events.cases, events.reopened], ignore_index=True)
    opened, closed = day_of(every["opened"].to_numpy()), day_of(every["closed"].to_numpy())
    facility = events.stays["facility"].to_numpy()[every["stay"].to_numpy()]
    months = [plan.first_month.plus(step).last_day for step in range(plan.months)]
    for end in np.array(months, dtype="datetime64[D]").astype(np.int64):
        there = (opened <= end) & ((closed == NEVER) | (closed > end))
        day = np.full(int(there.sum()), end)
        yield CountedCases("cm_open_case_age_days", facility[there], day, (end - opened)[there], pooled=percentile(0.5))


def _hours_to_assessment(events: Events) -> CountedCases:
    """Hours to the first assessment; without one, or after that, to the discharge or seventy-two hours at most."""
    stays = events.stays
    facility, admitted, left = (stays[column].to_numpy() for column in ("facility", "admitted", "discharged"))
    assessed = np.full(len(stays), NEVER)
    assessed[events.cases["stay"].to_numpy()] = events.cases["assessed"].to_numpy()
    latest = admitted + (_MOST_HOURS + 24) * _HOUR
    seen_until = np.where((left == NEVER) | (left > latest), latest, left)
    watched = np.minimum(elapsed_minutes(facility, admitted, seen_until) / _HOUR, _MOST_HOURS)
    waited = elapsed_minutes(facility, admitted, np.where(assessed == NEVER, admitted, assessed)) / _HOUR
    seen = (assessed != NEVER) & (waited <= watched)
    hours = np.where(seen, waited, watched)
    return CountedCases(
        "hours_to_initial_assessment", facility, admitted // MINUTES_PER_DAY, hours, seen, pooled=half_waited
    )
