"""What a landing folder declares about itself in `landing.yaml`, since its files cannot say it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.front_matter import faults_of

LANDING_YAML = "landing.yaml"


class SourceDefaults(BaseModel):
    """The options a source sets for all its landing folders; None leaves the general default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str | None = None
    complete_through: date | dict[str, date] | None = None
    plausible_until: date | None = None
    disposition_required: bool | None = None
    icd9: bool | None = None

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; write it like America/New_York")
        return value


class LandingOptions(SourceDefaults):
    """`landing.yaml`: every field may be left out.

    complete_through: the last day all feeds are complete, for all facilities or one by one (default: read
    from the data, per facility). plausible_until: later dates are faults (default: the day the file
    arrived, or the last complete day if that is later). disposition_required: whether a stay without a
    discharge disposition may be an index (default true). icd9: fall back to the ICD-9 maps (default false).
    """

    source: str | None = None


def read_landing_options(folder: Path) -> LandingOptions:
    """Reads `landing.yaml` if it is there; all its faults at once as an InputError."""
    path = folder / LANDING_YAML
    if not path.is_file():
        return LandingOptions()
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return LandingOptions.model_validate(raw)
    except yaml.YAMLError as error:
        raise InputError(Fault(str(path), f"is not YAML: {' '.join(str(error).split())}")) from error
    except UnicodeDecodeError as error:
        raise InputError(Fault(str(path), "is not UTF-8 text.", "Save it as UTF-8.")) from error
    except ValidationError as error:
        raise InputError(faults_of(str(path), error)) from error


def resolve_options(declared: LandingOptions, defaults: SourceDefaults, *, time_zone: str) -> LandingOptions:
    """The folder's options over the source's defaults over the general ones; `time_zone` is the hospital's."""
    general = {"time_zone": time_zone, "disposition_required": True, "icd9": False}
    merged = {
        **general,
        **defaults.model_dump(exclude_none=True),
        **declared.model_dump(exclude_none=True),
    }
    return LandingOptions.model_validate(merged)
