"""Page 4, drivers and opportunities: where avoidable days come from, who stays longer, mix or rate, units, dollars.

Here are the page, its title, the Pareto and the dollar range. The tables of days are
`driver_tables`', mix and rate `driver_mix`', the funnel of units `driver_funnel`'s matter. Not here: how any of it is
computed (`improvement/`).
"""

from __future__ import annotations

from kpi_pipeline.core.texts import join_words
from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED
from kpi_pipeline.improvement.drivers.opportunity import MethodName, MethodValue, OpportunityTable
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.waits import JudgedWaits
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Bar, Bars, Block, Column, FurtherSection, Table
from kpi_pipeline.report.pages.driver_funnel import build_unit_block
from kpi_pipeline.report.pages.driver_mix import build_mix_block
from kpi_pipeline.report.pages.driver_tables import build_excess_blocks
from kpi_pipeline.report.words.numbers import (
    MISSING,
    capitalised,
    fewer_than,
    format_count,
    format_number,
    small_count_words,
)

_MILLION, _THOUSAND = 1e6, 1e3

_METHODS: dict[MethodName, str] = {
    "variable_cost_of_last_days": "Variable direct cost of the last days",
    "full_direct_cost_per_day": "Full direct cost of the days",
    "capacity_value": "Capacity: freed bed-days used again",
}


def build_drivers(judged: Judged) -> FurtherSection | None:
    """The page; None when nothing was supplied of which it could speak."""
    drivers = judged.drivers
    if drivers is None or not drivers.has_content:
        return None
    blocks = [_waits_block(drivers.waits)] if drivers.waits else []
    blocks += build_excess_blocks(drivers)
    if drivers.mix:
        blocks.append(build_mix_block(drivers.mix, drivers.first_month, drivers.last_month, drivers.drg_titles))
    blocks += [build_unit_block(drivers.units)] if drivers.units else []
    blocks += [_opportunity_block(judged, drivers, drivers.opportunity)] if drivers.opportunity else []
    if not blocks:
        return None
    return FurtherSection(name="drivers", title=_title(drivers), lede=_lede(judged, drivers), blocks=tuple(blocks))


def _lede(judged: Judged, drivers: JudgedDrivers) -> str:
    n, place = drivers.n_discharges, judged.scope.place or "all hospitals"
    count = f": {format_count(n, 'discharges')}" if isinstance(n, float) else ""
    scope = f"{drivers.first_month.name} to {drivers.last_month.name}, {place}{count}."
    parts = {
        "waits": "avoidable days by reason", "excess": "days beyond the geometric mean",
        "mix_change": "mix and rate", "units": "units",
    }  # fmt: skip
    lacking = [f"{words} ({drivers.missing[part]})" for part, words in parts.items() if part in drivers.missing]
    return f"{scope} Not shown: {'; '.join(lacking)}." if lacking else scope


def _title(drivers: JudgedDrivers) -> str:
    """The finding of the page, from the first of its parts that has one."""
    if drivers.waits is not None and drivers.waits.pareto.total > 0:
        leading = drivers.waits.n_leading
        if leading:
            share = format_number(drivers.waits.pareto.rows[leading - 1].running_pct)
            reasons = "reason accounts" if leading == 1 else "reasons account"
            return f"{capitalised(small_count_words(leading))} {reasons} for {share}% of avoidable days"
        return "Avoidable days have many reasons, none of them large"
    if (lines := drivers.service_lines) is not None:
        name = "Stays without a service line" if lines.first == UNGROUPED else capitalised(lines.first)
        return f"{name}: {format_number(lines.first_share_pct)}% of the days beyond the geometric mean stay"
    return "Drivers and opportunities"


# ── avoidable days by reason ─────────────────────────────────────────────────────────────────────────────────


def _waits_block(waits: JudgedWaits) -> Block:
    pareto, leading = waits.pareto, waits.n_leading
    bars = tuple(
        Bar(
            label=row.category,
            value=row.count,
            value_words=format_number(row.count),
            beside=(
                MISSING if row.is_other else _party_words(waits, row.category),
                f"{format_number(row.share_pct)}%",
                f"{format_number(row.running_pct)}%",
            ),
            strong=place < leading,
        )
        for place, row in enumerate(pareto.rows)
    )
    first = pareto.rows[0]
    notes = []
    if isinstance(waits.n_days, float) and round(pareto.total) != round(waits.n_days):
        notes.append(
            f"A day on which a patient waited for two reasons counts under each: {format_number(pareto.total)} days "
            f"by reason are {format_number(waits.n_days)} different days."
        )
    if pareto.n_in_other:
        notes.append("Other gathers the reasons with the fewest days, and those of too few stays to be printed.")
    dark = {0: "", 1: " The dark bar is more than half of them."}.get(
        leading, " The dark bars are half of them or more."
    )
    return Block(
        heading="Avoidable days by reason",
        bars=Bars(
            caption=f"{format_number(pareto.total)} documented days of discharged patients.{dark}",
            alt=f"Avoidable days by reason: {first.category} is the largest with {format_number(first.count)} days, "
            f"{format_number(first.share_pct)}% of {format_number(pareto.total)}.",
            value_heading="Avoidable days",
            beside_headings=("Who could have ended it", "Share", "Running total"),
            bars=bars,
        ),
        notes=tuple(notes),
    )


