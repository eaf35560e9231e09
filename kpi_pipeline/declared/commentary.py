"""The director's own words, from `commentary.yaml`: why, what is being done, decisions asked for.

They are printed as the director's, never mixed into sentences the statistics license (`words.sentences`).
A key given twice, an unknown metric or a text that looks like a patient's identifier is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.text.texts import Words
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
    """A date or a month in words; any other text as it is (`the spring board meeting`).

    Raises ValueError for what is written like a date or month and is none: 2026-02-30.
    """
    if isinstance(value, date):
        return date_words(value)
    text = _one_line(value)
    if isinstance(text, str) and _ISO_DAY.fullmatch(text):
        return date_words(date.fromisoformat(text))
    if isinstance(text, str) and _ISO_MONTH.fullmatch(text):
        return Month.of(date.fromisoformat(f"{text}-01")).name
    return text


Line = Annotated[Words, BeforeValidator(_one_line)]
Prose = Annotated[tuple[Words, ...], BeforeValidator(_paragraphs), Field(min_length=1, max_length=4)]
When = Annotated[Words, BeforeValidator(_when)]


_ISO_DAY, _ISO_MONTH = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class AskedDecision(_Frozen):
    """A decision the director asks senior management for.

    cost, benefit, if_no: what it takes, what it brings, and what follows from a no. measure: the metric it is to move.
    What became of it is in `declared.decisions`.
    """

    what: Line
    owner: Line
    by: When
    cost: Line | None = None
    benefit: Line | None = None
    if_no: Line | None = None
    measure: str | None = None


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

    def asked(self) -> dict[str, AskedDecision]:
        """Every decision asked for, oldest first, by its key: `2026-08/1` is the first one of August 2026."""
        return {
            decision_key(month, number): one
            for month in sorted(self.months)
            for number, one in enumerate(self.months[month].decisions, 1)
        }

    def of(self, month: Month) -> MonthCommentary:
        """What was written for that month; nothing recorded is an empty commentary."""
        return self.months.get(month, MonthCommentary())


def decision_key(month: Month, number: int) -> str:
    """How a decision is named: the month whose report asked for it, and its place there."""
    return f"{month}/{number}"


def asked_in(key: str) -> Month:
    """The month whose report asked for a decision."""
    return Month.parse(key.split("/")[0])


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
        decisions = content.get("decisions") if isinstance(content, dict) else None
        named += [
            (f"months.{month}.decisions.{number}.measure", one["measure"])
            for number, one in enumerate(decisions if isinstance(decisions, list) else (), 1)
            if isinstance(one, dict) and isinstance(one.get("measure"), str)
        ]
    return [
        Fault(where, f"{place} names {name!r}, which is not a metric.", f"Use one of {', '.join(sorted(metrics))}.")
        for place, name in named
        if name not in metrics
    ]
