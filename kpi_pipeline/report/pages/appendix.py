"""Page 8: how each measure is defined and what it left out, the quality of the data, and how the charts are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import date_words, format_count, format_number
from kpi_pipeline.core.text.texts import unmistakable_name
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure import Number
from kpi_pipeline.judgement.judged import Judged, Scope
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.records import JudgedRecords
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
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
from kpi_pipeline.report.words.charts.rule_sets import describe_rule_set
from kpi_pipeline.report.words.notices import notice_sentence
from kpi_pipeline.report.words.numbers import capitalised, format_target
from kpi_pipeline.report.words.phrases import count_words, none_left_out_words, subject
from kpi_pipeline.warehouse.facts import ControlTotal
from kpi_pipeline.warehouse.facts import Watermark as WatermarkFact

_AMOUNTS = {
    "total_cost": "Total cost",
    "total_charges": "Charges",
    "allowed_amount": "Allowed",
    "paid_amount": "Paid",
}

MOST_FACILITIES_LISTED = 12
"""More facilities than these are summed up, not listed one by one."""


def build_appendix(judged: Judged, *, contact: str) -> Appendix:
    """The last page."""
    shown = {*judged.agenda.scorecard, *judged.agenda.further}
    return Appendix(
        title="Definitions, data quality and method",
        lede="What each measure counts and leaves out, what the figures rest on, and how to read the charts.",
        definitions=tuple(_definition(one) for name, one in judged.system.items() if name in shown),
        data_quality=build_data_quality(judged.scope, judged.records),
        method=_method(judged, contact),
    )


def exclusion_words(metric: Metric) -> dict[str, str]:
    """Reason → the sentence that stands for it beside the number of cases left out."""
    return dict(metric.exclusions) | {
        INSUFFICIENT_FOLLOWUP: f"Not followed up for {format_count(metric.matures_after_days, 'days')} yet."
    }


def _definition(measure: Measure) -> Definition:
    metric, figure = measure.metric, measure.headline or measure.current
    counted = None
    exclusions: tuple[Exclusion, ...] = ()
    if figure is not None:
        listed = count_words(figure.n_listed)
        kept = count_words(figure.n_counted)
        counted = f"{figure.month.name}: cases listed {listed}, counted {kept}."
        words = exclusion_words(metric)
        exclusions = tuple(
            Exclusion(text=words.get(reason, reason.replace("_", " ")), count=count_words(count), is_none=count == 0)
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
        figure_id=None if figure is None else figure.id,
        exclusions=exclusions,
        none_left_out=none_left_out_words([one.text for one in exclusions if one.is_none]),
        follows=metric.follows,
        version=f"version {metric.version}, from {date_words(metric.effective_from)}",
        target=f"{format_target(target.value, metric, with_unit=True)} ({target.source})" if target else None,
        caveats=metric.caveats,
    )


def build_data_quality(scope: Scope, records: JudgedRecords) -> DataQuality:
    """Rows in = rows used + quarantined + duplicate + superseded, table by table; watermarks, references, warnings."""

    def shown(count: Number) -> str:
        return count_words(count)

    return DataQuality(
        summary=_summary(records),
        ledger=tuple(
            LedgerRow(
                table=row.table,
                rows_in=shown(row.rows_in),
                used=shown(row.used),
                quarantined=shown(row.quarantined),
                duplicate=shown(row.duplicate),
                superseded=shown(row.superseded),
            )
            for row in records.ledger
        ),
        quarantine_reasons=tuple(
            QuarantineReason(table=row.table, reason=row.meaning, rows=shown(row.rows)) for row in records.reasons
        ),
        funnel=_funnel(records),
        control_totals=_control_totals(records.control_totals),
        watermarks=_watermarks(records.watermarks),
        reference_tables=tuple(
            ReferenceTable(name=one.title, version=one.version, rows=format_number(one.rows), source=one.source)
            for one in records.reference_tables
        ),
        no_warnings_words=_no_warnings_words(records),
        warnings=(
            *scope.gate_overrides,
            *dict.fromkeys(notice_sentence(_unmistakable(one)) for one in records.warnings),
        ),
    )


def _unmistakable(notice: Notice) -> Notice:
    """The notice with the names of its file and place as they may be printed."""
    return replace(notice, file=unmistakable_name(notice.file), facility_id=unmistakable_name(notice.facility_id))


def _no_warnings_words(records: JudgedRecords) -> str:
    return "No warnings that bear on the figures." if records.has_warnings_withheld else "No warnings."


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


def _summary(records: JudgedRecords) -> str:
    """Rows read and set aside over all tables; without counts when one of them may not be printed."""
    totals = records.totals
    if not records.ledger:
        return "Rows are counted by file, for all hospitals together; the report of all hospitals has the counts."
    if totals is None:
        return "Every row that came in was used, set aside with a reason, or a repeat or an older version of another."
    return (
        f"Of {format_number(totals.rows_in)} rows that came in, {format_number(totals.used)} were used and "
        f"{format_number(totals.set_aside)} set aside with a reason; "
        f"{format_number(totals.repeats)} were repeats or older versions of another row."
    )


def _funnel(records: JudgedRecords) -> Bars | None:
    """From encounters to stays; steps that may not be printed are left out and the caption says so."""
    shown = [
        Bar(label=label, value=number, value_words=format_number(number))
        for label, number in records.stays
        if isinstance(number, float)
    ]
    if not shown:
        return None
    left_out = len(shown) < len(records.stays)
    caption = "From encounters to stays"
    return Bars(
        caption=f"{caption}; steps withheld to protect small numbers are left out" if left_out else caption,
        alt=f"{caption}: " + ", ".join(f"{bar.label} {bar.value_words}" for bar in shown) + ".",
        value_heading="Count",
        bars=tuple(shown),
    )


def _method(judged: Judged, contact: str) -> Method:
    rule_set = judged.rule_set
    said = describe_rule_set(rule_set)
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
        rule_set_words=f"{capitalised(rule_set.source)}.",
        rules=tuple(Rule(name=name, text=text) for name, text in said.rules),
        paragraphs=(" ".join(said.notes), *judged.records.caveats),
        contact=f"Questions about this report: {contact}" if contact else None,
    )
