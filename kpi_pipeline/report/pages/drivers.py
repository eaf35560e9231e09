"""Page 4, drivers and opportunities: where avoidable days come from, who stays longer, mix or rate, units, dollars.

Here are the page, its title, the Pareto and the dollar range. The tables of days are
`driver_tables`', mix and rate `driver_mix`', the funnel of units `driver_funnel`'s matter. Not here: how any of it is
computed (`improvement/`).
"""

from __future__ import annotations

from kpi_pipeline.core.texts import join_words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED
from kpi_pipeline.improvement.drivers.opportunity import MethodName, MethodValue, OpportunityTable
from kpi_pipeline.improvement.drivers.pareto import Pareto, compute_pareto
from kpi_pipeline.judgement.disclosure import is_small
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.model import Bar, Bars, Block, Column, FurtherSection, Table
from kpi_pipeline.report.pages.driver_funnel import build_unit_block
from kpi_pipeline.report.pages.driver_mix import build_mix_block, hides_number_of_discharges
from kpi_pipeline.report.pages.driver_tables import build_excess_blocks
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

_METHODS: dict[MethodName, str] = {
    "variable_cost_of_last_days": "Variable direct cost of the last days",
    "full_direct_cost_per_day": "Full direct cost of the days",
    "capacity_value": "Capacity: freed bed-days used again",
}


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
        "waits": "avoidable days by reason", "excess": "days beyond the geometric mean",
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
    if drivers.service_lines is not None and drivers.service_lines.total.excess_days > 0:
        first = drivers.service_lines.groups[0]
        share = format_number(100 * first.excess_days / drivers.service_lines.total.excess_days)
        name = "Stays without a service line" if first.group == UNGROUPED else capitalised(first.group)
        return f"{name}: {share}% of the days beyond the geometric mean stay"
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


def _opportunity_block(inputs: ReportInputs, drivers: Drivers) -> Block | None:
    table = drivers.opportunity
    if table is None or table.total.n_contributing == 0:
        return None
    total = table.total
    if inputs.withholds and is_small(total.n_contributing, _threshold(inputs)):
        return None
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
        notes=(" ".join(_opportunity_notes(inputs, drivers, table)),),
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


def _opportunity_notes(inputs: ReportInputs, drivers: Drivers, table: OpportunityTable) -> tuple[str, ...]:
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
    if variable.usd is not None and variable.n_stays_not_valued:
        n_unknown = variable.n_stays_not_valued
        hide = inputs.withholds and is_small(n_unknown, _threshold(inputs))
        stays = fewer_than(_threshold(inputs), "stays") if hide else format_count(n_unknown, "stays")
        notes.append(f"Not costed yet: {stays}; the value of their days is unknown, not nothing.")
    without_cost = [
        _METHODS[name] for name in ("variable_cost_of_last_days", "full_direct_cost_per_day")
        if methods[name].omission == "no_cost_data"
    ]  # fmt: skip
    if without_cost:
        notes.append(f"{join_words(without_cost)}: no direct cost was supplied.")
    if capacity.omission == "not_declared":
        declared = inputs.settings.opportunity.freed_day is not None
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
