"""Random files of rows, written by Python's own writers and read twice: by intake and by csv, openpyxl or pyarrow.

What both read must be the same but for the rules below. Nothing here uses the reading code of the program.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.intake.reading.opened import Wanted
from kpi_pipeline.intake.reading.readers import is_plain_text, open_file, read_faults
from kpi_pipeline.intake.reading.scan import scan_file
from kpi_pipeline.intake.reading.table_options import TableOptions

COLUMNS = ("encounter_id", "person_id", "facility_id", "remark", "total_cost", "payer")
WANTED = Wanted(frozenset(COLUMNS), frozenset(COLUMNS[:3]))
WORDS = (
    *("A", "Łódź", "O'Brien", "001", "1.5", "a;b", "a,b", "a|b", "a\tb"),
    *('say "no"', "line\nbreak", " blank ", "NULL", "é" * 40),
)
Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Trial:
    """One random file. expected: its rows by the reader that is not ours, with their lines where lines are known;
    None: a rule refuses the file. rule: which."""

    path: Path
    expected: list[Row] | None
    rule: str = ""


def write_trial(folder: Path, seed: int) -> Trial:
    """A random CSV, XLSX or Parquet file."""
    rng = random.Random(seed)
    kind = rng.choice(("csv", "csv", "xlsx", "parquet"))
    path = folder / f"encounters_{seed}.{kind}"
    return {"csv": _write_csv, "xlsx": _write_xlsx, "parquet": _write_parquet}[kind](path, rng)


def read_ours(trial: Trial, scratch: Path) -> list[Row] | None:
    """The rows as intake reads them; None where it refuses the file."""
    path = trial.path
    try:
        opened = open_file(
            path,
            scan=scan_file(path, is_text=is_plain_text(path)),
            scratch=scratch,
            options=TableOptions(),
            wanted=WANTED,
            limits=Limits(),
        )
        with connect(folders=[path.parent, scratch]) as connection:
            names = ", ".join(f'"{name}"' for name in COLUMNS)
            rows = connection.execute(f"SELECT {names} FROM ({opened.sql}) ORDER BY source_line").fetchall()
            if read_faults(connection, [opened]):
                return None
            every = connection.execute(f"SELECT COUNT(*) FROM ({opened.every_row_sql})").fetchall()[0][0]
            read_faults(connection, [opened])
        if opened.records is not None:
            assert every == opened.records, f"{path.name}: {opened.records} rows were counted and {every} read"
    except InputError:
        return None
    return [tuple(row) for row in rows]


def _plain(cells: Sequence[str]) -> Row:
    """The rules: blanks around a value are no part of it, and a value of nothing is none."""
    return tuple(cell.strip(" ") or None for cell in cells)


def _with_a_value(rows: Sequence[Row]) -> list[Row]:
    """The rule: a row without a single value is no row."""
    return [row for row in rows if any(row)]


def _cells(rng: random.Random) -> list[str]:
    return [rng.choice(WORDS) if rng.random() < 0.8 else "" for _ in COLUMNS]


def _write_csv(path: Path, rng: random.Random) -> Trial:
    delimiter, end = rng.choice(",,;\t|"), rng.choice(("\n", "\n", "\r\n"))
    rows = [_cells(rng) for _ in range(rng.randrange(1, 40))]
    if rng.random() < 0.2:
        rows.insert(rng.randrange(len(rows)), [""] * len(COLUMNS))
    rule = ""
    if rng.random() < 0.1:
        rows[rng.randrange(len(rows))] = rng.choice((["x"] * (len(COLUMNS) - 1), ["x"] * (len(COLUMNS) + 2)))
        rule = "a row has fewer or more fields than the header"
    text = io.StringIO(newline="")
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    content = text.getvalue()
    if rng.random() < 0.2:
        content = content.rstrip("\r\n")
    if rng.random() < 0.2:
        content += end * rng.randrange(1, 4)
    encoded = content.encode("utf-16") if rng.random() < 0.1 else content.encode("utf-8")
    path.write_bytes(
        b"\xef\xbb\xbf" + encoded if rng.random() < 0.15 and not encoded.startswith(b"\xff\xfe") else encoded
    )
    read = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))[1:]
    return Trial(path, None if rule else _with_a_value([_plain(row) for row in read if row]), rule)


def _write_xlsx(path: Path, rng: random.Random) -> Trial:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if rng.random() < 0.2:
        sheet.append(["Visits of the month"])
        sheet.append([])
    sheet.append(list(COLUMNS))
    for _ in range(rng.randrange(1, 30)):
        sheet.append([_xlsx_value(rng) for _ in COLUMNS])
    if rng.random() < 0.3:
        hidden = book.create_sheet("Old", rng.choice((0, 1)))
        hidden.append(list(COLUMNS))
        hidden.sheet_state = "hidden"
    book.save(path)
    read = openpyxl.load_workbook(path, data_only=True)[sheet.title]
    rows = [tuple(_xlsx_text(cell) for cell in row) for row in read.iter_rows(values_only=True)]
    first = next(number for number, row in enumerate(rows) if row == COLUMNS)
    return Trial(path, _with_a_value([tuple(cell or None for cell in row) for row in rows[first + 1 :]]))


def _xlsx_value(rng: random.Random) -> Any:
    word = rng.choice([*WORDS[:5], *WORDS[9:]])
    moment = datetime(2026, 10, 1) + timedelta(minutes=rng.randrange(40_000))
    number = rng.randrange(10**9)
    return rng.choice((word, word, None, number, round(rng.random() * 1000, 2), True, moment, date(2026, 1, 1)))


def _xlsx_text(value: Any) -> str:
    """The rules: a day is written as ISO writes it, without midnight; a whole number without a point."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(sep=" ").removesuffix(" 00:00:00")
        case float() if value == int(value):
            return str(int(value))
    return str(value).strip()


def _write_parquet(path: Path, rng: random.Random) -> Trial:
    n = rng.randrange(1, 40)
    columns: dict[str, Any] = {
        name: pa.array([rng.choice(WORDS) if rng.random() < 0.8 else None for _ in range(n)]) for name in COLUMNS[:4]
    }
    columns["total_cost"] = rng.choice(
        (
            pa.array([rng.choice((rng.randrange(10**12), None)) for _ in range(n)], pa.int64()),
            pa.array([rng.choice((round(rng.random() * 1000, 2), None)) for _ in range(n)], pa.float64()),
            pa.array([rng.choice((True, False, None)) for _ in range(n)], pa.bool_()),
        )
    )
    columns["payer"] = pa.array(
        [rng.choice((date(2026, 10, 1) + timedelta(days=k), None)) for k in range(n)], pa.date32()
    )
    pq.write_table(pa.table(columns), path, row_group_size=rng.choice((5, 1000)))
    rows = [tuple(row[name] for name in COLUMNS) for row in pq.read_table(path).to_pylist()]
    return Trial(path, _with_a_value([tuple(_parquet_text(cell) for cell in row) for row in rows]))


def _parquet_text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
    return str(value).strip(" ") or None
