"""The demo: a synthetic hospital with known truth, its landing folder, warehouse and latest report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from kpi_pipeline.core.files import private_files
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import Settings, read_settings
from kpi_pipeline.declared.initiative_file import read_initiatives
from kpi_pipeline.declared.initiatives import Registry
from kpi_pipeline.journal import find_state_url, forget_known_state, open_journal, record_initiatives
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.report import WrittenReport, write_report
from kpi_pipeline.synthetic.hospital import generate_hospital

LAST_MONTH = Month(2026, 10)
SEED = 20261102
"""A hospital whose last month still shows both changes; chance hides the first in about one seed of six."""
EXAMPLES = "docs/examples"
"""Settings, targets, commentary and initiatives of the demo: the guide's examples, so that both are always true."""
DIRECTOR = "Director of Case Management"
NEWEST_RECORD = datetime(2026, 11, 6, 14, 0, tzinfo=UTC)
"""When the demo's initiatives got their present state: a fixed moment, so that two demos are the same."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo's files are."""

    landing: Path
    warehouse: Path
    report: WrittenReport
    month: Month
    n_stays: int


@private_files()
def make_demo(out: Path, *, scale: float = 1.0, progress: Callable[[str], None] = lambda _: None) -> Demo:
    """Generates the hospital into `out/landing`, builds `out/hospital.duckdb` and writes the report.

    The same program gives the same hospital and the same report. An earlier demo in `out` is replaced.
    """
    landing, warehouse = out / "landing", out / "hospital.duckdb"
    if landing.is_dir():
        shutil.rmtree(landing)
    progress("generating a synthetic hospital")
    generate_hospital(landing, seed=SEED, last_month=LAST_MONTH, scale=scale)
    for example in sorted(resource_folder(EXAMPLES).glob("*.yaml")):
        shutil.copyfile(example, out / example.name)
    settings = read_settings(out / "kpi.yaml")
    built = build_warehouse(landing, warehouse, settings=settings, progress=progress)
    record_demo_initiatives(out / "initiatives.yaml", warehouse, settings=settings)
    progress("writing the report")
    report = write_report(warehouse, LAST_MONTH, out / "reports", settings=settings)
    n_stays = next(step.n for step in built.facts.stays if step.label == "Acute inpatient stays")
    return Demo(landing, warehouse, report, LAST_MONTH, n_stays)


def record_demo_initiatives(file: Path, warehouse: Path, *, settings: Settings) -> None:
    """Makes the demo's journal anew: each initiative as it was declared, on that day, and then as it is now."""
    for leftover in warehouse.parent.glob(f"{warehouse.stem}.state.sqlite*"):
        leftover.unlink()
    forget_known_state(warehouse)
    registry = read_initiatives(file, metrics=load_metrics())
    with open_journal(find_state_url(warehouse, settings=settings)) as journal:
        for one in sorted(registry.initiatives, key=lambda initiative: initiative.declared_on):
            declared = one.model_copy(update={"cycles": (), "status": "planned", "closed_on": None, "conclusion": None})
            noon = datetime.combine(one.declared_on, time(17), tzinfo=UTC)  # noon in New York, or an hour later
            record_initiatives(journal, Registry((declared,)), by=DIRECTOR, at=noon)
        record_initiatives(journal, registry, by=DIRECTOR, at=NEWEST_RECORD)
