"""The page of benchmarks: our own figures beside those CMS published of the same hospital, side by side and unjudged.

Comes only for hospitals whose CMS certification number is declared. Not here: which figures (`improvement.benchmarks`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import date_words, format_number
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.improvement.benchmarks import (
    NOT_PUBLISHED,
    RATIO_DECIMALS,
    BenchmarkRow,
    Benchmarks,
    FacilityBenchmark,
)
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.numbers import MISSING, format_bare

_HEADINGS = (
    "Condition", "Ours: discharges", "Ours: came back", "CMS: discharges", "CMS: readmitted", "CMS: predicted",
    "CMS: expected", "CMS: ratio",
)  # fmt: skip
_FOOTNOTES = {
    "1": "too few cases to report",
    "5": "results are not available for the period",
    "7": "no cases met the criteria",
}
"""CMS's footnotes of this file, in its words made short."""


def build_benchmarks(judged: Judged) -> FurtherSection | None:
    """The page; None where nothing may be laid beside ours."""
    found = judged.benchmarks
    if found is None:
        return None
    blocks = [_block(judged, found, one) for one in found.facilities]
    blocks[-1] = blocks[-1].model_copy(update={"notes": (*blocks[-1].notes, " ".join(_notes(found)))})
    return FurtherSection(
        name="benchmarks",
        title=f"{found.metric.headline_title}: what CMS published, beside our own",
        lede=(
            f"CMS: readmissions program (HRRP), fiscal year {found.fiscal_year}, discharges "
            f"{date_words(found.starts_on)} to {date_words(found.ends_on)}. Two definitions and two periods side by "
            "side: no verdict follows from the difference."
        ),
        blocks=tuple(blocks),
    )


def _block(judged: Judged, found: Benchmarks, one: FacilityBenchmark) -> Block:
    heading = judged.scope.facility_names.get(one.facility_id, one.facility_id)
    if not one.rows:
        said = f"CMS's file of fiscal year {found.fiscal_year} holds no hospital with the number declared."
        return Block(heading=f"{heading} (CMS number {one.certification_number})", paragraphs=(said,))
    span = one.span
    ours = "no final month yet" if span is None else f"{span.first.name} to {span.last.name}"
    return Block(
        heading=heading,
        tables=(
            Table(
                caption=f"Ours: {ours}. CMS number {one.certification_number}, published as {one.published_name}",
                columns=tuple(Column(heading=name, numeric=at > 0) for at, name in enumerate(_HEADINGS)),
                rows=tuple(_row(found, row) for row in one.rows),
            ),
        ),
    )


def _row(found: Benchmarks, row: BenchmarkRow) -> tuple[str, ...]:
    return (
        row.condition,
        *_ours(found, row),
        NOT_PUBLISHED if row.published_discharges is None else format_number(row.published_discharges),
        row.readmissions_text if row.published_readmissions is None else format_number(row.published_readmissions),
        *(_percent(found, value) for value in (row.predicted_pct, row.expected_pct)),
        NOT_PUBLISHED if row.excess_ratio is None else format_number(row.excess_ratio, RATIO_DECIMALS),
    )


def _ours(found: Benchmarks, row: BenchmarkRow) -> tuple[str, str]:
    if row.n_cases is None:
        return MISSING, MISSING
    return format_number(row.n_cases), "too few" if row.value is None else format_bare(row.value, found.metric)


def _percent(found: Benchmarks, value: float | None) -> str:
    return NOT_PUBLISHED if value is None else format_bare(value, found.metric)


def _notes(found: Benchmarks) -> list[str]:
    assert found.metric.benchmark is not None
    notes = [
        f"Not the same: {found.metric.benchmark.differs}",
        "Predicted: CMS's risk-standardised rate of the hospital; expected: what an average hospital would have had "
        "with its patients; ratio: predicted ÷ expected. None of the three can be held against our share.",
    ]
    if any(row.value is None and row.n_cases is not None for one in found.facilities for row in one.rows):
        notes.append("Too few: fewer cases than are shown anywhere in this report.")
    marks = sorted({row.footnote for one in found.facilities for row in one.rows if row.footnote})
    if marks:
        said = [f"{_FOOTNOTES[mark]} (footnote {mark})" if mark in _FOOTNOTES else f"footnote {mark}" for mark in marks]
        notes.append(f"{NOT_PUBLISHED} is CMS's own: {join_words(said)}.")
    return notes
