"""No row is ever lost: rows in = staged + quarantined + duplicate + superseded, for every table and file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.pipeline.build import build_warehouse
from tests.support.hospitals import CsvRow, many_hospitals
from tests.support.landing import columns_of, write_landing, write_rows
from tests.support.pipeline import SETTINGS, read_rows

GARBAGE = (
    "",
    " ",
    "2024-13-45",
    "not a date",
    "-1",
    "1e400",
    "ünïcode",
    '"',
    "a,b",
    "line\nbreak",
    "NULL",
    "0001-01-01",
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_in_are_rows_accounted_for(seed: int, tmp_path: Path) -> None:
    check_conservation(Random(seed), tmp_path)


@pytest.mark.slow
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_rows_in_are_rows_accounted_for_whatever_is_broken(random: Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_conservation(random, Path(folder), count=2)


def check_conservation(random: Random, folder: Path, *, count: int = 12) -> None:
    landing = folder / "landing"
    written = write_dirty_folder(random, landing, count=count)
    warehouse = folder / "kpi.duckdb"
    build_warehouse(landing, warehouse, settings=SETTINGS)
    ledger = read_rows(
        warehouse,
        "SELECT table_name, file_name, rows_in, staged, quarantined, duplicate, superseded FROM row_ledger",
    )
    assert {(table, file): rows_in for table, file, rows_in, *_ in ledger} == written
    for table, file, rows_in, *parts in ledger:
        assert rows_in == sum(parts), f"{table} {file}: {rows_in} rows in, {parts} accounted for"
        assert min(parts) >= 0
    quarantined = read_rows(
        warehouse,
        """
        SELECT table_name, file_name, COUNT(*), COUNT(DISTINCT source_line), MIN(LEN(reasons))
        FROM quarantine
        GROUP BY ALL
        """,
    )
    for table, file, n_rows, n_lines, fewest_reasons in quarantined:
        assert n_rows == n_lines  # each row by its own line
        assert fewest_reasons >= 1  # and for a reason
        assert (table, file, n_rows) in {(row[0], row[1], row[4]) for row in ledger}
    assert sum(row[2] for row in quarantined) == sum(row[4] for row in ledger) > 0
    staged = sum(row[3] for row in ledger if row[0] == "encounters")
    assert read_rows(warehouse, "SELECT COUNT(*), COUNT(DISTINCT encounter_id) FROM encounters") == [(staged, staged)]


def write_dirty_folder(random: Random, landing: Path, *, count: int) -> dict[tuple[str, str], int]:
    """Random hospitals, some fields broken, some rows repeated, split over files: (table, file) → rows written."""
    hospital = many_hospitals(random.randrange(10**6), count=count)
    write_landing(landing, {}, hospital.landing_options())
    written: dict[tuple[str, str], int] = {}
    for table, rows in hospital.tables().items():
        dirty = [spoiled(random, row) if table != "facilities" else row for row in rows]
        dirty += [dict(random.choice(dirty)) for _ in range(random.randint(0, 4))]
        if table == "encounters":
            dirty += [{**dirty[0], "encounter_id": ""}]  # at least one row that cannot be staged
        cut = random.randint(0, len(dirty))
        for number, part in enumerate((dirty[:cut], dirty[cut:])):
            name = f"{table}_{number}.csv"
            columns = [*columns_of(table, dirty), "remark"]  # an unknown column is ignored, not its rows
            write_rows(landing / name, part, columns=columns)
            written[table, name] = len(part)
    return written


def spoiled(random: Random, row: CsvRow) -> CsvRow:
    """The row, one time in six with one field broken."""
    if random.random() < 5 / 6:
        return row
    return {**row, random.choice(list(row)): random.choice(GARBAGE)}
