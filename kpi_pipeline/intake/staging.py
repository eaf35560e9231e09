"""Stages one landed file: maps, types and checks every row, and writes good rows and refused rows apart.

Staged files are keyed by the content of everything that made them (the file, its lookups, the mapping,
the contract, the options), so an unchanged file is never staged twice. How text becomes a date or a number
is the matter of `row_types`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql_text import identifier, literal, parquet_file, path_literal
from kpi_pipeline.intake.contract import Contract, Mapping
from kpi_pipeline.intake.json_resources import broken_json, json_lines
from kpi_pipeline.intake.readers import SOURCE_LINE, OpenFile, broken_parquet, landed_name, read_faults
from kpi_pipeline.intake.row_faults import count_lines, physical_lines, unreadable_fault
from kpi_pipeline.intake.row_types import typed_sql

EARLIEST_PLAUSIBLE = date(1900, 1, 1)
"""Dates before this are misread two-digit years or place-holders, not hospital stays."""

_MANGLED_ID = "[+-]?[0-9]+([.,][0-9]+)?[eE][+][0-9]+"
"""A number that a spreadsheet turned into scientific notation (1.23E+11): the real id is lost."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One landed file as rows of one table. Paths are Parquet files; rows_in = rows_staged + rows_quarantined.

    left_out: rows that are none of the table's, such as cancelled visits, by reason; they are not among rows_in.
    """

    table: str
    file_name: str
    sha256: str
    arrived_at: str
    staged: Path
    quarantine: Path
    rows_in: int
    rows_staged: int
    rows_quarantined: int
    unreadable: dict[str, int]
    columns_supplied: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def recipe_key(mapping: Mapping, contract: Contract, file_hashes: list[str], plausible_until: date) -> str:
    """The content key of a staged file: the same key means the same rows."""
    parts = [contract.model_dump_json(), _checked_rows_sql(mapping, contract, plausible_until), *file_hashes]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def stage_file(
    connection: duckdb.DuckDBPyConnection,
    opened: OpenFile,
    mapping: Mapping,
    contract: Contract,
    *,
    key: str,
    sha256: str,
    arrived_at: str,
    plausible_until: date,
    store: Path,
    lookups: tuple[OpenFile, ...] = (),
) -> StagedFile:
    """Writes the staged and quarantined rows of a file, or finds them already there under `key`.

    The connection holds the views `landed` and the mapping's lookups. Raises InputError when rows of the
    file or of a lookup cannot be read at all; then nothing is written.
    """
    folder = store / "staged" / mapping.table
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / f"{key}.json"
    if record.is_file():
        return _read_record(record, arrived_at=arrived_at, file_name=opened.name)
    staged, refused = folder / f"{key}.parquet", folder / f"{key}.quarantine.parquet"
    building = folder / f".{key}.building"
    _copy_checked_rows(connection, opened, lookups, _checked_rows_sql(mapping, contract, plausible_until), building)
    faults = read_faults(connection, [opened, *lookups])
    rows_in, rows_quarantined, unreadable = _count(connection, building, contract, mapping)
    if not faults and lookups and mapping.one_row_each:
        faults = _join_faults(connection, building, mapping, opened, lookups)
    if faults:
        building.unlink()
        raise InputError(faults)
    _write_quarantine(connection, building, refused, opened, rows_quarantined, rows_in)
    left_out = _count_left_out(connection, building) if mapping.leaves_out else {}
    if rows_quarantined or mapping.leaves_out:
        good = building.with_name(building.name + ".good")
        kept = "* EXCLUDE (left_out)" if mapping.leaves_out else "*"
        condition = "reasons IS NULL AND left_out IS NULL" if mapping.leaves_out else "reasons IS NULL"
        connection.execute(
            f"COPY (SELECT {kept} FROM {parquet_file(building)} WHERE {condition}) "
            f"TO {path_literal(good)} (FORMAT parquet)"
        )
        building.unlink()
        building = good
    os.replace(building, staged)
    result = StagedFile(
        table=mapping.table,
        file_name=opened.name,
        sha256=sha256,
        arrived_at=arrived_at,
        staged=staged,
        quarantine=refused,
        rows_in=rows_in,
        rows_staged=rows_in - rows_quarantined,
        rows_quarantined=rows_quarantined,
        unreadable=unreadable,
        columns_supplied=_columns_supplied(connection, staged, contract),
        left_out=left_out,
    )
    _write_record(record, result)
    return result


def required_column_faults(opened: OpenFile, mapping: Mapping, contract: Contract, *, hint: str = "") -> list[Fault]:
    """The fault of a file that lacks columns the mapping needs; `hint` ends the cure.

    Where not one column name is known the header row may be missing, and the names a patient's data: they
    are not told.
    """
    have = {column.lower() for column in opened.columns}
    missing = [column for column in mapping.columns if column.lower() not in have]
    if not missing:
        return []
    where = f"{opened.name}:1"
    if have.isdisjoint(contract.columns) and have.isdisjoint(column.lower() for column in mapping.columns):
        what = f"has none of the column names of {mapping.table}; is the header row missing?"
        return [Fault(where, what, f"Put the names first, at least {', '.join(mapping.columns)}.{hint}")]
    found = f"{', '.join(opened.columns[:12])}{' …' if len(opened.columns) > 12 else ''}"
    which = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
    cure = "Add it, or rename your column." if len(missing) == 1 else "Add them, or rename your columns."
    return [Fault(where, f"the required {which} missing; found {found}.", f"{cure}{hint}")]


def time_zone_faults(connection: duckdb.DuckDBPyConnection, staged: StagedFile, opened: OpenFile) -> list[Fault]:
    """The rows of a facilities file whose time zone nobody knows: their clock cannot be read."""
    if staged.table != "facilities":
        return []
    rows = connection.execute(
        f"SELECT {SOURCE_LINE}, time_zone FROM {parquet_file(staged.staged)} "
        "WHERE time_zone NOT IN (SELECT name FROM pg_timezone_names()) ORDER BY ALL"
    ).fetchall()
    numbers = [int(row[0]) for row in rows]
    if opened.csv_path is not None:
        numbers = physical_lines(opened.csv_path, [number - 1 for number in numbers])
    return [
        Fault(f"{opened.name}:{number}", f"{time_zone!r} is not a time zone.", "Write it like America/New_York.")
        for number, (_, time_zone) in zip(numbers, rows, strict=True)
    ]


def landed_sql(opened: OpenFile, optional_columns: tuple[str, ...]) -> str:
    """The SELECT behind the view `landed`; optional columns that the file does not have are NULL."""
    have = {column.lower() for column in opened.columns}
    missing = [column for column in optional_columns if column not in have]
    extra = "".join(f", CAST(NULL AS VARCHAR) AS {identifier(column)}" for column in missing)
    return f"SELECT *{extra} FROM ({opened.sql})"


def _copy_checked_rows(
    connection: duckdb.DuckDBPyConnection, opened: OpenFile, lookups: tuple[OpenFile, ...], sql: str, building: Path
) -> None:
    try:
        connection.execute(f"COPY ({sql}) TO {path_literal(building)} (FORMAT parquet)")
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        building.unlink(missing_ok=True)
        broken = [file for file in (opened, *lookups) if not _can_be_read(connection, file)]
        raise InputError([_unreadable_file(file) for file in broken or [opened]]) from error


def _can_be_read(connection: duckdb.DuckDBPyConnection, file: OpenFile) -> bool:
    """Whether the file can be read to its end: of several files, which one stopped the reading?"""
    try:
        connection.execute(f"SELECT COUNT(*) FROM (SELECT HASH(COLUMNS(*)) FROM ({file.sql}))")
    except (duckdb.InvalidInputException, duckdb.IOException):
        return False
    return True


def _unreadable_file(file: OpenFile) -> Fault:
    if file.json_path is not None:
        return broken_json(file.name)
    if file.csv_path is not None:
        return unreadable_fault(file.csv_path, file.name)
    return broken_parquet(file.name)


def _join_faults(
    connection: duckdb.DuckDBPyConnection,
    checked: Path,
    mapping: Mapping,
    opened: OpenFile,
    lookups: tuple[OpenFile, ...],
) -> list[Fault]:
    """A key that a lookup has twice would double the rows that name it, and what they cost."""
    repeated = connection.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM {parquet_file(checked)} GROUP BY {SOURCE_LINE} HAVING COUNT(*) > 1)"
    ).fetchall()[0][0]
    if not repeated:
        return []
    others = " or ".join(lookup.name for lookup in lookups)
    which = "1 row" if repeated == 1 else f"{repeated:,} rows"
    what = f"{which} became several rows of {mapping.table}, since {others} has a key more than once."
    return [Fault(opened.name, what, "Remove the repeated rows there.")]


def _checked_rows_sql(mapping: Mapping, contract: Contract, plausible_until: date) -> str:
    columns = contract.columns
    reasons = dict(_reasons(contract))
    any_fault = " OR ".join(f"COALESCE({condition}, false)" for condition in reasons.values())
    list_of_faults = ", ".join(
        f"CASE WHEN {condition} THEN {literal(reason)} END" for reason, condition in reasons.items()
    )
    typed = ",\n".join(part for name, column in columns.items() for part in typed_sql(name, column))
    kept = [identifier(name) for name in columns]
    kept += [identifier(f"{name}_kind") for name, column in columns.items() if column.type == "moment"]
    unreadable = [
        f"{_unreadable(name)} AS {identifier(f'unreadable_{name}')}"
        for name, column in columns.items()
        if column.when_unreadable == "unknown"
    ]
    content = ", ".join(kept)
    is_kept = "left_out IS NULL" if mapping.leaves_out else "true"
    return f"""
