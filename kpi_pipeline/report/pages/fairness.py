"""The page on fairness: the headline measures by sex, age, payer, language and race, each group against all others.

Comes only where there is something to compare. Not here: what may be printed (`judgement.fairness`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_number
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.tables.fairness import JudgedFairness
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import Gap
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.fairness import gap_words, group_words, looks_words, title_words
from kpi_pipeline.report.words.numbers import MISSING, unit_words
from kpi_pipeline.report.words.phrases import WITHHELD, scope_words


def build_fairness(judged: Judged) -> FurtherSection | None:
    """The page; None where nothing can be compared."""
    fairness = judged.fairness
    if fairness is None:
        return None
    return FurtherSection(
        name="fairness",
        title=title_words(fairness.looked_at),
        lede=_lede(judged, fairness),
        blocks=(Block(heading="Each group less all others", tables=(_table(fairness),), notes=_notes(fairness)),),
    )


def _lede(judged: Judged, fairness: JudgedFairness) -> str:
    place = scope_words(judged.scope)
    spans = {(one.first_month, one.last_month) for one in fairness.spans.values()}
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    each = " (each measure its newest twelve final months)" if len(spans) > 1 else ""
    return f"{first.name} to {last.name}{each}, {place}. {looks_words(fairness.looked_at)}"


def _table(fairness: JudgedFairness) -> Table:
    rows = [
        (
            group_words(table.dimension, group, is_pair=len(table.groups) == 1),
            *(_cell(table.gaps[group].get(one.name), one) for one in fairness.metrics),
        )
        for table in fairness.tables
        for group in table.groups
    ]
    return Table(
        caption="Difference with its 95% interval: the group's value less that of all others of whom it is known",
        columns=(
            Column(heading="Group"),
            *(Column(heading=_heading(metric), numeric=True) for metric in fairness.metrics),
        ),
        rows=tuple(rows),
    )


def _heading(metric: Metric) -> str:
    unit = "percentage points" if metric.unit == "percent" else unit_words(metric)
    return metric.headline_title if unit == "index" else f"{metric.headline_title}, {unit}"


def _cell(gap: Gap | Withheld | None, metric: Metric) -> str:
    if gap is None:
        return MISSING
    return WITHHELD if isinstance(gap, Withheld) else gap_words(gap, metric)


def _notes(fairness: JudgedFairness) -> tuple[str, ...]:
    least = format_number(min(min(gap.n_cases, gap.n_others) for gap in fairness.looked_at))
    return (
        "Not adjusted for age, illness or anything else: a gap is a question to look into, not yet unfairness, and "
        "groups overlap (payer goes with age). * beyond chance when all comparisons on this page are counted. Each "
        f"side of a comparison has at least {least} cases; too few: one side has fewer than are shown anywhere in "
        "this report. Intervals treat stays of one patient as separate.",
    )
