"""What earlier runs read from a landing folder, and what of it is gone, shrank or was replaced by something older.

Figures never depend on it: the same files make the same figures on any machine. It is told, for a file that is
missing prints as a quiet month, and a quiet month as an improvement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.reading.file_order import name_date
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.staged.staged_files import StagedFile

HISTORY = "landing_history.jsonl"
"""The history's file in the store: a line whenever a file's content differs from what bore its name before."""
_GIVEN = "landing_notices.json"
"""What a build that is made again was told at the time, instead of the history."""

KINDS = ("file_gone", "file_shrank", "file_older", "history_damaged")
"""The notices that come of the history alone."""


@dataclass(frozen=True, slots=True)
class _Read:
    """One content of a file, as it was read. staged: its rows, below the store. last_day: of encounters, else empty."""

    file_name: str
    table: str
    sha256: str
    staged: str
    rows: int
    last_day: str


def note_files(connection: duckdb.DuckDBPyConnection, store: Path, files: Sequence[StagedFile]) -> None:
    """Appends to the history of a store what it does not hold as a file's newest content."""
    history, _ = _history(store)
    known = {(one.file_name, one.table): one.sha256 for one in history}
    new = [
        _Read(file.file_name, file.table, file.sha256, f"{file.table}/{file.staged.name}", file.rows_staged, last_day)
        for file in files
        if known.get((file.file_name, file.table)) != file.sha256
        for last_day in (_last_day(connection, file),)
    ]
    if not new:
        return
    lines = [*_lines(store), *(json.dumps(asdict(one)) for one in new)]
    write_private(store / HISTORY, "\n".join(lines) + "\n")


def compare_with_before(
    connection: duckdb.DuckDBPyConnection, store: Path, files: Sequence[StagedFile], options: LandingOptions
) -> list[Notice]:
    """What files read before held and no file holds now, and files that are older than what they replaced.

    store: whose history is asked; the connection must be allowed to read it. Files that landing.yaml calls withdrawn
    are not asked for. Of a full feed only the newest extract counts, so an older one may go.
    """
    if (store / _GIVEN).is_file():
        return _given(store)
    present = {(file.file_name, file.table): file for file in files}
    history, n_damaged = _history(store)
    notices = [Notice("history_damaged", counts={"lines": n_damaged})] if n_damaged else []
    for (name, table), contents in sorted(_by_file(history).items()):
        if table not in load_contracts() or options.is_withdrawn(name):
            continue
        own = [file for file in files if file.table == table]
        now = present.get((name, table))
        if now is None:
            if options.feed_of(table) == "delta" or _is_newer(name, own):
                lost = _lost(connection, store, contents[-1], own)
                notices += [Notice("file_gone", file=name, table=table, counts=lost)] if lost else []
            continue
        before = _replaced(contents, now)
        if before is None:
            continue
        older = _older(contents, before, now, _last_day(connection, now))
        notices += older
        if not older and options.feed_of(table) == "delta":
            lost = _lost(connection, store, before, own)
            notices += [Notice("file_shrank", file=name, table=table, counts=lost)] if lost else []
    return notices


def notices_given(notices: Iterable[Notice]) -> bytes:
    """Of a build's notices those that came of the history, for `restore_notices`."""
    return (json.dumps([asdict(one) for one in notices if one.kind in KINDS], indent=1) + "\n").encode()


def restore_notices(store: Path, given: bytes) -> None:
    """Lets the next run over a store say what `notices_given` held, whatever its history."""
    write_private(store / _GIVEN, given)


def _given(store: Path) -> list[Notice]:
    raw = json.loads((store / _GIVEN).read_text(encoding="utf-8"))
    return [Notice(**{**one, "columns": tuple(one["columns"])}) for one in raw]


def _lines(store: Path) -> list[str]:
    path = store / HISTORY
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _history(store: Path) -> tuple[list[_Read], int]:
    """What the lines of the history say, and how many cannot be read: those are told until they are mended."""
    found, n_damaged = [], 0
    for line in _lines(store):
        try:
            found.append(_Read(**json.loads(line)))
        except (ValueError, TypeError):
            n_damaged += 1
    return found, n_damaged


def _by_file(history: Iterable[_Read]) -> Mapping[tuple[str, str], list[_Read]]:
    found: dict[tuple[str, str], list[_Read]] = {}
    for one in history:
        found.setdefault((one.file_name, one.table), []).append(one)
    return found


def _replaced(contents: Sequence[_Read], now: StagedFile) -> _Read | None:
    """The last content under a file's name that is not what lies there now."""
    return next((one for one in reversed(contents) if one.sha256 != now.sha256), None)


def _older(contents: Sequence[_Read], before: _Read, now: StagedFile, last_day: str) -> list[Notice]:
    place = contents.index(before)
    was_there_first = any(one.sha256 == now.sha256 for one in contents[:place])
    if not was_there_first and not (last_day and before.last_day and last_day < before.last_day):
        return []
    details = {"last": last_day, "before": before.last_day}
    return [Notice("file_older", file=now.file_name, table=now.table, details=details)]


def _is_newer(name: str, files: Sequence[StagedFile]) -> bool:
    """Whether a file is dated later than every file of its table that is there."""
    day, others = name_date(name), [name_date(file.file_name) for file in files]
    return day is not None and all(other is not None and other < day for other in others)


def _lost(
    connection: duckdb.DuckDBPyConnection, store: Path, before: _Read, files: Sequence[StagedFile]
) -> dict[str, int]:
    """How many rows a file held and how many of them no file of its table holds now; empty where none are lost."""
    if any(file.sha256 == before.sha256 for file in files):
        return {}  # under another name
    staged = store / "staged" / before.staged
    key = ", ".join(identifier(column) for column in load_contracts()[before.table].key)
    if staged.is_file():
        there = "".join(f" EXCEPT SELECT {key} FROM {parquet_file(file.staged)}" for file in files)
        held, gone = connection.execute(
            f"SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT {key} FROM {parquet_file(staged)})), "
            f"(SELECT COUNT(*) FROM (SELECT {key} FROM {parquet_file(staged)}{there}))"
        ).fetchall()[0]
    else:
        of_name = sum(file.rows_staged for file in files if file.file_name == before.file_name)
        held, gone = before.rows, max(0, before.rows - of_name)
    return {"rows": int(gone), "of_rows": int(held)} if gone else {}


def _last_day(connection: duckdb.DuckDBPyConnection, file: StagedFile) -> str:
    """The last day that the rows of an encounters file speak of; empty where there is none."""
    if file.table != "encounters":
        return ""
    days = connection.execute(
        f"SELECT CAST(GREATEST(MAX(admitted_at), MAX(discharged_at)) AS DATE) FROM {parquet_file(file.staged)}"
    ).fetchall()
    return str(days[0][0] or "")
