"""A facility's own copy: the inputs of its report without words about other places.

People's own texts are kept, with the name of another place replaced by "[another hospital]". Not here: numbers that
are withheld (`disclosure`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.judgement.inputs import ReportInputs

ANOTHER_PLACE = "[another hospital]"
_SHORTEST_ID = 3
"""Ids of fewer letters (`N`) are words of the language, too, and are not looked for in texts."""

_WORD = re.compile(r"[^\W\d_]{4,}")
_OF_ANY_HOSPITAL = frozenset(
    "academic campus care center centre children children's city clinic college community county district foundation "
    "general health healthcare hospital hospitals infirmary institute main medical memorial national "
    "number public regional rehabilitation research sanatorium school specialty state system university veterans "
    "women".split()
)
"""Words of a hospital's name that do not tell which one it is."""

Model = TypeVar("Model", bound=BaseModel)
Redact = Callable[[str], str]


def own_copy(inputs: ReportInputs) -> ReportInputs:
    """The same inputs as far as the report's audience may read of places; those of the whole system unchanged."""
    own = inputs.facility_id
    if own == WHOLE_SYSTEM:
        return inputs
    redact = redactor(inputs)
    facts = inputs.facts
    lines = tuple(one for one in inputs.targets.lines if one.facility_id in (own, None))
    return replace(
        inputs,
        facts=replace(
            facts,
            watermarks=tuple(mark for mark in facts.watermarks if mark.facility_id == own),
            warnings=tuple(_redacted_notice(one, redact) for one in facts.warnings if one.facility_id in ("", own)),
            caveats=tuple(redact(text) for text in facts.caveats),
            ledger=(),
            quarantine_reasons=(),
            stays=(),
            control_totals=(),
        ),
        targets=replace(inputs.targets, lines=tuple(_redacted(one, redact) for one in lines)),
        commentary=_redacted(inputs.commentary, redact),
        asked={key: _redacted(one, redact) for key, one in inputs.asked.items()},
        outcomes={key: _redacted(one, redact) for key, one in inputs.outcomes.items()},
        initiatives=tuple(_own_initiative(one, redact) for one in inputs.initiatives),
        rebases=tuple(_redacted(one, redact) for one in inputs.rebases if one.facility_id == own),
    )


def redactor(inputs: ReportInputs) -> Redact:
    """A function that takes the names and ids of other facilities out of a text, also a name as people shorten it:
    "Lakeside" for "Example Lakeside Hospital". Such a word counts as the name only where it is written large, and not
    where it is a word of the reader's own hospital or of the whole system, too."""
    marks = [mark for mark in inputs.facts.watermarks if mark.facility_id != inputs.facility_id]
    names = {mark.facility_name for mark in marks} - {inputs.facility_name}
    names |= {mark.facility_id for mark in marks if len(mark.facility_id) >= _SHORTEST_ID}
    if not names:
        return lambda text: text
    own = _telling_words(inputs.facility_name or "") | _telling_words(inputs.settings.hospital_name)
    short = {word for mark in marks for word in _telling_words(mark.facility_name)} - own
    whole = _any_of(names, re.IGNORECASE)
    shortened = _any_of({form for word in short for form in (word.capitalize(), word.upper())}, 0) if short else None

    def redact(text: str) -> str:
        text = whole.sub(ANOTHER_PLACE, text)
        return shortened.sub(ANOTHER_PLACE, text) if shortened else text

    return redact


def _any_of(names: Iterable[str], flags: int) -> re.Pattern[str]:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in longest_first)})(?!\w)", flags)


def _telling_words(name: str) -> set[str]:
    """The words of a hospital's name by which people call it, in small letters."""
    return {word for word in _WORD.findall(name.lower()) if word not in _OF_ANY_HOSPITAL}


def _redacted_notice(notice: Notice, redact: Redact) -> Notice:
    """Files and sheets may be named after a place."""
    renamed = {f"rows of {name}": f"rows of {redact(name)}" for name in notice.columns}
    return replace(
        notice,
        file=redact(notice.file),
        columns=tuple(redact(name) for name in notice.columns),
        counts={renamed.get(key, key): count for key, count in notice.counts.items()},
        details={key: redact(text) for key, text in notice.details.items()},
    )


def _own_initiative(initiative: Initiative, redact: Redact) -> Initiative:
    """Its texts; scope and control stay, because the estimate needs them."""
    texts = {name: getattr(initiative, name) for name in ("title", "aim", "owner", "conclusion")}
    changed: dict[str, Any] = {name: redact(text) if text else text for name, text in texts.items()}
    changed["cycles"] = tuple(_redacted(one, redact) for one in initiative.cycles)
    return initiative.model_copy(update=changed)


def _redacted(model: Model, redact: Redact) -> Model:
    """The model with every text in it redacted; ids and keys are no texts of people and name no place here."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value)
        if isinstance(value, BaseModel):
            return value.model_copy(
                update={
                    name: walk(getattr(value, name))
                    for name in type(value).model_fields
                    if name not in ("facility_id", "metric")
                }
            )
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        return tuple(walk(one) for one in value) if isinstance(value, tuple) else value

    changed: Model = walk(model)
    return changed
