"""Counts what the measures of observation, staff and surveys must find, from the generator's own events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import HARBOR, MEDICARE
from kpi_pipeline.synthetic.ground.plan import NEVER, Ints, Plan
from kpi_pipeline.synthetic.work import department, surveys, utilisation
from kpi_pipeline.synthetic.work.counted_cases import CountedCases, Visits, day_of, through
from kpi_pipeline.synthetic.work.counting import Events

_HOUR = 60
SURVEY_MEASURES = ("survey_help_after_discharge", "survey_symptoms_in_writing", "survey_plans_with_patient")
"""The measure of each of `surveys.QUESTIONS`."""


def count_visits(plan: Plan, visits: Visits, events: Events) -> Iterator[CountedCases]:
    """Observation: its share, its length, its notice."""
    others = visits.encounters
    left = others["discharged"].to_numpy()
    observed = (others["encounter_type"] == "observation").to_numpy() & (left != NEVER)
    facility, left_on, minutes = others["facility"].to_numpy(), day_of(left), left - others["admitted"].to_numpy()
    yield CountedCases("observation_over_48h", facility[observed], left_on[observed], (minutes > 48 * _HOUR)[observed])
    told = np.zeros(len(others), dtype=bool)
    told[utilisation.build_observation_notices(plan, others)["visit"].to_numpy()] = True
    due = observed & (minutes > 24 * _HOUR) & np.isin(visits.payer, [MEDICARE, HARBOR])
    yield CountedCases("observation_notice_36h", facility[due], left_on[due], told[due])
    changed = utilisation.choose_changed(plan, others) & (left != NEVER)
    for name, rows in (("observation_share", observed), ("inpatient_changed_to_outpatient", changed)):
        yield _among_stays(name, events.stays, facility[rows], left_on[rows])


def _among_stays(metric: str, stays: pd.DataFrame, facility: Ints, day: Ints) -> CountedCases:
    """Visits, each counted, and ended stays, none of them."""
    gone = stays["discharged"].to_numpy() != NEVER
    return CountedCases(
        metric,
        np.concatenate([stays["facility"].to_numpy()[gone], facility]),
        np.concatenate([day_of(stays["discharged"].to_numpy())[gone], day]),
        np.repeat([0.0, 1.0], [int(gone.sum()), len(day)]),
    )


def count_staff(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Overtime, hours, training and licences."""
    shifts = events.shifts
    facility, day = arrays.UNIT_FACILITY[shifts["unit"].to_numpy()], shifts["day"].to_numpy()
    yield CountedCases("overtime_share", facility, day, shifts["overtime_hours"], shifts["paid_hours"])
    left_on = day_of(events.stays["discharged"].to_numpy())
    gone = left_on != NEVER
    both = [
        np.concatenate(pair) for pair in ((facility, events.stays["facility"].to_numpy()[gone]), (day, left_on[gone]))
    ]
    hours = np.concatenate([shifts["paid_hours"], np.zeros(int(gone.sum()))])
    people = np.concatenate([np.zeros(len(shifts)), np.ones(int(gone.sum()))])
    yield CountedCases("paid_hours_per_discharge", both[0], both[1], hours, people)

    seen = pd.Series(day).groupby(shifts["case_manager"].to_numpy()).max()
    place = pd.Series(facility).groupby(shifts["case_manager"].to_numpy()).last()
    training = department.build_training(plan)
    training = training[training["case_manager"].isin(seen.index)]
    facility = place[training["case_manager"].to_numpy()].to_numpy()
    due, completed = training["due"].to_numpy(), training["completed"].to_numpy()
    cases = CountedCases("training_on_time", facility, due, (completed != NEVER) & (completed <= due))
    yield from through(cases, plan.last_day)
    yield from _overdue(plan, facility, due, completed)
    budget = department.build_budget(plan)
    months = budget["month"].to_numpy().astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    spent, planned = budget["actual_usd"].to_numpy(), budget["budget_usd"].to_numpy()
    yield CountedCases("department_spending_pct_of_budget", budget["facility"].to_numpy(), months, spent, planned)
    licences = department.build_licences(plan)
    licences = licences[licences["case_manager"].isin(seen[seen > plan.last_day - 365].index)]
    facility = place[licences["case_manager"].to_numpy()].to_numpy()
    left = licences["expires"].to_numpy() - plan.last_day
    last = np.full(len(licences), plan.last_day)
    yield CountedCases("licences_expired", facility, last, left <= 0)
    yield CountedCases("licences_expiring_60d", facility, last, (left > 0) & (left <= 60))


def _overdue(plan: Plan, facility: Ints, due: Ints, completed: Ints) -> Iterator[CountedCases]:
    """Of the courses due in the year to each month's end, those not completed by then."""
    ends = np.array([plan.first_month.plus(step).last_day for step in range(plan.months)], dtype="datetime64[D]")
    starts = np.array([plan.first_month.plus(step - 12).last_day for step in range(plan.months)], dtype="datetime64[D]")
    for start, end in zip(starts.astype(np.int64), ends.astype(np.int64), strict=True):
        owed = (due > start) & (due <= end)
        late = (completed == NEVER) | (completed > end)
        yield CountedCases("training_overdue", facility[owed], np.full(int(owed.sum()), end), late[owed])


def count_surveys(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Best answers to each question, of the months whose ninety-one days are over; what was not reported is no 0."""
    answers = surveys.build_surveys(plan, events.stays)
    months = [plan.first_month.plus(step).last_day for step in range(plan.months)]
    day = np.array(months, dtype="datetime64[D]").astype(np.int64)[answers["step"].to_numpy()]
    best, n = answers["n_top_box"].to_numpy(), answers["n_answers"].to_numpy()
    for number, name in enumerate(SURVEY_MEASURES):
        kept = (answers["question"].to_numpy() == number) & (best != surveys.NOT_REPORTED) & (n > 0)
        cases = CountedCases(name, answers["facility"].to_numpy()[kept], day[kept], best[kept], n[kept])
        yield from through(cases, plan.last_day - 91)
