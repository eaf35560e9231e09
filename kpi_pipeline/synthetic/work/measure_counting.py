"""Counts what each measure of the catalogue must find, from the generator's own events. Knows nothing of the pipeline.

Here are the measures of casework, compliance, denials, staff and observation; those of stays, returns, cost and waits
are in `counting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_pipeline.synthetic.care.endings import TRANSFER
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import AGAINST_ADVICE, DIED, TO_OTHER_ACUTE_HOSPITAL
from kpi_pipeline.synthetic.ground.calendar import weekday_of
from kpi_pipeline.synthetic.ground.places import FACILITIES, FACILITY_IDS, HARBOR, MEDICARE
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan
from kpi_pipeline.synthetic.truth import MeasureTruth
from kpi_pipeline.synthetic.work import casework, department, utilisation
from kpi_pipeline.synthetic.work.counting import Events, covered_days

_HOME = ("01", "06")
_POST_ACUTE = ("03", "06", "62", "63")
_HOUR = 60


@dataclass(frozen=True, slots=True)
class Visits:
    """Encounters that are no acute stays, with the payer of each."""

    encounters: pd.DataFrame
    payer: Ints


@dataclass(frozen=True, slots=True)
class _Cases:
    """The cases of one measure: facility number, day, what each adds."""

    metric: str
    facility: Ints
    day: Ints
    numerator: ArrayLike
    denominator: ArrayLike = 1.0


def count_measures(plan: Plan, events: Events, visits: Visits, *, person: Ints) -> tuple[MeasureTruth, ...]:
    """One MeasureTruth per measure, facility and month of the plan that has cases. person: of each stay."""
    parts = (
        _casework(plan, events, person),
        _stays(plan, events),
        _denials(plan, events),
        _visits(plan, visits, events),
    )
    found = [one for part in (*parts, _staff(plan, events)) for one in part]
    return tuple(truth for cases in found for truth in _summed(plan, cases))


def _summed(plan: Plan, cases: _Cases) -> Iterator[MeasureTruth]:
    month = plan.month_index(cases.day)
    inside = (month >= 0) & (month < plan.months)
    cell = (cases.facility * plan.months + month)[inside]
    n_cells = len(FACILITIES) * plan.months
    size = np.bincount(cell, minlength=n_cells)
    numerator, denominator = (
        np.bincount(cell, np.broadcast_to(np.asarray(values, dtype=float), cases.day.shape)[inside], n_cells)
        for values in (cases.numerator, cases.denominator)
    )
    for number in np.flatnonzero(size):
        yield MeasureTruth(
            metric=cases.metric,
            facility_id=FACILITY_IDS[number // plan.months],
            month=str(plan.first_month.plus(int(number % plan.months))),
            numerator=round(float(numerator[number]), 4),
            denominator=round(float(denominator[number]), 4),
        )


def _day(minutes: Ints) -> Ints:
    return np.where(minutes == NEVER, NEVER, minutes // MINUTES_PER_DAY)


def _casework(plan: Plan, events: Events, person: Ints) -> Iterator[_Cases]:
    every = pd.concat([events.cases, events.reopened], ignore_index=True)
    stay, opened, closed = every["stay"].to_numpy(), _day(every["opened"].to_numpy()), _day(every["closed"].to_numpy())
    facility = events.stays["facility"].to_numpy()[stay]
    yield _Cases("cm_cases_opened", facility, opened, 1)
    ended = closed != NEVER
    yield _Cases("cm_cases_closed", facility[ended], closed[ended], 1)
    month_ends = [plan.first_month.plus(step).last_day for step in range(plan.months)]
    for end in np.array(month_ends, dtype="datetime64[D]").astype(np.int64):
        there = (opened <= end) & (~ended | (closed > end))
        yield _Cases("cm_cases_open", facility[there], np.full(int(there.sum()), end), 1)
    again = np.full(len(events.stays), NEVER)
    again[events.reopened["stay"].to_numpy()] = _day(events.reopened["opened"].to_numpy())
    watched = ended & (closed <= plan.last_day - 30)
    reopened = (again[stay] >= closed) & (again[stay] <= closed + 30) & (again[stay] > opened)
    yield _Cases("cm_cases_reopened_30d", facility[watched], closed[watched], reopened[watched])

    tasks = casework.build_tasks(plan, events.stays, cases=events.cases, payer=events.payer)
    due, done = tasks["due"].to_numpy(), tasks["done"].to_numpy()
    facility = events.stays["facility"].to_numpy()[events.cases["stay"].to_numpy()[tasks["case"].to_numpy()]]
    in_time = (done != NEVER) & (done <= due)
    yield from _through(_Cases("follow_ups_on_time", facility, _day(due), in_time), plan.last_day)
    in_a_week = (done != NEVER) & (_day(done) <= _day(due) + 7)
    yield from _through(_Cases("follow_ups_done", facility, _day(due), in_a_week), plan.last_day - 7)
    yield from _contacts(plan, events, tasks, person)


def _through(cases: _Cases, last_day: int) -> Iterator[_Cases]:
    """The cases up to a day; later ones are not followed to their end."""
    kept = cases.day <= last_day
    numerator, denominator = (
        np.broadcast_to(np.asarray(values, dtype=float), kept.shape)[kept]
        for values in (cases.numerator, cases.denominator)
    )
    yield _Cases(cases.metric, cases.facility[kept], cases.day[kept], numerator, denominator)


def _contacts(plan: Plan, events: Events, tasks: pd.DataFrame, person: Ints) -> Iterator[_Cases]:
    """Calls by the second business day after going home; who came back before without one is left out."""
    stays = events.stays
    left_on = _day(stays["discharged"].to_numpy())
    by = left_on + np.array([2, 2, 2, 4, 4, 3, 2])[weekday_of(np.maximum(left_on, 0))]
    calls = tasks[(tasks["task"] == casework.TASKS.index("post-discharge call")) & (tasks["done"] != NEVER)]
    stay = events.cases["stay"].to_numpy()[calls["case"].to_numpy()]
    done = _day(calls["done"].to_numpy())
    reached = np.zeros(len(stays), dtype=bool)
    reached[stay[(done >= left_on[stay]) & (done <= by[stay])]] = True
    home = (left_on != NEVER) & np.isin(stays["disposition"], _HOME) & _has_known_ending(events)
    home &= ~_is_moved_on(stays) & (left_on <= plan.last_day - 4)
    back_on = _next_admissions(stays, person)
    counted = home & (reached | (back_on == NEVER) | (back_on > by))
    yield _Cases(
        "contact_within_2_business_days", stays["facility"].to_numpy()[counted], left_on[counted], reached[counted]
    )


def _has_known_ending(events: Events) -> Bools:
    return ~events.is_spoilt("missing_disposition", "invalid_disposition")


def _is_moved_on(stays: pd.DataFrame) -> Bools:
    moved: Bools = (stays["next_kind"].to_numpy() == TRANSFER) | np.isin(stays["disposition"], TO_OTHER_ACUTE_HOSPITAL)
    return moved


def _next_admissions(stays: pd.DataFrame, person: Ints) -> Ints:
    """The day on which the person's next acute stay begins; NEVER without one."""
    order = np.lexsort((stays["admitted"].to_numpy(), person))
    next_on = np.full(len(stays), NEVER)
    same = person[order[1:]] == person[order[:-1]]
    next_on[order[:-1][same]] = stays["admitted_on"].to_numpy()[order[1:]][same]
    return next_on


