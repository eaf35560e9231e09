"""What the counted truth of every measure is made of: cases with their place and day, summed by facility and month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_pipeline.synthetic.care.endings import TRANSFER
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import TO_OTHER_ACUTE_HOSPITAL
from kpi_pipeline.synthetic.ground.calendar import skip_missing_hour
from kpi_pipeline.synthetic.ground.places import FACILITIES, FACILITY_IDS
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Floats, Ints, Plan
from kpi_pipeline.synthetic.truth import MeasureTruth
from kpi_pipeline.synthetic.work.counting import Events


@dataclass(frozen=True, slots=True)
class Visits:
    """Encounters that are no acute stays, with the payer of each."""

    encounters: pd.DataFrame
    payer: Ints


Pooled = Callable[[Floats, Floats], float | None]


@dataclass(frozen=True, slots=True)
class CountedCases:
    """The cases of one measure: facility number, day, what each adds; pooled: the value of the numerators and
    denominators of a cut, where it is no ratio of their sums."""

    metric: str
    facility: Ints
    day: Ints
    numerator: ArrayLike
    denominator: ArrayLike = 1.0
    pooled: Pooled | None = None


def summed(plan: Plan, cases: CountedCases) -> Iterator[MeasureTruth]:
    """One MeasureTruth per facility and month of the plan that has cases."""
    month = plan.month_index(cases.day)
    inside = (month >= 0) & (month < plan.months)
    cell = (cases.facility * plan.months + month)[inside]
    n_cells = len(FACILITIES) * plan.months
    each = [
        np.broadcast_to(np.asarray(values, dtype=float), cases.day.shape)[inside]
        for values in (cases.numerator, cases.denominator)
    ]
    numerator, denominator = (np.bincount(cell, values, n_cells) for values in each)
    order = np.argsort(cell, kind="stable")
    ends = np.searchsorted(cell[order], np.arange(n_cells), side="right")
    for number in np.flatnonzero(np.bincount(cell, minlength=n_cells)):
        rows = order[ends[number - 1] if number else 0 : ends[number]]
        value = cases.pooled(each[0][rows], each[1][rows]) if cases.pooled else None
        yield MeasureTruth(
            metric=cases.metric,
            facility_id=FACILITY_IDS[number // plan.months],
            month=str(plan.first_month.plus(int(number % plan.months))),
            numerator=round(float(numerator[number]), 4),
            denominator=round(float(denominator[number]), 4),
            value=None if value is None else round(value, 6),
        )


def percentile(share: float) -> Pooled:
    """The numerator below which this share of them lies, between two cases in proportion."""
    return lambda numerator, _: float(np.quantile(numerator, share))


def geometric_mean(numerator: Floats, denominator: Floats) -> float:
    """Of numerator ÷ denominator."""
    return float(np.exp(np.log(numerator / denominator).mean()))


def half_waited(numerator: Floats, denominator: Floats) -> float | None:
    """The time by which half had what they waited for; who is seen no longer (denominator 0) leaves the count then."""
    waiting, at_risk = 1.0, len(numerator)
    for time in np.unique(numerator):
        at_once = numerator == time
        waiting *= 1 - denominator[at_once].sum() / at_risk
        if waiting <= 0.5 + 1e-9:
            return float(time)
        at_risk -= int(at_once.sum())
    return None


def through(cases: CountedCases, last_day: int) -> Iterator[CountedCases]:
    """The cases up to a day; later ones are not followed to their end."""
    kept = cases.day <= last_day
    numerator, denominator = (
        np.broadcast_to(np.asarray(values, dtype=float), kept.shape)[kept]
        for values in (cases.numerator, cases.denominator)
    )
    yield CountedCases(cases.metric, cases.facility[kept], cases.day[kept], numerator, denominator, pooled=cases.pooled)


def day_of(minutes: Ints) -> Ints:
    """The day of each minute; NEVER stays."""
    return np.where(minutes == NEVER, NEVER, minutes // MINUTES_PER_DAY)


def has_known_ending(events: Events) -> Bools:
    """Stays whose disposition was recorded and can be read."""
    return ~events.is_spoilt("missing_disposition", "invalid_disposition")


def is_moved_on(stays: pd.DataFrame) -> Bools:
    """Stays that went on to another acute hospital."""
    moved: Bools = (stays["next_kind"].to_numpy() == TRANSFER) | np.isin(stays["disposition"], TO_OTHER_ACUTE_HOSPITAL)
    return moved


def next_stays(stays: pd.DataFrame, person: Ints) -> Ints:
    """The row of the person's next acute stay; -1 without one."""
    order = np.lexsort((stays["admitted"].to_numpy(), person))
    following = np.full(len(stays), -1)
    same = person[order[1:]] == person[order[:-1]]
    following[order[:-1][same]] = order[1:][same]
    return following


def next_admissions(stays: pd.DataFrame, person: Ints) -> Ints:
    """The day on which the person's next acute stay begins; NEVER without one."""
    following = next_stays(stays, person)
    return np.where(following >= 0, stays["admitted_on"].to_numpy()[following], NEVER)


def is_planned_care(events: Events) -> Bools:
    """Stays for care that is always planned, or with an operation that is and no acute diagnosis known."""
    diagnosis = events.stays["diagnosis"].to_numpy()
    unknown = events.is_spoilt("missing_principal_diagnosis")
    operated = arrays.HAS_PLANNED_OPERATION[diagnosis] & (unknown | ~arrays.IS_ACUTE[diagnosis])
    planned: Bools = operated | arrays.IS_ALWAYS_PLANNED[diagnosis]
    return planned


def elapsed_minutes(facility: Ints, begun: Ints, ended: Ints) -> Floats:
    """Minutes between two times at a facility as they pass, also in the nights in which clocks are moved."""
    elapsed = np.zeros(len(begun))
    for number, place in enumerate(FACILITIES):
        here = np.flatnonzero(facility == number)
        first, last = (
            pd.DatetimeIndex(
                skip_missing_hour(minutes[here]).astype("datetime64[m]").astype("datetime64[s]")
            ).tz_localize(place.time_zone, ambiguous=np.zeros(len(here), dtype=bool))
            for minutes in (begun, ended)
        )
        elapsed[here] = (last - first).total_seconds().to_numpy() / 60
    return elapsed


def stayed_minutes(encounters: pd.DataFrame) -> Floats:
    """Minutes from the beginning to the end of each encounter; 0 while it lasts."""
    begun, left = encounters["admitted"].to_numpy(), encounters["discharged"].to_numpy()
    return elapsed_minutes(encounters["facility"].to_numpy(), begun, np.where(left == NEVER, begun, left))
