"""Lines that are no rows: of few each is told by DuckDB, of very many the file is refused before it keeps them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.intake.reading import broken_lines as module
from kpi_pipeline.intake.reading.broken_lines import broken_lines, read_rows
from kpi_pipeline.intake.reading.opened import OpenFile, TextShape
from kpi_pipeline.intake.reading.text_files import csv_sql

COLUMNS = ["a", "b", "c"]
GOOD = [b"1,2,3", b'"1,5",2,3', b'1,"two\nlines",3', b'"say ""yes""",2,', b",,"]
BROKEN = {
    b"1": "MISSING COLUMNS",
    b"1,2": "MISSING COLUMNS",
    b'"1,2",3': "MISSING COLUMNS",
    b"1,2,3,4": "TOO MANY COLUMNS",
    b"1,\xff,3": "INVALID ENCODING",
    b'"1"x,2,3': "UNQUOTED VALUE",
}


def opened(path: Path, content: bytes, end: bytes = b"\n") -> OpenFile:
    path.write_bytes(b"a,b,c" + end + content)
    sql = csv_sql(TextShape(path), COLUMNS, is_printable=False)
    return OpenFile(path.name, tuple(COLUMNS), sql, sql, text=TextShape(path))


def test_rows_that_can_all_be_read_have_no_faults(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        file = opened(tmp_path / "x.csv", b"\n".join(GOOD))
        assert read_rows(connection, f"CREATE TABLE rows AS {file.sql}", [file]) == []
        assert connection.execute("SELECT COUNT(*) FROM rows").fetchall() == [(len(GOOD),)]


def test_of_few_broken_lines_each_is_told(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        file = opened(tmp_path / "x.csv", b"1,2,3\n1,2\n1,2,3\n1,2,3,4\n1,2\n")
        told = sorted(map(str, read_rows(connection, f"CREATE TABLE rows AS {file.sql}", [file])))
        assert [one.split(":")[1] for one in told] == ["3", "5"]
        assert "has fewer fields than the 3 of the header; the same on line 6." in told[0]
        # and what is read after that is read as ever
        assert len(connection.execute(file.sql).fetchall()) == 2


def test_of_very_many_the_first_lines_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FAULTS_KEPT", 7)
    with duckdb.connect() as connection:
        file = opened(tmp_path / "x.csv", b"1,2,3\n" + b"x\n" * 9 + b"1,2,3\n")
        (fault,) = read_rows(connection, f"CREATE TABLE rows AS {file.sql}", [file])
        assert (fault.where, fault.what) == (
            "x.csv:3",
            "has fewer fields than the 3 of the header; the same on lines 4, 5, 6, 7, 8 and at least 1 more.",
        )
        kept = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name LIKE 'reject%'")
        assert kept.fetchall() == []  # DuckDB was not asked to keep any


def test_what_only_duckdb_finds_is_told_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "broken_lines", lambda text, n_columns: iter(()))
    with duckdb.connect() as connection:
        file = opened(tmp_path / "x.csv", b"1,2,3\n1,2\n")
        (fault,) = read_rows(connection, f"CREATE TABLE rows AS {file.sql}", [file])
        assert (fault.where, fault.what) == ("x.csv:3", "has fewer fields than the 3 of the header.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


@given(st.lists(st.sampled_from([*GOOD, *BROKEN, b"", b"1,2,3"]), max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_every_line_that_is_no_row_is_found(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], end: bytes
) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.csv"
    line, expected = 2, []
    for row in rows:
        if row in BROKEN:
            expected.append((line, BROKEN[row]))
        line += 1 + row.count(b"\n")
    file = opened(path, end.join([*rows, b""]), end)
    assert file.text is not None
    assert list(broken_lines(file.text, 3)) == expected
    with duckdb.connect() as connection:  # as DuckDB finds them, whose lines are rows
        n_rows = len(connection.execute(file.sql).fetchall())
        kinds = connection.execute(
            "SELECT DISTINCT line, CAST(error_type AS VARCHAR) FROM reject_errors ORDER BY line"
        ).fetchall()
    assert [kind for _, kind in kinds] == [kind for _, kind in expected]
    assert n_rows == sum(1 for row in rows if row) - len(expected)
