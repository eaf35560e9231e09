"""Page 4, drivers and opportunities: where avoidable days come from, who stays longer, mix or rate, units, dollars.

Here are the page, its title, the Pareto and the dollar range. The tables of days are
`driver_tables`', mix and rate `driver_mix`', the funnel of units `driver_funnel`'s matter. Not here: how any of it is
computed (`improvement/`).
"""

from __future__ import annotations

from kpi_pipeline.core.texts import join_words
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.improvement.drivers.opportunity import ASSUMED_SHARES, Omission, Opportunity, Rung, RungName
from kpi_pipeline.improvement.drivers.pareto import Pareto, compute_pareto
from kpi_pipeline.judgement.disclosure import is_small
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.compute import WHOLE_SYSTEM
from kpi_pipeline.report.model import Bar, Bars, Block, Column, FurtherSection, Table
from kpi_pipeline.report.pages.driver_funnel import build_unit_block
from kpi_pipeline.report.pages.driver_mix import build_mix_block, hides_number_of_discharges
from kpi_pipeline.report.pages.driver_tables import build_excess_blocks, excess_finding
from kpi_pipeline.report.words.numbers import (
    MISSING,
    capitalised,
    fewer_than,
    format_count,
    format_number,
    small_count_words,
)

OTHER = "Other"
_MOST_REASONS = 8
_MOST_LEADING = 3
"""A title names at most so many leading reasons; more of them are no few."""
_LEADING_SHARE_PCT = 50.0
"""The title counts the reasons that make up at least half of the days."""

_MILLION, _THOUSAND = 1e6, 1e3


def build_drivers(inputs: ReportInputs) -> FurtherSection | None:
    """The page; None when nothing was supplied of which it could speak."""
    drivers = inputs.drivers
    if drivers is None or (inputs.withholds and is_small(drivers.n_discharges, _threshold(inputs))):
        return None
    pareto = _pareto(inputs, drivers)
    possible = (
        _waits_block(inputs, drivers, pareto) if pareto else None,
        *build_excess_blocks(inputs, drivers),
        build_mix_block(inputs, drivers),
        build_unit_block(inputs, drivers),
        _opportunity_block(inputs, drivers),
    )
    blocks = tuple(block for block in possible if block is not None)
    if not blocks:
        return None
    return FurtherSection(name="drivers", title=_title(drivers, pareto), lede=_lede(inputs, drivers), blocks=blocks)


def _threshold(inputs: ReportInputs) -> int:
    return inputs.settings.small_number_threshold


def _lede(inputs: ReportInputs, drivers: Drivers) -> str:
    place = inputs.facility_name or ("all hospitals" if inputs.facility_id == WHOLE_SYSTEM else inputs.facility_id)
    count = (
        "" if hides_number_of_discharges(inputs, drivers) else f": {format_count(drivers.n_discharges, 'discharges')}"
    )
    scope = f"{drivers.first_month.name} to {drivers.last_month.name}, {place}{count}."
    parts = {
        "waits": "avoidable days by reason", "excess": "net days against the expected stay",
        "mix_change": "mix and rate", "units": "units",
    }  # fmt: skip
    lacking = [f"{words} ({drivers.missing[part]})" for part, words in parts.items() if part in drivers.missing]
    return f"{scope} Not shown: {'; '.join(lacking)}." if lacking else scope


def _title(drivers: Drivers, pareto: Pareto | None) -> str:
    """The finding of the page, from the first of its parts that has one."""
    if pareto is not None and pareto.total > 0:
        leading = _n_leading(pareto)
        if leading:
            share = format_number(pareto.rows[leading - 1].running_pct)
            reasons = "reason accounts" if leading == 1 else "reasons account"
            return f"{capitalised(small_count_words(leading))} {reasons} for {share}% of avoidable days"
        return "Avoidable days have many reasons, none of them large"
    if drivers.service_lines is not None:
        return excess_finding(drivers.service_lines)
    return "Drivers and opportunities"


def _n_leading(pareto: Pareto) -> int:
    """How many named reasons together make up half of the days; 0 when more than a few are needed."""
    for place, row in enumerate(pareto.rows[:_MOST_LEADING], start=1):
        if not row.is_other and row.running_pct >= _LEADING_SHARE_PCT:
            return place
    return 0


# ── avoidable days by reason ─────────────────────────────────────────────────────────────────────────────────


def _pareto(inputs: ReportInputs, drivers: Drivers) -> Pareto | None:
    """The Pareto as it may be known. Withholding: reasons of few stays are gathered in "other", and so is the next
    smallest until one with stays enough is among them; a single stay may wait for several reasons."""
    if drivers.waits is None or drivers.waits.empty:
        return None
    rows = [(_reason_name(inputs, row["reason_code"]), row) for row in drivers.waits.to_dict("records")]
    rows.sort(key=lambda named: (named[1]["n_stays"], named[1]["days"], named[0]))
    in_other = 0
    if inputs.withholds:
        least = _threshold(inputs)
        in_other = sum(1 for _, row in rows if row["n_stays"] < least)
        in_other += int(in_other > 0)
        if in_other > len(rows):
            return None
    names = [OTHER if place < in_other else name for place, (name, _) in enumerate(rows)]
    return compute_pareto(names, [row["days"] for _, row in rows], n_shown=_MOST_REASONS, other=OTHER)


