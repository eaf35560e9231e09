"""The figures of the page on drivers: waits, days beyond expected, mix and rate, units, opportunity."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.improvement.drivers.opportunity_result import Opportunity
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.disclosure import Number
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.excess import ExcessRow, JudgedExcess
from kpi_pipeline.judgement.drivers.mix import JudgedMix
from kpi_pipeline.judgement.drivers.units import JudgedUnits
from kpi_pipeline.judgement.drivers.waits import JudgedWaits
from kpi_pipeline.report.forms.figures.page_figure import ALL, PageFigure
from kpi_pipeline.report.words.numbers import rounded_dollars


def driver_figures(drivers: JudgedDrivers) -> Iterator[PageFigure]:
    """What the page on drivers prints, in its order."""
    yield PageFigure("drivers", "period", ALL, "discharges", drivers.n_discharges, "discharges")
    if drivers.waits is not None:
        yield from _waits(drivers.waits)
    for part, table in (("service_lines", drivers.service_lines), ("drgs", drivers.drgs)):
        if table is not None and table.is_shown:
            yield from _excess(part, table)
    if drivers.drgs is not None and drivers.drgs.is_shown:
        yield PageFigure("drivers", "drgs", ALL, "without_expected_stay", drivers.n_without_expected, "discharges")
    if drivers.mix is not None:
        yield from _mix(drivers.mix)
    if drivers.units is not None:
        yield from _units(drivers.units)
    if drivers.opportunity is not None:
        yield from _opportunity(drivers, drivers.opportunity)


def _waits(waits: JudgedWaits) -> Iterator[PageFigure]:
    part = "avoidable_days"
    yield PageFigure("drivers", part, ALL, "days_by_reason", float(round(waits.pareto.total)), "days")
    yield PageFigure("drivers", part, ALL, "different_days", waits.n_days, "days")
    for place, row in enumerate(waits.pareto.rows):
        running = sum(waits.shares_pct[: place + 1])
        yield PageFigure("drivers", part, row.category, "days", waits.days[place], "days")
        yield PageFigure("drivers", part, row.category, "share", waits.shares_pct[place], "percent")
        yield PageFigure("drivers", part, row.category, "running_share", running, "percent")


def _excess(part: str, table: JudgedExcess) -> Iterator[PageFigure]:
    for row in (*table.rows, table.total):
        yield from _excess_row(part, row)


def _excess_row(part: str, row: ExcessRow) -> Iterator[PageFigure]:
    group = row.days
    item = ALL if row.is_total else group.group
    hidden, ratio = row.days_withheld, group.shrunk_ratio or group.ratio

    def whole(value: float) -> float:
        return round_half_up(value, 0)

    yield PageFigure("drivers", part, item, "discharges", hidden or float(group.n_stays), "discharges")
    if hidden:
        yield PageFigure("drivers", part, item, "net_days", hidden, "days")
    else:
        ends = (None, None) if row.is_rest else (whole(group.net.lower), whole(group.net.upper))
        yield PageFigure("drivers", part, item, "net_days", whole(row.printed_days), "days", *ends)
        yield PageFigure("drivers", part, item, "observed_over_expected", round_half_up(ratio.value, 2), "ratio")
    outliers = row.outliers_withheld
    yield PageFigure("drivers", part, item, "outlier_stays", outliers or float(group.n_outliers), "stays")
    days: Number = outliers or whole(row.printed_outlier_days)
    yield PageFigure("drivers", part, item, "outlier_net_days", days, "days")


def _mix(mix: JudgedMix) -> Iterator[PageFigure]:
    metric, part = mix.metric, f"mix_and_rate/{mix.metric.name}"
    sizes = {"year_before": mix.old, "year": mix.new, "change": mix.moved, "mix": mix.mix, "rate": mix.rate}
    for name, value in sizes.items():
        yield PageFigure("drivers", part, ALL, name, value, metric.unit)
    for row in mix.rows:
        item = {"kind": row.category, "rest": "all others", "whole": ALL}[row.role]
        yield PageFigure("drivers", part, item, "cases_year_before", round_half_up(row.n_before, 0), "cases")
        yield PageFigure("drivers", part, item, "cases", round_half_up(row.n_after, 0), "cases")
        if row.role == "whole":
            continue
        for name, known in (("year_before", row.before), ("year", row.after)):
            if known is not None:
                yield PageFigure("drivers", part, item, name, round_half_up(known, metric.decimals), metric.unit)
        yield PageFigure("drivers", part, item, "mix", round_half_up(row.mix, metric.decimals), metric.unit)
        yield PageFigure("drivers", part, item, "rate", round_half_up(row.rate, metric.decimals), metric.unit)


def _units(units: JudgedUnits) -> Iterator[PageFigure]:
    metric, part = units.metric, f"units/{units.metric.name}"
    overall = round_half_up(units.result.target, metric.decimals)
    yield PageFigure("drivers", part, ALL, "overall", overall, metric.unit)
    yield PageFigure("drivers", part, ALL, "units_left_out", float(units.n_left_out), "units")
    yield PageFigure("drivers", part, ALL, "units_not_adjusted", float(units.n_not_known), "units")
    for point in units.outside:
        value = round_half_up(point.value, metric.decimals)
        yield PageFigure("drivers", part, point.name, "standardised", value, metric.unit)


def _opportunity(drivers: JudgedDrivers, found: Opportunity) -> Iterator[PageFigure]:
    part = "opportunity"
    for rung in found.rungs:
        if rung.days is not None:
            yield _whole("drivers", part, rung.name, "days", rung.days, "days")
        for name, usd in (("usd", rung.usd), ("capacity_usd", rung.capacity_usd)):
            if usd is not None and rung.days is not None:
                ends = (rounded_dollars(usd.lower), rounded_dollars(usd.upper)) if name == "usd" else (None, None)
                yield PageFigure("drivers", part, rung.name, name, rounded_dollars(usd.value), "usd", *ends)
    if found.late_day_usd is not None:
        yield PageFigure("drivers", part, ALL, "late_day_usd", rounded_dollars(found.late_day_usd), "usd")
        yield PageFigure("drivers", part, ALL, "stays_not_costed", drivers.n_not_costed, "stays")
    if found.capture is not None and found.capture.n_long:
        share = round_half_up(100 * found.capture.n_documented / found.capture.n_long, 0)
        yield PageFigure("drivers", part, ALL, "capture_rate", share, "percent")
    if found.comparator is not None:
        ratio = round_half_up(found.comparator.observed_over_expected, 2)
        yield PageFigure("drivers", part, ALL, "comparator", ratio, "ratio")
    if found.capacity is not None:
        occupied = round_half_up(found.capacity.occupancy_pct, 0)
        yield PageFigure("drivers", part, ALL, "occupancy", occupied, "percent")


def _whole(page: str, part: str, item: str, name: str, known: Estimate, unit: str) -> PageFigure:
    value, lower, upper = (round_half_up(one, 0) for one in (known.value, known.lower, known.upper))
    return PageFigure(page, part, item, name, value, unit, lower, upper)
