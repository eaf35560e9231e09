"""The drivers of one scope over twelve months, or as many as there are: sums, tables and ranges from a warehouse.

Ties `drivers.queries` to the pure analyses. No row of a patient is in a result. Which of it is printed, what is
withheld and every word is the report's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile
from statistics import median

import duckdb
import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement.drivers.excess_days import ExcessTable, compute_excess_days
from kpi_pipeline.improvement.drivers.opportunity import compute_opportunity
from kpi_pipeline.improvement.drivers.opportunity_result import Capacity, Comparator, Opportunity
from kpi_pipeline.improvement.drivers.queries import (
    Window,
    query_amounts,
    query_drg_titles,
    query_known_by_month,
    query_occupancy_pct,
    query_stays,
    query_supply,
    query_wait_parties,
    query_waits,
)
from kpi_pipeline.improvement.drivers.unit_queries import query_units
from kpi_pipeline.metrics.completeness import lags_behind
from kpi_pipeline.metrics.declaration import Metric

FEWEST_KNOWN = 0.9
"""The share of cases whose diagnosis group and age must be known for a comparison of units, and whose kind (and cost)
must be known in either year for a split into mix and rate. Without adjusting a unit that is 40 % worse is rarely named,
and units with sicker patients are found instead; a year coded worse than the other is "mix". Then there is none."""

MONTHS_LOOKED_AT = 12
"""A whole year, so that no season is taken for a driver."""

MOST_MONTHS_BACK = 3
"""By so many months two years may end before the report's own to be complete; further back is another year's story."""

COMPARED_METRICS = ("total_cost_per_case_usd", "length_of_stay_days")
"""What is split into mix and rate: cost per case, or the length of stay where costs are not supplied."""

CATEGORIES = ("drg_code", "service_line")
"""What a kind of case is: its DRG, or its service line where DRGs are not supplied."""


@dataclass(frozen=True, slots=True)
class MixChange:
    """A metric's cases by kind in two years: category ('' not recorded), n_cases, numerator and squares, before and
    after.

    months_back: by how many months both years end before the report's own month, whose costs or codes are not all
    there: the cases coded and costed last are the long and costly ones, and the year would look cheaper than it was.
    """

    metric: str
    by: str
    before: pd.DataFrame
    after: pd.DataFrame
    months_back: int = 0


@dataclass(frozen=True, slots=True)
class UnitTable:
    """One proportion by unit, as `drivers.unit_queries.query_units` gives it."""

    metric: str
    units: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What drives days and dollars from first_month to last_month. None: missing says why, by the name of the part.

    waits, wait_parties: as `drivers.queries.query_waits` and `query_wait_parties` give them. drg_titles: as published.
    mix_to_date: the first split whose years end with the report's own month; mix_change may end earlier.
    missing: part → what was not supplied, or is not there (`core.reasons`).
    """

    first_month: Month
    last_month: Month
    n_discharges: int
    waits: pd.DataFrame | None = None
    wait_parties: pd.DataFrame | None = None
    days_waited: float = 0.0
    service_lines: ExcessTable | None = None
    drgs: ExcessTable | None = None
    drg_titles: Mapping[str, str] = field(default_factory=dict)
    mix_change: MixChange | None = None
    mix_to_date: MixChange | None = None
    units: UnitTable | None = None
    opportunity: Opportunity | None = None
    missing: Mapping[str, str] = field(default_factory=dict)


def read_drivers(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    *,
    metrics: Mapping[str, Metric],
    settings: Settings,
    facility_id: str | None = None,
) -> Drivers:
    """The drivers of the twelve months that end with `month`, or of as many as there are data for; facility_id None
    is the whole system."""
    first = _first_month(connection, month, facility_id)
    window = Window(first.first_day, month.plus(1).first_day, facility_id)
    lacking = query_supply(connection)
    missing: dict[str, str] = {}
    stays = query_stays(connection, window)
    waits = wait_parties = None
    if "avoidable_days" in lacking:
        missing["waits"] = lacking["avoidable_days"]
    else:
        waits, wait_parties = query_waits(connection, window), query_wait_parties(connection, window)
    has_drgs = bool((stays["drg_arithmetic_mean_days"] > 0).any())
    if not has_drgs:
        missing["excess"] = str(Reason("no_published_stays"))
    by_service_line = has_drgs and bool(stays["service_line"].notna().any())
    drgs = compute_excess_days(stays, by="drg_code") if has_drgs else None
    service_lines = compute_excess_days(stays, by="service_line") if by_service_line else None
    mix_change = _mix_change(connection, window, first, metrics, lacking)
    mix_to_date = mix_change
    if mix_change is not None and mix_change.months_back:
        mix_to_date = _mix_change(connection, window, first, metrics, lacking, most_back=0)
    if mix_change is None:
        missing["mix_change"] = str(Reason("short_of_two_years"))
    units = _units(connection, window, metrics, settings.report.headline_metrics, lacking)
    if units is None:
        missing["units"] = str(Reason("no_units"))
    return Drivers(
        first_month=first,
        last_month=month,
        n_discharges=len(stays),
        waits=waits,
        wait_parties=wait_parties,
        days_waited=float(stays["avoidable_days"].sum()),
        service_lines=service_lines,
        drgs=drgs,
        drg_titles=query_drg_titles(connection) if has_drgs else {},
        mix_change=mix_change,
        mix_to_date=mix_to_date,
        units=units,
        opportunity=_opportunity(stays, service_lines or drgs, waits is not None, connection, window, settings),
        missing=missing,
    )


