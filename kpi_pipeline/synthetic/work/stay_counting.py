"""Counts what the measures of destinations, long stays, days against the DRG, early returns and dollars denied per
discharge must find, from the generator's own events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kpi_pipeline.synthetic.care.endings import PLANNED, UNPLANNED
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import AGAINST_ADVICE
from kpi_pipeline.synthetic.ground.calendar import weekday_of
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan
from kpi_pipeline.synthetic.work.counted_cases import (
    CountedCases,
    geometric_mean,
    has_known_ending,
    is_moved_on,
    next_admissions,
    through,
)
from kpi_pipeline.synthetic.work.counting import (
    DENIAL_WINDOW_DAYS,
    FOLLOW_UP_DAYS,
    Events,
    covered_days,
    find_index_stays,
    is_coded,
)

_DESTINATIONS = {
    "discharged_home": ("01", "81"),
    "discharged_home_health": ("06", "86"),
    "discharged_hospice": ("50", "51"),
    "discharged_rehabilitation": ("62", "90"),
    "discharged_skilled_nursing": ("03", "83"),
}
_LONG_DAYS = (7, 14, 21, 30)
_EARLY_DAYS = (7, 14)
_BEYOND_MEAN_DAYS = 2


def count_stays(plan: Plan, events: Events, *, person: Ints) -> Iterator[CountedCases]:
    """All of them by discharge, but for those in the house, by the last day of each month."""
    stays = events.stays
    facility, left_on = stays["facility"].to_numpy(), stays["discharged_on"].to_numpy()
    days, left = stays["los_days"].to_numpy(), stays["discharged"].to_numpy() != NEVER

    def of(metric: str, rows: Bools, numerator: np.ndarray, denominator: np.ndarray | float = 1.0) -> CountedCases:
        below = denominator if isinstance(denominator, float) else denominator[rows]
        return CountedCases(metric, facility[rows], left_on[rows], numerator[rows], below)

    stayed_on = left & ~stays["died"].to_numpy() & ~is_moved_on(stays)
    stayed_on &= (stays["disposition"] != AGAINST_ADVICE).to_numpy()
    minute = stays["discharged"].to_numpy() % MINUTES_PER_DAY
    yield of("discharge_before_noon", stayed_on, minute < MINUTES_PER_DAY // 2)
    known = stayed_on & has_known_ending(events)
    for metric, codes in _DESTINATIONS.items():
        yield of(metric, known, np.isin(stays["disposition"], codes))
    yield of("weekend_discharges", left, weekday_of(np.where(left, left_on, 0)) >= 5)
    for least in _LONG_DAYS:
        yield of(f"long_stay_{least}d_discharges", left, days >= least)
    yield from _in_house(plan, events)

    archetype, coded = stays["archetype"].to_numpy(), left & is_coded(events)
    yield of("net_excess_days_per_discharge", coded, days - arrays.AMLOS[archetype])
    means = arrays.GMLOS[archetype][coded]
    yield CountedCases(
        "length_of_stay_geometric_index", facility[coded], left_on[coded], days[coded], means, pooled=geometric_mean
    )
    long = coded & (days > arrays.GMLOS[archetype] + _BEYOND_MEAN_DAYS)
    yield of("avoidable_days_captured", long, covered_days(events) > 0)
    yield from _early_returns(plan, events, person)
    usd = np.bincount(events.denials["stay"], events.denials["denied_amount"], len(stays)) / 100
    yield from through(of("denied_usd_per_discharge", left, usd), plan.last_day - DENIAL_WINDOW_DAYS)


def _in_house(plan: Plan, events: Events) -> Iterator[CountedCases]:
    """Patients there at the last midnight of a month, by the days since they came."""
    stays = events.stays
    facility, came_on = stays["facility"].to_numpy(), stays["admitted_on"].to_numpy()
    left_on = np.where(stays["discharged"] == NEVER, np.iinfo(np.int64).max, stays["discharged_on"])
    months = [plan.first_month.plus(step).last_day for step in range(plan.months)]
    for end in np.array(months, dtype="datetime64[D]").astype(np.int64):
        here = (came_on <= end) & (left_on > end)
        day = np.full(int(here.sum()), end)
        for least in _LONG_DAYS:
            yield CountedCases(f"long_stay_{least}d_in_house", facility[here], day, (end - came_on >= least)[here])


def _early_returns(plan: Plan, events: Events, person: Ints) -> Iterator[CountedCases]:
    """Unplanned returns within seven and fourteen days, and planned ones within thirty."""
    stays = events.stays
    facility, left_on = stays["facility"].to_numpy(), stays["discharged_on"].to_numpy()
    next_kind, gap = stays["next_kind"].to_numpy(), next_admissions(stays, person) - left_on
    for within in _EARLY_DAYS:
        index = find_index_stays(plan, events, followed_days=within)
        back = ((next_kind == UNPLANNED) & (gap <= within))[index]
        yield CountedCases(f"readmission_{within}d", facility[index], left_on[index], back)
    index = find_index_stays(plan, events)
    back = ((next_kind == PLANNED) & (gap <= FOLLOW_UP_DAYS))[index]
    yield CountedCases("planned_readmission_30d", facility[index], left_on[index], back)
