"""Builds the warehouse from staged files: current rows, reference tables, then `sql/warehouse/*.sql` in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline import __version__
from kpi_pipeline.core.errors import CheckError, Fault
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.feeds.landing_history import KINDS as HISTORY_KINDS
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.intake.staged.current_rows import append_quarantine, create_current_rows, create_ledger_tables
from kpi_pipeline.intake.staged.full_feeds import Shrinkage, read_shrinkages, shrinkage_fault
from kpi_pipeline.reference.store import load_reference
from kpi_pipeline.warehouse.connection import SCHEMA_VERSION
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine
from kpi_pipeline.warehouse.notices import write_notices
from kpi_pipeline.warehouse.supply import create_supply
from kpi_pipeline.warehouse.tables import WarehouseTable, load_tables
from kpi_pipeline.warehouse.warnings.build import find_build_warnings
from kpi_pipeline.warehouse.warnings.department import find_department_warnings
from kpi_pipeline.warehouse.warnings.gap import find_gaps
from kpi_pipeline.warehouse.warnings.identity import find_identity_warnings
from kpi_pipeline.warehouse.warnings.level import find_levels
from kpi_pipeline.warehouse.warnings.pattern import find_patterns
from kpi_pipeline.warehouse.warnings.person import find_person_warnings
from kpi_pipeline.warehouse.warnings.plausibility import find_implausible
from kpi_pipeline.warehouse.warnings.reused_ids import refuse_reused_ids
from kpi_pipeline.warehouse.warnings.row import find_row_warnings
from kpi_pipeline.warehouse.warnings.stay import find_stay_warnings
from kpi_pipeline.warehouse.warnings.time import find_time_warnings
from kpi_pipeline.warehouse.warnings.twin import find_twins
from kpi_pipeline.warehouse.warnings.word import find_other_words

Progress = Callable[[str], None]


def build_tables(
    connection: duckdb.DuckDBPyConnection,
    intake: IntakeResult,
    *,
    reference: Path | None,
    settings: Settings,
    built_at: str,
    progress: Progress = lambda _: None,
    on_tables: Callable[[], None] = lambda: None,
    engine: Engine = DUCKDB,
) -> str:
    """Fills an empty database with every warehouse table and returns the snapshot id.

    reference: the folder of imported reference files, or None for the shipped ones alone. on_tables: is told when
    measures can be computed; what follows are the warnings and the checks. Raises CheckError
    when rows in and rows out do not agree or a key is not unique; then nothing may be published.
    """
    _prepare(connection, intake, settings)
    progress("reference tables")
    tables = load_reference(connection, reference)
    for contract in load_contracts().values():
        progress(f"current rows of {contract.table}")
        files = intake.of_table(contract.table)
        newest_file, feed = intake.options.of_table(contract.table).newest_file, intake.options.feed_of(contract.table)
        create_current_rows(connection, contract, files, newest_file=newest_file, feed=feed)
        for file in files:
            append_quarantine(connection, file)
    _refuse_no_encounters(connection)
    refuse_reused_ids(connection, settings)
    refuse_shrunken_feeds(read_shrinkages(connection), settings)
    engine.create_tables(connection, progress)
    create_supply(connection, intake, settings)
    on_tables()
    snapshot_id = _snapshot_id(intake, [table.sha256 for table in tables], settings)
    _write_build_info(connection, intake, snapshot_id, built_at)
    check_conservation(connection)
    _check_keys(connection)
    return snapshot_id


def _refuse_no_encounters(connection: duckdb.DuckDBPyConnection) -> None:
    """An extract of which not one encounter can be used is a fault, however small: it must not replace good figures."""
    rows_in, staged = connection.execute(
        "SELECT SUM(rows_in), SUM(staged) FROM row_ledger WHERE table_name = 'encounters'"
    ).fetchall()[0]
    if rows_in and not staged:
        what = f"all {int(rows_in):,} rows were refused, so there is nothing to count."
        raise CheckError(Fault("encounters", what, "See kpi check --landing DIR for the reasons."))


def check_conservation(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows in = staged + quarantined + duplicate + superseded, per file and table; else CheckError."""
    broken = connection.execute(
        "SELECT table_name, file_name, rows_in, staged + quarantined + duplicate + superseded AS rows_out "
        "FROM row_ledger WHERE rows_in <> staged + quarantined + duplicate + superseded OR staged < 0 ORDER BY ALL"
    ).fetchall()
    if broken:
        raise CheckError(
            Fault(f"{file} → {table}", f"{rows_in:,} rows went in and {rows_out:,} came out.", "Report this as a bug.")
            for table, file, rows_in, rows_out in broken
        )


def refuse_shrunken_feeds(shrunken: Iterable[Shrinkage], settings: Settings) -> None:
    """CheckError for full extracts that lost more rows than `removed_limit_pct` at once."""
    limit = settings.removed_limit_pct
    faults = [shrinkage_fault(one, limit_pct=limit) for one in shrunken if one.exceeds(limit)]
    if faults:
        raise CheckError(faults)