WITH mapped AS ({mapping.sql}),
typed AS (
    SELECT
        {SOURCE_LINE},{" left_out," if mapping.leaves_out else ""}
        {literal(plausible_until)} AS plausible_until,
        {", ".join(f"{identifier(name)} AS {identifier(f'text_{name}')}" for name in columns)},
        {typed}
    FROM mapped
)
SELECT {content}, {SOURCE_LINE}, HASH({content}) AS row_hash
    {"".join(f", {part}" for part in unreadable)},
    {"left_out," if mapping.leaves_out else ""}
    CASE WHEN {is_kept} AND ({any_fault})
        THEN LIST_FILTER([{list_of_faults}], lambda reason: reason IS NOT NULL) END AS reasons
FROM typed
"""


def _unreadable(name: str) -> str:
    return f"({identifier(f'text_{name}')} IS NOT NULL AND {identifier(name)} IS NULL)"


def _reasons(contract: Contract) -> Iterator[tuple[str, str]]:
    """Every reason to quarantine a row with its SQL condition over the typed columns, in order of precedence."""
    for name, column in contract.columns.items():
        if column.required:
            yield f"missing_{name}", f"{identifier(f'text_{name}')} IS NULL"
    for name, column in contract.columns.items():
        if column.type in ("date", "month", "moment", "number", "integer") and column.when_unreadable == "quarantine":
            yield f"invalid_{name}", _unreadable(name)
    ids = [identifier(name) for name, column in contract.columns.items() if column.type == "id"]
    if ids:
        matches = " OR ".join(
            f"((CONTAINS({name}, 'E+') OR CONTAINS({name}, 'e+')) "
            f"AND REGEXP_FULL_MATCH({name}, {literal(_MANGLED_ID)}))"
            for name in ids
        )
        yield "mangled_id", matches
    dates = [name for name, column in contract.columns.items() if column.type in ("date", "moment")]
    early = [name for name in dates if contract.columns[name].when_unreadable == "quarantine"]
    if early:
        yield (
            "implausible_date",
            " OR ".join(f"{identifier(name)} < {literal(EARLIEST_PLAUSIBLE)}" for name in early),
        )
    for reason, rule in contract.quarantine.items():
        yield reason, f"({rule.when})"


def reason_words(reason: str, contract: Contract) -> str:
    """What a quarantine reason means, for people."""
    if reason in contract.quarantine:
        return contract.quarantine[reason].means
    kind, _, column = reason.partition("_")
    words = {
        "mangled_id": "An id is in scientific notation (such as 1.23E+11): a spreadsheet destroyed it.",
        "implausible_date": f"A date lies before {EARLIEST_PLAUSIBLE.year}.",
    }
    if reason in words:
        return words[reason]
    if kind == "missing":
        return f"{column} is empty."
    return f"{column} cannot be read as {_type_words(column, contract)}."


def _type_words(column: str, contract: Contract) -> str:
    kind = contract.columns[column].type
    return {"number": "a number", "integer": "a whole number", "month": "a month"}.get(kind, "an ISO date or time")


def _count_left_out(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    found = connection.execute(
        f"SELECT left_out, COUNT(*) FROM {parquet_file(path)} WHERE left_out IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {str(reason): int(n) for reason, n in found}


def _count(
    connection: duckdb.DuckDBPyConnection, path: Path, contract: Contract, mapping: Mapping
) -> tuple[int, int, dict[str, int]]:
    lenient = [name for name, column in contract.columns.items() if column.when_unreadable == "unknown"]
    counts = "".join(f", COUNT(*) FILTER (WHERE {identifier(f'unreadable_{name}')})" for name in lenient)
    kept = "WHERE left_out IS NULL" if mapping.leaves_out else ""
    row = connection.execute(f"SELECT COUNT(*), COUNT(reasons) {counts} FROM {parquet_file(path)} {kept}").fetchall()[0]
    return int(row[0]), int(row[1]), {name: int(n) for name, n in zip(lenient, row[2:], strict=True) if n}


def _write_quarantine(
    connection: duckdb.DuckDBPyConnection, checked: Path, target: Path, opened: OpenFile, n_rows: int, rows_in: int
) -> None:
    """Writes the refused rows with every reason, their physical line and the original row as JSON."""
    names = [identifier(landed_name(column)) for column in opened.columns]
    packed = ", ".join(
        f"{identifier(column.lower())} := landed.{identifier(landed_name(column))}" for column in opened.columns
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT checked.{SOURCE_LINE}, checked.reasons, CAST(NULL AS BIGINT) AS line,
            CAST(to_json(STRUCT_PACK({packed})) AS VARCHAR) AS original_row
        FROM (SELECT {SOURCE_LINE}, reasons FROM {parquet_file(checked)} WHERE reasons IS NOT NULL) AS checked
        INNER JOIN (SELECT {SOURCE_LINE}, {", ".join(names)} FROM landed) AS landed USING ({SOURCE_LINE})
        """
        if n_rows
        else f"""CREATE OR REPLACE TEMP TABLE refused AS
        SELECT CAST(NULL AS BIGINT) AS {SOURCE_LINE}, CAST(NULL AS VARCHAR[]) AS reasons,
            CAST(NULL AS BIGINT) AS line, CAST(NULL AS VARCHAR) AS original_row WHERE false"""
    )
    if n_rows:
        read_faults(connection, [opened])
        _set_physical_lines(connection, opened, rows_in)
    building = target.with_name(f".{target.name}.building")
    connection.execute(f"COPY refused TO {path_literal(building)} (FORMAT parquet)")
    os.replace(building, target)