def _stays(plan: Plan, events: Events) -> Iterator[_Cases]:
    """Reviews, Medicare notices and costs of acute stays."""
    stays = events.stays
    facility, admitted_on = stays["facility"].to_numpy(), stays["admitted_on"].to_numpy()
    reviews = utilisation.build_reviews(plan, stays)
    due, done = reviews["due"].to_numpy(), reviews["done"].to_numpy()
    of_review = _Cases(
        "reviews_on_time", facility[reviews["stay"].to_numpy()], _day(due), (done != NEVER) & (done <= due)
    )
    yield from _through(of_review, plan.last_day)

    medicare = np.isin(events.payer, [MEDICARE, HARBOR])
    notices = utilisation.build_notices(plan, stays, payer=events.payer)
    first, again = (notices[notices["kind"] == kind] for kind in (0, 1))
    told = np.full(len(stays), NEVER)
    told[first["stay"].to_numpy()] = _day(first["delivered"].to_numpy())
    in_time = (told != NEVER) & (told <= admitted_on + 2)
    admitted = _Cases("important_message_first", facility[medicare], admitted_on[medicare], in_time[medicare])
    yield from _through(admitted, plan.last_day - 2)

    left = stays["discharged"].to_numpy()
    left_on = _day(left)
    stay, delivered = again["stay"].to_numpy(), again["delivered"].to_numpy()
    good = (_day(delivered) >= left_on[stay] - 2) & (left[stay] - delivered >= 4 * _HOUR)
    copied = np.zeros(len(stays), dtype=bool)
    copied[stay[good]] = True
    disposition = np.where(_has_known_ending(events), stays["disposition"], "")
    due_copy = medicare & (left_on != NEVER) & ~np.isin(disposition, [DIED, AGAINST_ADVICE])
    # a transfer is seen by the next stay, or by a disposition that was recorded
    due_copy &= ~((stays["next_kind"].to_numpy() == TRANSFER) | np.isin(disposition, TO_OTHER_ACUTE_HOSPITAL))
    due_copy &= (told == NEVER) | (told < left_on - 2)
    yield _Cases("important_message_follow_up", facility[due_copy], left_on[due_copy], copied[due_copy])

    yield from _destinations(events)
    for part in ("direct_cost", "variable_direct_cost"):
        cents = events.money[part].to_numpy()
        known = (left_on != NEVER) & (cents != np.iinfo(np.int64).min)
        yield _Cases(f"{part}_per_case_usd", facility[known], left_on[known], cents[known] / 100)