def _party_words(waits: JudgedWaits, reason: str) -> str:
    """Who could have ended the wait: `Hospital`; a dash where several could."""
    party = waits.party_of.get(reason)
    return MISSING if party is None else capitalised(party or "several or none")


# ── dollars ──────────────────────────────────────────────────────────────────────────────────────────────────


def _opportunity_block(judged: Judged, drivers: JudgedDrivers, table: OpportunityTable) -> Block:
    total = table.total
    valued = [method for method in total.methods if method.usd is not None]
    counted = "the documented avoidable days of each stay"
    if drivers.drgs is not None:
        counted = (
            "for each stay the days beyond its geometric mean or its documented avoidable days, whichever are more"
        )
        counted = counted if drivers.waits is not None else "for each stay the days beyond its geometric mean"
    outliers = f" Stays of more than {format_number(OUTLIER_MULTIPLE)} times their geometric mean count nothing."
    paragraphs = [
        f"Counted are {format_number(total.days.value)} days: {counted}. No day counts twice.{outliers}",
        "The methods value the same days in different ways, so they are a range and are never added. It is what the "
        "days cost, not what can be saved: many stays lie beyond a geometric mean by its nature.",
    ]
    return Block(
        heading=_opportunity_heading(valued),
        paragraphs=tuple(paragraphs),
        tables=(_opportunity_table(valued),) if valued else (),
        notes=(" ".join(_opportunity_notes(judged, drivers, table)),),
    )


def _opportunity_heading(valued: list[MethodValue]) -> str:
    amounts = sorted(method.usd.value for method in valued if method.usd is not None)
    if not amounts:
        return "What the days are worth cannot be said yet"
    if len(amounts) == 1:
        return f"Days beyond need: {format_dollars(amounts[0])} a year by the one method that applies"
    return f"Days beyond need: {format_dollars(amounts[0])} to {format_dollars(amounts[-1])} a year, by method"


def _opportunity_table(valued: list[MethodValue]) -> Table:
    return Table(
        caption="The same days, valued by named methods; intervals by resampling stays",
        columns=(
            Column(heading="Method"),
            Column(heading="Days valued", numeric=True),
            Column(heading="Dollars per day", numeric=True),
            Column(heading="Dollars, 12 months", numeric=True),
            Column(heading="95% interval", numeric=True),
        ),
        rows=tuple(
            (
                _METHODS[method.method],
                format_number(method.days_valued),
                f"${format_number(method.usd_per_day)}" if method.usd_per_day is not None else MISSING,
                format_dollars(method.usd.value),
                f"{format_dollars(method.usd.lower)} to {format_dollars(method.usd.upper)}",
            )
            for method in valued
            if method.usd is not None
        ),
    )


def _opportunity_notes(judged: Judged, drivers: JudgedDrivers, table: OpportunityTable) -> tuple[str, ...]:
    """What was assumed, what is unknown, and why a method is not there."""
    methods = {method.method: method for method in table.total.methods}
    variable, capacity = methods["variable_cost_of_last_days"], methods["capacity_value"]
    notes = []
    if variable.usd is not None:
        whose = "an assumption from the literature" if drivers.last_day_share_is_assumed else "declared by the hospital"
        notes.append(
            f"A last day costs {format_number(100 * table.last_day_share)}% of the stay's mean variable direct cost "
            f"per day: {whose}."
        )
    if variable.usd is not None and (n := drivers.n_not_costed):
        few = fewer_than(judged.scope.small_number_threshold, "stays")
        stays = format_count(n, "stays") if isinstance(n, float) else few
        notes.append(f"Not costed yet: {stays}; the value of their days is unknown, not nothing.")
    without_cost = [
        _METHODS[name] for name in ("variable_cost_of_last_days", "full_direct_cost_per_day")
        if methods[name].omission == "no_cost_data"
    ]  # fmt: skip
    if without_cost:
        notes.append(f"{join_words(without_cost)}: no direct cost was supplied.")
    if capacity.omission == "not_declared":
        declared = drivers.is_freed_day_declared
        why = "there is no census or no number of beds to tell how full they are" if declared else "not declared"
        notes.append(f"Capacity, what a freed bed-day would earn: {why}.")
    elif table.capacity is not None:
        occupancy = format_number(table.capacity.occupancy_pct)
        needed = format_number(table.capacity.occupancy_threshold_pct)
        if capacity.omission == "beds_not_full":
            notes.append(
                f"Capacity is not valued: {occupancy}% of licensed beds were occupied, and freed days are wanted from "
                f"{needed}% on."
            )
        else:
            used_again = format_number(100 * table.capacity.backfill_probability)
            margin = format_number(table.capacity.contribution_margin_per_day_usd)
            notes.append(
                f"Capacity: {occupancy}% of licensed beds occupied; {used_again}% of freed days used again, at "
                f"${margin} each. Source: {table.capacity.source}."
            )
    return tuple(notes)


def format_dollars(usd: float) -> str:
    """An amount no finer than it is known: `$25.5 million`, `$812,000`, `$8,120`."""
    if abs(usd) >= _MILLION:
        return f"${format_number(usd / _MILLION, 1)} million"
    if abs(usd) >= 10 * _THOUSAND:
        return f"${format_number(round(usd / _THOUSAND) * _THOUSAND)}"
    return f"${format_number(usd)}"
