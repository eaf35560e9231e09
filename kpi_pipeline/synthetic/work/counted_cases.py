"""What the counted truth of every measure is made of: cases with their place and day, summed by facility and month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_pipeline.synthetic.care.endings import TRANSFER
from kpi_pipeline.synthetic.ground.archetypes import TO_OTHER_ACUTE_HOSPITAL
from kpi_pipeline.synthetic.ground.places import FACILITIES, FACILITY_IDS
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan
from kpi_pipeline.synthetic.truth import MeasureTruth
from kpi_pipeline.synthetic.work.counting import Events


@dataclass(frozen=True, slots=True)
class Visits:
    """Encounters that are no acute stays, with the payer of each."""

    encounters: pd.DataFrame
    payer: Ints


@dataclass(frozen=True, slots=True)
class CountedCases:
    """The cases of one measure: facility number, day, what each adds."""

    metric: str
    facility: Ints
    day: Ints
    numerator: ArrayLike
    denominator: ArrayLike = 1.0


def summed(plan: Plan, cases: CountedCases) -> Iterator[MeasureTruth]:
    """One MeasureTruth per facility and month of the plan that has cases."""
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


def through(cases: CountedCases, last_day: int) -> Iterator[CountedCases]:
    """The cases up to a day; later ones are not followed to their end."""
    kept = cases.day <= last_day
    numerator, denominator = (
        np.broadcast_to(np.asarray(values, dtype=float), kept.shape)[kept]
        for values in (cases.numerator, cases.denominator)
    )
    yield CountedCases(cases.metric, cases.facility[kept], cases.day[kept], numerator, denominator)


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


def next_admissions(stays: pd.DataFrame, person: Ints) -> Ints:
    """The day on which the person's next acute stay begins; NEVER without one."""
    order = np.lexsort((stays["admitted"].to_numpy(), person))
    next_on = np.full(len(stays), NEVER)
    same = person[order[1:]] == person[order[:-1]]
    next_on[order[:-1][same]] = stays["admitted_on"].to_numpy()[order[1:]][same]
    return next_on
