"""Counts what the measures of visits after a stay, of observation, of late returns and of returns as a health plan sees
them must find, from the generator's own events."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import UNPLANNED
from kpi_pipeline.synthetic.ground.plan import NEVER, Bools, Ints, Plan
from kpi_pipeline.synthetic.work.counted_cases import (
    CountedCases,
    Visits,
    day_of,
    elapsed_minutes,
    has_known_ending,
    is_moved_on,
    is_planned_care,
    next_admissions,
    next_stays,
    percentile,
    stayed_minutes,
    through,
)
from kpi_pipeline.synthetic.work.counting import FOLLOW_UP_DAYS, Events, find_index_stays

_HOUR = 60
_EARLY_HOURS = 72
_LATE_DAYS = 90
_STILL_THERE = np.iinfo(np.int64).max

Episode = tuple[int, int, int, int, bool, int]
"""Person, first day, last day, facility, whether it is known to be no case of its own, stay (-1: observation)."""


def count_encounters(
    plan: Plan, events: Events, visits: Visits, clinic: pd.DataFrame, *, person: Ints
) -> Iterator[CountedCases]:
    """Emergency visits, clinic visits, observation, returns after up to ninety days, arriving returns, plan view."""
    yield from _emergency(plan, events, visits.encounters, person)
    yield from _clinic(plan, events, clinic, person)
    yield from _observation(plan, events, visits.encounters, person)
    yield from _late_returns(plan, events, person)
    yield _arriving(plan, events, person)
    yield from through(_plan_view(events, visits.encounters, person), plan.last_day - FOLLOW_UP_DAYS)


def _emergency(plan: Plan, events: Events, others: pd.DataFrame, person: Ints) -> Iterator[CountedCases]:
    """Index stays followed by an emergency visit within thirty days, and within 72 hours by the clock."""
    stays = events.stays
    came = others[others["encounter_type"] == "emergency department"]
    pairs = pd.DataFrame({"stay": np.arange(len(stays)), "person": person, "left": stays["discharged"]}).merge(
        came[["person", "facility", "admitted"]], on="person"
    )
    pairs = pairs[(pairs["left"] != NEVER) & (pairs["admitted"] >= pairs["left"])]
    facility, left, admitted = (pairs[column].to_numpy() for column in ("facility", "left", "admitted"))
    soon = {
        "ed_return_72h": (3, elapsed_minutes(facility, left, admitted) <= _EARLY_HOURS * _HOUR),
        "ed_return_30d": (FOLLOW_UP_DAYS, day_of(admitted) - day_of(left) <= FOLLOW_UP_DAYS),
    }
    for metric, (followed_days, is_within) in soon.items():
        index = find_index_stays(plan, events, followed_days=followed_days)
        back = np.zeros(len(stays), dtype=bool)
        back[pairs["stay"].to_numpy()[is_within]] = True
        yield CountedCases(
            metric, stays["facility"].to_numpy()[index], stays["discharged_on"].to_numpy()[index], back[index]
        )


def _clinic(plan: Plan, events: Events, clinic: pd.DataFrame, person: Ints) -> Iterator[CountedCases]:
    """Patients gone home, with a visit; who was admitted again before one is left out."""
    stays = events.stays
    left_on = stays["discharged_on"].to_numpy()
    home = (stays["discharged"].to_numpy() != NEVER) & np.isin(stays["disposition"], ["01", "06"])
    home &= has_known_ending(events) & ~is_moved_on(stays)
    after = np.full(len(stays), _STILL_THERE)
    after[clinic["stay"].to_numpy()] = day_of(clinic["admitted"].to_numpy()) - left_on[clinic["stay"].to_numpy()]
    back_on = next_admissions(stays, person)
    for within in (7, 14):
        seen = after <= within
        counted = home & (seen | (back_on == NEVER) | (back_on > left_on + within))
        cases = CountedCases(
            f"visit_within_{within}d", stays["facility"].to_numpy()[counted], left_on[counted], seen[counted]
        )
        yield from through(cases, plan.last_day - within)


def _observation(plan: Plan, events: Events, others: pd.DataFrame, person: Ints) -> Iterator[CountedCases]:
    """How long it lasted, and whether an admission of the patient there followed by the next day."""
    observed = others[(others["encounter_type"] == "observation") & (others["discharged"] != NEVER)]
    facility, left_on = observed["facility"].to_numpy(), day_of(observed["discharged"].to_numpy())
    hours = stayed_minutes(observed) / _HOUR
    yield CountedCases("observation_hours", facility, left_on, hours, pooled=percentile(0.5))
    came = events.stays.groupby([person, events.stays["facility"].to_numpy()])["admitted_on"].apply(set).to_dict()
    admitted = [
        not came.get(key, set()).isdisjoint((day, day + 1))
        for key, day in zip(zip(observed["person"], facility, strict=True), left_on.tolist(), strict=True)
    ]
    yield from through(CountedCases("observation_to_inpatient", facility, left_on, admitted), plan.last_day - 1)


def _late_returns(plan: Plan, events: Events, person: Ints) -> Iterator[CountedCases]:
    """The person's next stay, whatever brought it about, within ninety days and for care that nobody plans."""
    stays = events.stays
    following, left_on = next_stays(stays, person), stays["discharged_on"].to_numpy()
    index = find_index_stays(plan, events, followed_days=_LATE_DAYS)
    back = (following >= 0) & (next_admissions(stays, person) - left_on <= _LATE_DAYS)
    back &= ~is_planned_care(events)[following]
    yield CountedCases("readmission_90d", stays["facility"].to_numpy()[index], left_on[index], back[index])