def _set_physical_lines(connection: duckdb.DuckDBPyConnection, opened: OpenFile, rows_in: int) -> None:
    if opened.json_path is not None:
        rows = [int(row[0]) for row in connection.execute(f"SELECT DISTINCT {SOURCE_LINE} FROM refused").fetchall()]
        lines = json_lines(opened.json_path, rows)
        connection.executemany(
            f"UPDATE refused SET line = ? WHERE {SOURCE_LINE} = ?", list(zip(lines, rows, strict=True))
        )
        return
    if opened.csv_path is None or count_lines(opened.csv_path) == rows_in + 1:
        connection.execute(f"UPDATE refused SET line = {SOURCE_LINE}")
        return
    rows = [int(row[0]) for row in connection.execute(f"SELECT DISTINCT {SOURCE_LINE} FROM refused").fetchall()]
    lines = physical_lines(opened.csv_path, [row - 1 for row in rows])
    connection.executemany(f"UPDATE refused SET line = ? WHERE {SOURCE_LINE} = ?", list(zip(lines, rows, strict=True)))


def _columns_supplied(connection: duckdb.DuckDBPyConnection, staged: Path, contract: Contract) -> tuple[str, ...]:
    names = list(contract.columns)
    counts = ", ".join(f"COUNT({identifier(name)})" for name in names)
    row = connection.execute(f"SELECT {counts} FROM {parquet_file(staged)}").fetchall()[0]
    return tuple(name for name, count in zip(names, row, strict=True) if count)


def _write_record(path: Path, staged: StagedFile) -> None:
    body = {**asdict(staged), "staged": staged.staged.name, "quarantine": staged.quarantine.name}
    building = path.with_name(f".{path.name}.building")
    building.write_text(json.dumps(body, indent=1), encoding="utf-8")
    os.replace(building, path)


def _read_record(path: Path, *, arrived_at: str, file_name: str) -> StagedFile:
    body = json.loads(path.read_text(encoding="utf-8"))
    body |= {
        "staged": path.parent / body["staged"],
        "quarantine": path.parent / body["quarantine"],
        "columns_supplied": tuple(body["columns_supplied"]),
        "arrived_at": arrived_at,
        "file_name": file_name,
    }
    return StagedFile(**body)
