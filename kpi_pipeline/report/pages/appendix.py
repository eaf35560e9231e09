"""Page 8: how each measure is defined and what it left out, the quality of the data, and how the charts are read."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import date

from kpi_pipeline.core.texts import date_words
from kpi_pipeline.judgement.disclosure import Number, Sum, Withheld, is_small, withhold_counts
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.compute import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP
from kpi_pipeline.report.model import (
    Appendix,
    Bar,
    Bars,
    ControlTotals,
    DataQuality,
    Definition,
    Exclusion,
    LedgerRow,
    Method,
    QuarantineReason,
    ReferenceTable,
    Rule,
    Watermark,
)
from kpi_pipeline.report.words.numbers import capitalised, fewer_than, format_count, format_number, format_target
from kpi_pipeline.report.words.phrases import count_words, subject
from kpi_pipeline.signals import RuleSet
from kpi_pipeline.signals.reading.words import describe_rule_set
from kpi_pipeline.warehouse.facts import ControlTotal
from kpi_pipeline.warehouse.facts import Watermark as WatermarkFact

_SMALL_COUNT = re.compile(
    r"(?<![\w,.\-/:])(?P<count>\d{1,6})(?![\w,.\-/:%]*\w)(?!\s*(?:%|days?\b|hours?\b|months?\b|years?\b))"
)
"""A whole number that stands alone in a warning: it may count patients. Dates, versions and spans of time do not."""

_AMOUNTS = {
    "total_cost": "Total cost",
    "total_charges": "Charges",
    "allowed_amount": "Allowed",
    "paid_amount": "Paid",
}

MOST_FACILITIES_LISTED = 12
"""More facilities than these are summed up, not listed one by one."""

_RULE_NAME_WORDS = 3
"""A rule's own sentence begins with its name, of at most this many words, and a colon."""


def build_appendix(inputs: ReportInputs, measures: Mapping[str, Measure], rule_set: RuleSet) -> Appendix:
    """The last page."""
    return Appendix(
        title="Definitions, data quality and method",
        lede="What each measure counts and leaves out, what the figures rest on, and how to read the charts.",
        definitions=tuple(_definition(inputs, one) for one in measures.values()),
        data_quality=build_data_quality(inputs),
        method=_method(inputs, rule_set),
    )


def _definition(inputs: ReportInputs, measure: Measure) -> Definition:
    metric, figure = measure.metric, measure.current or measure.headline
    threshold = inputs.settings.small_number_threshold
    counted = None
    exclusions: tuple[Exclusion, ...] = ()
    if figure is not None:
        listed = count_words(figure.n_listed, threshold=threshold)
        kept = count_words(figure.n_counted, threshold=threshold)
        counted = f"{figure.month.name}: cases listed {listed}, counted {kept}."
        words = dict(metric.exclusions) | {
            INSUFFICIENT_FOLLOWUP: f"Not followed up for {format_count(metric.matures_after_days, 'days')} yet."
        }
        exclusions = tuple(
            Exclusion(text=words.get(reason, reason.replace("_", " ")), count=count_words(count, threshold=threshold))
            for reason, count in figure.exclusions.items()
        )
    target = measure.target or metric.target
    return Definition(
        metric=metric.name,
        title=subject(metric.title),
        definition=metric.definition,
        numerator=metric.numerator,
        denominator=metric.denominator,
        counted=counted,
        exclusions=exclusions,
        follows=metric.follows,
        version=f"version {metric.version}, from {date_words(metric.effective_from)}",
        target=f"{format_target(target.value, metric, with_unit=True)} ({target.source})" if target else None,
        caveats=metric.caveats,
    )


