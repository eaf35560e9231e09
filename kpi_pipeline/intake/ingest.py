"""The road from a landing folder to staged files: find, register, open, check, stage. Uses one DuckDB connection."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import filelock

from kpi_pipeline.core.connections import connect
from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql_text import identifier
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_contracts, load_source, source_names
from kpi_pipeline.intake.landing import LandedFile, file_sha256, find_files, other_source_hint, register_files
from kpi_pipeline.intake.landing_options import LANDING_YAML, LandingOptions, read_landing_options, resolve_options
from kpi_pipeline.intake.readers import OpenFile, open_file
from kpi_pipeline.intake.staging import (
    StagedFile,
    landed_sql,
    recipe_key,
    required_column_faults,
    stage_file,
    time_zone_faults,
)

Progress = Callable[[str], None]

_WAIT_SECONDS = 600
"""How long intake waits for another one that is filling the same store: as long as a large folder may take."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What intake found: the source, the resolved options, the staged files by table, and warnings."""

    source: Source
    options: LandingOptions
    files: tuple[StagedFile, ...]
    warnings: tuple[str, ...]

    def of_table(self, table: str) -> list[StagedFile]:
        """The staged files of one table, in a fixed order that does not depend on file names."""
        return sorted((file for file in self.files if file.table == table), key=lambda file: file.staged.name)


@dataclass(frozen=True, slots=True)
class _Lookup:
    opened: OpenFile
    sha256: str


@dataclass(frozen=True, slots=True)
class _Work:
    landed: LandedFile
    opened: OpenFile


def ingest(
    landing: Path,
    store: Path,
    *,
    source: str | None = None,
    settings: Settings = Settings(),
    now: datetime,
    progress: Progress = lambda _: None,
) -> IntakeResult:
    """Stages every file of a landing folder into `store`.

    `now` (with time zone) becomes the arrival time of files not seen before. Raises InputError with all
    faults of all files; the store then holds at most files that were good.
    """
    declared = read_landing_options(landing) if landing.is_dir() else LandingOptions()
    chosen = _chosen_source(source, declared)
    found, warnings = find_files(landing, chosen)
    options = resolve_options(declared, chosen.defaults, time_zone=settings.time_zone)
    with (
        _only_one_in(store),
        tempfile.TemporaryDirectory(prefix="kpi-") as scratch,
        connect(
            folders=[landing, store, Path(scratch)],
            scratch=Path(scratch),
            memory_limit=settings.memory_limit,
            threads=settings.threads,
        ) as connection,
    ):
        landed = register_files(found, store / "landing_register.jsonl", now=now)
        work, lookups, faults = _open_all(landing, chosen, landed, Path(scratch))
        warnings += [warning for item in work for warning in _file_warnings(item, chosen)]
        staged: list[StagedFile] = []
        for item in work:
            for mapping in item.landed.mappings:
                if not mapping.lookups.keys() <= lookups.keys():
                    continue  # its lookup has a fault of its own
                progress(f"{item.landed.name} → {mapping.table}")
                try:
                    staged.append(_stage(connection, item, mapping, lookups, options, store))
                    faults.extend(time_zone_faults(connection, staged[-1], item.opened))
                except InputError as error:
                    faults.extend(fault for fault in error.faults if fault not in faults)
        if faults:
            raise InputError(faults)
    _refuse_empty_encounters(staged)
    warnings += _unreadable_warnings(staged)
    return IntakeResult(chosen, options, tuple(staged), tuple(warnings))


def _chosen_source(asked: str | None, declared: LandingOptions) -> Source:
    name = asked or declared.source or CANONICAL
    if name not in source_names():
        where = "--source" if asked else LANDING_YAML
        cure = f"Choose one of: {', '.join(source_names())}."
        raise InputError(Fault(where, f"{name!r} is not a known source.", cure))
    return load_source(name)


@contextmanager
def _only_one_in(store: Path) -> Iterator[None]:
    """Two runs that stage the same file at once would write over each other: the second waits."""
    store.mkdir(parents=True, exist_ok=True)
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


