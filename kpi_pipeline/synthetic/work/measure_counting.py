"""Counts what each measure of the catalogue must find, from the generator's own events. Knows nothing of the pipeline.

Here are the measures of casework, compliance and denials; observation notices, staff and surveys in `house_counting`,
return days, six conditions and expected cost in `return_counting`, visits, observation and further returns in
`encounter_counting`, medians and percentiles in `pooled_counting`, the indices against what the generator expects in
`risk_counting`, further measures of stays in `stay_counting`, the first eleven measures in `counting`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import TRANSFER
from kpi_pipeline.synthetic.care.people import People
from kpi_pipeline.synthetic.ground.archetypes import AGAINST_ADVICE, DIED, TO_OTHER_ACUTE_HOSPITAL
from kpi_pipeline.synthetic.ground.calendar import weekday_of
from kpi_pipeline.synthetic.ground.places import HARBOR, MEDICARE
from kpi_pipeline.synthetic.ground.plan import NEVER, Ints, Plan
from kpi_pipeline.synthetic.truth import MeasureTruth
from kpi_pipeline.synthetic.work import casework, utilisation
from kpi_pipeline.synthetic.work.counted_cases import (
    CountedCases,
    Visits,
    day_of,
    has_known_ending,
    is_moved_on,
    next_admissions,
    summed,
    through,
)
from kpi_pipeline.synthetic.work.counting import Events, covered_days
from kpi_pipeline.synthetic.work.encounter_counting import count_encounters
from kpi_pipeline.synthetic.work.house_counting import count_staff, count_surveys, count_visits
from kpi_pipeline.synthetic.work.pooled_counting import count_pooled
from kpi_pipeline.synthetic.work.return_counting import count_returns
from kpi_pipeline.synthetic.work.risk_counting import count_indices
from kpi_pipeline.synthetic.work.stay_counting import count_stays

_HOME = ("01", "06")
_POST_ACUTE = ("03", "06", "62", "63")
_HOUR = 60


def count_measures(
    plan: Plan, events: Events, visits: Visits, clinic: pd.DataFrame, *, person: Ints, people: People
) -> tuple[MeasureTruth, ...]:
    """One MeasureTruth per measure, facility and month of the plan that has cases. person: of each stay."""
    parts = (
        _casework(plan, events, person),
        _stays(plan, events),
        _denials(plan, events),
        count_visits(plan, visits, events),
        count_staff(plan, events),
        count_surveys(plan, events),
        count_stays(plan, events, person=person),
        count_returns(plan, events, visits, person=person, people=people),
        count_encounters(plan, events, visits, clinic, person=person),
        count_pooled(plan, events),
        count_indices(plan, events)[0],
    )
    found = [one for part in parts for one in part]
    return tuple(truth for cases in found for truth in summed(plan, cases))


def _casework(plan: Plan, events: Events, person: Ints) -> Iterator[CountedCases]:
    every = pd.concat([events.cases, events.reopened], ignore_index=True)
    stay, opened, closed = (
        every["stay"].to_numpy(),
        day_of(every["opened"].to_numpy()),
        day_of(every["closed"].to_numpy()),
    )
    facility = events.stays["facility"].to_numpy()[stay]
    yield CountedCases("cm_cases_opened", facility, opened, 1)
    ended = closed != NEVER
    yield CountedCases("cm_cases_closed", facility[ended], closed[ended], 1)
    month_ends = [plan.first_month.plus(step).last_day for step in range(plan.months)]
    for end in np.array(month_ends, dtype="datetime64[D]").astype(np.int64):
        there = (opened <= end) & (~ended | (closed > end))
        yield CountedCases("cm_cases_open", facility[there], np.full(int(there.sum()), end), 1)
    again = np.full(len(events.stays), NEVER)
    again[events.reopened["stay"].to_numpy()] = day_of(events.reopened["opened"].to_numpy())
    watched = ended & (closed <= plan.last_day - 30)
    reopened = (again[stay] >= closed) & (again[stay] <= closed + 30) & (again[stay] > opened)
    yield CountedCases("cm_cases_reopened_30d", facility[watched], closed[watched], reopened[watched])

    tasks = casework.build_tasks(plan, events.stays, cases=events.cases, payer=events.payer)
    due, done = tasks["due"].to_numpy(), tasks["done"].to_numpy()
    facility = events.stays["facility"].to_numpy()[events.cases["stay"].to_numpy()[tasks["case"].to_numpy()]]
    in_time = (done != NEVER) & (done <= due)
    yield from through(CountedCases("follow_ups_on_time", facility, day_of(due), in_time), plan.last_day)
    in_a_week = (done != NEVER) & (day_of(done) <= day_of(due) + 7)
    yield from through(CountedCases("follow_ups_done", facility, day_of(due), in_a_week), plan.last_day - 7)
    yield from _contacts(plan, events, tasks, person)


def _contacts(plan: Plan, events: Events, tasks: pd.DataFrame, person: Ints) -> Iterator[CountedCases]:
    """Calls by the second business day after going home; who came back before without one is left out."""
    stays = events.stays
    left_on = day_of(stays["discharged"].to_numpy())
    by = left_on + np.array([2, 2, 2, 4, 4, 3, 2])[weekday_of(np.maximum(left_on, 0))]
    calls = tasks[(tasks["task"] == casework.TASKS.index("post-discharge call")) & (tasks["done"] != NEVER)]
    stay = events.cases["stay"].to_numpy()[calls["case"].to_numpy()]
    done = day_of(calls["done"].to_numpy())
    reached = np.zeros(len(stays), dtype=bool)
    reached[stay[(done >= left_on[stay]) & (done <= by[stay])]] = True
    home = (left_on != NEVER) & np.isin(stays["disposition"], _HOME) & has_known_ending(events)
    home &= ~is_moved_on(stays) & (left_on <= plan.last_day - 4)
    back_on = next_admissions(stays, person)
    counted = home & (reached | (back_on == NEVER) | (back_on > by))
    yield CountedCases(
        "contact_within_2_business_days", stays["facility"].to_numpy()[counted], left_on[counted], reached[counted]
    )


def _stays(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Reviews, Medicare notices and costs of acute stays."""
    stays = events.stays
    facility, admitted_on = stays["facility"].to_numpy(), stays["admitted_on"].to_numpy()
    reviews = utilisation.build_reviews(plan, stays)
    due, done = reviews["due"].to_numpy(), reviews["done"].to_numpy()
    of_review = CountedCases(
        "reviews_on_time", facility[reviews["stay"].to_numpy()], day_of(due), (done != NEVER) & (done <= due)
    )
    yield from through(of_review, plan.last_day)

    medicare = np.isin(events.payer, [MEDICARE, HARBOR])
    notices = utilisation.build_notices(plan, stays, payer=events.payer)
    first, again = (notices[notices["kind"] == kind] for kind in (0, 1))
    told = np.full(len(stays), NEVER)
    told[first["stay"].to_numpy()] = day_of(first["delivered"].to_numpy())
    in_time = (told != NEVER) & (told <= admitted_on + 2)
    admitted = CountedCases("important_message_first", facility[medicare], admitted_on[medicare], in_time[medicare])
    yield from through(admitted, plan.last_day - 2)

    left = stays["discharged"].to_numpy()
    left_on = day_of(left)
    stay, delivered = again["stay"].to_numpy(), again["delivered"].to_numpy()
    good = (day_of(delivered) >= left_on[stay] - 2) & (left[stay] - delivered >= 4 * _HOUR)
    copied = np.zeros(len(stays), dtype=bool)
    copied[stay[good]] = True
    disposition = np.where(has_known_ending(events), stays["disposition"], "")
    due_copy = medicare & (left_on != NEVER) & ~np.isin(disposition, [DIED, AGAINST_ADVICE])
    # a transfer is seen by the next stay, or by a disposition that was recorded
    due_copy &= ~((stays["next_kind"].to_numpy() == TRANSFER) | np.isin(disposition, TO_OTHER_ACUTE_HOSPITAL))
    due_copy &= (told == NEVER) | (told < left_on - 2)
    yield CountedCases("important_message_follow_up", facility[due_copy], left_on[due_copy], copied[due_copy])

    yield from _destinations(events)
    for part in ("direct_cost", "variable_direct_cost"):
        cents = events.money[part].to_numpy()
        known = (left_on != NEVER) & (cents != np.iinfo(np.int64).min)
        yield CountedCases(f"{part}_per_case_usd", facility[known], left_on[known], cents[known] / 100)