def build_data_quality(inputs: ReportInputs) -> DataQuality:
    """Rows in = rows used + quarantined + duplicate + superseded, table by table; watermarks, references, warnings."""
    facts, threshold = inputs.facts, inputs.settings.small_number_threshold
    hidden = _withheld_rows(inputs) if inputs.withholds else {}

    def shown(key: tuple[str, ...], count: int) -> str:
        number: Number = hidden.get(key, float(count))
        return count_words(number, threshold=threshold)

    return DataQuality(
        summary=_summary(inputs, hidden),
        ledger=tuple(
            LedgerRow(
                table=row.table,
                rows_in=shown((row.table, "rows_in"), row.rows_in),
                used=shown((row.table, "staged"), row.staged),
                quarantined=shown((row.table, "quarantined"), row.quarantined),
                duplicate=shown((row.table, "duplicate"), row.duplicate),
                superseded=shown((row.table, "superseded"), row.superseded),
            )
            for row in facts.ledger
        ),
        quarantine_reasons=tuple(
            QuarantineReason(
                table=row.table, reason=row.meaning, rows=shown((row.table, "reason", row.reason), row.rows)
            )
            for row in facts.quarantine_reasons
        ),
        funnel=_funnel(inputs, hidden),
        control_totals=None if inputs.withholds else _control_totals(facts.control_totals),
        watermarks=_watermarks(facts.watermarks),
        reference_tables=tuple(
            ReferenceTable(name=one.title, version=one.version, rows=format_number(one.rows), source=one.source)
            for one in facts.reference_tables
        ),
        warnings=(
            *inputs.gate_overrides,
            *(without_small_counts(text, threshold) if inputs.withholds else text for text in facts.warnings),
        ),
    )


def _control_totals(totals: Sequence[ControlTotal]) -> ControlTotals | None:
    """Encounters, repeats and amounts by encounter type; a column of amounts only where any were supplied."""
    amounts = [name for name in _AMOUNTS if any(getattr(total, name) is not None for total in totals)]
    if not totals:
        return None
    return ControlTotals(
        head=("Encounter type", "In use", "Duplicate", "Superseded", *(_AMOUNTS[name] for name in amounts)),
        rows=tuple(
            (
                capitalised(total.encounter_type),
                format_number(total.encounters),
                format_number(total.duplicate),
                format_number(total.superseded),
                *(_dollars(getattr(total, name)) for name in amounts),
            )
            for total in totals
        ),
    )


def _dollars(amount: float | None) -> str:
    return "–" if amount is None else f"${format_number(amount)}"


def _watermarks(marks: Sequence[WatermarkFact]) -> tuple[Watermark, ...]:
    """One line a facility; with many facilities one line for each way their last day is known."""
    if len(marks) <= MOST_FACILITIES_LISTED:
        return tuple(
            Watermark(
                facility_id=mark.facility_id,
                facility_name=mark.facility_name,
                complete_through=date_words(mark.complete_through),
                basis=mark.basis,
            )
            for mark in marks
        )
    by_basis: dict[str, list[date]] = {}
    for mark in marks:
        by_basis.setdefault(mark.basis, []).append(mark.complete_through)
    return tuple(
        Watermark(
            facility_id=WHOLE_SYSTEM,
            facility_name=format_count(len(days), "facilities"),
            complete_through=date_words(days[0])
            if len(set(days)) == 1
            else f"{date_words(min(days))} to {date_words(max(days))}",
            basis=basis,
        )
        for basis, days in sorted(by_basis.items())
    )


def _withheld_rows(inputs: ReportInputs) -> dict[Hashable, Withheld]:
    """Row counts that may not be printed: small ones, and those that would give one away by a sum or a difference.

    Differences matter between counts of encounters: rows in, rows used, and the steps to stays.
    """
    facts, threshold = inputs.facts, inputs.settings.small_number_threshold
    counts: dict[Hashable, float] = {}
    sums: list[Sum] = []
    for row in facts.ledger:
        parts = {name: getattr(row, name) for name in ("staged", "quarantined", "duplicate", "superseded")}
        counts |= {(row.table, name): float(count) for name, count in parts.items()}
        counts[(row.table, "rows_in")] = float(row.rows_in)
        sums.append(Sum((row.table, "rows_in"), tuple((row.table, name) for name in parts)))
        reasons: dict[Hashable, float] = {
            (row.table, "reason", one.reason): float(one.rows)
            for one in facts.quarantine_reasons
            if one.table == row.table
        }
        counts |= reasons
        if sum(reasons.values()) == row.quarantined:
            sums.append(Sum((row.table, "quarantined"), tuple(reasons)))
    steps: dict[Hashable, float] = {("stays", str(at)): float(step.n) for at, step in enumerate(facts.stays)}
    counts |= steps
    keys = list(steps)
    for end in (len(keys), len(keys) - 1):
        if end > 1 and sum(steps[key] for key in keys[1:end]) == steps[keys[0]]:
            sums.append(Sum(keys[0], tuple(keys[1:end])))
    close_kin = {("encounters", "rows_in"), ("encounters", "staged"), *steps}
    also: set[Hashable] = set()
    while True:
        hidden = withhold_counts(counts, sums, threshold=threshold, also=also)
        shown = [(key, count) for key, count in counts.items() if key not in hidden and key in close_kin]
        close = next(
            (
                key
                for at, (key, count) in enumerate(shown)
                if any(is_small(abs(count - other), threshold) for _, other in shown[:at])
            ),
            None,
        )
        if close is None:
            return hidden
        also.add(close)