def _prepare(connection: duckdb.DuckDBPyConnection, intake: IntakeResult, settings: Settings) -> None:
    create_ledger_tables(connection)
    options = intake.options
    connection.execute(
        "CREATE TABLE landing_options AS SELECT CAST(? AS VARCHAR) AS time_zone, CAST(? AS BOOLEAN) AS "
        "disposition_required, CAST(? AS BOOLEAN) AS icd9, CAST(? AS INTEGER) AS lost_discharge_after_days, "
        "CAST(? AS BOOLEAN) AS zero_cost_is_not_costed",
        [
            options.time_zone,
            options.disposition_required,
            options.icd9,
            settings.lost_discharge_after_days,
            settings.zero_cost_is_not_costed,
        ],
    )
    connection.execute("CREATE TEMPORARY TABLE declared_watermarks (facility_id VARCHAR, complete_through DATE)")
    connection.execute("CREATE TEMPORARY TABLE declared_closures (facility_id VARCHAR, starts_on DATE, ends_on DATE)")
    closures = [[facility, *days] for facility, stretches in options.closed.items() for days in stretches]
    if closures:
        connection.executemany("INSERT INTO declared_closures VALUES (?, ?, ?)", closures)
    declared = options.complete_through
    if isinstance(declared, date):
        connection.execute("INSERT INTO declared_watermarks VALUES (NULL, ?)", [declared])
    elif declared:
        connection.executemany("INSERT INTO declared_watermarks VALUES (?, ?)", [list(row) for row in declared.items()])


def _check_keys(connection: duckdb.DuckDBPyConnection) -> None:
    faults = []
    for table in load_tables():
        if table.stored == "never":
            continue  # what is made of it is checked
        if table.is_carried_over and _has_the_staged_rows(connection, table):
            continue  # current rows have a key each
        repeated = _repeated_keys(connection, table)
        if repeated:
            faults.append(Fault(table.name, f"{repeated:,} values of its key ({', '.join(table.key)}) are not unique."))
    reserved = connection.execute("SELECT COUNT(*) FROM facilities WHERE facility_id = ?", [WHOLE_SYSTEM]).fetchall()[
        0
    ][0]
    if reserved:
        faults.append(
            Fault("facilities", f"{WHOLE_SYSTEM!r} is reserved for the whole system.", "Give the facility another id.")
        )
    if faults:
        raise CheckError(faults)


def _has_the_staged_rows(connection: duckdb.DuckDBPyConnection, table: WarehouseTable) -> bool:
    """Whether a table has as many rows as the ledger says are current."""
    staged, n = connection.execute(
        "SELECT (SELECT COALESCE(SUM(staged), 0) FROM row_ledger WHERE table_name = ?), "
        f"(SELECT COUNT(*) FROM {table.name})",
        [table.name],
    ).fetchall()[0]
    return bool(staged == n)


def _repeated_keys(connection: duckdb.DuckDBPyConnection, table: WarehouseTable) -> int:
    """How many keys a table has more than once. Different hashes are different keys; equal ones are looked at again."""
    key = ", ".join(identifier(column) for column in table.key)
    same_hash = connection.execute(f"SELECT COUNT(*) - COUNT(DISTINCT HASH({key})) FROM {table.name}").fetchall()[0][0]
    if not same_hash:
        return 0
    return int(
        connection.execute(
            f"SELECT COUNT(*) FROM (SELECT {key} FROM {table.name} GROUP BY ALL HAVING COUNT(*) > 1)"
        ).fetchall()[0][0]
    )


def _snapshot_id(intake: IntakeResult, reference_hashes: list[str], settings: Settings) -> str:
    """A hash of everything the figures depend on: staged rows, options, reference files, SQL and settings."""
    parts = [f"schema {SCHEMA_VERSION}", __version__, intake.source.name, intake.options.model_dump_json()]
    parts += sorted(f"{file.table} {file.staged.name} {file.arrived_at}" for file in intake.files)
    parts += sorted(reference_hashes)
    parts += [f"{table.name} {table.sql}" for table in load_tables()]
    parts += [repr(one) for one in intake.warnings if one.kind in HISTORY_KINDS]
    parts += [
        str(settings.lost_discharge_after_days),
        str(settings.min_denominator),
        str(settings.unmatched_limit_pct),
        str(settings.zero_cost_is_not_costed),
        str(settings.min_cost_cases),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _write_build_info(
    connection: duckdb.DuckDBPyConnection, intake: IntakeResult, snapshot_id: str, built_at: str
) -> None:
    connection.execute(
        """CREATE TABLE build_info AS SELECT
            CAST(? AS VARCHAR) AS snapshot_id, CAST(? AS INTEGER) AS schema_version,
            CAST(? AS VARCHAR) AS program_version,
            CAST(? AS VARCHAR) AS source, CAST(? AS VARCHAR) AS source_title, CAST(? AS VARCHAR) AS built_at,
            CAST(? AS VARCHAR[]) AS caveats""",
        [
            snapshot_id,
            SCHEMA_VERSION,
            __version__,
            intake.source.name,
            intake.source.title,
            built_at,
            list(intake.source.caveats),
        ],
    )
    found = [
        *find_build_warnings(connection),
        *find_row_warnings(connection, intake),
        *find_identity_warnings(connection, intake),
        *find_twins(connection, intake),
        *find_implausible(connection),
        *find_patterns(connection),
        *find_person_warnings(connection, intake),
        *find_levels(connection),
        *find_gaps(connection),
        *find_time_warnings(connection),
        *find_department_warnings(connection),
        *find_other_words(connection),
        *find_stay_warnings(connection),
    ]
    write_notices(connection, [*intake.warnings, *found])
