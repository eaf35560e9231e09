"""Everything the PDF says, as one frozen object: the border between building (words, numbers) and drawing.

Every string is ready for print, numbers included; charts carry plain floats. Templates read this and nothing
else, do no arithmetic and choose no words. No field can hold a patient identifier: ids are metrics, facilities
and months, and free text is refused when it looks like one (`core.texts.Words`).

Import every part from here; `chart`, `page` and `appendix` only keep the files short.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Better
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.report.model.appendix import (
    Appendix,
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
from kpi_pipeline.report.model.blocks import (
    Bar,
    Bars,
    Block,
    CaptionedChart,
    CaptionedFunnel,
    Column,
    FurtherSection,
    Grid,
    GridCell,
    Table,
)
from kpi_pipeline.report.model.chart import (
    Annotation,
    AssuranceIcon,
    AssuranceMark,
    Chart,
    ChartPoint,
    FacilityId,
    Frozen,
    Funnel,
    FunnelCurve,
    FunnelMark,
    MonthKey,
    PointClass,
    Sparkline,
    VariationIcon,
    VariationMark,
)
from kpi_pipeline.report.model.page import (
    Action,
    Balancing,
    Decision,
    ExceptionPage,
    FindingList,
    FrontPage,
    Matrix,
    MatrixCell,
    Reading,
    Scorecard,
    ScorecardGroup,
    ScorecardRow,
    SmallMultiple,
    SmallMultiples,
    Statement,
    Tile,
)
from kpi_pipeline.report.model.texts import Label, Words

__all__ = [
    "Action",
    "Annotation",
    "Appendix",
    "AssuranceIcon",
    "AssuranceMark",
    "Balancing",
    "Bar",
    "Bars",
    "Better",
    "Block",
    "CaptionedChart",
    "CaptionedFunnel",
    "Chart",
    "ChartPoint",
    "Column",
    "ControlTotals",
    "DataQuality",
    "Decision",
    "Definition",
    "ExceptionPage",
    "Exclusion",
    "FindingList",
    "FrontPage",
    "Funnel",
    "FunnelCurve",
    "FunnelMark",
    "FurtherSection",
    "Grid",
    "GridCell",
    "LedgerRow",
    "Matrix",
    "MatrixCell",
    "Method",
    "PointClass",
    "QuarantineReason",
    "Reading",
    "ReferenceTable",
    "Report",
    "Rule",
    "Scorecard",
    "ScorecardGroup",
    "ScorecardRow",
    "SmallMultiple",
    "SmallMultiples",
    "Sparkline",
    "Statement",
    "Table",
    "Tile",
    "VariationIcon",
    "VariationMark",
    "Watermark",
]


class Report(Frozen):
    """One monthly report.

    month, facility_id and issue_number name it; `stamped_at` is the only clock the PDF knows (its creation
    date), so the same model gives the same bytes. `source_words` stands in every page's foot, and names the issue or
    says that it is a draft (issue_number None). claims: the register as this issue leaves it, for the
    next one. owed: what the director has not answered.
    """

    schema_version: Literal[1] = 1
    month: MonthKey
    month_words: Words
    facility_id: FacilityId = WHOLE_SYSTEM
    hospital_name: Label
    facility_name: Label | None = None
    issue_number: Annotated[int, Field(ge=1)] | None = None
    title: Words
    prepared_by: Words
    confidentiality: Words
    source_words: Words
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en-US"
    privacy: Literal["internal", "board", "external"] = "internal"
    snapshot_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:\-]{1,80}$")]
    stamped_at: AwareDatetime
    front: FrontPage
    scorecard: Scorecard
    exceptions: tuple[ExceptionPage, ...] = ()
    claims: tuple[Claim, ...] = ()
    no_exceptions_words: Words = "No measure needs a page of its own this month."
    owed: tuple[Words, ...] = ()
    further_sections: tuple[FurtherSection, ...] = ()
    small_multiples: SmallMultiples | None = None
    appendix: Appendix

    @model_validator(mode="after")
    def _every_measure_has_a_row_and_a_definition(self) -> Self:
        rows = [row.metric for group in self.scorecard.groups for row in group.rows]
        panels = [panel.metric for panel in self.small_multiples.panels] if self.small_multiples else []
        defined = {definition.metric for definition in self.appendix.definitions}
        if len(rows) != len(set(rows)) or len(panels) != len(set(panels)):
            raise ValueError("a measure may have one row, and one small chart")
        if undefined := sorted({*rows, *panels} - defined):
            raise ValueError(f"measures shown without a definition: {', '.join(undefined)}")
        shown = {tile.metric for tile in self.front.tiles} | {page.metric for page in self.exceptions}
        if missing := sorted(shown - set(rows)):
            raise ValueError(f"measures shown without a row: {', '.join(missing)}")
        return self
