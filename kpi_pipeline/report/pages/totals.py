"""The page of totals: month, year to date and twelve months side by side, the plan, and who answers for each measure.

Not here: which measures stand on it and what is withheld (`judgement.totals`). Never a chart: months that share months
say the same thing over and over.
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.tables.totals import JudgedTotals, TotalCell, TotalRow
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_target
from kpi_pipeline.report.words.phrases import WITHHELD, scope_words, unit_words_of
from kpi_pipeline.report.words.reasons import reason_words


def build_totals(judged: Judged) -> FurtherSection | None:
    """The page; None where no measure has a figure."""
    totals = judged.totals
    if totals is None:
        return None
    month = judged.scope.month
    place = scope_words(judged.scope)
    return FurtherSection(
        name="totals",
        title="Year to date and twelve months beside the month",
        lede=f"{month.name}, {place}. The year to date begins with {totals.year_start.name}.",
        blocks=(
            Block(
                heading="Against the plan",
                tables=(
                    Table(
                        caption="Ratios of sums, no averages of months; * some of its months may still change",
                        columns=(
                            Column(heading="Measure"),
                            Column(heading="Month", numeric=True),
                            Column(heading="Year to date", numeric=True),
                            Column(heading="Twelve months", numeric=True),
                            Column(heading="Plan, year to date", numeric=True),
                            Column(heading="Owner"),
                        ),
                        rows=tuple(_row(row) for row in totals.rows),
                    ),
                ),
                notes=(" ".join(_notes(judged, totals)),),
            ),
        ),
    )


def _row(row: TotalRow) -> tuple[str, ...]:
    metric = row.metric
    plan = "none declared" if row.plan is None else format_target(row.plan, metric)
    return (
        metric.title if metric.kind == "rate" else f"{metric.headline_title}{unit_words_of(metric)}",
        *(_cell(cell, row) for cell in (row.month, row.year, row.twelve)),
        plan,
        capitalised(row.owner),
    )


def _cell(cell: TotalCell, row: TotalRow) -> str:
    if isinstance(cell.value, Withheld):
        return WITHHELD
    if cell.value is None:
        return reason_words(cell.reason) or "no figure"
    return f"{format_bare(cell.value, row.metric)}{' *' if cell.n_not_final else ''}"


def _notes(judged: Judged, totals: JudgedTotals) -> list[str]:
    notes = [
        "A total over months is no evidence of change: whether anything changed is for the control charts to say. The "
        "plan of a count is the sum of its monthly targets."
    ]
    late = [row for row in totals.rows if row.twelve.first_month > judged.scope.month.plus(-11)]
    if late:
        first = min(row.twelve.first_month for row in late)
        is_late_in_year = any(row.year.first_month > totals.year_start for row in late)
        spans = "year to date and twelve months hold" if is_late_in_year else "twelve months hold"
        notes.append(
            f"Of {format_count(len(late), 'measures')} the data begin in {first.name} or later: their {spans} only the "
            "months since."
        )
    return notes
