"""Checks a person can run before a build: are the definitions sound, and would this landing folder be accepted?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from kpi_pipeline.core.connections import connect
from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql_text import parquet_file
from kpi_pipeline.declared.commentary import read_commentary
from kpi_pipeline.declared.targets import read_targets
from kpi_pipeline.intake.checked_rows import reason_words
from kpi_pipeline.intake.contract import load_contracts, load_source, source_names
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.pipeline.build import read_landing
from kpi_pipeline.warehouse.supply import CAPABILITIES
from kpi_pipeline.warehouse.tables import kept_tables


@dataclass(frozen=True, slots=True)
class TriedLanding:
    """What a dry run over a landing folder found, in lines for people."""

    lines: tuple[str, ...]
    warnings: tuple[Notice, ...]


def check_definitions(settings: Settings) -> dict[str, int]:
    """Loads every contract, source, table, metric, target and comment; returns how many there are.

    Raises DefinitionError with all faults found.
    """
    contracts = load_contracts()
    sources = [load_source(name) for name in source_names()]
    metrics = load_metrics()
    faults = [fault for metric in metrics.values() for fault in _metric_faults(metric)]
    faults += [
        Fault("settings", f"headline_metrics names {name!r}, which is not a metric.")
        for name in settings.report.headline_metrics
        if name not in metrics
    ]
    if settings.time_zone not in available_timezones():
        what = f"time_zone: {settings.time_zone!r} is not a time zone."
        faults.append(Fault("settings", what, "Write it like America/New_York."))
    if faults:
        raise DefinitionError(faults)
    read_targets(settings.targets, metrics)
    read_commentary(settings.report.commentary, metrics)
    return {
        "contracts": len(contracts),
        "sources": len(sources),
        "warehouse tables": len(kept_tables()),
        "measures": len(metrics),
    }


def try_landing(
    landing: Path,
    scratch: Path,
    *,
    source: str | None,
    settings: Settings,
    progress: Callable[[str], None] = lambda _: None,
) -> TriedLanding:
    """Reads a landing folder into a scratch store and reports what a build would use and refuse."""
    intake = read_landing(landing, scratch / "trial.duckdb", source=source, settings=settings, progress=progress)
    lines = [f"Source: {intake.source.title}"]
    for file in sorted(intake.files, key=lambda file: (file.table, file.file_name)):
        lines.append(
            f"{file.file_name} → {file.table}: {file.rows_in:,} rows, {file.rows_quarantined:,} would be refused"
        )
    return TriedLanding((*lines, *_reasons(intake)), intake.warnings)


def _reasons(intake: IntakeResult) -> list[str]:
    lines = []
    for file in intake.files:
        with connect(files=[file.quarantine]) as connection:
            if not file.rows_quarantined:
                continue
            rows = connection.execute(
                "SELECT reason, COUNT(*), MIN(line) FROM (SELECT line, UNNEST(reasons) AS reason FROM "
                f"{parquet_file(file.quarantine)}) GROUP BY reason ORDER BY COUNT(*) DESC, reason"
            ).fetchall()
            contract = load_contracts()[file.table]
            lines += [
                f"  {file.file_name}: {reason} in {count:,} row{'s' if count != 1 else ''}, first on line {line}. "
                f"{reason_words(reason, contract)}"
                for reason, count, line in rows
            ]
    return lines


def _metric_faults(metric: Metric) -> list[Fault]:
    where = f"sql/metrics/{metric.name}.sql"
    known = {table.name for table in kept_tables()} | {"landing_options"}
    faults = [
        Fault(where, f"reads {table}, which is not a warehouse table.")
        for table in sorted(metric.tables - known)
        if not table.startswith("reference_")
    ]
    contracts = load_contracts()
    for item in metric.needs:
        table, _, column = item.partition(".")
        is_known = item in CAPABILITIES or (table in contracts and (not column or column in contracts[table].columns))
        if not is_known:
            faults.append(Fault(where, f"needs {item!r}, which is no table, column or capability.", "Correct it."))
    return faults
