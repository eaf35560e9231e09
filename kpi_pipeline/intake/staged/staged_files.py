"""The record of a staged file: what it holds, its hashes, and whether what lies in the store is still that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.contract import Contract
from kpi_pipeline.intake.reading.opened import SOURCE_LINE
from kpi_pipeline.intake.staged.one_row_each import Conflicts


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One landed file as rows of one table. Paths are Parquet files; rows_in = rows_staged + rows_quarantined.

    left_out: rows that are none of the table's, such as cancelled visits, by reason; they are not among rows_in.
    rows_read: all that were read from the file, rows_empty of them without a single value. doubtful_numbers: columns
    whose numbers can be read in two ways. conflicts: rows of one key that nothing puts in order.
    values_repaired: how many values of a column were put right as landing.yaml declares. repaired: what was
    wrong with an earlier staging of the same file.
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
    rows_read: int = 0
    rows_empty: int = 0
    doubtful_numbers: tuple[str, ...] = ()
    conflicts: Conflicts | None = None
    values_repaired: dict[str, int] = field(default_factory=dict)
    repaired: str = ""


def staged_rows_sql(path: Path, contract: Contract) -> str:
    """The SELECT of a staged file's rows, with their place in it, and a hash of the content where one asks for it."""
    kept = ", ".join(identifier(name) for name in contract.staged_columns)
    rows = parquet_file(path, with_row_numbers=True)
    return f"SELECT {kept}, {SOURCE_LINE}, file_row_number, HASH({kept}) AS row_hash FROM {rows}"


def write_record(path: Path, staged: StagedFile) -> None:
    """Writes the record last, with the hashes of both files: without it they count as not there."""
    body = {
        **asdict(staged),
        "staged": staged.staged.name,
        "quarantine": staged.quarantine.name,
        "repaired": "",
        "staged_sha256": _sha256(staged.staged),
        "quarantine_sha256": _sha256(staged.quarantine),
    }
    write_private(path, json.dumps(body, indent=1))


def read_record(path: Path, *, arrived_at: str, file_name: str) -> tuple[StagedFile | None, str]:
    """The staged file of a record; or None, and what is wrong with it (nothing, where there is none)."""
    if not path.is_file():
        return None, ""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        hashes = {name: body.pop(f"{name}_sha256") for name in ("staged", "quarantine")}
        for name, sha256 in hashes.items():
            file = path.parent / body[name]
            if not file.is_file():
                return None, "rows of it are gone from the store"
            if _sha256(file) != sha256:
                return None, "rows of it in the store are no longer those that were staged"
            body[name] = file
        body |= {
            "columns_supplied": tuple(body["columns_supplied"]),
            "doubtful_numbers": tuple(body["doubtful_numbers"]),
            "conflicts": _conflicts(body["conflicts"]),
            "arrived_at": arrived_at,
            "file_name": file_name,
        }
        return StagedFile(**body), ""
    except (ValueError, TypeError, KeyError):
        return None, "its record in the store cannot be read"


def _conflicts(body: dict[str, Any] | None) -> Conflicts | None:
    return None if body is None else Conflicts(**{**body, **{name: tuple(body[name]) for name in ("columns", "rows")}})


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
