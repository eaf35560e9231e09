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
from kpi_pipeline.intake.landing import (
    LandedFile,
    endings_in_words,
    file_sha256,
    find_files,
    find_lookup,
    other_source_hint,
    register_files,
)
from kpi_pipeline.intake.landing_options import LANDING_YAML, LandingOptions, read_landing_options, resolve_options
from kpi_pipeline.intake.lookups import Lookup, absent_lookup
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
        work, faults = _open_all(chosen, landed, Path(scratch))
        lookups = _open_lookups(landing, chosen, Path(scratch), warnings, faults)
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
    warnings += _left_out_warnings(staged, chosen) + _unreadable_warnings(staged)
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


def _open_all(source: Source, landed: list[LandedFile], scratch: Path) -> tuple[list[_Work], list[Fault]]:
    """Opens every file. Returns those that can be read, and the faults of all that cannot."""
    work: list[_Work] = []
    faults: list[Fault] = []
    for file in landed:
        try:
            opened = open_file(file.path, scratch=scratch)
        except InputError as error:
            faults.extend(error.faults)
            continue
        stem = source.stem_of(file.name) or file.name
        hint = other_source_hint(source, stem, {column.lower() for column in opened.columns})
        missing = [
            fault
            for mapping in file.mappings
            for fault in required_column_faults(opened, mapping, load_contracts()[mapping.table], hint=hint)
        ]
        faults.extend(missing)
        if not missing:
            work.append(_Work(file, opened))
    return work, faults


def _open_lookups(
    landing: Path, source: Source, scratch: Path, warnings: list[str], faults: list[Fault]
) -> dict[str, Lookup]:
    """Opens the files that mappings join, by view; notes what is not there or not readable."""
    lookups: dict[str, Lookup] = {}
    for mapping in source.mappings.values():
        for view, pattern in mapping.lookups.items():
            if view in lookups:
                continue
            columns = mapping.lookup_columns.get(view, ())
            paths = find_lookup(landing, source, pattern)
            if not paths and view in mapping.may_lack:
                named = pattern.split("|")[0].strip()
                warnings.append(f"no {named} file was found: {mapping.may_lack[view]} not known.")
                lookups[view] = absent_lookup(columns)
            elif not paths:
                what = f"no {pattern} file ({endings_in_words(source)}) was found; the source {source.name!r} needs it."
                faults.append(Fault(str(landing), what, "Put it into this folder."))
            else:
                try:
                    files = tuple(open_file(path, scratch=scratch) for path in paths)
                    lookups[view] = Lookup(files, tuple(file_sha256(path) for path in paths), columns)
                except InputError as error:
                    faults.extend(fault for fault in error.faults if fault not in faults)
    return lookups


def _stage(
    connection: duckdb.DuckDBPyConnection,
    item: _Work,
    mapping: Mapping,
    lookups: dict[str, Lookup],
    options: LandingOptions,
    store: Path,
) -> StagedFile:
    contract = load_contracts()[mapping.table]
    plausible_until = _plausible_until(options, item.landed.arrived_at)
    mine = {view: lookups[view] for view in mapping.lookups}
    for view, lookup in mine.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(view)} AS {lookup.sql}")
    optional = tuple(contract.columns) if mapping.source == CANONICAL else mapping.optional_columns
    file_hashes = [item.landed.sha256, *sorted(sha256 for lookup in mine.values() for sha256 in lookup.hashes)]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW landed AS {landed_sql(item.opened, optional)}")
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
        lookups=tuple(file for lookup in mine.values() for file in lookup.files),
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


def _left_out_warnings(staged: list[StagedFile], source: Source) -> list[str]:
    return [
        f"{file.file_name}: {count:,} row{'s' if count != 1 else ''} left out of {file.table}: "
        f"{source.mappings[file.table].leaves_out[reason]}."
        for file in staged
        for reason, count in file.left_out.items()
    ]


def _unreadable_warnings(staged: list[StagedFile]) -> list[str]:
    return [
        f"{file.file_name}: {count:,} value{'s' if count != 1 else ''} of {column} cannot be read; treated as unknown."
        for file in staged
        for column, count in file.unreadable.items()
    ]
