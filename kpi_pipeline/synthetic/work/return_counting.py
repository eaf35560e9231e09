"""Counts what the measures of return days, of six conditions and of cost against DRG-expected must find, from the
generator's own events: who follows whom was drawn, not found out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.endings import PLANNED, UNPLANNED
from kpi_pipeline.synthetic.care.people import People
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import DRG_NUMBER
from kpi_pipeline.synthetic.ground.plan import NEVER, Bools, Floats, Ints, Plan
from kpi_pipeline.synthetic.work.counted_cases import CountedCases, Visits, stayed_minutes
from kpi_pipeline.synthetic.work.counting import FOLLOW_UP_DAYS, Events, find_index_stays, is_coded, is_costed

_OLD_ENOUGH_YEARS = 65
_HALF_DAY = 720
_OPERATIONS = {"236": 1, "470": 2, "522": 2}
"""DRG → condition: coronary bypass, hip or knee replacement."""
_ILLNESSES = {100: 3, 108: 4, 122: 5, 127: 6}
"""CCS of the principal diagnosis → condition: heart attack, heart failure, pneumonia, COPD."""
_MONTHS_BEFORE = 12
_OUTLIER_TIMES = 3


def count_returns(
    plan: Plan, events: Events, visits: Visits, *, person: Ints, people: People
) -> Iterator[CountedCases]:
    """Return days of index stays, returns after the six conditions, cost against what the DRG lets expect."""
    index = find_index_stays(plan, events)
    stays = events.stays
    facility, left_on = stays["facility"].to_numpy(), stays["discharged_on"].to_numpy()
    days = _days_in_stays(stays, index, person) + _days_in_visits(stays, index, person, visits)
    yield CountedCases("return_days_per_100_discharges", facility[index], left_on[index], days[index])

    condition = _conditions(stays)
    counted = index & (condition > 0) & _is_old(stays, person, people) & ~_is_repeat(stays, person, condition)
    back = (stays["next_kind"].to_numpy() == UNPLANNED)[counted]
    yield CountedCases("readmission_conditions_30d", facility[counted], left_on[counted], back)
    yield from _costs(plan, events)


def _days_in_stays(stays: pd.DataFrame, index: Bools, person: Ints) -> Floats:
    """Days of every unplanned later stay that begins within thirty days, up to the thirtieth; at least one each."""
    of_index = _index_frame(stays, index, person)
    later = pd.DataFrame(
        {
            "later": np.arange(len(stays)),
            "person": person,
            "begins": stays["admitted"].to_numpy(),
            "begins_on": stays["admitted_on"].to_numpy(),
            "ends_on": np.where(stays["discharged"] == NEVER, np.iinfo(np.int64).max, stays["discharged_on"]),
        }
    )[(stays["kind"] != PLANNED).to_numpy()]
    pairs = of_index.merge(later, on="person")
    pairs = pairs[(pairs["later"] != pairs["stay"]) & (pairs["begins"] > pairs["began"]) & _is_within(pairs)]
    days = np.maximum(np.minimum(pairs["ends_on"], pairs["left_on"] + FOLLOW_UP_DAYS) - pairs["begins_on"], 1)
    return np.bincount(pairs["stay"], days, len(stays)).astype(np.float64)


def _days_in_visits(stays: pd.DataFrame, index: Bools, person: Ints, visits: Visits) -> Floats:
    """Half a day for an emergency visit, observation in half days begun; those of patients gone home come two days
    after they left or later, and nothing else of theirs comes that day."""
    others = visits.encounters
    kind = others["encounter_type"].to_numpy()
    minutes = stayed_minutes(others)
    frame = pd.DataFrame(
        {
            "person": others["person"].to_numpy(),
            "begins_on": others["admitted"].to_numpy() // 1440,
            "days": np.where(kind == "observation", np.maximum(np.ceil(minutes / _HALF_DAY), 1) / 2, 0.5),
        }
    )[np.isin(kind, ["observation", "emergency department"])]
    pairs = _index_frame(stays, index, person).merge(frame, on="person")
    pairs = pairs[_is_within(pairs)]
    return np.bincount(pairs["stay"], pairs["days"], len(stays)).astype(np.float64)


def _index_frame(stays: pd.DataFrame, index: Bools, person: Ints) -> pd.DataFrame:
    rows = np.flatnonzero(index)
    columns = {"began": stays["admitted"].to_numpy()[rows], "left_on": stays["discharged_on"].to_numpy()[rows]}
    return pd.DataFrame({"stay": rows, "person": person[rows], **columns})


def _is_within(pairs: pd.DataFrame) -> pd.Series:
    return pairs["begins_on"].between(pairs["left_on"], pairs["left_on"] + FOLLOW_UP_DAYS)


def _conditions(stays: pd.DataFrame) -> Ints:
    """The condition of each stay, by its operation or else its principal diagnosis; 0 for none of the six."""
    found: Ints = np.zeros(len(stays), dtype=np.int64)
    ccs, archetype = arrays.CCS_OF[stays["diagnosis"].to_numpy()], stays["archetype"].to_numpy()
    for category, number in _ILLNESSES.items():
        found[ccs == category] = number
    for drg, number in _OPERATIONS.items():
        found[archetype == DRG_NUMBER[drg]] = number
    return found


def _is_old(stays: pd.DataFrame, person: Ints, people: People) -> Bools:
    born = pd.DatetimeIndex(people.born_on[person].astype("datetime64[D]").astype("datetime64[s]"))
    birthday = (born + pd.DateOffset(years=_OLD_ENOUGH_YEARS)).to_numpy().astype("datetime64[D]").astype(np.int64)
    old: Bools = birthday <= stays["admitted_on"].to_numpy()
    return old


def _is_repeat(stays: pd.DataFrame, person: Ints, condition: Ints) -> Bools:
    """Begins within thirty days of the end of the person's stay before for the same condition."""
    frame = pd.DataFrame(
        {"person": person, "condition": condition, "ended_on": stays["discharged_on"], "began": stays["admitted"]}
    ).sort_values("began", kind="stable")
    before = frame.groupby(["person", "condition"], sort=False)["ended_on"].shift(1).sort_index()
    repeat: Bools = ((stays["admitted_on"] - before) <= FOLLOW_UP_DAYS).to_numpy()
    return repeat


def _costs(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Of stays costed and coded, from the month on that has a whole year before it."""
    stays = events.stays
    archetype, cents = stays["archetype"].to_numpy(), events.money["total_cost"].to_numpy()
    known = (stays["discharged"].to_numpy() != NEVER) & is_costed(events) & is_coded(events)
    month = plan.month_index(np.where(known, stays["discharged_on"], 0))
    usd, weight = np.where(known, cents / 100, 0.0), arrays.WEIGHT[archetype]
    sums = [np.bincount(month[known], values[known], plan.months) for values in (usd, weight)]
    has_stays = np.bincount(month[known], minlength=plan.months) > 0
    price = np.full(plan.months, np.nan)
    for at in range(_MONTHS_BEFORE, plan.months):
        year = slice(at - _MONTHS_BEFORE, at)
        if has_stays[year].all():
            price[at] = sums[0][year].sum() / sums[1][year].sum()
    counted = known & ~np.isnan(price[np.clip(month, 0, plan.months - 1)])
    facility, left_on = stays["facility"].to_numpy()[counted], stays["discharged_on"].to_numpy()[counted]
    expected = weight[counted] * price[month[counted]]
    yield CountedCases("total_cost_drg_index", facility, left_on, usd[counted], expected)
    yield CountedCases("high_cost_outliers", facility, left_on, usd[counted] > _OUTLIER_TIMES * expected)