def _destinations(events: Events) -> Iterator[_Cases]:
    """Transfers among live discharges, and the days waited by those who left for post-acute care."""
    stays = events.stays
    facility, left_on = stays["facility"].to_numpy(), _day(stays["discharged"].to_numpy())
    moved, known = _is_moved_on(stays), (left_on != NEVER) & _has_known_ending(events)
    live = known & (stays["disposition"] != DIED).to_numpy()
    yield _Cases("transferred_to_acute_care", facility[live], left_on[live], moved[live])
    bound = known & ~moved & np.isin(stays["disposition"], _POST_ACUTE)
    yield _Cases("post_acute_wait_days", facility[bound], left_on[bound], covered_days(events)[bound])


def _denials(plan: Plan, events: Events) -> Iterator[_Cases]:
    denials = events.denials
    facility = events.stays["facility"].to_numpy()[denials["stay"].to_numpy()]
    denied_on, appealed_on = denials["denied_on"].to_numpy(), denials["appealed_on"].to_numpy()
    usd, decided_on = denials["denied_amount"].to_numpy() / 100, denials["decided_on"].to_numpy()
    yield _Cases("denied_usd_received", facility, denied_on, usd)
    appealed = (appealed_on != NEVER) & (appealed_on <= denied_on + 60)
    yield from _through(_Cases("denials_appealed", facility, denied_on, appealed), plan.last_day - 60)
    won = (denials["outcome"].to_numpy() == utilisation.DENIAL_OUTCOMES.index("overturned")) & (decided_on != NEVER)
    sent = appealed_on != NEVER
    cases = _Cases(
        "appeals_overturned", facility[sent], appealed_on[sent], (won & (decided_on <= appealed_on + 180))[sent]
    )
    yield from _through(cases, plan.last_day - 180)
    spoke_on, came_to = denials["peer_to_peer_on"].to_numpy(), denials["peer_to_peer_outcome"].to_numpy()
    spoke = spoke_on != NEVER
    in_time = spoke & (spoke_on <= denied_on + 30)
    yield from _through(_Cases("denials_peer_to_peer", facility, denied_on, in_time), plan.last_day - 30)
    turned = came_to[spoke] == utilisation.DENIAL_OUTCOMES.index("overturned")
    cases = _Cases("peer_to_peer_overturned", facility[spoke], spoke_on[spoke], turned)
    yield from _through(cases, plan.last_day - 30)
    lost = np.where(won & (decided_on <= denied_on + 365), 0, usd)
    yield from _through(_Cases("denied_usd_not_recovered", facility, denied_on, lost, usd), plan.last_day - 365)


