"""What became of decisions that reports asked for, from `decisions.yaml`. What was asked is in `commentary.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_list
from kpi_pipeline.declared.commentary import Line, asked_in

Became = Literal["granted", "refused", "postponed", "withdrawn", "done"]
"""What became of a decision: said yes to, no to, put off, taken back by who asked for it, carried out."""
BECAME = get_args(Became)


class DecisionOutcome(BaseModel):
    """What became of a decision and on which day. said_by: whose answer it is; note: a sentence about it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    became: Became
    answered_on: date
    said_by: Line | None = None
    note: Line | None = None


class _Answer(DecisionOutcome):
    decision: Annotated[str, Field(pattern=r"^\d{4}-\d{2}/\d+$")]


def read_outcomes(path: Path | None, asked: Iterable[str]) -> dict[str, DecisionOutcome]:
    """Reads `decisions.yaml` (None: nothing recorded there): what became of each decision, by its key.

    asked: the keys of what was asked for. Raises DefinitionError with every fault of the file.
    """
    if path is None:
        return {}
    where = shown_path(path)
    if not path.is_file():
        cure = "Check `report.decisions` in the settings."
        raise DefinitionError(Fault(where, "there is no such file of decisions.", cure))
    known = list(asked)
    outcomes: dict[str, DecisionOutcome] = {}
    faults: list[Fault] = []
    for number, item in enumerate(read_list(path, of="decisions", first_key="decision"), 1):
        place = f"{where}: decision {number}"
        found, of_item = _read(place, item)
        faults += of_item
        if found is None:
            continue
        key = found.decision
        faults += [Fault(place, f"answers {key} a second time.", "Keep what became of it last.")] * (key in outcomes)
        faults += outcome_faults(place, key, found.answered_on, known)
        outcomes[key] = DecisionOutcome.model_validate(found.model_dump(exclude={"decision"}))
    if faults:
        raise DefinitionError(faults)
    return outcomes


def outcome_faults(where: str, key: str, on: date, asked: Iterable[str]) -> list[Fault]:
    """What is wrong with an answer: nobody asked, or it is older than the question."""
    known = list(asked)
    if key not in known:
        cure = f"Asked for in commentary.yaml: {', '.join(known) or 'none'}."
        return [Fault(where, f"{key!r} was not asked for.", cure)]
    if on < asked_in(key).first_day:
        return [Fault(where, f"is answered on {on}, before the month that asked for it began.", "Check the day.")]
    return []


def _read(where: str, item: Any) -> tuple[_Answer | None, list[Fault]]:
    try:
        return _Answer.model_validate(item), []
    except ValidationError as error:
        return None, faults_of(where, error)


def newest(*sources: Mapping[str, DecisionOutcome]) -> dict[str, DecisionOutcome]:
    """What became of each decision as last answered; of two answers of one day the later source's."""
    merged: dict[str, DecisionOutcome] = {}
    for source in sources:
        for key, one in source.items():
            if key not in merged or merged[key].answered_on <= one.answered_on:
                merged[key] = one
    return merged