def _first_month(connection: duckdb.DuckDBPyConnection, month: Month, facility_id: str | None) -> Month:
    """The first of the twelve months; where the discharges begin later, theirs: three months are no year."""
    year_before = month.plus(1 - MONTHS_LOOKED_AT)
    ever = Window(date.min, month.plus(1).first_day, facility_id)
    ((found,),) = connection.execute(
        f"SELECT MIN(discharged_on) FROM stays WHERE NOT is_in_house AND {ever.condition()}", ever.values
    ).fetchall()
    return year_before if found is None else max(year_before, Month.of(found))


def _mix_change(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    first: Month,
    metrics: Mapping[str, Metric],
    lacking: Mapping[str, str],
    *,
    most_back: int = MOST_MONTHS_BACK,
) -> MixChange | None:
    """The first metric and the first kind of case that both years know of their cases; None when there are none."""
    year_before = Window(first.plus(-MONTHS_LOOKED_AT).first_day, window.first_day, window.facility_id)
    if not _covers(connection, year_before):
        return None
    both = replace(window, first_day=year_before.first_day)
    for name in COMPARED_METRICS:
        if name not in metrics or not set(metrics[name].needs).isdisjoint(lacking):
            continue
        for by in CATEGORIES:
            back = months_not_complete(query_known_by_month(connection, metrics[name], both, by=by))
            years = [_moved(year, -back) for year in (year_before, window)]
            known = [query_known_by_month(connection, metrics[name], year, by=by) for year in years]
            if back > most_back or not _covers(connection, years[0]) or min(map(_share, known)) < FEWEST_KNOWN:
                continue
            before, after = (query_amounts(connection, metrics[name], year, by=by) for year in years)
            return MixChange(name, by, before, after, back)
    return None


def months_not_complete(months: Sequence[tuple[str, int, int]]) -> int:
    """How many of the newest months have fewer cases known than usual, one after the other back from the last.

    months: (month, due cases, known ones), newest first.
    """
    usual = median(known / due for _, due, known in months) if months else 0.0
    return sum(1 for _ in takewhile(lambda row: lags_behind(usual, row[2] / row[1], row[1]), months))


def _moved(window: Window, months: int) -> Window:
    first, end = (Month.of(day).plus(months).first_day for day in (window.first_day, window.end))
    return Window(first, end, window.facility_id)


def _share(months: Sequence[tuple[str, int, int]]) -> float:
    """The known cases of all due ones."""
    due = sum(row[1] for row in months)
    return sum(row[2] for row in months) / due if due else 0.0


def _covers(connection: duckdb.DuckDBPyConnection, window: Window) -> bool:
    """Whether the warehouse has discharges from the window's first month on, so that a year is a whole year."""
    first_month_end = Month.of(window.first_day).plus(1).first_day
    opening = Window(window.first_day, first_month_end, window.facility_id)
    return bool(
        connection.execute(
            f"SELECT COUNT(*) FROM stays WHERE NOT is_in_house AND {opening.condition()}", opening.values
        ).fetchall()[0][0]
    )


def _units(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    metrics: Mapping[str, Metric],
    headline_metrics: Sequence[str],
    lacking: Mapping[str, str],
) -> UnitTable | None:
    """The first headline proportion that can be computed for more than two units."""
    for name in headline_metrics:
        metric = metrics[name]
        if metric.kind != "proportion" or not set(metric.needs).isdisjoint(lacking):
            continue
        units = query_units(connection, metric, window)
        has_units = int(((units["unit_id"] != "") & (units["denominator"] > 0)).sum()) > 2
        if has_units and float(units["share_known"].min()) >= FEWEST_KNOWN:
            return UnitTable(name, units)
    return None


def _opportunity(
    stays: pd.DataFrame,
    excess: ExcessTable | None,
    documents_days: bool,
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    settings: Settings,
) -> Opportunity | None:
    """None where nothing was supplied that a rung could stand on."""
    if excess is None and not (documents_days and bool((stays["documented_days"] > 0).any())):
        return None
    declared = settings.opportunity
    occupancy = query_occupancy_pct(connection, window) if declared.freed_day is not None else None
    capacity = None
    if declared.freed_day is not None and occupancy is not None:
        freed = declared.freed_day
        capacity = Capacity(
            contribution_margin_per_day_usd=freed.contribution_margin_usd,
            backfill_probability=freed.backfill_probability,
            occupancy_pct=occupancy,
            occupancy_threshold_pct=freed.occupancy_threshold_pct,
            source=freed.source,
        )
    comparator = None
    if declared.comparator is not None:
        one = declared.comparator
        comparator = Comparator(one.observed_over_expected, one.name, one.source)
    return compute_opportunity(
        stays,
        excess,
        seed=window.end.year * 100 + window.end.month,
        documents_days=documents_days,
        capacity=capacity,
        comparator=comparator,
        last_day_share=declared.last_day_share,
    )
