"""What a further page of the report is put together from, as frozen types: tables, bars, grids, drawings, blocks.

Not here: the pages every report has (`page`), words and points of charts (`chart`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.report.model.chart import (
    Chart,
    Frozen,
    Funnel,
    VariationMark,
)
from kpi_pipeline.report.model.texts import Label, Words


class Column(Frozen):
    """A table column; the first one holds the row headers."""

    heading: Words
    numeric: bool = False


class Table(Frozen):
    """A plain table of ready-formatted cells."""

    caption: Words
    columns: Annotated[tuple[Column, ...], Field(min_length=2, max_length=9)]
    rows: Annotated[tuple[tuple[Words | Label, ...], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row must have one cell per column")
        return self


class Bar(Frozen):
    """One bar: its length comes from `value`, all print from the words."""

    label: Label
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    value_words: Label
    beside: tuple[Label, ...] = ()
    strong: bool = False


class Bars(Frozen):
    """A bar chart with columns of words beside it (`share`, `running total`): a Pareto or a funnel of counts."""

    caption: Words
    alt: Words
    value_heading: Words
    beside_headings: Annotated[tuple[Words, ...], Field(max_length=3)] = ()
    bars: Annotated[tuple[Bar, ...], Field(min_length=1, max_length=24)]

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        if any(len(bar.beside) != len(self.beside_headings) for bar in self.bars):
            raise ValueError("every bar must have one text per heading beside it")
        return self


class GridCell(Frozen):
    """A value and what its own chart says; value alone where nothing was judged."""

    value: Label
    mark: VariationMark | None = None


class Grid(Frozen):
    """Places by measures. `rows`: the name of the place, then one cell per column after the first."""

    caption: Words
    corner: Words
    columns: Annotated[tuple[Words, ...], Field(min_length=1, max_length=8)]
    rows: Annotated[tuple[tuple[Label, tuple[GridCell, ...]], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        if any(len(cells) != len(self.columns) for _, cells in self.rows):
            raise ValueError("every row must have one cell per column")
        return self


class CaptionedChart(Frozen):
    """A full-width chart under a caption."""

    caption: Words
    chart: Chart


class CaptionedFunnel(Frozen):
    """A full-width funnel under a caption."""

    caption: Words
    funnel: Funnel


class Block(Frozen):
    """A part of a page under its own heading: words, then drawing, then tables, then small print."""

    heading: Words
    paragraphs: tuple[Words, ...] = ()
    bars: Bars | None = None
    chart: CaptionedChart | None = None
    funnel: CaptionedFunnel | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[Words, ...] = ()


class FurtherSection(Frozen):
    """A page between scorecard and small multiples: what was said before (first), by hospital, drivers,
    opportunities, the improvement programme, what changed since the last issue. In the order given."""

    name: Literal[
        "said_before",
        "decisions",
        "questions",
        "provisional",
        "hospitals",
        "drivers",
        "barriers",
        "totals",
        "budget",
        "fairness",
        "benchmarks",
        "improvement_programme",
        "changes_since_last_issue",
    ]
    title: Words
    lede: Words | None = None
    grid: Grid | None = None
    bars: tuple[Bars, ...] = ()
    charts: tuple[CaptionedChart, ...] = ()
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[Words, ...] = ()
    blocks: tuple[Block, ...] = ()
