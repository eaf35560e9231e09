"""Stages one landed file: maps, types and checks every row, and writes good rows and refused rows apart.

Staged files are keyed by the content of everything that made them (the file, its lookups, the mapping,
the contract, the options), so an unchanged file is never staged twice. Rows read are held against the rows that were
counted in the file's bytes, and what is staged against its own record whenever it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.files import disk_full, is_disk_full, make_private_folder, replace_file
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file, path_literal
from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.intake.contract import Contract, Mapping
from kpi_pipeline.intake.mapping.checked_rows import checked_rows_sql
from kpi_pipeline.intake.mapping.mapping_check import broken_mapping
from kpi_pipeline.intake.reading.broken_lines import read_rows
from kpi_pipeline.intake.reading.json_resources import broken_json
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile
from kpi_pipeline.intake.reading.parquet_files import broken_parquet
from kpi_pipeline.intake.reading.readers import read_faults
from kpi_pipeline.intake.reading.refused_rows import write_refused_rows
from kpi_pipeline.intake.reading.row_faults import unreadable_fault
from kpi_pipeline.intake.reading.scan import exact_count
from kpi_pipeline.intake.staged.one_row_each import find_conflicts
from kpi_pipeline.intake.staged.staged_counts import Counts, columns_supplied, count_left_out, unread_numbers
from kpi_pipeline.intake.staged.staged_files import StagedFile, read_record, staged_rows_sql, write_record

_RECIPE = "4"
"""Raised when staging itself changes what it makes of the same file."""
_FORMAT = "FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 5000"
"""Ids are no words of a dictionary: a search for them ends early, and numbers that rise are kept as steps."""


@dataclass(frozen=True, slots=True)
class Staging:
    """What one file is staged with. options: landing.yaml's words about its table, as text; part of the key.

    is_printable: no value can hold anything but printable signs of ASCII.
    verify: raises when the file is no longer what was read. reread: given number columns that could not be read,
    finds out how the whole column is written, makes the view `landed` anew and says which columns stay in doubt;
    None: nothing was found out. count_repairs: how many values of each column were put right as declared.
    """

    mapping: Mapping
    contract: Contract
    opened: OpenFile
    plausible_until: date
    sha256: str
    arrived_at: str
    lookups: tuple[OpenFile, ...] = ()
    lookup_hashes: tuple[str, ...] = ()
    options: str = ""
    is_printable: bool = False
    verify: Callable[[], None] = lambda: None
    reread: Callable[[list[str]], tuple[bool, tuple[str, ...]]] = lambda _: (False, ())
    count_repairs: Callable[[], dict[str, int]] = dict

    @property
    def key(self) -> str:
        """The content key: the same key means the same rows."""
        parts = [_RECIPE, self.contract.model_dump_json(), self.rows_sql, self.options, self.sha256]
        parts += [self.opened.name] if self.mapping.reads_file_name else []
        return hashlib.sha256("\n".join([*parts, *sorted(self.lookup_hashes)]).encode()).hexdigest()[:24]

    @property
    def rows_sql(self) -> str:
        """The SELECT of checked rows over the views on the connection."""
        return checked_rows_sql(self.mapping, self.contract, self.plausible_until, is_printable=self.is_printable)


def stage_file(connection: duckdb.DuckDBPyConnection, staging: Staging, store: Path) -> StagedFile:
    """Writes the staged and quarantined rows of a file, or finds them already there and sound.

    The connection holds the views `landed` and the mapping's lookups. Raises InputError when rows of the
    file or of a lookup cannot be read at all or were lost; then nothing is written.
    """
    mapping, contract, opened = staging.mapping, staging.contract, staging.opened
    folder = make_private_folder(store / "staged" / mapping.table)
    key = staging.key
    record = folder / f"{key}.json"
    known, damage = read_record(record, arrived_at=staging.arrived_at, file_name=opened.name)
    if known is not None and known.rows_read == (opened.records if opened.records is not None else known.rows_read):
        return known
    building = folder / f".{key}.building"
    try:
        counts, doubtful = _write_checked_rows(connection, staging, building)
        rows_read = _count_rows(connection, staging, building)
        refused = folder / f"{key}.quarantine.parquet"
        write_refused_rows(connection, building, refused, opened, counts.refused, rows_read)
        left_out = count_left_out(connection, building) if mapping.leaves_out else {}
        finished = _without_refused(connection, building, mapping) if counts.refused or left_out else building
        staging.verify()
        staged = folder / f"{key}.parquet"
        replace_file(finished, staged)
        conflicts = find_conflicts(connection, staged_rows_sql(staged, contract), contract)
    except (duckdb.Error, OSError) as error:
        if is_disk_full(error):
            raise disk_full(str(store)) from error
        raise
    finally:
        building.unlink(missing_ok=True)
    n_empty = rows_read - counts.rows - sum(left_out.values()) if mapping.one_row_each else 0
    result = StagedFile(
        table=mapping.table,
        file_name=opened.name,
        sha256=staging.sha256,
        arrived_at=staging.arrived_at,
        staged=staged,
        quarantine=refused,
        rows_in=counts.rows,
        rows_staged=counts.rows - counts.refused,
        rows_quarantined=counts.refused,
        unreadable=counts.unreadable,
        columns_supplied=columns_supplied(connection, staged, contract),
        left_out=left_out,
        rows_read=rows_read,
        rows_empty=n_empty,
        doubtful_numbers=doubtful,
        conflicts=conflicts,
        values_repaired=staging.count_repairs(),
        repaired=damage,
    )
    write_record(record, result)
    return result


def landed_sql(opened: OpenFile, optional_columns: tuple[str, ...]) -> str:
    """The SELECT behind the view `landed`; optional columns that the file does not have are NULL."""
    have = {column.lower() for column in opened.columns}
    missing = [column for column in optional_columns if column not in have]
    extra = "".join(f", CAST(NULL AS VARCHAR) AS {identifier(column)}" for column in missing)
    return f"SELECT *{extra} FROM ({opened.sql})"


def _write_checked_rows(
    connection: duckdb.DuckDBPyConnection, staging: Staging, building: Path
) -> tuple[Counts, tuple[str, ...]]:
    """Copies the checked rows; again, where the numbers of a column turn out to be written in another form."""
    _copy_checked_rows(connection, staging, building)
    counts = _count(connection, building, staging)
    unread = unread_numbers(connection, building, staging.contract, counts)
    doubtful: tuple[str, ...] = ()
    if unread:
        is_other, doubtful = staging.reread(unread)
        if is_other:
            _copy_checked_rows(connection, staging, building)
            counts = _count(connection, building, staging)
    return counts, doubtful


def _copy_checked_rows(connection: duckdb.DuckDBPyConnection, staging: Staging, building: Path) -> None:
    files, mapping = (staging.opened, *staging.lookups), staging.mapping
    statement = f"COPY ({staging.rows_sql}) TO {path_literal(building)} ({_FORMAT})"
    try:
        faults = read_rows(connection, statement, files)
    except duckdb.OutOfMemoryException as error:
        what = "needs more memory to read than is allowed."
        raise InputError(Fault(staging.opened.name, what, "Raise memory_limit in kpi.yaml, or split it.")) from error
    except duckdb.PermissionException as error:
        what = "is a link that leads out of the landing folder."
        raise InputError(Fault(staging.opened.name, what, "Put the file itself there.")) from error
    except duckdb.Error as error:  # also of no kind at all: the Parquet reader's "Out of buffer"
        if is_disk_full(error):
            raise
        staging.verify()
        broken = [file for file in files if not _can_be_read(connection, file)]
        if broken:
            raise InputError([_unreadable_file(file) for file in broken]) from error
        raise DefinitionError(
            broken_mapping(connection, mapping, statement, error, file=staging.opened.name)
        ) from error
    if not faults and staging.lookups and staging.mapping.one_row_each:
        faults = _join_faults(connection, building, staging)
    if faults:
        staging.verify()
        raise InputError(faults)


def _can_be_read(connection: duckdb.DuckDBPyConnection, file: OpenFile) -> bool:
    """Whether the file can be read to its end: of several files, which one stopped the reading?"""
    try:
        connection.execute(f"SELECT COUNT(*) FROM (SELECT HASH(COLUMNS(*)) FROM ({file.sql}))")
    except duckdb.Error:
        return False
    return True


def _unreadable_file(file: OpenFile) -> Fault:
    if file.json_path is not None:
        return broken_json(file.name)
    if file.text is not None:
        return unreadable_fault(file.text.path, file.name)
    return broken_parquet(file.name)


def _count_rows(connection: duckdb.DuckDBPyConnection, staging: Staging, building: Path) -> int:
    """How many rows were read; InputError where that is not what was counted in the file's bytes."""
    opened = staging.opened
    if opened.records is None or staging.mapping.one_row_each:
        read = int(connection.execute(f"SELECT COUNT(*) FROM {parquet_file(building)}").fetchall()[0][0])
        if opened.records in (None, read):
            return read
    read = int(connection.execute(f"SELECT COUNT(*) FROM ({opened.every_row_sql})").fetchall()[0][0])
    read_faults(connection, [opened])
    expected = opened.records
    if read != expected and opened.text is not None:
        # A quotation mark within a value (5" tube) misleads the fast count; this one is exact.
        count, faults = exact_count(
            opened.text.path, name=opened.name, delimiter=opened.text.delimiter, skip=opened.text.skip
        )
        if faults:
            raise InputError(faults)
        expected = count - 1
    if read != expected:
        staging.verify()
        what = f"holds {expected:,} rows, but {read:,} could be read."
        raise InputError(Fault(opened.name, what, "Export the file again; if it stays so, report it as a bug."))
    return read


