"""The page on barriers and denials: dollars denied by payer and reason and what became of them; who could have ended
avoidable days.

Comes only where there is something to tell. Not here: what may be printed (`judgement.denials`,
`judgement.drivers.waits`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_number, one_or_many
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.waits import WaitsByParty
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.tables.denials import ALL, DenialRow, DenialTable, JudgedDenials
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.groups import NOT_RECORDED, Span
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_dollars, small_count_words
from kpi_pipeline.report.words.phrases import WITHHELD, scope_words

_HEADINGS = {"payer": "Payer", "reason_code": "Reason"}
_LEADS = 25.0
"""From this share of the dollars on the largest payer is named in the title."""


def build_barriers(judged: Judged) -> FurtherSection | None:
    """The page; None where neither denials nor avoidable days can be told apart."""
    denials, drivers = judged.denials, judged.drivers
    waits = drivers.waits.by_party if drivers is not None and drivers.waits is not None else None
    if denials is None and waits is None:
        return None
    blocks = [_denial_block(judged, denials, table) for table in denials.tables] if denials is not None else []
    if waits is not None and drivers is not None:
        blocks.append(_waits_block(drivers, waits))
    return FurtherSection(name="barriers", title=_title(denials), lede=_lede(judged, denials), blocks=tuple(blocks))


def _title(denials: JudgedDenials | None) -> str:
    if denials is None:
        return "Who could have ended avoidable days"
    rows = denials.tables[0].rows
    total, first = rows[-1], rows[0]
    months = denials.received.months
    title = f"Payers denied {format_dollars(total.usd)} in {small_count_words(months)} {one_or_many(months, 'months')}"
    is_named = denials.tables[0].by == "payer" and not first.is_withheld and first.name != NOT_RECORDED
    if is_named and first.share_pct >= _LEADS:
        return f"{title}, {first.name} {format_number(first.share_pct)}% of it"
    return title


def _lede(judged: Judged, denials: JudgedDenials | None) -> str | None:
    if denials is None:
        return None
    place = scope_words(judged.scope)
    return (
        f"Denials received {_span_words(denials.received)}, {place}: the amounts denied, not yet the amounts lost. "
        "What became of denials is told of older ones, whose time is over."
    )


def _span_words(span: Span) -> str:
    return f"{span.first.name} to {span.last.name}"


def _denial_block(judged: Judged, denials: JudgedDenials, table: DenialTable) -> Block:
    notes = tuple(
        f"{metric.headline_title}: {metric.definition[0].lower()}{metric.definition[1:-1]}; "
        f"those of {_span_words(span)}."
        for metric, span in denials.outcomes
    )
    is_last = table is denials.tables[-1]
    heading = "Denied dollars by payer" if table.by == "payer" else "Denied dollars by reason"
    return Block(
        heading=heading,
        tables=(
            Table(
                caption="Received in the months named above, and what became of the newest year whose time is over",
                columns=(
                    Column(heading=_HEADINGS[table.by]),
                    Column(heading="Denials", numeric=True),
                    Column(heading="Dollars denied", numeric=True),
                    Column(heading="Share", numeric=True),
                    *(Column(heading=metric.headline_title, numeric=True) for metric, _ in denials.outcomes),
                ),
                rows=tuple(_denial_row(judged, denials, table.by, row) for row in table.rows),
            ),
        ),
        notes=(" ".join(notes),) if notes and is_last else (),
    )


def _denial_row(judged: Judged, denials: JudgedDenials, by: str, row: DenialRow) -> tuple[str, ...]:
    name = row.name or "Not recorded"
    if by == "reason_code" and row.name not in (ALL, NOT_RECORDED):
        name = judged.denial_reasons.get(row.name, row.name)
    outcomes = [_outcome(row.outcomes.get(metric.name), metric) for metric, _ in denials.outcomes]
    if row.is_withheld:
        return (name, WITHHELD, WITHHELD, WITHHELD, *outcomes)
    return (
        name,
        format_number(row.n_denials),
        format_dollars(row.usd),
        f"{format_number(row.share_pct)}%",
        *outcomes,
    )


def _outcome(value: Number, metric: Metric) -> str:
    if isinstance(value, Withheld):
        return WITHHELD
    return "too few" if value is None else format_bare(value, metric)


def _waits_block(drivers: JudgedDrivers, waits: WaitsByParty) -> Block:
    """Days by reason and party; with how much of the long stays has any day on record beside it."""
    capture = drivers.opportunity.capture if drivers.opportunity is not None else None
    notes = ["A day for which two could have ended the wait counts under each, so that a row may add up to more."]
    if capture is not None and capture.n_long:
        share = format_number(100 * capture.n_documented / capture.n_long)
        notes.append(
            f"Capture rate: of the stays longer than two days beyond their geometric mean, {share}% have an avoidable "
            "day on record. A rise in days may be better records."
        )
    return Block(
        heading="Avoidable days by reason and by who could have ended them",
        tables=(
            Table(
                caption=f"Documented days of patients discharged {drivers.first_month.name} to "
                f"{drivers.last_month.name}",
                columns=(
                    Column(heading="Reason"),
                    *(Column(heading=capitalised(party or "not recorded"), numeric=True) for party in waits.parties),
                    Column(heading="All", numeric=True),
                ),
                rows=tuple(
                    (reason, *(_days(cell) for cell in cells), format_number(total))
                    for reason, (cells, total) in waits.rows.items()
                ),
            ),
        ),
        notes=(" ".join(notes),),
    )


def _days(cell: object) -> str:
    if isinstance(cell, Withheld):
        return WITHHELD
    return format_number(cell) if isinstance(cell, float) else format_number(0)
