"""The demo: a synthetic hospital with known truth, its landing folder, warehouse and latest report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.pipeline import WrittenReport, build_warehouse, write_report
from kpi_pipeline.synthetic.hospital import generate_hospital

LAST_MONTH = Month(2026, 10)
SEED = 20261102
"""A hospital whose last month still shows both changes; chance hides the first in about one seed of six."""
EXAMPLES = "docs/examples"
"""Settings, targets and commentary of the demo: the examples of the guide, so that both are always true."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo's files are."""

    landing: Path
    warehouse: Path
    report: WrittenReport
    month: Month
    n_stays: int


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
    progress("writing the report")
    report = write_report(warehouse, LAST_MONTH, out / "reports", settings=settings)
    n_stays = next(step.n for step in built.facts.stays if step.label == "Acute inpatient stays")
    return Demo(landing, warehouse, report, LAST_MONTH, n_stays)