def _summary(inputs: ReportInputs, hidden: Mapping[Hashable, Withheld]) -> str:
    """Rows read and set aside over all tables; without counts when one of them may not be printed."""
    ledger = inputs.facts.ledger
    if hidden:
        return "Every row that came in was used, set aside with a reason, or a repeat or an older version of another."
    rows_in = sum(row.rows_in for row in ledger)
    used, set_aside = sum(row.staged for row in ledger), sum(row.quarantined for row in ledger)
    repeats = sum(row.duplicate + row.superseded for row in ledger)
    return (
        f"Of {format_number(rows_in)} rows that came in, {format_number(used)} were used and "
        f"{format_number(set_aside)} set aside with a reason; "
        f"{format_number(repeats)} were repeats or older versions of another row."
    )


def _funnel(inputs: ReportInputs, hidden: Mapping[Hashable, Withheld]) -> Bars | None:
    """From encounters to stays; steps that may not be printed are left out and the caption says so."""
    shown = [
        Bar(label=step.label, value=float(step.n), value_words=format_number(step.n))
        for at, step in enumerate(inputs.facts.stays)
        if ("stays", str(at)) not in hidden
    ]
    if not shown:
        return None
    left_out = len(shown) < len(inputs.facts.stays)
    caption = "From encounters to stays"
    return Bars(
        caption=f"{caption}; steps withheld to protect small numbers are left out" if left_out else caption,
        alt=f"{caption}: " + ", ".join(f"{bar.label} {bar.value_words}" for bar in shown) + ".",
        value_heading="Count",
        bars=tuple(shown),
    )


def without_small_counts(text: str, threshold: int) -> str:
    """A warning with every whole number from 1 to threshold − 1 that may be a count put as `fewer than …`."""

    def replaced(match: re.Match[str]) -> str:
        return fewer_than(threshold) if 0 < int(match["count"]) < threshold else match[0]

    return _SMALL_COUNT.sub(replaced, text)


def _method(inputs: ReportInputs, rule_set: RuleSet) -> Method:
    rules, rest = split_rules(describe_rule_set(rule_set))
    return Method(
        how_to_read=(
            "The line in the middle is the mean of the months that are final. The band is routine variation: where "
            "almost every month falls while nothing changes. A month inside it is no news, up or down.",
            "A blue circle marks an improvement, an orange diamond a concern, a purple mark a change that is neither. "
            "Each needs a rule below to have been met; without one there is no evidence of change.",
            "Hollow points are not final. They are shown, and count neither for the limits nor for the rules.",
            "The second icon compares the band with the target: consistently passes, consistently misses, or hit or "
            "miss, which means that single months meet or miss the target by chance.",
        ),
        rule_set=rule_set.name,
        rule_set_words=rule_set.source,
        rules=rules,
        paragraphs=(" ".join(rest), *inputs.facts.caveats),
        contact=inputs.settings.report.contact or None,
    )


def split_rules(sentences: Sequence[str]) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The sentences of a rule set as named rules, and the rest; its own name and source stand above them."""
    rules, rest = [], []
    for sentence in sentences[1:]:
        name, colon, text = sentence.partition(": ")
        if colon and len(name.split()) <= _RULE_NAME_WORDS:
            rules.append(Rule(name=name, text=text[:1].upper() + text[1:]))
        else:
            rest.append(sentence)
    return tuple(rules), tuple(rest)
