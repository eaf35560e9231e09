"""How a stay goes: how long, how the patient leaves, and what follows. One wave of acute stays at a time."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import archetypes, arrays
from kpi_pipeline.synthetic.ground.arrays import draw_rows
from kpi_pipeline.synthetic.ground.calendar import season, weekday_of
from kpi_pipeline.synthetic.ground.places import CENTRAL, FACILITIES
from kpi_pipeline.synthetic.ground.plan import (
    MINUTES_PER_DAY,
    ROUNDS_FACILITY,
    ROUNDS_STAY_FACTOR,
    Bools,
    Floats,
    Ints,
    Plan,
    Texts,
    day_number,
)

# what brought a patient in, and what follows a stay
NOTHING, FRESH, TRANSFER, UNPLANNED, PLANNED, LATER = 0, 1, 2, 3, 4, 5

_LONGEST_STAY_DAYS = 75.0
_SAME_DAY_SHARE = 0.12
_WEEKEND_WAIT_SHARE = 0.15
_SEASONAL_STAY = 0.01
_LATER_PROBABILITY = 0.03
_SMALLEST_CALIBRATION = 30
_NORMAL_QUANTILES = np.array([NormalDist().inv_cdf((place + 0.5) / 100) for place in range(100)])
_ROWS_AT_ONCE = 20_000


def complete_stays(plan: Plan, wave: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """The wave with the end of each stay: discharge, days, disposition, and the kind of stay that follows."""
    archetype = wave["archetype"].to_numpy()
    died = rng.random(len(wave)) < arrays.DIED[archetype]
    moves_on = ~died & (rng.random(len(wave)) < _transfer_probability(wave))
    disposition = np.array(arrays.LEAVING_CODES)[draw_rows(rng, arrays.LEAVING_SHARES[archetype])]
    # one transfer in nine is coded as a discharge home: only the dates give it away
    coded = np.where(rng.random(len(wave)) < 0.11, "01", archetypes.TRANSFERRED)
    disposition = np.select([died, moves_on], [np.full(len(wave), archetypes.DIED), coded], disposition)
    stays = _with_days(rng, plan, wave.copy(), died, moves_on, disposition)
    stays["disposition"] = disposition
    stays["died"] = died
    stays["next_kind"], stays["return_probability"] = _what_follows(rng, stays, died, moves_on)
    return stays


def _transfer_probability(wave: pd.DataFrame) -> Floats:
    risk = arrays.TRANSFER_RISK[wave["archetype"].to_numpy()]
    again = np.where(wave["kind"].to_numpy() == TRANSFER, 0.25, 1.0)
    here = np.where(wave["facility"].to_numpy() == CENTRAL, 0.12, 1.0)
    probability: Floats = risk * again * here
    return probability


def _with_days(
    rng: np.random.Generator, plan: Plan, stays: pd.DataFrame, died: Bools, moves_on: Bools, disposition: Texts
) -> pd.DataFrame:
    """Adds discharge and days in hospital, as they were and as they would have been without the daily rounds."""
    n = len(stays)
    archetype, facility = stays["archetype"].to_numpy(), stays["facility"].to_numpy()
    admitted_on = stays["admitted"].to_numpy() // MINUTES_PER_DAY
    factor = np.array([place.stay_factor for place in FACILITIES])[facility]
    factor = factor * (1 + _SEASONAL_STAY * season(admitted_on)) * np.where(moves_on, 0.35, 1.0)
    factor = factor * np.where(disposition == archetypes.AGAINST_ADVICE, 0.6, 1.0)
    stays["expected_days"] = _expected_days(archetype, factor)
    length = arrays.GMLOS[archetype] * np.exp(arrays.SPREAD[archetype] * rng.standard_normal(n)) * factor
    length = np.minimum(length, _LONGEST_STAY_DAYS)
    rounding, waits = rng.random(n), rng.random(n) < _WEEKEND_WAIT_SHARE
    days = _whole_days(admitted_on, _shortened(plan, facility, admitted_on, length), rounding, waits)
    stays["los_days_without_rounds"] = _whole_days(admitted_on, length, rounding, waits)
    stays["los_days"] = days
    may_be_short = (stays["kind"].to_numpy() == FRESH) & ~died & ~moves_on & (days == 1)
    same_day = may_be_short & (rng.random(n) < _SAME_DAY_SHARE)
    minute = np.clip(rng.normal(14.4 * 60, 120, n), 8 * 60, 21.5 * 60)
    minute = np.where(died, rng.uniform(0, MINUTES_PER_DAY - 1, n), minute)
    early = admitted_on * MINUTES_PER_DAY + rng.integers(330, 540, n)
    stays["admitted"] = np.where(same_day, early, stays["admitted"])
    minute = np.where(same_day, np.maximum(minute, 12 * 60), minute).astype(np.int64)
    stays["admitted_on"] = admitted_on
    stays["discharged_on"] = admitted_on + np.where(same_day, 0, days)
    stays["discharged"] = stays["discharged_on"] * MINUTES_PER_DAY + minute
    return stays


def _shortened(plan: Plan, facility: Ints, admitted_on: Ints, length: Floats) -> Floats:
    """The rounds shorten every day of a stay from the day they start; the days before are as they were."""
    if plan.rounds_month is None:
        return length
    before = np.clip(day_number(plan.rounds_month.first_day) - admitted_on, 0, length)
    shortened = before + (length - before) * ROUNDS_STAY_FACTOR
    return np.where(facility == ROUNDS_FACILITY, shortened, length)


def _whole_days(admitted_on: Ints, length: Floats, rounding: Floats, waits: Bools) -> Ints:
    """Days at least 1, rounded at random so that the mean stays; some wait over the weekend for their discharge."""
    days = np.maximum(np.floor(length + rounding), 1).astype(np.int64)
    weekday = weekday_of(admitted_on + days)
    return days + np.where(waits & (days >= 3) & (weekday >= 5), 7 - weekday, 0)


def _expected_days(archetype: Ints, factor: Floats) -> Floats:
    """The mean of the days that are drawn, before the rounds: of the lognormal length, at least 1 and at most the
    longest, rounded so that the mean stays, and of the wait over a weekend (two days, or one, of seven)."""
    middle = arrays.GMLOS[:, None] * np.exp(arrays.SPREAD[:, None] * _NORMAL_QUANTILES)
    expected = np.empty(len(archetype))
    for start in range(0, len(archetype), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        length = np.minimum(middle[archetype[rows]] * factor[rows, None], _LONGEST_STAY_DAYS)
        waits = _WEEKEND_WAIT_SHARE * 3 / 7 * np.clip(length - 2, 0, 1)
        expected[rows] = (np.maximum(length, 1) + waits).mean(axis=1)
    return expected


def _what_follows(rng: np.random.Generator, stays: pd.DataFrame, died: Bools, moves_on: Bools) -> tuple[Ints, Floats]:
    """What follows each stay, and the probability with which an unplanned return was to."""
    archetype, disposition = stays["archetype"].to_numpy(), stays["disposition"].to_numpy()
    ends_here = died | moves_on | np.isin(disposition, archetypes.TO_OTHER_ACUTE_HOSPITAL)
    against_advice = disposition == archetypes.AGAINST_ADVICE
    may_be_index = ~ends_here & ~against_advice & arrays.MAY_BE_INDEX[archetype]
    risk = arrays.RETURN_RISK[archetype] * np.where(np.isin(disposition, archetypes.HOSPICE), 0.2, 1.0)
    risk = risk * np.where(against_advice, 1.6, 1.0)
    unplanned = np.where(ends_here, 0.0, _calibrated(stays["facility"].to_numpy(), risk, may_be_index))
    planned = np.where(ends_here | against_advice, 0.0, arrays.FOLLOWED_PROBABILITY[archetype])
    later = np.where(ends_here | arrays.IS_BIRTH[archetype], 0.0, _LATER_PROBABILITY)
    edges = np.cumsum(np.column_stack([unplanned, planned, later]), axis=1)
    picked = (rng.random(len(stays))[:, None] >= edges).sum(axis=1)
    follows = np.array([UNPLANNED, PLANNED, LATER, NOTHING])[picked]
    return np.where(moves_on, TRANSFER, follows), unplanned


def _calibrated(facility: Ints, risk: Floats, may_be_index: Bools) -> Floats:
    """Scales the relative risks so that possible index stays of a facility return with its stated probability."""
    probability = np.zeros(len(risk))
    for number, place in enumerate(FACILITIES):
        here = facility == number
        counted = risk[here & may_be_index]
        mean = float(counted.mean()) if len(counted) >= _SMALLEST_CALIBRATION else 1.2
        probability[here] = place.return_probability * risk[here] / mean
    return np.minimum(probability, 0.5)
