"""Pages 1 to 7 of the report, as frozen types: front page, scorecard, exceptions, and what stands before page 8.

Not here: their words and points (`chart`), page 8 (`appendix`), the whole (`model`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.report.model.chart import (
    AssuranceIcon,
    AssuranceMark,
    Chart,
    Frozen,
    MetricId,
    Sparkline,
    VariationMark,
)
from kpi_pipeline.report.model.texts import Label, Words


class Reading(Frozen):
    """A value as printed, or the reason there is none: exactly one of `value` and `unavailable`.

    value `4.78`, unit `days`; unavailable `not supplied` or `not computable: no ICD diagnosis codes` or
    `fewer than 25 discharges`. maturity is the state, maturity_words what is printed (`final`,
    `provisional: follow-up until 30 Nov`). period_words names the month when it is not the report's own.
    """

    value: Label | None = None
    unit: Label | None = None
    unavailable: Words | None = None
    interval: Words | None = None
    period_words: Words | None = None
    maturity: Literal["open", "provisional", "final"] | None = None
    maturity_words: Words | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.value is None) == (self.unavailable is None):
            raise ValueError("give either value or unavailable, not both and not neither")
        return self


class Tile(Frozen):
    """A headline measure on page 1. `basis` names the denominator: `1,612 discharges`; `so_far` the report month's
    own figure while it is not final, when an earlier month is shown; caution what must be known with the value."""

    metric: MetricId
    title: Words
    reading: Reading
    basis: Words | None = None
    target: Words | None = None
    so_far: Words | None = None
    comparison: Words | None = None
    caution: Words | None = None
    sparkline: Sparkline | None = None
    variation: VariationMark | None = None
    assurance: AssuranceMark | None = None


class FindingList(Frozen):
    """Findings of one kind, or the sentence printed when there are none."""

    items: tuple[Words, ...] = ()
    none_words: Words


class Decision(Frozen):
    """A decision the director asks for."""

    text: Words
    owner: Words
    due: Words


class MatrixCell(Frozen):
    """The measures with this pair of icons; cells not given are empty."""

    variation: Literal["improvement", "common_cause", "concern", "neither"]
    assurance: AssuranceIcon
    measures: Annotated[tuple[Words, ...], Field(min_length=1)]


class Matrix(Frozen):
    """Variation × assurance. `not_judged` names measures without icons, each with its reason."""

    caption: Words
    cells: tuple[MatrixCell, ...]
    not_judged: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _one_cell_once(self) -> Self:
        keys = [(cell.variation, cell.assurance) for cell in self.cells]
        if len(keys) != len(set(keys)):
            raise ValueError("each pair of variation and assurance may be given once")
        return self


class FrontPage(Frozen):
    """Page 1, the month in one page. `title` is the finding and the document's only h1. said_before: what became of
    what earlier issues said; empty where there is none. asked_before: what became of decisions asked for before."""

    title: Words
    lede: Words
    tiles: Annotated[tuple[Tile, ...], Field(min_length=1, max_length=6)]
    improved: FindingList
    attention: FindingList
    decisions: tuple[Decision, ...] = ()
    no_decisions_words: Words = "None this month."
    asked_before: Words | None = None
    said_before: Annotated[tuple[Words, ...], Field(max_length=3)] = ()
    matrix: Matrix
    cut_off: Words
    status: Literal["provisional", "final"]
    status_words: Words
    issue: Words


class ScorecardRow(Frozen):
    """One measure in the scorecard. `denominator` `1,612`, `denominator_noun` `discharges`."""

    metric: MetricId
    name: Words
    unit: Label
    reading: Reading
    denominator: Label | None = None
    denominator_noun: Words | None = None
    target: Label | None = None
    target_source: Words | None = None
    year_ago: Label | None = None
    sparkline: Sparkline | None = None
    variation: VariationMark | None = None
    assurance: AssuranceMark | None = None


class ScorecardGroup(Frozen):
    """Rows under one heading."""

    heading: Words
    rows: Annotated[tuple[ScorecardRow, ...], Field(min_length=1)]


class Scorecard(Frozen):
    """The scorecard of page 2, or the further measures of the annex. `notes` are printed under the table."""

    title: Words
    lede: Words
    caption: Words
    groups: Annotated[tuple[ScorecardGroup, ...], Field(min_length=1)]
    notes: tuple[Words, ...] = ()


class Statement(Frozen):
    """Paragraphs, and whose they are. `by` None: generated from the data; else the director's own words,
    marked with `by` (`Director's commentary, 6 November 2026`). Without paragraphs `none_words` is printed."""

    paragraphs: tuple[Words, ...] = ()
    by: Words | None = None
    none_words: Words = "None recorded."


class Action(Frozen):
    """Something being done about a measure."""

    text: Words
    owner: Words
    due: Words


class Balancing(Frozen):
    """The measure that must not get worse meanwhile, with its small chart and one sentence."""

    title: Words
    text: Words
    chart: Chart


class ExceptionPage(Frozen):
    """One page for a measure that needs it: concern, consistently failing, or a new change.

    method: sentences on chart type, kind of limits and rule set; notes: what stands under the chart
    (each lettered event in full, hollow months, missing months).
    """

    metric: MetricId
    kind: Literal["concern", "failing", "improvement", "neither"]
    kind_words: Words
    heading: Words
    chart_title: Words
    chart: Chart
    variation: VariationMark | None = None
    assurance: AssuranceMark | None = None
    notes: tuple[Words, ...] = ()
    tells: Annotated[tuple[Words, ...], Field(min_length=1)]
    why: Statement
    doing: tuple[Action, ...] = ()
    doing_statement: Statement = Statement()
    back: Statement
    balancing: Balancing | None = None
    balancing_none_words: Words | None = None
    method: Annotated[tuple[Words, ...], Field(min_length=1)]


class SmallMultiple(Frozen):
    """One measure among all: title, newest value with its interval, what it rests on, and a chart drawn small."""

    metric: MetricId
    title: Words
    value_words: Words
    basis_words: Words | None = None
    variation: VariationMark | None = None
    chart: Chart


class SmallMultiples(Frozen):
    """Every measure on one grid. notes: what the letters on the charts stand for, and what has no chart."""

    title: Words
    lede: Words
    panels: Annotated[tuple[SmallMultiple, ...], Field(min_length=1)]
    notes: tuple[Words, ...] = ()