def _open_all(
    landing: Path, source: Source, landed: list[LandedFile], scratch: Path
) -> tuple[list[_Work], dict[str, _Lookup], list[Fault]]:
    """Opens every file and lookup. Returns those that can be read, and the faults of all that cannot."""
    work: list[_Work] = []
    faults: list[Fault] = []
    for file in landed:
        try:
            opened = open_file(file.path, scratch=scratch)
        except InputError as error:
            faults.extend(error.faults)
            continue
        hint = other_source_hint(source, file.path.stem, {column.lower() for column in opened.columns})
        missing = [
            fault
            for mapping in file.mappings
            for fault in required_column_faults(opened, mapping, load_contracts()[mapping.table], hint=hint)
        ]
        faults.extend(missing)
        if not missing:
            work.append(_Work(file, opened))
    lookups: dict[str, _Lookup] = {}
    for view, pattern in {k: v for m in source.mappings.values() for k, v in m.lookups.items()}.items():
        paths = [path for path in sorted(landing.iterdir()) if Path(path.name.lower()).match(f"{pattern}.*")]
        if not paths:
            what = f"no {pattern} file (.csv, .parquet or .xlsx) was found; the source {source.name!r} needs it."
            faults.append(Fault(str(landing), what, "Put it into this folder."))
            continue
        try:
            lookups[view] = _Lookup(open_file(paths[0], scratch=scratch), file_sha256(paths[0]))
        except InputError as error:
            faults.extend(error.faults)
    return work, lookups, faults


def _stage(
    connection: duckdb.DuckDBPyConnection,
    item: _Work,
    mapping: Mapping,
    lookups: dict[str, _Lookup],
    options: LandingOptions,
    store: Path,
) -> StagedFile:
    contract = load_contracts()[mapping.table]
    plausible_until = _plausible_until(options, item.landed.arrived_at)
    mine = {view: lookups[view] for view in mapping.lookups}
    for view, lookup in mine.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(view)} AS {lookup.opened.sql}")
    canonical = contract if mapping.source == CANONICAL else None
    file_hashes = [item.landed.sha256, *sorted(lookup.sha256 for lookup in mine.values())]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW landed AS {landed_sql(item.opened, canonical)}")
    return stage_file(
        connection,
        item.opened,
        mapping,
        contract,
        key=recipe_key(mapping, contract, file_hashes, plausible_until),
        sha256=item.landed.sha256,
        arrived_at=item.landed.arrived_at.isoformat(timespec="seconds"),
        plausible_until=plausible_until,
        store=store,
        lookups=tuple(lookup.opened for lookup in mine.values()),
    )


def _plausible_until(options: LandingOptions, arrived_at: datetime) -> date:
    """The last day a row of this file may speak of; a declared complete day is plausible whatever the clock says.

    The day of arrival is the hospital's or that of UTC, whichever is later: a file may write its times in either.
    """
    if options.plausible_until is not None:
        return options.plausible_until
    complete = options.complete_through
    declared = max(complete.values(), default=None) if isinstance(complete, dict) else complete
    arrived = max(arrived_at.date(), arrived_at.astimezone(ZoneInfo(options.time_zone or "UTC")).date())
    return max(arrived, declared) if declared is not None else arrived


def _file_warnings(item: _Work, source: Source) -> list[str]:
    warnings = list(item.opened.warnings)
    if source.name == CANONICAL:
        known = {name for mapping in item.landed.mappings for name in load_contracts()[mapping.table].columns}
        warnings += [
            f"{item.landed.name}: the column {column!r} is not in the layout; ignored."
            for column in item.opened.columns
            if column.lower() not in known
        ]
    return warnings


def _refuse_empty_encounters(staged: list[StagedFile]) -> None:
    encounters = [file for file in staged if file.table == "encounters"]
    if not any(file.rows_in for file in encounters):
        raise InputError(
            Fault(encounters[0].file_name, "has a header row but no encounters.", "Export the file again.")
        )


def _unreadable_warnings(staged: list[StagedFile]) -> list[str]:
    return [
        f"{file.file_name}: {count:,} value{'s' if count != 1 else ''} of {column} cannot be read; treated as unknown."
        for file in staged
        for column, count in file.unreadable.items()
    ]
