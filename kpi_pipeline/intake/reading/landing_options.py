"""What a landing folder declares about itself in `landing.yaml`, since its files cannot say it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.files import strange_file
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_mapping
from kpi_pipeline.intake.reading.table_options import Feed, TableOptions

LANDING_YAML = "landing.yaml"
MISNAMED_LANDING_YAML = frozenset({"landing.yml", "landing.yaml"})
"""Names, in lower case, that can only be meant for it: read by nobody, they would lose what they declare."""
_NOTHING = ("", "~", "null")


class SourceDefaults(BaseModel):
    """The options a source sets for all its landing folders; None leaves the general default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str | None = None
    complete_through: date | dict[str, date] | None = None
    plausible_until: date | None = None
    disposition_required: bool | None = None
    procedures_required: bool | None = None
    icd9: bool | None = None

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone. Write it like America/New_York.")
        return value

    @field_validator("complete_through", "plausible_until", mode="before")
    @classmethod
    def _are_dates(cls, value: object) -> object:
        if isinstance(value, dict):
            return {facility: _read_date(day, f"of facility {facility} ") for facility, day in value.items()}
        return _read_date(value)


Days = tuple[date, date]
"""A stretch of days, both ends in it."""


class LandingOptions(SourceDefaults):
    """`landing.yaml`: every field may be left out.

    complete_through: the last day all feeds are complete, for all facilities or one by one (default: read
    from the data, per facility). plausible_until: admissions and discharges on later days are faults
    (default: found from the rows, see `data_end`). disposition_required: whether a stay without a
    discharge disposition may be an index (default true). procedures_required: true: without procedures that
    can be read readmissions are not computed; false: planned returns then count as unplanned; left out: the latter
    where none were sent at all, the former where they were sent and cannot be read. icd9: fall back to the ICD-9 maps
    (default false).
    feed: what each extract holds, `delta` (default) or `full`. withdrawn: files, as patterns, that were taken away on
    purpose, or that no newer one follows. closed: facility → the days it was shut, as `2026-08-03 to 2026-08-16` or one
    day; no rows are expected of them.
    tables: how the files of a table are named, cut and mapped.
    """

    source: str | None = None
    feed: Feed = "delta"
    withdrawn: tuple[str, ...] = ()
    closed: dict[str, tuple[Days, ...]] = {}
    tables: dict[str, TableOptions] = {}

    @field_validator("withdrawn", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("closed", mode="before")
    @classmethod
    def _are_stretches(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            facility: tuple(
                _read_stretch(one, facility)
                for one in (stretches if isinstance(stretches, list | tuple) else [stretches])
            )
            for facility, stretches in value.items()
        }

    def is_withdrawn(self, file_name: str) -> bool:
        """Whether a file was taken away on purpose, so that nobody need miss it."""
        return any(fnmatchcase(file_name.lower(), pattern.lower()) for pattern in self.withdrawn)

    def feed_of(self, table: str) -> Feed:
        """What each extract of a table holds."""
        return self.of_table(table).feed or self.feed

    def of_table(self, table: str) -> TableOptions:
        """What is declared about the files of one table."""
        return self.tables.get(table, TableOptions())


def read_landing_options(folder: Path) -> LandingOptions:
    """Reads `landing.yaml` if it is there; all its faults at once as an InputError."""
    path = folder / LANDING_YAML
    if not os.path.lexists(path):
        return LandingOptions()
    if fault := strange_file(path, folder):
        raise InputError(fault)
    # Everything stays text until its field is known: facility 010 would else be read as the number 8.
    raw = read_mapping(path, where=LANDING_YAML, as_text=True, error=InputError)
    try:
        return LandingOptions.model_validate({name: value for name, value in raw.items() if value not in _NOTHING})
    except ValidationError as error:
        raise InputError([_with_cure(fault) for fault in faults_of(LANDING_YAML, error)]) from error


def resolve_options(declared: LandingOptions, defaults: SourceDefaults, *, time_zone: str) -> LandingOptions:
    """The folder's options over the source's defaults over the general ones; `time_zone` is the hospital's."""
    general = {"time_zone": time_zone, "disposition_required": True, "icd9": False}
    merged = {
        **general,
        **defaults.model_dump(exclude_none=True),
        **declared.model_dump(exclude_none=True),
    }
    try:
        return LandingOptions.model_validate(merged)
    except ValidationError as error:  # the folder's own options were checked when they were read
        raise DefinitionError(faults_of("settings", error)) from error


def _read_date(value: object, whose: str = "") -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"the date {whose}must look like 2026-10-31; got {value!r}.") from None


def _read_stretch(value: object, facility: str) -> Days:
    if isinstance(value, tuple | list):  # as it was read before
        first, last = value
    else:
        first, _, last = (part.strip() for part in str(value).partition(" to "))
    days = (_read_date(first, f"of closed {facility} "), _read_date(last or first, f"of closed {facility} "))
    if days[0] is None or days[1] is None or days[1] < days[0]:
        raise ValueError(f"closed {facility}: write 2026-08-03 to 2026-08-16, the first day first; got {value!r}.")
    return days[0], days[1]


def _with_cure(fault: Fault) -> Fault:
    if not fault.what.endswith("is not a known field."):
        return fault
    known = TableOptions.model_fields if fault.what.startswith("tables.") else LandingOptions.model_fields
    return replace(fault, cure=f"Known are {', '.join(known)}.")
