"""From a landing folder to a warehouse with its values: what `kpi build` and Dagster both call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import CheckError, Fault, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult, ingest
from kpi_pipeline.intake.reading.file_order import name_date
from kpi_pipeline.intake.staged.full_feeds import Shrinkage, shrinkage_since
from kpi_pipeline.intake.staged.landing_used import note_landing
from kpi_pipeline.intake.staged.staged_files import StagedFile
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import remove_older_values, write_all_values
from kpi_pipeline.pipeline.case_lists import CaseLists
from kpi_pipeline.reference.store import SHIPPED_FOLDER, default_reference_folder
from kpi_pipeline.warehouse.build import build_tables, refuse_shrunken_feeds
from kpi_pipeline.warehouse.connection import build_and_swap, open_warehouse, read_snapshot_id, store_folder
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine
from kpi_pipeline.warehouse.facts import BuildFacts, read_build_facts

Progress = Callable[[str], None]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment in UTC: the default clock, replaced in tests."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made. Counts and names only.

    lost: full feeds that lie in the folder once, and lack rows of the build before. They are no part of the snapshot:
    the same files make the same warehouse wherever they are built.
    """

    warehouse: Path
    snapshot_id: str
    facts: BuildFacts
    n_metrics: int
    lost: tuple[Shrinkage, ...] = ()


def read_landing(
    landing: Path,
    warehouse: Path,
    *,
    source: str | None = None,
    settings: Settings = Settings(),
    clock: Clock = utc_now,
    history: Path | None = None,
    progress: Progress = lambda _: None,
) -> IntakeResult:
    """Registers and stages the files of a landing folder into the store beside the warehouse.

    history: the store that knows what was read before, where it is another one.
    """
    store = store_folder(warehouse)
    intake = ingest(landing, store, source=source, settings=settings, now=clock(), history=history, progress=progress)
    note_landing(landing, store)
    return intake


def build_from_intake(
    intake: IntakeResult,
    warehouse: Path,
    *,
    reference: Path | None = None,
    settings: Settings = Settings(),
    clock: Clock = utc_now,
    progress: Progress = lambda _: None,
    on_facts: Callable[[BuildFacts], None] = lambda _: None,
    previous: Path | None = None,
    engine: Engine = DUCKDB,
) -> BuildResult:
    """Builds the warehouse from staged files, computes every metric on it, and swaps both in together.

    reference: a folder of imported reference files; None looks for `reference/` beside the warehouse. on_facts: is
    told what was found before anything is refused for it. previous: the last good warehouse, that full feeds are held
    against (default: the one to be replaced). Raises CheckError when too many rows were refused or are gone, or a check
    fails; the last good warehouse then stays.
    """
    built_at = clock().isoformat(timespec="seconds")
    folder = reference if reference is not None else default_reference_folder(warehouse)
    before = _present_snapshot(warehouse)
    reads = [SHIPPED_FOLDER, *([folder] if folder is not None else [])]
    metrics = load_metrics()
    with (
        build_and_swap(warehouse, settings=settings, reads=reads) as connection,
        closing(CaseLists(connection, list(metrics.values()), settings=settings, engine=engine)) as cases,
    ):
        snapshot_id = build_tables(
            connection,
            intake,
            reference=folder,
            settings=settings,
            built_at=built_at,
            progress=progress,
            on_tables=cases.start,
            engine=engine,
        )
        facts = read_build_facts(connection)
        on_facts(facts)
        shrunken = _lost_since(connection, intake, previous or warehouse)
        refuse_shrunken_feeds(shrunken, settings)
        faults = _too_many_quarantined(facts, settings)
        faults += cases.faults()
        if faults:
            raise CheckError(faults)
        write_all_values(connection, warehouse, snapshot_id, settings=settings, progress=progress, engine=engine)
    remove_older_values(warehouse, keep=[snapshot_id, *before])
    return BuildResult(warehouse, snapshot_id, facts, len(metrics), tuple(one for one in shrunken if one.gone))


def build_warehouse(
    landing: Path,
    warehouse: Path,
    *,
    source: str | None = None,
    reference: Path | None = None,
    settings: Settings = Settings(),
    clock: Clock = utc_now,
    progress: Progress = lambda _: None,
    engine: Engine = DUCKDB,
) -> BuildResult:
    """The whole road from a landing folder to metric values: what `kpi build` does."""
    intake = read_landing(landing, warehouse, source=source, settings=settings, clock=clock, progress=progress)
    return build_from_intake(
        intake, warehouse, reference=reference, settings=settings, clock=clock, progress=progress, engine=engine
    )


def _lost_since(connection: duckdb.DuckDBPyConnection, intake: IntakeResult, before: Path) -> list[Shrinkage]:
    """What full feeds of one extract, whose file is written over each time, lost since the build before."""
    tables = [
        name
        for name in load_contracts()
        if intake.options.feed_of(name) == "full" and _is_one_extract(intake.of_table(name))
    ]
    if not tables or not before.is_file():
        return []
    try:
        with open_warehouse(before) as previous:
            return [shrinkage_since(connection, previous, load_contracts()[name]) for name in tables]
    except WarehouseError:  # of another version, or damaged: it is replaced, and holds nothing to compare with
        return []


def _is_one_extract(files: Sequence[StagedFile]) -> bool:
    dates = {name_date(one.file_name) for one in files}
    return len(files) == 1 or (len(dates) == 1 and None not in dates)


def _present_snapshot(warehouse: Path) -> list[str]:
    """The snapshot that readers may still have open; none when there is no readable warehouse yet."""
    if not warehouse.is_file():
        return []
    with open_warehouse(warehouse, any_schema=True) as connection:
        return [read_snapshot_id(connection)]


def _too_many_quarantined(facts: BuildFacts, settings: Settings) -> list[Fault]:
    limit = settings.quarantine_limit_pct
    return [
        Fault(
            row.table,
            f"{row.quarantined:,} of {row.rows_in:,} rows were refused, more than the limit of {limit:g}%.",
            "See kpi check --landing DIR for the reasons; correct the extract, or raise quarantine_limit_pct.",
        )
        for row in facts.ledger
        if row.quarantined >= settings.quarantine_limit_from_rows and 100.0 * row.quarantined > limit * row.rows_in
    ]
