"""The director's own words, from `commentary.yaml`: why, what is being done, decisions asked for.

They are printed as the director's, never mixed into sentences the statistics license (`words.sentences`).
A key given twice, an unknown metric or a text that looks like a patient's identifier is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.front_matter import faults_of
from kpi_pipeline.core.language import date_words
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.texts import Words
from kpi_pipeline.core.yaml_files import read_mapping
from kpi_pipeline.declared.targets import MonthField
from kpi_pipeline.metrics.declaration import Metric


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _paragraphs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(_one_line(part) for part in value.split("\n\n") if part.strip())


def _when(value: Any) -> Any:
    """A date or a month in words; any other text as it is (`the spring board meeting`)."""
    if isinstance(value, date):
        return date_words(value)
    text = _one_line(value)
    if isinstance(text, str):
        try:
            return date_words(date.fromisoformat(text))
        except ValueError:
            pass
        try:
            return Month.parse(text).name
        except InputError:
            pass
    return text


Line = Annotated[Words, BeforeValidator(_one_line)]
Prose = Annotated[tuple[Words, ...], BeforeValidator(_paragraphs), Field(min_length=1, max_length=4)]
When = Annotated[Words, BeforeValidator(_when)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class AskedDecision(_Frozen):
    """A decision the director asks senior management for."""

    what: Line
    owner: Line
    by: When


class PlannedAction(_Frozen):
    """Something that is being done about a measure."""

    what: Line
    owner: Line
    due: When


class Comment(_Frozen):
    """What the director says about one measure in one month. `why` holds one item per paragraph."""

    why: Prose | None = None
    doing: Annotated[tuple[PlannedAction, ...], Field(max_length=6)] = ()
    back_by: When | None = None


class MonthCommentary(_Frozen):
    """All of the director's words for one report. `headline` stands on page 1, in quotation marks."""

    headline: Annotated[Line, Field(max_length=160)] | None = None
    written_on: date | None = None
    decisions: Annotated[tuple[AskedDecision, ...], Field(max_length=6)] = ()
    comments: dict[str, Comment] = {}

    @property
    def by(self) -> str:
        """Whose words they are, as printed above them."""
        return "Director's commentary" + (f", {date_words(self.written_on)}" if self.written_on else "")


class Commentary(_Frozen):
    """The whole file; an empty one is a report without a director's words."""

    months: dict[MonthField, MonthCommentary] = {}

    def of(self, month: Month) -> MonthCommentary:
        """What was written for that month; nothing recorded is an empty commentary."""
        return self.months.get(month, MonthCommentary())


def read_commentary(path: Path | None, metrics: Mapping[str, Metric]) -> Commentary:
    """Reads `commentary.yaml` (None: no commentary). Raises DefinitionError with every fault of the file."""
    if path is None:
        return Commentary()
    where = shown_path(path)
    if not path.is_file():
        raise DefinitionError(
            Fault(where, "there is no such commentary file.", "Check `report.commentary` in the settings.")
        )
    raw = read_mapping(path)
    try:
        commentary = Commentary.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError([*faults_of(where, error), *_unknown_metrics(where, raw, metrics)]) from error
    if faults := _unknown_metrics(where, raw, metrics):
        raise DefinitionError(faults)
    return commentary


def _unknown_metrics(where: str, raw: Any, metrics: Mapping[str, Metric]) -> list[Fault]:
    """Found in the raw file, so that they are reported together with every other fault."""
    if not isinstance(raw, dict):
        return []
    named: list[tuple[str, Any]] = []
    months = raw.get("months")
    for month, content in months.items() if isinstance(months, dict) else ():
        comments = content.get("comments") if isinstance(content, dict) else None
        named += [(f"months.{month}.comments", name) for name in comments] if isinstance(comments, dict) else []
    return [
        Fault(where, f"{place} names {name!r}, which is not a metric.", f"Use one of {', '.join(sorted(metrics))}.")
        for place, name in named
        if name not in metrics
    ]
