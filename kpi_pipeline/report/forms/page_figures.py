"""Every figure of the pages on drivers and on the improvement programme, as records: for figures.csv and `kpi figures`.

As printed: rounded as on the page, and withheld where the page withholds. Not here: the monthly figures of the measures
(`figures_csv`), words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.improvement.benchmarks import RATIO_DECIMALS, Benchmarks
from kpi_pipeline.improvement.budget import Budget
from kpi_pipeline.improvement.drivers.opportunity import Opportunity
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.effect_size import EffectSize
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.excess import ExcessRow, JudgedExcess
from kpi_pipeline.judgement.drivers.mix import JudgedMix
from kpi_pipeline.judgement.drivers.units import JudgedUnits
from kpi_pipeline.judgement.drivers.waits import JudgedWaits, WaitsByParty
from kpi_pipeline.judgement.improving.programme import JudgedInitiative
from kpi_pipeline.judgement.improving.since_start import SinceStart
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.tables.denials import JudgedDenials
from kpi_pipeline.judgement.tables.fairness import JudgedFairness
from kpi_pipeline.judgement.tables.totals import JudgedTotals
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import Gap
from kpi_pipeline.report.words.numbers import rounded_dollars, rounded_roughly

ALL = "all"


@dataclass(frozen=True, slots=True)
class PageFigure:
    """One figure. page and part say where it is printed, item of what it is (a reason, a group, a measure).

    lower, upper: its 95 % interval; None without one. months: the first and the last it is over, where those are not
    the report's own.
    """

    page: str
    part: str
    item: str
    name: str
    value: Number
    unit: str
    lower: float | None = None
    upper: float | None = None
    months: tuple[Month, Month] | None = None

    @property
    def figure_id(self) -> str:
        """`drivers/opportunity/documented/usd`."""
        return f"{self.page}/{self.part}/{self.item}/{self.name}"


def page_figures(judged: Judged) -> tuple[PageFigure, ...]:
    """The figures of both pages, in the order of the pages; none where a page has nothing to say."""
    found: list[PageFigure] = []
    if judged.drivers is not None and judged.drivers.has_content:
        found += _drivers(judged.drivers)
    if judged.denials is not None:
        found += _denials(judged.denials)
    if judged.drivers is not None and judged.drivers.waits is not None and judged.drivers.waits.by_party is not None:
        found += _wait_parties(judged.drivers.waits.by_party)
    if judged.totals is not None:
        found += _totals(judged.totals)
    if judged.budget is not None:
        found += _budget(judged.budget)
    if judged.fairness is not None:
        found += _fairness(judged.fairness)
    if judged.benchmarks is not None:
        found += _benchmarks(judged.benchmarks)
    for one in judged.programme:
        found += _initiative(judged, one)
    return tuple(found)


def _denials(denials: JudgedDenials) -> Iterator[PageFigure]:
    for table in denials.tables:
        for row in table.rows:
            part, item = f"denials_by_{table.by}", row.name or "not recorded"
            hidden = Withheld.COMPLEMENT if row.is_withheld else None
            yield PageFigure("barriers", part, item, "denials", hidden or row.n_denials, "denials")
            yield PageFigure("barriers", part, item, "denied_usd", hidden or rounded_dollars(row.usd), "usd")
            yield PageFigure("barriers", part, item, "share", hidden or row.share_pct, "percent")
            for metric, span in denials.outcomes:
                value = row.outcomes.get(metric.name)
                if value is not None:
                    printed = value if isinstance(value, Withheld) else round_half_up(value, metric.decimals)
                    months = (span.first, span.last)
                    yield PageFigure("barriers", part, item, metric.name, printed, metric.unit, months=months)


def _wait_parties(waits: WaitsByParty) -> Iterator[PageFigure]:
    for reason, (cells, _) in waits.rows.items():
        for party, cell in zip(waits.parties, cells, strict=True):
            yield PageFigure("barriers", f"avoidable_days/{reason}", party or "not recorded", "days", cell, "days")


def _totals(totals: JudgedTotals) -> Iterator[PageFigure]:
    for row in totals.rows:
        metric = row.metric
        for name, cell in (("year_to_date", row.year), ("twelve_months", row.twelve)):
            if isinstance(cell.value, Withheld):
                yield PageFigure("totals", metric.name, ALL, name, cell.value, metric.unit)
            elif cell.value is not None:
                yield PageFigure(
                    "totals", metric.name, ALL, name, round_half_up(cell.value, metric.decimals), metric.unit
                )
        if row.plan is not None:
            yield PageFigure("totals", metric.name, ALL, "plan_year_to_date", row.plan, metric.unit)


def _budget(budget: Budget) -> Iterator[PageFigure]:
    for span, table in (("month", budget.month), ("year_to_date", budget.year)):
        for line in (*table.lines, table.all):
            dollars = {"planned": line.planned, "actual": line.actual, "variance": line.variance, "price": line.price}
            if line.is_flexed:
                dollars |= {"flexed": line.flexed, "volume": line.volume, "mix": line.mix}
            for name, amount in dollars.items():
                yield PageFigure("budget", span, line.account, name, float(amount), "usd")


def _fairness(fairness: JudgedFairness) -> Iterator[PageFigure]:
    """The printed gaps. Cases are whole numbers; a row that is withheld tells nothing, not even that it is there."""
    for table in fairness.tables:
        for group in table.groups:
            for metric in fairness.metrics:
                gap = table.gaps[group].get(metric.name)
                if not isinstance(gap, Gap) or gap.difference is None or gap.lower is None or gap.upper is None:
                    continue
                part, decimals = f"{table.dimension}/{metric.name}", metric.decimals
                numbers = [round_half_up(one, decimals) for one in (gap.difference, gap.lower, gap.upper)]
                span = fairness.spans[metric.name]
                months = (span.first_month, span.last_month)
                yield PageFigure("fairness", part, group, "cases", gap.n_cases, "cases", months=months)
                value, lower, upper = numbers
                yield PageFigure("fairness", part, group, "difference", value, metric.unit, lower, upper, months)


def _benchmarks(benchmarks: Benchmarks) -> Iterator[PageFigure]:
    """Ours and CMS's, as printed; what CMS does not give is no number and not here."""
    unit, decimals = benchmarks.metric.unit, benchmarks.metric.decimals
    for one in benchmarks.facilities:
        for row in one.rows:
            part, item = one.facility_id, row.condition
            if row.n_cases is not None:
                yield PageFigure("benchmarks", part, item, "cases", row.n_cases, "cases")
            if row.value is not None:
                yield PageFigure("benchmarks", part, item, "value", round_half_up(row.value, decimals), unit)
            published = {
                "discharges": (row.published_discharges, "discharges", 0),
                "readmissions": (row.published_readmissions, "cases", 0),
                "predicted": (row.predicted_pct, "percent", decimals),
                "expected": (row.expected_pct, "percent", decimals),
                "ratio": (row.excess_ratio, "ratio", RATIO_DECIMALS),
            }
            for name, (value, of, places) in published.items():
                if value is not None:
                    yield PageFigure(
                        "benchmarks", part, item, f"published_{name}", round_half_up(float(value), places), of
                    )


