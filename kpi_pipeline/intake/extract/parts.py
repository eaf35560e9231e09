"""What an extract has already fetched: numbered Parquet parts and where the next one begins; safe over a crash.

A part is written beside, flushed to the disk and renamed; then the progress is, in the same way. A part without
progress is written again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError

_READERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "str": str,
    "float": float,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "UUID": UUID,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table's extract has come. recipe: a hash of the statement; another one begins anew."""

    recipe: str
    low: Any = None
    high: Any = None
    parts: int = 0
    rows: int = 0
    last_key: tuple[Any, ...] | None = None
    columns: tuple[str, ...] = field(default=())


def read_progress(folder: Path, recipe: str) -> Progress | None:
    """The progress of an interrupted extract of the same statement; parts of another, or of progress that cannot be
    read, are removed."""
    path = folder / "progress.json"
    if not path.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["recipe"] == recipe:
            key = body["last_key"]
            return Progress(
                recipe,
                thaw(body["low"]),
                thaw(body["high"]),
                body["parts"],
                body["rows"],
                None if key is None else tuple(thaw(value) for value in key),
                tuple(body["columns"]),
            )
    except (ValueError, TypeError, LookupError):
        pass  # damaged: what it told of is fetched again
    shutil.rmtree(folder)
    return None


def write_progress(folder: Path, progress: Progress) -> None:
    """Notes how far the extract has come."""
    key = progress.last_key
    body = {
        "recipe": progress.recipe,
        "low": freeze(progress.low),
        "high": freeze(progress.high),
        "parts": progress.parts,
        "rows": progress.rows,
        "last_key": None if key is None else [freeze(value) for value in key],
        "columns": list(progress.columns),
    }
    write_whole(folder / "progress.json", json.dumps(body).encode())


def write_part(folder: Path, number: int, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes rows as text columns into part `number`."""
    by_column = zip(*rows, strict=True) if rows else ([] for _ in columns)
    arrays = [pa.array([_text(value) for value in values], type=pa.string()) for values in by_column]
    table = pa.Table.from_arrays(arrays, schema=pa.schema([(name, pa.string()) for name in columns]))
    building = folder / f".{number:06d}.building"
    pq.write_table(table, building, compression="zstd")
    _flush(building)
    os.replace(building, _part(folder, number))


def join_parts(folder: Path, progress: Progress, target: Path) -> None:
    """Writes all parts into one Parquet file, a part at a time."""
    building = target.with_name(f".{target.name}.building")
    schema = pa.schema([(name, pa.string()) for name in progress.columns])
    with pq.ParquetWriter(building, schema, compression="zstd") as writer:
        for number in range(1, progress.parts + 1):
            writer.write_table(pq.read_table(_part(folder, number)))
    _flush(building)
    os.replace(building, target)


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file at one stroke, its bytes on the disk first."""
    building = path.with_name(f".{path.name}.building")
    with building.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(building, path)


def freeze(value: Any) -> list[str] | None:
    """A key's or watermark's value as JSON keeps it: its type and its text."""
    if value is None:
        return None
    name = type(value).__name__
    if name not in _READERS:
        what = f"a key or watermark cannot be of the type {name}."
        raise InputError(Fault("tables", what, "Cast it to a text, a number or a time in the statement."))
    return [name, value.isoformat() if isinstance(value, date) else str(value)]


def thaw(frozen: list[str] | None) -> Any:
    """The value that `freeze` kept."""
    return None if frozen is None else _READERS[frozen[0]](frozen[1])


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.parquet"


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _text(value: Any) -> str | None:
    """A value as landing files hold it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return str(value)