def _destinations(events: Events) -> Iterator[CountedCases]:
    """Transfers among live discharges, and the days waited by those who left for post-acute care."""
    stays = events.stays
    facility, left_on = stays["facility"].to_numpy(), day_of(stays["discharged"].to_numpy())
    moved, known = is_moved_on(stays), (left_on != NEVER) & has_known_ending(events)
    live = known & (stays["disposition"] != DIED).to_numpy()
    yield CountedCases("transferred_to_acute_care", facility[live], left_on[live], moved[live])
    bound = known & ~moved & np.isin(stays["disposition"], _POST_ACUTE)
    yield CountedCases("post_acute_wait_days", facility[bound], left_on[bound], covered_days(events)[bound])


def _denials(plan: Plan, events: Events) -> Iterator[CountedCases]:
    denials = events.denials
    facility = events.stays["facility"].to_numpy()[denials["stay"].to_numpy()]
    denied_on, appealed_on = denials["denied_on"].to_numpy(), denials["appealed_on"].to_numpy()
    usd, decided_on = denials["denied_amount"].to_numpy() / 100, denials["decided_on"].to_numpy()
    yield CountedCases("denied_usd_received", facility, denied_on, usd)
    appealed = (appealed_on != NEVER) & (appealed_on <= denied_on + 60)
    yield from through(CountedCases("denials_appealed", facility, denied_on, appealed), plan.last_day - 60)
    won = (denials["outcome"].to_numpy() == utilisation.DENIAL_OUTCOMES.index("overturned")) & (decided_on != NEVER)
    sent = appealed_on != NEVER
    cases = CountedCases(
        "appeals_overturned", facility[sent], appealed_on[sent], (won & (decided_on <= appealed_on + 180))[sent]
    )
    yield from through(cases, plan.last_day - 180)
    spoke_on, came_to = denials["peer_to_peer_on"].to_numpy(), denials["peer_to_peer_outcome"].to_numpy()
    spoke = spoke_on != NEVER
    in_time = spoke & (spoke_on <= denied_on + 30)
    yield from through(CountedCases("denials_peer_to_peer", facility, denied_on, in_time), plan.last_day - 30)
    turned = came_to[spoke] == utilisation.DENIAL_OUTCOMES.index("overturned")
    cases = CountedCases("peer_to_peer_overturned", facility[spoke], spoke_on[spoke], turned)
    yield from through(cases, plan.last_day - 30)
    lost = np.where(won & (decided_on <= denied_on + 365), 0, usd)
    yield from through(CountedCases("denied_usd_not_recovered", facility, denied_on, lost, usd), plan.last_day - 365)
