"""The department and its house: units, midnight census, case managers on shift, budget, training and licences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.calendar import season, weekday_of
from kpi_pipeline.synthetic.ground.places import FACILITIES
from kpi_pipeline.synthetic.ground.plan import NEVER, Floats, Ints, Plan

_PATIENTS_PER_CASE_MANAGER = 19.6
_WEEKDAY_STAFF = np.array([1.06, 1.06, 1.06, 1.06, 1.06, 0.85, 0.85])
_OWN_CASE_MANAGER_FROM = 11
_SEASONAL_STAFF = 0.03
_TEAM = 3
"""Case managers per unit; they take turns."""
ACCOUNTS = ("salaries", "overtime", "agency", "education", "software", "supplies")
_ACCOUNT_USD_PER_DISCHARGE = np.array([172.0, 9.0, 11.0, 2.4, 7.5, 1.6])
COURSES = ("utilisation review criteria", "discharge planning rules", "privacy and security", "patient rights")
LICENCES = ("registered nurse", "certified case manager")


def assign_units(plan: Plan, stays: pd.DataFrame) -> Ints:
    """The unit of each stay: one of those of its service line at its facility."""
    line = arrays.SERVICE_LINE_OF[stays["archetype"].to_numpy()]
    place = plan.stream("units").integers(0, arrays.UNIT_OF.shape[2], len(stays))
    units: Ints = arrays.UNIT_OF[stays["facility"].to_numpy(), line, place]
    return units


def count_census(plan: Plan, stays: pd.DataFrame, *, unit: Ints) -> Ints:
    """Patients in each acute unit at each midnight that ends a day of the period: array unit × day.

    A patient is counted on every day from admission up to, not including, the day of discharge.
    """
    days = plan.last_day - plan.first_day + 1
    discharged_on = np.where(stays["discharged"] == NEVER, plan.last_day + 1, stays["discharged_on"])
    first = np.clip(stays["admitted_on"].to_numpy() - plan.first_day, 0, days)
    last = np.clip(discharged_on - plan.first_day, 0, days)
    steps = np.zeros((len(arrays.ACUTE_UNITS), days + 1), dtype=np.int64)
    np.add.at(steps, (unit, first), 1)
    np.subtract.at(steps, (unit, np.maximum(first, last)), 1)
    return steps[:, :-1].cumsum(axis=1)


def build_shifts(plan: Plan, census: Ints) -> pd.DataFrame:
    """One row per case manager on shift: unit, day, case_manager (number), paid_hours, overtime_hours.

    Units are staffed for their usual census of the first two years, so a later fall in census lowers caseloads.
    """
    rng = plan.stream("shifts")
    days = np.arange(plan.first_day, plan.last_day + 1)
    usual = census[:, : min(730, len(days))].mean(axis=1)
    staff = _WEEKDAY_STAFF[weekday_of(days)] * (1 + _SEASONAL_STAFF * season(days))
    wanted = np.outer(usual / _PATIENTS_PER_CASE_MANAGER, staff)
    # whole people, so that the running sum follows what is wanted; on weekdays all but small units have someone
    running = np.floor(np.cumsum(wanted, axis=1) + rng.random((len(wanted), 1))).astype(np.int64)
    on_shift = np.diff(running, axis=1, prepend=0)
    at_least = np.where((usual[:, None] >= _OWN_CASE_MANAGER_FROM) & (weekday_of(days) < 5), 1, 0)
    on_shift = np.clip(on_shift, at_least, _TEAM)
    unit, day = np.nonzero(on_shift)
    counts = on_shift[unit, day]
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    unit, day = np.repeat(unit, counts), np.repeat(day, counts)
    overtime = np.where(rng.random(len(unit)) < 0.11, rng.integers(1, 5, len(unit)) / 2, 0.0)
    return pd.DataFrame(
        {
            "unit": unit,
            "day": plan.first_day + day,
            "case_manager": unit * _TEAM + (day + place) % _TEAM,
            "paid_hours": 8.0 + overtime,
            "overtime_hours": overtime,
        }
    )


def case_managers_of(plan: Plan, unit: Ints, *, admitted_on: Ints) -> Ints:
    """The case manager who takes a case: one of the unit's team, in turn."""
    return unit * _TEAM + (admitted_on - plan.first_day) % _TEAM


_HOURLY_USD = {"salaries": 52.0, "overtime": 78.0, "agency": 95.0}


def build_budget(plan: Plan) -> pd.DataFrame:
    """Per facility, month and account what was planned and what was spent, in dollars."""
    rng = plan.stream("budget")
    months = [plan.first_month.plus(step) for step in range(plan.months)]
    facility, month, account = (axis.ravel() for axis in np.indices((len(FACILITIES), plan.months, len(ACCOUNTS))))
    volume = np.array([place.discharges_per_month for place in FACILITIES])[facility] * plan.scale
    middle = np.array([month.first_day for month in months], dtype="datetime64[D]").astype(np.int64) + 15
    planned = volume * _ACCOUNT_USD_PER_DISCHARGE[account] * (1 + 0.015 * season(middle[month]))
    spread = np.array([0.02, 0.15, 0.2, 0.12, 0.02, 0.1])[account]
    over = np.array([1.005, 1.06, 1.04, 0.97, 1.0, 1.0])[account]
    actual = planned * over * (1 + spread * rng.standard_normal(len(planned)))
    return pd.DataFrame(
        {
            "facility": facility,
            "month": np.array([str(month) for month in months])[month],
            "account": account,
            "budget_usd": np.rint(planned),
            "actual_usd": np.rint(np.maximum(actual, 0)),
            **_hours(plan, account, planned, actual),
        }
    )


def _hours(plan: Plan, account: Ints, planned: Floats, actual: Floats) -> dict[str, Floats]:
    """Hours of the accounts that are paid by the hour, planned and worked; the others have none. A wage a little above
    the planned one is part of what was overspent."""
    rng = plan.stream("budget hours")
    wage = np.array([_HOURLY_USD.get(name, np.nan) for name in ACCOUNTS])[account]
    paid = wage * (1.01 + 0.01 * rng.standard_normal(len(account)))
    return {"planned_volume": np.rint(planned / wage), "actual_volume": np.rint(np.maximum(actual, 0) / paid)}


def build_training(plan: Plan) -> pd.DataFrame:
    """Every case manager takes every course once a year; most in time."""
    rng = plan.stream("training")
    staff, years = len(arrays.ACUTE_UNITS) * _TEAM, (plan.months + 11) // 12
    case_manager, course, year = (axis.ravel() for axis in np.indices((staff, len(COURSES), years)))
    due = plan.first_day + 365 * year + 60 + 75 * course
    in_time = rng.random(len(due)) < 0.93
    completed = due + np.where(in_time, -rng.integers(1, 60, len(due)), rng.integers(1, 45, len(due)))
    return pd.DataFrame(
        {
            "case_manager": case_manager,
            "course": course,
            "due": due,
            "completed": np.where(completed <= plan.last_day, completed, NEVER),
        }
    )


def build_licences(plan: Plan) -> pd.DataFrame:
    """Two licences per case manager with the day they expire; a few have expired or soon will."""
    rng = plan.stream("licences")
    staff = len(arrays.ACUTE_UNITS) * _TEAM
    case_manager = np.repeat(np.arange(staff), len(LICENCES))
    return pd.DataFrame(
        {
            "case_manager": case_manager,
            "licence": np.tile(np.arange(len(LICENCES)), staff),
            "expires": plan.last_day + rng.integers(-25, 700, len(case_manager)),
        }
    )