def _join_faults(connection: duckdb.DuckDBPyConnection, checked: Path, staging: Staging) -> list[Fault]:
    """A key that a lookup has twice would double the rows that name it, and what they cost."""
    repeated = connection.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM {parquet_file(checked)} GROUP BY {SOURCE_LINE} HAVING COUNT(*) > 1)"
    ).fetchall()[0][0]
    if not repeated:
        return []
    others = " or ".join(lookup.name for lookup in staging.lookups)
    rows = format_count(repeated, "rows")
    what = f"{rows} became several rows of {staging.mapping.table}, since {others} has a key more than once."
    return [Fault(staging.opened.name, what, "Remove the repeated rows there.")]


def _without_refused(connection: duckdb.DuckDBPyConnection, building: Path, mapping: Mapping) -> Path:
    good = building.with_name(f"{building.name}.good")
    kept = "* EXCLUDE (left_out)" if mapping.leaves_out else "*"
    condition = "reasons IS NULL AND left_out IS NULL" if mapping.leaves_out else "reasons IS NULL"
    connection.execute(
        f"COPY (SELECT {kept} FROM {parquet_file(building)} WHERE {condition}) TO {path_literal(good)} ({_FORMAT})"
    )
    return good


def _count(connection: duckdb.DuckDBPyConnection, path: Path, staging: Staging) -> Counts:
    has_lenient = any(column.when_unreadable == "unknown" for column in staging.contract.columns.values())
    told = "unreadable" if has_lenient else "NULL"
    kept = "left_out IS NULL" if staging.mapping.leaves_out else "TRUE"
    n_rows, n_refused, n_unreadable = connection.execute(
        f"SELECT COUNT(*), COUNT(reasons), COUNT({told}) FROM {parquet_file(path)} WHERE {kept}"
    ).fetchall()[0]
    unreadable: dict[str, int] = {}
    if n_unreadable:
        of_columns = connection.execute(
            "SELECT name, COUNT(*) FROM (SELECT UNNEST(STRING_SPLIT(unreadable, ' ')) AS name "
            f"FROM {parquet_file(path)} WHERE unreadable IS NOT NULL AND {kept}) GROUP BY ALL"
        ).fetchall()
        found = {str(name): int(n) for name, n in of_columns}
        unreadable = {name: found[name] for name in staging.contract.columns if name in found}
    return Counts(int(n_rows), int(n_refused), unreadable)