def _arriving(plan: Plan, events: Events, person: Ints) -> CountedCases:
    """Admissions that were drawn as the unplanned return of an index stay; from a month after the first discharge."""
    stays = events.stays
    left = stays["discharged"].to_numpy() != NEVER
    facility, admitted_on = stays["facility"].to_numpy(), stays["admitted_on"].to_numpy()
    index = find_index_stays(plan, events, followed_days=0) & (stays["next_kind"].to_numpy() == UNPLANNED)
    arrived = np.zeros(len(stays), dtype=bool)
    arrived[next_stays(stays, person)[index]] = True
    first = stays[left].groupby("facility")["discharged_on"].min()
    seen = admitted_on >= stays["facility"].map(first).fillna(_STILL_THERE).to_numpy() + FOLLOW_UP_DAYS
    return CountedCases("returns_among_admissions", facility[seen], admitted_on[seen], arrived[seen])


def _plan_view(events: Events, others: pd.DataFrame, person: Ints) -> CountedCases:
    """Acute stays and observation, those no more than a day apart as one; a planned first return takes it out."""
    observed = others[others["encounter_type"] == "observation"]
    episodes = sorted(
        [
            *_episodes(events.stays, person, events.stays["died"].to_numpy(), np.arange(len(events.stays))),
            *_episodes(observed, observed["person"].to_numpy(), None, np.full(len(observed), -1)),
        ]
    )
    planned = is_planned_care(events)
    cases: list[tuple[int, int, bool]] = []
    for _, of_person in groupby(episodes, key=itemgetter(0)):
        spells: list[list[Episode]] = []
        for episode in of_person:
            if spells and episode[1] - max(one[2] for one in spells[-1]) <= 1:
                spells[-1].append(episode)
            else:
                spells.append([episode])
        for spell, after in zip(spells, [*spells[1:], None], strict=True):
            last = max(spell, key=itemgetter(2, 1))
            if last[2] == _STILL_THERE or last[4] or spell[0][1] == last[2]:
                continue
            is_back = after is not None and after[0][1] - last[2] <= FOLLOW_UP_DAYS
            if is_back and after is not None and after[0][5] >= 0 and planned[after[0][5]]:
                continue
            cases.append((last[3], last[2], is_back))
    facility, day, back = np.array(cases, dtype=np.int64).reshape(-1, 3).T
    return CountedCases("readmission_pcr_like_30d", facility, day, back)


def _episodes(encounters: pd.DataFrame, person: Ints, died: Bools | None, stay: Ints) -> Iterator[Episode]:
    left_on = day_of(encounters["discharged"].to_numpy())
    return zip(
        person.tolist(),
        day_of(encounters["admitted"].to_numpy()).tolist(),
        np.where(left_on == NEVER, _STILL_THERE, left_on).tolist(),
        encounters["facility"].tolist(),
        [False] * len(encounters) if died is None else died.tolist(),
        stay.tolist(),
        strict=True,
    )
