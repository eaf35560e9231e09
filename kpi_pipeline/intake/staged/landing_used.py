"""Which landing folder the store was last filled from, and its `landing.yaml` as it then was: to build it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, WarehouseError
from kpi_pipeline.core.files import write_private
from kpi_pipeline.intake.reading.landing_options import LANDING_YAML

_FILE = "landing_used.json"


@dataclass(frozen=True, slots=True)
class LandingUsed:
    """The folder, and the text of its `landing.yaml`; None: it had none."""

    folder: str
    landing_yaml: str | None


def note_landing(landing: Path, store: Path) -> None:
    """Notes a landing folder in the store, for its owner alone."""
    options = landing / LANDING_YAML
    used = LandingUsed(str(landing.resolve()), options.read_text(encoding="utf-8") if options.is_file() else None)
    write_private(store / _FILE, json.dumps(asdict(used)))


def read_landing_used(store: Path) -> LandingUsed:
    """What `note_landing` noted; WarehouseError when the store was filled by an older release."""
    try:
        return LandingUsed(**json.loads((store / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        what = "does not say which landing folder it was filled from."
        raise WarehouseError(Fault(str(store), what, "Run kpi build, then try again.")) from error
