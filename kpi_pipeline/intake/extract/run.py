"""Runs an extract: table by table, part by part, again after an interruption, and counted at the end."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import filelock
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from kpi_pipeline.core.errors import CheckError, Fault, InputError
from kpi_pipeline.core.files import private_files
from kpi_pipeline.intake.extract.config import ExtractConfig, TableExtract
from kpi_pipeline.intake.extract.parts import (
    Progress,
    freeze,
    join_parts,
    read_progress,
    thaw,
    write_part,
    write_progress,
)
from kpi_pipeline.intake.extract.session import CONNECTION_ERRORS, fault_of, reading
from kpi_pipeline.intake.extract.statement import Bounds, count_statement, highest_statement, rows_statement
from kpi_pipeline.intake.extract.watermarks import begin_of_next, read_watermarks, write_watermarks

FOLDER = ".extract"
"""Within the landing folder, passed over by intake: parts of a running extract, and the watermarks of the last ones."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ExtractedTable:
    """What became of a table. file is None where an increment has no rows; resumed: rows kept from before.

    is_ahead: the watermark lies in the future, so that the next extract begins before now instead.
    """

    table: str
    rows: int
    file: Path | None
    resumed: int
    is_ahead: bool = False


@private_files()
def extract_tables(
    config: ExtractConfig,
    landing: Path,
    *,
    progress: Say = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> list[ExtractedTable]:
    """Extracts every table into the landing folder. An interrupted one goes on where it was.

    A table's file is written only when the rows are as many as `COUNT(*)` says. Raises InputError for what the
    database refuses, CheckError when the count does not agree after a second full try.
    """
    url, secret = config.database_url()
    work = landing / FOLDER
    work.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(work / "lock", timeout=0):
            return [
                _extract_with_retries(config, name, url, secret, landing, progress=progress, pause=pause)
                for name in config.tables
            ]
    except filelock.Timeout:
        raise InputError(Fault(str(landing), "another extract is running here.", "Wait until it has ended.")) from None


def _extract_with_retries(
    config: ExtractConfig,
    name: str,
    url: URL,
    secret: SecretStr | None,
    landing: Path,
    *,
    progress: Say,
    pause: Callable[[float], None],
) -> ExtractedTable:
    for attempt in range(config.retries + 1):
        try:
            return _extract(config, name, url, landing, progress=progress)
        except DBAPIError as error:
            if attempt == config.retries or not isinstance(error, CONNECTION_ERRORS):
                raise InputError(fault_of(f"tables.{name}", error, secret)) from None
            progress(f"{name}: the connection failed; trying again")
            pause(4.0**attempt)
    raise AssertionError("the loop returns or raises")


def _extract(config: ExtractConfig, name: str, url: URL, landing: Path, *, progress: Say) -> ExtractedTable:
    table, folder = config.tables[name], landing / FOLDER / name
    recipe = hashlib.sha256(f"{url.host} {url.database} {table.model_dump_json()}".encode()).hexdigest()
    known = read_watermarks(landing / FOLDER).get(name, {})
    low = thaw(known["watermark"]) if known.get("recipe") == recipe else None
    for _ in range(2):  # what changed in the database between interruption and resumption makes the count disagree
        with reading(url, rows_at_once=config.rows_per_part) as connection:
            done = read_progress(folder, recipe) or _begin(connection, table, folder, recipe, low)
            resumed = done.rows
            done = _fetch(connection, config, name, done, folder, progress=progress)
            counted = connection.execute(count_statement(table, Bounds(done.low, done.high))).scalar_one()
        if counted == done.rows:
            return _land(name, table, done, folder, landing, recipe=recipe, resumed=resumed)
        shutil.rmtree(folder)
        progress(f"{name}: {done.rows:,} rows fetched but {counted:,} counted; fetching all of them again")
    what = f"{done.rows:,} rows were fetched, but the database counts {counted:,}; nothing was landed."
    cure = "Is the key unique and never empty? Else extract from a copy that does not change meanwhile."
    raise CheckError(Fault(f"tables.{name}", what, cure))


def _begin(connection: Connection, table: TableExtract, folder: Path, recipe: str, low: Any) -> Progress:
    folder.mkdir(parents=True, exist_ok=True)
    high = None
    if table.watermark is not None:
        high = connection.execute(highest_statement(table)).scalar_one()
        if isinstance(low, datetime):
            low -= timedelta(minutes=table.overlap_minutes)
    done = Progress(recipe, low, high)
    write_progress(folder, done)
    return done


def _fetch(
    connection: Connection, config: ExtractConfig, name: str, done: Progress, folder: Path, *, progress: Say
) -> Progress:
    table = config.tables[name]
    statement = rows_statement(table, Bounds(done.low, done.high), after=done.last_key)
    with connection.execute(statement) as result:
        columns = tuple(column.lower() for column in result.keys())  # noqa: SIM118 (a result is no dict)
        places = [_place_of(columns, column, name) for column in table.key]
        done = replace(done, columns=columns)
        for rows in result.partitions(config.rows_per_part):
            write_part(folder, done.parts + 1, columns, rows)
            last_key = tuple(rows[-1][place] for place in places)
            done = replace(done, parts=done.parts + 1, rows=done.rows + len(rows), last_key=last_key)
            write_progress(folder, done)
            progress(f"{name}: {done.rows:,} rows")
    return done


def _place_of(columns: tuple[str, ...], column: str, table: str) -> int:
    if columns.count(column.lower()) != 1:
        what = f"the key column {column} is not once among the columns of the statement."
        raise InputError(Fault(f"tables.{table}", what, "Select it, under this name."))
    return columns.index(column.lower())


def _land(
    name: str, table: TableExtract, done: Progress, folder: Path, landing: Path, *, recipe: str, resumed: int
) -> ExtractedTable:
    """Joins the parts into the table's file, then notes the watermark, then clears away: a crash between repeats it."""
    marks = read_watermarks(landing / FOLDER)
    known = marks.get(name, {})
    is_increment = table.watermark is not None and known.get("recipe") == recipe
    number = int(known.get("number", 0)) + 1 if is_increment else 1
    target = landing / (f"{name}_{number:06d}.parquet" if table.watermark is not None else f"{name}.parquet")
    if done.rows or not is_increment:
        join_parts(folder, done, target)
    else:
        number -= 1
    highest = done.high if done.high is not None else done.low
    begin = begin_of_next(highest, datetime.now(UTC))
    if table.watermark is not None:
        marks[name] = {"recipe": recipe, "watermark": freeze(begin), "number": number}
        write_watermarks(landing / FOLDER, marks)
    shutil.rmtree(folder)
    file = target if done.rows or not is_increment else None
    return ExtractedTable(name, done.rows, file, resumed, is_ahead=begin != highest)
