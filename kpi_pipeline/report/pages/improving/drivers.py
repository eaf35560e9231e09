"""Page 4, drivers and opportunities: where avoidable days come from, who stays longer, mix or rate, units, dollars.

Here are the page, its title, the Pareto and the dollar range. The tables of days are
`driver_tables`', mix and rate `driver_mix`', the funnel of units `driver_funnel`'s matter. Not here: how any of it is
computed (`improvement/`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_count, format_number, one_or_many, verb_for
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.improvement.drivers.collect import MONTHS_LOOKED_AT
from kpi_pipeline.improvement.drivers.opportunity_result import ASSUMED_SHARES, Omission, Opportunity, Rung, RungName
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.waits import JudgedWaits
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Bar, Bars, Block, Column, FurtherSection, Table
from kpi_pipeline.report.pages.improving.driver_funnel import build_unit_block
from kpi_pipeline.report.pages.improving.driver_mix import build_mix_block
from kpi_pipeline.report.pages.improving.driver_tables import build_excess_blocks, excess_finding
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_dollars, small_count_words
from kpi_pipeline.report.words.phrases import count_words, scope_words, span_words
from kpi_pipeline.report.words.reasons import part_words


def build_drivers(judged: Judged) -> FurtherSection | None:
    """The page; None when nothing was supplied of which it could speak."""
    drivers = judged.drivers
    if drivers is None or not drivers.has_content:
        return None
    blocks = [_waits_block(drivers.waits)] if drivers.waits else []
    blocks += build_excess_blocks(drivers)
    if drivers.mix:
        blocks.append(build_mix_block(drivers.mix, drivers.drg_titles))
    blocks += [build_unit_block(drivers.units)] if drivers.units else []
    blocks += [_opportunity_block(judged, drivers, drivers.opportunity)] if drivers.opportunity else []
    if not blocks:
        return None
    return FurtherSection(name="drivers", title=_title(drivers), lede=_lede(judged, drivers), blocks=tuple(blocks))


def _lede(judged: Judged, drivers: JudgedDrivers) -> str:
    n, place = drivers.n_discharges, scope_words(judged.scope)
    count = f": {format_count(n, 'discharges')}" if isinstance(n, float) else ""
    scope = f"{drivers.first_month.name} to {drivers.last_month.name}, {place}{count}."
    parts = {
        "waits": "avoidable days by reason", "excess": "net days against the expected stay",
        "mix_change": "mix and rate", "units": "units",
    }  # fmt: skip
    lacking = [
        f"{words} ({part_words(drivers.missing[part])})" for part, words in parts.items() if part in drivers.missing
    ]
    return f"{scope} Not shown: {'; '.join(lacking)}." if lacking else scope


def _title(drivers: JudgedDrivers) -> str:
    """The finding of the page, from the first of its parts that has one."""
    if drivers.waits is not None and drivers.waits.pareto.total > 0:
        leading = drivers.waits.n_leading
        if leading:
            share = format_number(sum(drivers.waits.shares_pct[:leading]))
            reasons = f"{one_or_many(leading, 'reasons')} {verb_for(leading, 'accounts', 'account')}"
            return f"{capitalised(small_count_words(leading))} {reasons} for {share}% of avoidable days"
        return "Avoidable days have many reasons, none of them large"
    if (lines := drivers.service_lines) is not None and lines.is_shown:
        return excess_finding(lines, span_words(drivers.n_months))
    return "Drivers and opportunities"


# ── avoidable days by reason ─────────────────────────────────────────────────────────────────────────────────


def _waits_block(waits: JudgedWaits) -> Block:
    pareto, leading = waits.pareto, waits.n_leading
    bars = tuple(
        Bar(
            label=row.category,
            value=row.count,
            value_words=format_number(waits.days[place]),
            beside=(
                MISSING if row.is_other else _party_words(waits, row.category),
                f"{format_number(waits.shares_pct[place])}%",
                f"{format_number(sum(waits.shares_pct[: place + 1]))}%",
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
    """Who could have ended the wait: `Hospital`; in other words where that is not one party for all of the days."""
    return capitalised(waits.party_of.get(reason, "several or none") or "not recorded")


# ── dollars ──────────────────────────────────────────────────────────────────────────────────────────────────

_RUNGS: dict[RungName, tuple[str, str]] = {
    "documented": ("Avoidable days on record", "the reasons on record were ended"),
    "net_excess": ("Net days above expected", "the service lines above it came to the expected stay"),
    "comparator_gap": ("Gap to a comparator", "all stays together came to the comparator"),
}
"""Rung → its name, and what would have to be true."""

_OMISSIONS: dict[Omission, str] = {
    "not_supplied": "not supplied",
    "no_expected_stay": "no DRG with a published mean stay",
    "not_declared": "no comparator declared",
    "none_above_expected": "none: no group lies above expected beyond chance",
    "too_few_stays": "withheld",
    "not_above_comparator": "none: stays are not longer than the comparator's",
}


def _opportunity_block(judged: Judged, drivers: JudgedDrivers, found: Opportunity) -> Block:
    return Block(
        heading=_opportunity_heading(found.rungs, drivers.n_months),
        paragraphs=(
            "Three ways to count the days, each on its own: they overlap, so they are never added. A day is worth what "
            "a late day costs in variable direct cost, not a mean day.",
        ),
        tables=(_opportunity_table(found.rungs, drivers.n_months),),
        notes=(" ".join(_opportunity_notes(judged, drivers, found)),),
    )


def _opportunity_heading(rungs: tuple[Rung, ...], n_months: int) -> str:
    documented = next((rung for rung in rungs if rung.name == "documented" and rung.days and rung.days.value > 0), None)
    if documented is None or documented.usd is None:
        return "What the days would be worth"
    every = "a year" if n_months == MONTHS_LOOKED_AT else f"in {span_words(n_months)}"
    low, high = format_dollars(documented.usd.lower), format_dollars(documented.usd.upper)
    return f"Avoidable days on record: {format_dollars(documented.usd.value)} {every} ({low} to {high})"


def _opportunity_table(rungs: tuple[Rung, ...], n_months: int) -> Table:
    span = f"{capitalised(small_count_words(n_months))} {one_or_many(n_months, 'months')}"
    return Table(
        caption=f"{span}; 95% intervals hold chance and the assumption about a late day",
        columns=(
            Column(heading="Which days"),
            Column(heading="If"),
            Column(heading="Days", numeric=True),
            Column(heading="95% interval", numeric=True),
            Column(heading="Dollars", numeric=True),
            Column(heading="95% interval", numeric=True),
        ),
        rows=tuple(_rung_row(rung) for rung in rungs),
    )


def _rung_row(rung: Rung) -> tuple[str, ...]:
    name, condition = _RUNGS[rung.name]
    if rung.days is None:
        return (name, _OMISSIONS[rung.omission] if rung.omission else MISSING, MISSING, MISSING, MISSING, MISSING)
    days, usd = rung.days, rung.usd
    return (
        name,
        condition,
        format_number(days.value),
        f"{format_number(days.lower)} to {format_number(days.upper)}",
        MISSING if usd is None else format_dollars(usd.value),
        MISSING if usd is None else f"{format_dollars(usd.lower)} to {format_dollars(usd.upper)}",
    )


def _opportunity_notes(judged: Judged, drivers: JudgedDrivers, found: Opportunity) -> tuple[str, ...]:
    """What was assumed, how much is on record, what is unknown, and what freed days would earn."""
    notes = [_price_note(found)]
    if (capture := found.capture) is not None and capture.n_long:
        share = format_number(100 * capture.n_documented / capture.n_long)
        notes.append(
            f"Of the stays longer than two days beyond their geometric mean, {share}% have an avoidable day on record "
            "(capture rate); what is not recorded is in no first row."
        )
    if found.late_day_usd is not None and (n := drivers.n_not_costed):
        stays = count_words(n, noun="stays")
        notes.append(f"Not costed yet: {stays}; the value of their recorded days is unknown, not nothing.")
    if found.comparator is not None:
        ratio = format_number(found.comparator.observed_over_expected, 2)
        notes.append(f"Comparator: {found.comparator.name}, {ratio} of the expected days ({found.comparator.source}).")
    notes.append(_capacity_note(drivers, found))
    return tuple(notes)


def _price_note(found: Opportunity) -> str:
    if found.late_day_usd is None:
        return "No variable direct cost was supplied, so no day has a price."
    share = f"{format_number(100 * found.last_day_share)}% of a mean day's variable direct cost"
    if not found.share_is_assumed:
        return f"A late day costs {share}, declared by the hospital: {format_dollars(found.late_day_usd)}."
    low, high = (format_number(100 * one) for one in ASSUMED_SHARES)
    return (
        f"A late day costs {format_dollars(found.late_day_usd)}: {share}, an assumption from the literature; the "
        f"intervals let it be {low}% to {high}%."
    )


def _capacity_note(drivers: JudgedDrivers, found: Opportunity) -> str:
    """What a freed bed-day would earn, where finance has declared it."""
    if found.capacity is None:
        declared = drivers.is_freed_day_declared
        why = "there is no census or no number of beds to tell how full they are" if declared else "not declared"
        return f"Capacity, what a freed bed-day would earn: {why}."
    occupancy = format_number(found.capacity.occupancy_pct)
    if not found.capacity.is_worth:
        needed = format_number(found.capacity.occupancy_threshold_pct)
        return (
            f"Capacity is not valued: {occupancy}% of licensed beds were occupied, and freed days are wanted from "
            f"{needed}% on."
        )
    used_again = format_number(100 * found.capacity.backfill_probability)
    margin = format_number(found.capacity.contribution_margin_per_day_usd)
    amounts = join_words(
        [
            f"{format_dollars(rung.capacity_usd.value)} ({_RUNGS[rung.name][0].lower()})"
            for rung in found.rungs
            if rung.capacity_usd is not None
        ]
    )
    return (
        f"Used again, freed days would earn {amounts}: {occupancy}% of licensed beds occupied, {used_again}% of "
        f"freed days used again, at ${margin} each. Source: {found.capacity.source}."
    )