def _drivers(drivers: JudgedDrivers) -> Iterator[PageFigure]:
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


def _initiative(judged: Judged, one: JudgedInitiative) -> Iterator[PageFigure]:
    """The levels and estimates of an initiative that has begun."""
    for name, result in one.effects.items():
        if (since := one.since.get(name)) is not None:
            yield from _since_start(one.initiative.id, judged.system[name].metric, since)
        if result is None or result.effects is None:
            continue
        metric = judged.system[name].metric
        yield from _effect(one.initiative.id, metric, result, one.sizes.get(name))


def _since_start(initiative: str, metric: Metric, since: SinceStart) -> Iterator[PageFigure]:
    for name, level in (("level_before", since.before), ("level_since", since.since)):
        value = round_half_up(level, metric.decimals)
        yield PageFigure("improvement", initiative, metric.name, name, value, metric.unit)
    counts = {"final_months_before": since.n_before, "final_months_since": since.n_since}
    if since.n_judged:
        counts |= {"months_on_target": since.n_met, "months_with_target": since.n_judged}
    for name, count in counts.items():
        yield PageFigure("improvement", initiative, metric.name, name, float(count), "months")


def _effect(initiative: str, metric: Metric, result: EffectResult, size: EffectSize | None) -> Iterator[PageFigure]:
    assert result.effects is not None
    effects, page = result.effects, "improvement"

    def estimate(name: str, known: Estimate | None, unit: str = metric.unit) -> Iterator[PageFigure]:
        if known is not None:
            value, lower, upper = (
                round_half_up(part, metric.decimals) for part in (known.value, known.lower, known.upper)
            )
            yield PageFigure(page, initiative, metric.name, name, value, unit, lower, upper)

    yield from estimate("average_effect", effects.average_effect)
    yield from estimate("level_change", effects.level_change)
    yield from estimate("slope_change_a_month", effects.slope_change)
    yield from estimate("effect_in_last_month", effects.effect_at_end)
    yield from estimate("control_alone", result.placebo)
    yield from estimate("measure_alone", result.alone)
    visible = round_half_up(effects.power.smallest_visible_effect, metric.decimals)
    yield PageFigure(page, initiative, metric.name, "smallest_visible_effect", visible, metric.unit)
    for name, count in (("months_before", result.n_before), ("months_after", result.n_after)):
        yield PageFigure(page, initiative, metric.name, name, float(count), "months")
    if size is not None and result.verdict != "control_only":
        days = size.bed_days
        rough = [rounded_roughly(part) for part in (days.value, days.lower, days.upper)]
        yield PageFigure(page, initiative, metric.name, "bed_days", rough[0], "days", rough[1], rough[2])
        if size.usd is not None:
            usd, low, high = (rounded_dollars(part) for part in (size.usd.value, size.usd.lower, size.usd.upper))
            yield PageFigure(page, initiative, metric.name, "usd", usd, "usd", low, high)
