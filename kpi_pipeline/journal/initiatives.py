"""Initiatives in the journal: one record per initiative, a version per change, and since when a declaration stands.

What an initiative may say is `improvement.initiatives`; whether it worked is `improvement.interrupted_series`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.text.texts import Words
from kpi_pipeline.declared.initiatives import Initiative, Registry
from kpi_pipeline.state.journal import Journal, Version

KIND = "initiative"

DECLARED = (
    "scope",
    "starts_on",
    "washout_months",
    "outcomes",
    "processes",
    "balancing",
    "model",
    "seasonality",
    "control",
    "worthwhile_effects",
)
"""The lines that decide how an initiative is judged. A change to one of them is a new declaration."""

_WORDS: TypeAdapter[str] = TypeAdapter(Words)


def current_initiatives(journal: Journal) -> Registry:
    """The initiatives on record as they were last written, in order of ids."""
    return Registry(tuple(_initiative(version) for version in journal.current(KIND)))


def declared_initiatives(journal: Journal, *, time_zone: tzinfo) -> tuple[Initiative, ...]:
    """The initiatives for a report: `declared_on` is the day since which the journal shows their declaration.

    That is the day they claim or the day it was recorded, whichever is later: a file can be written with any date.
    """
    return tuple(
        one.model_copy(update={"declared_on": max(one.declared_on, _recorded_on(journal, one.id, time_zone))})
        for one in current_initiatives(journal).initiatives
    )


def initiative_history(journal: Journal, initiative_id: str) -> list[tuple[Version, tuple[str, ...]]]:
    """Every version with the fields it changed (the first one: none), oldest first. Raises InputError for none."""
    versions = journal.history(KIND, initiative_id)
    if not versions:
        current_initiatives(journal).find(initiative_id)
    before: list[Version | None] = [None, *versions[:-1]]
    return [(one, _changed(earlier, one)) for earlier, one in zip(before, versions, strict=True)]


def record_initiatives(
    journal: Journal, registry: Registry, *, by: str, at: datetime, seen: Mapping[str, int] | None = None
) -> list[Version]:
    """Writes the initiatives that are new or changed, and returns those versions.

    seen: the version of each initiative that the change was made from; one changed since then is refused.
    Nothing is written when anything holds what looks like a patient's identifier: all of it is told at once.
    """
    faults = [
        Fault(f"initiative {one.id}", f"{place} {message}.")
        for one in registry.initiatives
        for place, text in _texts(one.model_dump(mode="json"))
        if (message := _refusal(text))
    ]
    if faults := [*text_faults("--by", by), *faults]:
        raise InputError(faults)
    written = [
        journal.write(
            KIND,
            one.id,
            one.model_dump(mode="json"),
            by=by,
            at=at,
            after=None if seen is None else seen.get(one.id, 0),
        )
        for one in registry.initiatives
    ]
    return [version for version in written if version is not None]


def seen_versions(journal: Journal) -> dict[str, int]:
    """The version each initiative is at; given back to `record_initiatives` with a change."""
    return {version.key: version.version for version in journal.current(KIND)}


def text_faults(option: str, text: str) -> list[Fault]:
    """What is wrong with a text given on the command line; its line breaks do not matter."""
    line = " ".join(text.split())
    if len(line) < 2:
        return [Fault(option, "is empty.", "Say who decided or recorded this, and why.")]
    return [Fault(option, f"{message}.") for message in [_refusal(line)] if message]


def _recorded_on(journal: Journal, initiative_id: str, time_zone: tzinfo) -> date:
    """The day since which the journal shows the declared lines as they are now, without a break."""
    history = journal.history(KIND, initiative_id)
    since = history[-1]
    for version in reversed(history):
        if version.is_retired or _declaration(version) != _declaration(since):
            break
        since = version
    return since.recorded_at.astimezone(time_zone).date()


def _declaration(version: Version) -> dict[str, Any]:
    return {name: version.body.get(name) for name in DECLARED}


def _changed(earlier: Version | None, later: Version) -> tuple[str, ...]:
    if earlier is None:
        return ()
    names = [name for name, value in later.body.items() if earlier.body.get(name) != value]
    return (*names, "withdrawn") if later.is_retired else tuple(names)


def _initiative(version: Version) -> Initiative:
    try:
        return Initiative.model_validate(version.body)
    except ValidationError as error:
        raise WarehouseError(faults_of(f"state: initiative {version.key}, version {version.version}", error)) from error


def _texts(value: Any, place: str = "") -> list[tuple[str, str]]:
    """Every text of a record with its place in it."""
    if isinstance(value, str):
        return [(place, value)]
    if isinstance(value, Mapping):
        return [found for key, part in value.items() for found in _texts(part, f"{place}.{key}".strip("."))]
    if isinstance(value, Sequence):
        return [found for number, part in enumerate(value, 1) for found in _texts(part, f"{place}.{number}")]
    return []


def _refusal(text: str) -> str:
    """Why a text may not be kept or printed, without repeating it; '' when it may."""
    try:
        _WORDS.validate_python(text)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return ""
