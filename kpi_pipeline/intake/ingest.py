"""The road from a landing folder to staged files: find, register, open, check, stage. Uses one DuckDB connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import filelock

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.files import make_private_folder, private_files, scratch_folder
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_contracts, load_source, source_names
from kpi_pipeline.intake.feeds.data_end import NO_END, dates_ahead, find_data_end, reaches_beyond
from kpi_pipeline.intake.feeds.file_warnings import file_warnings, left_out_warnings, row_warnings, unreadable_warnings
from kpi_pipeline.intake.feeds.landing_history import compare_with_before, note_files
from kpi_pipeline.intake.feeds.missing_extracts import find_missing_extracts
from kpi_pipeline.intake.feeds.named_years import find_short_years
from kpi_pipeline.intake.mapping.column_mapping import option_faults
from kpi_pipeline.intake.reading.file_order import undated_names
from kpi_pipeline.intake.reading.landing_options import (
    LANDING_YAML,
    LandingOptions,
    read_landing_options,
    resolve_options,
)
from kpi_pipeline.intake.staged.every_file import FileStager
from kpi_pipeline.intake.staged.file_staging import ChangedFileError
from kpi_pipeline.intake.staged.full_feeds import unordered_feed_faults
from kpi_pipeline.intake.staged.landing import (
    REGISTER,
    find_files,
    register_files,
)
from kpi_pipeline.intake.staged.opening import Opening, open_all, open_lookups
from kpi_pipeline.intake.staged.staged_files import StagedFile

Progress = Callable[[str], None]

_ATTEMPTS = 3
_PAUSE_SECONDS = 2.0
"""A file that is being written is tried again: most exports of a table end within seconds."""
_WAIT_SECONDS = 600
"""How long intake waits for another one that is filling the same store: as long as a large folder may take."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What intake found: the source, the resolved options, the staged files by table, and warnings."""

    source: Source
    options: LandingOptions
    files: tuple[StagedFile, ...]
    warnings: tuple[Notice, ...]

    def of_table(self, table: str) -> list[StagedFile]:
        """The staged files of one table, in a fixed order that does not depend on file names."""
        return sorted((file for file in self.files if file.table == table), key=lambda file: file.staged.name)


