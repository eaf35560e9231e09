"""Page 8 of the report, as frozen types: definitions, data quality, method.

Not here: the other pages (`page`), the whole (`model`).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from kpi_pipeline.report.model.blocks import Bars
from kpi_pipeline.report.model.chart import FacilityId, Frozen, MetricId
from kpi_pipeline.report.model.texts import Label, Words


class Exclusion(Frozen):
    """Why cases were left out, and how many (`count` is ready for print: `1,204` or `fewer than 11`)."""

    text: Words
    count: Label
    is_none: bool = False


class Definition(Frozen):
    """One measure defined. `version` `version 1, from 1 Jan 2024`; `counted` `1,612 discharges counted`. none_left_out:
    the exclusions without a case, in a sentence instead of a line each. figure_id: of the newest figure, as
    `kpi explain` takes it."""

    metric: MetricId
    title: Words
    definition: Words
    numerator: Words
    denominator: Words
    counted: Words | None = None
    figure_id: Label | None = None
    exclusions: tuple[Exclusion, ...] = ()
    none_left_out: Words | None = None
    follows: Words
    version: Words
    target: Words | None = None
    caveats: tuple[Words, ...] = ()


class LedgerRow(Frozen):
    """Rows of one table: rows_in = used + quarantined + duplicate + superseded, checked by the builder."""

    table: Label
    rows_in: Label
    used: Label
    quarantined: Label
    duplicate: Label
    superseded: Label


class QuarantineReason(Frozen):
    """Why rows of a table were set aside, and how many."""

    table: Label
    reason: Words
    rows: Label


class Watermark(Frozen):
    """Until when a facility's feeds are complete, and how that is known."""

    facility_id: FacilityId
    facility_name: Label
    complete_through: Label
    basis: Words


class ReferenceTable(Frozen):
    """A reference table the figures rest on."""

    name: Label
    version: Label
    rows: Label
    source: Label


class ControlTotals(Frozen):
    """Totals by encounter type that a plain count over the source must give too: a head and rows of equal length."""

    head: Annotated[tuple[Label, ...], Field(min_length=2)]
    rows: Annotated[tuple[tuple[Label, ...], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError("every row needs as many cells as the head")
        return self


class DataQuality(Frozen):
    """What came in, what was used, what was set aside. `funnel`: encounters → stays."""

    summary: Words
    ledger: tuple[LedgerRow, ...] = ()
    control_totals: ControlTotals | None = None
    quarantine_reasons: tuple[QuarantineReason, ...] = ()
    no_quarantine_words: Words = "No row was set aside."
    funnel: Bars | None = None
    watermarks: tuple[Watermark, ...] = ()
    reference_tables: tuple[ReferenceTable, ...] = ()
    warnings: tuple[Words, ...] = ()
    no_warnings_words: Words = "No warnings."


class Rule(Frozen):
    """One rule of the rule set with its number: `Shift`, `6 points in a row on one side of the mean`."""

    name: Words
    text: Words


class Method(Frozen):
    """How to read the charts, and the rule set with its numbers."""

    how_to_read: Annotated[tuple[Words, ...], Field(min_length=1)]
    rule_set: Label
    rule_set_words: Words
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    paragraphs: tuple[Words, ...] = ()
    contact: Words | None = None


class Appendix(Frozen):
    """Page 8."""

    title: Words
    lede: Words
    definitions: Annotated[tuple[Definition, ...], Field(min_length=1)]
    data_quality: DataQuality
    method: Method