def _reason_name(inputs: ReportInputs, code: object) -> str:
    text = str(code)
    return inputs.settings.avoidable_day_reasons.get(text, text) if text else "Reason not recorded"


def _waits_block(inputs: ReportInputs, drivers: Drivers, pareto: Pareto) -> Block | None:
    assert drivers.waits is not None
    parties: dict[str, set[str]] = {}
    for row in drivers.waits.to_dict("records"):
        party = row["responsible_party"]
        name = _reason_name(inputs, row["reason_code"])
        parties.setdefault(name, set()).add(party if isinstance(party, str) else "several or none")
    leading = _n_leading(pareto)
    bars = tuple(
        Bar(
            label=row.category,
            value=row.count,
            value_words=format_number(row.count),
            beside=(
                MISSING
                if row.is_other or len(parties[row.category]) > 1
                else capitalised(next(iter(parties[row.category]))),
                f"{format_number(row.share_pct)}%",
                f"{format_number(row.running_pct)}%",
            ),
            strong=place < leading,
        )
        for place, row in enumerate(pareto.rows)
    )
    first = pareto.rows[0]
    notes = []
    if not inputs.withholds and round(pareto.total) != round(drivers.days_waited):
        notes.append(
            f"A day on which a patient waited for two reasons counts under each: {format_number(pareto.total)} days "
            f"by reason are {format_number(drivers.days_waited)} different days."
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
    "not_above_comparator": "none: stays are not longer than the comparator's",
}


def _opportunity_block(inputs: ReportInputs, drivers: Drivers) -> Block | None:
    found = drivers.opportunity
    if found is None:
        return None
    shown = [rung for rung in found.rungs if not (inputs.withholds and is_small(rung.n_stays, _threshold(inputs)))]
    if not any(rung.days for rung in shown):
        return None
    return Block(
        heading=_opportunity_heading(shown),
        paragraphs=(
            "Three ways to count the days, each on its own: they overlap, so they are never added. A day is worth "
            "what a late day costs in variable direct cost, not a mean day.",
        ),
        tables=(_opportunity_table(shown),),
        notes=(" ".join(_opportunity_notes(inputs, found, shown)),),
    )


def _opportunity_heading(rungs: list[Rung]) -> str:
    documented = next((rung for rung in rungs if rung.name == "documented" and rung.days and rung.days.value > 0), None)
    if documented is None or documented.usd is None:
        return "What the days would be worth"
    low, high = format_dollars(documented.usd.lower), format_dollars(documented.usd.upper)
    return f"Avoidable days on record: {format_dollars(documented.usd.value)} a year ({low} to {high})"


def _opportunity_table(rungs: list[Rung]) -> Table:
    return Table(
        caption="Twelve months; 95% intervals hold chance and the assumption about a late day",
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


def _opportunity_notes(inputs: ReportInputs, found: Opportunity, rungs: list[Rung]) -> tuple[str, ...]:
    """What was assumed, how much is on record, what is unknown, and what freed days would earn."""
    notes = [_price_note(found)]
    capture = found.capture
    if (
        capture is not None
        and capture.n_long
        and not (inputs.withholds and is_small(capture.n_long, _threshold(inputs)))
    ):
        share = format_number(100 * capture.n_documented / capture.n_long)
        notes.append(
            f"Of the stays longer than two days beyond their geometric mean, {share}% have an avoidable day on record "
            "(capture rate); what is not recorded is in no first row."
        )
    unknown = sum(rung.n_not_valued for rung in rungs)
    if unknown and found.late_day_usd is not None:
        hide = inputs.withholds and is_small(unknown, _threshold(inputs))
        stays = fewer_than(_threshold(inputs), "stays") if hide else format_count(unknown, "stays")
        notes.append(f"Not costed yet: {stays}; the value of their recorded days is unknown, not nothing.")
    if found.comparator is not None:
        ratio = format_number(found.comparator.observed_over_expected, 2)
        notes.append(f"Comparator: {found.comparator.name}, {ratio} of the expected days ({found.comparator.source}).")
    notes.append(_capacity_note(inputs, found, rungs))
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


def _capacity_note(inputs: ReportInputs, found: Opportunity, rungs: list[Rung]) -> str:
    """What a freed bed-day would earn, where finance has declared it."""
    if found.capacity is None:
        declared = inputs.settings.opportunity.freed_day is not None
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
            for rung in rungs
            if rung.capacity_usd is not None
        ]
    )
    return (
        f"Used again, freed days would earn {amounts}: {occupancy}% of licensed beds occupied, {used_again}% of "
        f"freed days used again, at ${margin} each. Source: {found.capacity.source}."
    )


def format_dollars(usd: float) -> str:
    """An amount no finer than it is known: `$25.5 million`, `$812,000`, `$8,120`."""
    if usd < 0:
        return f"−{format_dollars(-usd)}"
    if abs(usd) >= _MILLION:
        return f"${format_number(usd / _MILLION, 1)} million"
    if abs(usd) >= 10 * _THOUSAND:
        return f"${format_number(round(usd / _THOUSAND) * _THOUSAND)}"
    return f"${format_number(usd)}"
