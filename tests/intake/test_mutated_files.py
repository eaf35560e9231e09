"""Broken files of every format are read or refused in words; the full form is `make mutation`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.landings import faults_of
from tests.support.mutation import FORMATS, HEADER, try_file


@pytest.mark.parametrize("first", range(len(FORMATS)))
def test_a_broken_file_is_read_or_refused_and_loses_no_row(first: int, tmp_path: Path) -> None:
    ended: Counter[str] = Counter()
    for seed in range(first, 4 * len(FORMATS), len(FORMATS)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        ended[try_file(seed, folder)] += 1
    assert sum(ended.values()) == 4
    assert {name.rsplit(" ", 1)[0] for name in ended} == {FORMATS[first]}


def test_a_parquet_file_with_a_broken_page_is_refused_by_its_name(tmp_path: Path) -> None:
    """DuckDB's reader then raises an error that is of no kind."""
    columns = {name: pa.array(["x"] * 12) for name in HEADER}
    whole = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), whole, compression="none")
    content = bytearray(whole.getvalue().to_pybytes())
    content[4] = 0  # the first byte of the first page's head
    (fault,) = faults_of(tmp_path, {"encounters.parquet": bytes(content)})
    assert fault.startswith("encounters.parquet")