def ingest(
    landing: Path,
    store: Path,
    *,
    source: str | None = None,
    settings: Settings = Settings(),
    now: datetime,
    history: Path | None = None,
    progress: Progress = lambda _: None,
) -> IntakeResult:
    """Stages every file of a landing folder into `store`.

    `now` (with time zone) becomes the arrival time of files not seen before; no figure depends on it. history: the
    store that knows what was read before (default: the same). Raises InputError with all faults of all files; the
    store then holds at most files that were good.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _ingest_once(
                landing, store, source=source, settings=settings, now=now, history=history or store, progress=progress
            )
        except ChangedFileError:
            if attempt == _ATTEMPTS:
                raise
            progress("a file is still being written: waiting")
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError("unreachable")


def _ingest_once(
    landing: Path,
    store: Path,
    *,
    source: str | None,
    settings: Settings,
    now: datetime,
    history: Path,
    progress: Progress,
) -> IntakeResult:
    declared = read_landing_options(landing) if landing.is_dir() else LandingOptions()
    chosen = _chosen_source(source, declared)
    _refuse_wrong_options(declared, chosen)
    found, warnings = find_files(landing, chosen, declared, limits=settings.limits)
    _refuse_undated_files(found, declared)
    options = resolve_options(declared, chosen.defaults, time_zone=settings.time_zone)
    folders, memory = [landing, store, history], settings.memory_limit
    with (
        private_files(),
        only_one_in(store),
        scratch_folder(store / "scratch" / "intake") as scratch,
        connect(folders=folders, scratch=scratch, memory_limit=memory, threads=settings.threads) as connection,
    ):
        landed = register_files(landing, found, store / REGISTER, now=now)
        opening = Opening(landing, chosen, declared, scratch, settings.limits)
        work, faults = open_all(opening, landed)
        lookups = open_lookups(opening, warnings, faults)
        warnings += [warning for item in work for warning in file_warnings(item, chosen, declared)]
        far = options.plausible_until or NO_END
        stager = FileStager(connection, lookups, options, store, settings, progress)
        staged, made_of, found_in_rows = stager.stage_all(work, plausible_until=far)
        faults += [fault for fault in found_in_rows if fault not in faults]
        if faults:
            raise InputError(faults)
        _refuse_empty_encounters(staged)
        if (end := _data_end(connection, staged, options)) is not None:
            staged = [
                stager.stage(of, plausible_until=end) if reaches_beyond(connection, file, end) else file
                for file, of in zip(staged, made_of, strict=True)
            ]
        note_files(connection, store, staged)
        warnings += compare_with_before(connection, history, staged, options)
        warnings += dates_ahead(connection, staged, options)
        warnings += find_short_years(connection, staged, options)
    warnings += find_missing_extracts(staged, options) + left_out_warnings(staged, chosen)
    warnings += unreadable_warnings(staged) + row_warnings(staged)
    return IntakeResult(chosen, options, tuple(staged), tuple(warnings))


def _chosen_source(asked: str | None, declared: LandingOptions) -> Source:
    name = asked or declared.source or CANONICAL
    if name not in source_names():
        where = "--source" if asked else LANDING_YAML
        cure = f"Choose one of: {', '.join(source_names())}."
        raise InputError(Fault(where, f"{name!r} is not a known source.", cure))
    return load_source(name)


@contextmanager
def only_one_in(store: Path) -> Iterator[None]:
    """Two runs that stage the same file at once would write over each other: the second waits."""
    make_private_folder(store)
    lock = filelock.FileLock(store / "intake.lock")
    try:
        lock.acquire(timeout=_WAIT_SECONDS)
    except filelock.Timeout as error:
        what = "another run has been filling this store for more than ten minutes."
        raise WarehouseError(Fault(str(store), what, "Wait until it has ended, then try again.")) from error
    try:
        yield
    finally:
        lock.release()


def _refuse_wrong_options(declared: LandingOptions, source: Source) -> None:
    faults = option_faults(declared.tables, load_contracts())
    if source.name != CANONICAL and any(one.maps_columns for one in declared.tables.values()):
        what = f"tables is for the canonical layout; the source {source.name!r} has a mapping of its own."
        faults.append(Fault(LANDING_YAML, what, "Leave one of the two out."))
    if faults:
        raise InputError(faults)


def _refuse_undated_files(found: dict[Path, tuple[Mapping, ...]], declared: LandingOptions) -> None:
    faults = [
        Fault(
            LANDING_YAML,
            f"tables.{mapping.table}.newest_file is date, but {name} has not one date in its name.",
            "Name it like encounters_2026-10-31.csv, or write newest_file: name.",
        )
        for path, mappings in found.items()
        for mapping in mappings
        if declared.of_table(mapping.table).newest_file == "date"
        for name in undated_names([path.name])
    ]
    faults += unordered_feed_faults(found, declared)
    if faults:
        raise InputError(faults)


def _data_end(connection: duckdb.DuckDBPyConnection, staged: list[StagedFile], options: LandingOptions) -> date | None:
    """The last plausible day, where it is not declared and dates lie far beyond it; a day declared complete is."""
    end = find_data_end(connection, staged) if options.plausible_until is None else None
    complete = options.complete_through
    declared = max(complete.values(), default=None) if isinstance(complete, dict) else complete
    return end if end is None or declared is None else max(end, declared)


def _refuse_empty_encounters(staged: list[StagedFile]) -> None:
    encounters = [file for file in staged if file.table == "encounters"]
    if not any(file.rows_in for file in encounters):
        raise InputError(
            Fault(encounters[0].file_name, "has a header row but no encounters.", "Export the file again.")
        )