def _visits(plan: Plan, visits: Visits, events: Events) -> Iterator[_Cases]:
    """Observation: its share, its length, its notice."""
    others = visits.encounters
    left = others["discharged"].to_numpy()
    observed = (others["encounter_type"] == "observation").to_numpy() & (left != NEVER)
    facility, left_on, minutes = others["facility"].to_numpy(), _day(left), left - others["admitted"].to_numpy()
    yield _Cases("observation_over_48h", facility[observed], left_on[observed], (minutes > 48 * _HOUR)[observed])
    told = np.zeros(len(others), dtype=bool)
    told[utilisation.build_observation_notices(plan, others)["visit"].to_numpy()] = True
    due = observed & (minutes > 24 * _HOUR) & np.isin(visits.payer, [MEDICARE, HARBOR])
    yield _Cases("observation_notice_36h", facility[due], left_on[due], told[due])
    changed = utilisation.choose_changed(plan, others) & (left != NEVER)
    for name, rows in (("observation_share", observed), ("inpatient_changed_to_outpatient", changed)):
        yield _among_stays(name, events.stays, facility[rows], left_on[rows])


def _among_stays(metric: str, stays: pd.DataFrame, facility: Ints, day: Ints) -> _Cases:
    """Visits, each counted, and ended stays, none of them."""
    gone = stays["discharged"].to_numpy() != NEVER
    return _Cases(
        metric,
        np.concatenate([stays["facility"].to_numpy()[gone], facility]),
        np.concatenate([_day(stays["discharged"].to_numpy())[gone], day]),
        np.repeat([0.0, 1.0], [int(gone.sum()), len(day)]),
    )


def _staff(plan: Plan, events: Events) -> Iterator[_Cases]:
    """Overtime, hours, training and licences."""
    shifts = events.shifts
    facility, day = arrays.UNIT_FACILITY[shifts["unit"].to_numpy()], shifts["day"].to_numpy()
    yield _Cases("overtime_share", facility, day, shifts["overtime_hours"], shifts["paid_hours"])
    left_on = _day(events.stays["discharged"].to_numpy())
    gone = left_on != NEVER
    both = [
        np.concatenate(pair) for pair in ((facility, events.stays["facility"].to_numpy()[gone]), (day, left_on[gone]))
    ]
    hours = np.concatenate([shifts["paid_hours"], np.zeros(int(gone.sum()))])
    people = np.concatenate([np.zeros(len(shifts)), np.ones(int(gone.sum()))])
    yield _Cases("paid_hours_per_discharge", both[0], both[1], hours, people)

    seen = pd.Series(day).groupby(shifts["case_manager"].to_numpy()).max()
    place = pd.Series(facility).groupby(shifts["case_manager"].to_numpy()).last()
    training = department.build_training(plan)
    training = training[training["case_manager"].isin(seen.index)]
    facility = place[training["case_manager"].to_numpy()].to_numpy()
    due, completed = training["due"].to_numpy(), training["completed"].to_numpy()
    cases = _Cases("training_on_time", facility, due, (completed != NEVER) & (completed <= due))
    yield from _through(cases, plan.last_day)
    budget = department.build_budget(plan)
    months = budget["month"].to_numpy().astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    spent, planned = budget["actual_usd"].to_numpy(), budget["budget_usd"].to_numpy()
    yield _Cases("department_spending_pct_of_budget", budget["facility"].to_numpy(), months, spent, planned)
    licences = department.build_licences(plan)
    licences = licences[licences["case_manager"].isin(seen[seen > plan.last_day - 365].index)]
    facility = place[licences["case_manager"].to_numpy()].to_numpy()
    left = licences["expires"].to_numpy() - plan.last_day
    last = np.full(len(licences), plan.last_day)
    yield _Cases("licences_expired", facility, last, left <= 0)
    yield _Cases("licences_expiring_60d", facility, last, (left > 0) & (left <= 60))
