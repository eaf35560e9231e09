"""A dry run over a landing folder: what a build would use, refuse and warn of, and what its columns hold.

It is the build itself, in a scratch folder that is thrown away: nothing can be refused or warned of later that is
not said here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import CheckError, Fault
from kpi_pipeline.core.files import make_private_folder
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import parquet_file
from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.intake.mapping.checked_rows import reason_words
from kpi_pipeline.intake.staged.full_feeds import Shrinkage
from kpi_pipeline.intake.staged.landing import REGISTER
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_from_intake, read_landing
from kpi_pipeline.pipeline.checking.column_profile import ColumnProfile, profile_columns
from kpi_pipeline.reference.store import default_reference_folder
from kpi_pipeline.report.words.reasons import unavailable_words
from kpi_pipeline.warehouse.connection import store_folder
from kpi_pipeline.warehouse.facts import BuildFacts


@dataclass(frozen=True, slots=True)
class TriedLanding:
    """What a dry run found. lines: of files and refused rows; columns: by table; measures: those that would not be
    computed, with the reason; warnings: those of the build; refusals: why the build would stop, none if it would not;
    lost: what full feeds of one file would lose since the last build, too little for it to stop.
    """

    lines: tuple[str, ...]
    columns: dict[str, list[ColumnProfile]]
    measures: tuple[str, ...]
    warnings: tuple[Notice, ...]
    refusals: tuple[Fault, ...] = ()
    lost: tuple[Shrinkage, ...] = ()


def try_landing(
    landing: Path,
    scratch: Path,
    *,
    source: str | None,
    settings: Settings,
    reference: Path | None = None,
    warehouse: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TriedLanding:
    """Builds a landing folder into the scratch folder and says what came of it.

    warehouse: the one that is to be built; its reference tables and the history of its files then count as in the
    build. Raises InputError for files that cannot be read, as the build does.
    """
    trial = scratch / "trial.duckdb"
    if reference is None and warehouse is not None:
        reference = default_reference_folder(warehouse)
    before = store_folder(warehouse) if warehouse is not None else None
    if before is not None and (register := before / REGISTER).is_file():
        shutil.copyfile(register, make_private_folder(store_folder(trial)) / REGISTER)
    history = before if before is not None and before.is_dir() else None
    intake = read_landing(landing, trial, source=source, settings=settings, history=history, progress=progress)
    metrics, found = load_metrics(), list[BuildFacts]()
    refusals: tuple[Fault, ...] = ()
    lost: tuple[Shrinkage, ...] = ()
    try:
        built = build_from_intake(
            intake,
            trial,
            reference=reference,
            settings=settings,
            progress=progress,
            on_facts=found.append,
            previous=warehouse,
        )
        lost = built.lost
    except CheckError as error:
        refusals = tuple(error.faults)
    progress("columns")
    return TriedLanding(
        tuple(_lines(intake)),
        profile_columns(intake, metrics, reference=reference),
        tuple(_not_computed(read_values(trial).values, metrics)) if not refusals else (),
        found[0].warnings if found else intake.warnings,
        refusals,
        lost,
    )


def _lines(intake: IntakeResult) -> list[str]:
    lines = [f"Source: {intake.source.title}"]
    for file in sorted(intake.files, key=lambda file: (file.table, file.file_name)):
        lines.append(
            f"{file.file_name} → {file.table}: {file.rows_in:,} rows, {file.rows_quarantined:,} would be refused"
        )
    return lines + _reasons(intake)


def _reasons(intake: IntakeResult) -> list[str]:
    lines = []
    for file in intake.files:
        if not file.rows_quarantined:
            continue
        with connect(files=[file.quarantine]) as connection:
            rows = connection.execute(
                "SELECT reason, COUNT(*), MIN(line) FROM (SELECT line, UNNEST(reasons) AS reason FROM "
                f"{parquet_file(file.quarantine)}) GROUP BY reason ORDER BY COUNT(*) DESC, reason"
            ).fetchall()
        contract = load_contracts()[file.table]
        lines += [
            f"  {file.file_name}: {reason} in {format_count(count, 'rows')}, first on line {line}. "
            f"{reason_words(reason, contract)}"
            for reason, count, line in rows
        ]
    return lines


def _not_computed(values: pd.DataFrame, metrics: dict[str, Metric]) -> list[str]:
    """The measures without any figure, gathered by reason."""
    without = values.loc[values["month"] == "", ["metric", "status", "status_reason"]]
    lines = []
    for (status, reason), rows in without.groupby(["status", "status_reason"], sort=True):
        names = [name for name in metrics if name in set(rows["metric"])]
        lines.append(f"{join_words(names)} ({unavailable_words(str(status), str(reason))})")
    return lines
