"""`kpi demo` and `kpi build`: from a landing folder to a warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import progress, rows_line, say, warn
from kpi_pipeline.cli.engine import EngineChoice, EngineName, SparkMaster, chosen_engine
from kpi_pipeline.cli.options import SettingsFile, WarehouseFile
from kpi_pipeline.core.settings import read_settings


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo's files.")] = Path("demo"),
) -> None:
    """Makes a synthetic hospital and its report. Prints where the report is."""
    from kpi_pipeline.pipeline.demo import make_demo

    with progress("Making the demo") as step:
        made = make_demo(out, progress=step)
    say(f"A synthetic hospital of {made.n_stays:,} stays is in {made.landing}")
    say(f"Its warehouse is {made.warehouse}")
    say(f"The report for {made.month.name}: {made.report.pdf}")


def build(
    landing: Annotated[Path, typer.Option("--landing", help="Folder of source files.")],
    warehouse: WarehouseFile,
    source: Annotated[
        str | None, typer.Option("--source", help="Kind of landing folder; default: its landing.yaml.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", help="Imported reference files; default: reference/ beside the warehouse."),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify-store", help="First verify all that earlier builds staged; remove what is damaged."),
    ] = False,
    settings_file: SettingsFile = None,
    engine: EngineName = EngineChoice.DUCKDB,
    master: SparkMaster = "local[*]",
) -> None:
    """Reads a landing folder and computes everything. On any error the last good warehouse stays."""
    from kpi_pipeline.pipeline.build import build_warehouse
    from kpi_pipeline.report.words.notices import notice_sentence

    settings = read_settings(settings_file)
    if verify:
        _verify_store(warehouse)
    with chosen_engine(engine, warehouse, master=master, settings=settings) as heavy, progress("Building") as step:
        built = build_warehouse(
            landing, warehouse, source=source, reference=reference, settings=settings, progress=step, engine=heavy
        )
    facts = built.facts
    for warning in facts.warnings:
        warn(notice_sentence(warning))
    for row in facts.ledger:
        counts = [("rows in", row.rows_in), ("used", row.staged), ("quarantined", row.quarantined)]
        say(f"{row.table}: {rows_line([*counts, ('duplicate', row.duplicate), ('superseded', row.superseded)])}")
    say(f"{rows_line((step.label.lower(), step.n) for step in facts.stays if step.label == 'Acute inpatient stays')}")
    for lost in built.lost:
        warn(lost.sentence)
    say(f"{built.n_metrics} measures computed; snapshot {built.snapshot_id} is in {built.warehouse}")
    if facts.rows_quarantined:
        say(f"See the refused rows: kpi quarantine --warehouse {built.warehouse}")


def _verify_store(warehouse: Path) -> None:
    """Says what was found in the store beside a warehouse, before anything is built of it."""
    from kpi_pipeline.intake.store_check import verify_store
    from kpi_pipeline.warehouse.connection import store_folder

    with progress("Verifying the store"):
        checked = verify_store(store_folder(warehouse))
    for line in checked.found:
        warn(line)
    say(f"store: {rows_line([('sound', checked.n_sound), ('damaged or left over, and removed', len(checked.found))])}")
