"""The road from a landing folder to staged files: find, register, open, check, stage. Uses one DuckDB connection."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_contracts, load_source
from kpi_pipeline.intake.landing import LandedFile, file_sha256, find_files, register_files
from kpi_pipeline.intake.landing_options import LandingOptions, read_landing_options, resolve_options
from kpi_pipeline.intake.readers import OpenFile, open_file
from kpi_pipeline.intake.staging import StagedFile, landed_sql, recipe_key, required_column_faults, stage_file

Progress = Callable[[str], None]


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
    chosen = load_source(source or declared.source or CANONICAL)
    found, warnings = find_files(landing, chosen)
    options = resolve_options(declared, chosen.defaults, time_zone=settings.time_zone)
    landed = register_files(found, store / "landing_register.jsonl", now=now)
    with tempfile.TemporaryDirectory(prefix="kpi-") as scratch, _connect(settings) as connection:
        work, lookups = _open_all(landing, chosen, landed, Path(scratch))
        warnings += [warning for item in work for warning in _file_warnings(item, chosen)]
        staged, faults = [], []
        for item in work:
            for mapping in item.landed.mappings:
                progress(f"{item.landed.name} → {mapping.table}")
                try:
                    staged.append(_stage(connection, item, mapping, lookups, options, store))
                except InputError as error:
                    faults.extend(fault for fault in error.faults if fault not in faults)
        if faults:
            raise InputError(faults)
    _refuse_empty_encounters(staged)
    warnings += _unreadable_warnings(staged)
    return IntakeResult(chosen, options, tuple(staged), tuple(warnings))


def _connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{settings.memory_limit}'")
    if settings.threads is not None:
        connection.execute(f"SET threads = {settings.threads}")
    return connection


def _open_all(
    landing: Path, source: Source, landed: list[LandedFile], scratch: Path
) -> tuple[list[_Work], dict[str, _Lookup]]:
    """Opens every file and lookup; the faults of all of them come in one InputError."""
    work, faults = [], []
    for file in landed:
        try:
            opened = open_file(file.path, scratch=scratch)
        except InputError as error:
            faults.extend(error.faults)
            continue
        for mapping in file.mappings:
            faults.extend(fault for fault in required_column_faults(opened, mapping) if fault not in faults)
        work.append(_Work(file, opened))
    lookups: dict[str, _Lookup] = {}
    for view, pattern in {k: v for m in source.mappings.values() for k, v in m.lookups.items()}.items():
        paths = [path for path in sorted(landing.iterdir()) if Path(path.name.lower()).match(f"{pattern}.*")]
        if not paths:
            faults.append(
                Fault(str(landing), f"no file {pattern} was found.", f"The source {source.name!r} needs it.")
            )
            continue
        try:
            lookups[view] = _Lookup(open_file(paths[0], scratch=scratch), file_sha256(paths[0]))
        except InputError as error:
            faults.extend(fault for fault in error.faults if fault not in faults)
    if faults:
        raise InputError(faults)
    return work, lookups


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
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {lookup.opened.sql}")
    canonical = contract if mapping.source == CANONICAL else None
    connection.execute(f"CREATE OR REPLACE TEMP VIEW landed AS {landed_sql(item.opened, canonical)}")
    return stage_file(
        connection,
        item.opened,
        mapping,
        contract,
        key=recipe_key(mapping, contract, [item.landed.sha256, *sorted(x.sha256 for x in mine.values())], plausible_until),
        sha256=item.landed.sha256,
        arrived_at=item.landed.arrived_at.isoformat(timespec="seconds"),
        plausible_until=plausible_until,
        store=store,
    )


def _plausible_until(options: LandingOptions, arrived_at: datetime) -> date:
    """The last day a row of this file may speak of; a declared complete day is plausible whatever the clock says."""
    if options.plausible_until is not None:
        return options.plausible_until
    complete = options.complete_through
    declared = max(complete.values()) if isinstance(complete, dict) else complete
    return max(day for day in (arrived_at.date(), declared) if day is not None)


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
