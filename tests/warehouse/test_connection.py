"""One builder, many readers: who may open the file, what they see while it is replaced, and what a failure leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.warehouse.connection import (
    SCHEMA_VERSION,
    build_and_swap,
    open_warehouse,
    read_snapshot_id,
    store_folder,
)

IN_ANOTHER_PROCESS = """
import sys
{what}
print("held", flush=True)
sys.stdin.read()
"""


def build(path: Path, snapshot_id: str, *, schema_version: int = SCHEMA_VERSION) -> None:
    """The smallest warehouse there is."""
    with build_and_swap(path, settings=Settings()) as connection:
        connection.execute(
            "CREATE TABLE build_info AS SELECT ? AS snapshot_id, ? AS schema_version", [snapshot_id, schema_version]
        )


def snapshot_of(path: Path) -> str:
    with open_warehouse(path) as connection:
        return read_snapshot_id(connection)


def refusal_of(path: Path) -> str:
    with pytest.raises(WarehouseError) as caught, open_warehouse(path):
        pass
    return str(caught.value).replace(str(path), "kpi.duckdb")


@contextmanager
def held_by_another_process(what: str) -> Iterator[None]:
    """A real second process that holds something until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_ANOTHER_PROCESS.format(what=what)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield
        finally:
            process.stdin.close()


def test_a_warehouse_that_is_not_there_says_how_to_build_one(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "kpi.duckdb") == (
        "kpi.duckdb: there is no warehouse. Build one: kpi build --landing DIR --warehouse FILE."
    )


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kpi.duckdb").write_text("a letter to my aunt\n" * 500, encoding="utf-8")
    assert refusal_of(tmp_path / "kpi.duckdb") == (
        "kpi.duckdb: is not a readable DuckDB file. Move it away and build anew, or restore the backup."
    )


def test_a_database_of_somebody_else_is_no_warehouse(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "kpi.duckdb")) as connection:
        connection.execute("CREATE TABLE budget AS SELECT 1 AS amount")
    assert refusal_of(tmp_path / "kpi.duckdb") == (
        "kpi.duckdb: is a DuckDB file, but no warehouse of ours. Check the path after --warehouse."
    )
    with pytest.raises(WarehouseError), open_warehouse(tmp_path / "kpi.duckdb", any_schema=True):
        pass


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
def test_a_warehouse_of_another_version_is_refused_to_readers_and_known_to_a_build(
    version: int, tmp_path: Path
) -> None:
    path = tmp_path / "kpi.duckdb"
    build(path, "older", schema_version=version)
    assert refusal_of(path) == (
        f"kpi.duckdb: was built by another version (schema {version}, this program needs {SCHEMA_VERSION}). "
        "Rebuild it with kpi build."
    )
    with open_warehouse(path, any_schema=True) as connection:
        assert read_snapshot_id(connection) == "older"


def test_a_warehouse_open_for_writing_elsewhere_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    build(path, "first")
    with held_by_another_process(f"import duckdb; connection = duckdb.connect({str(path)!r})"):
        assert refusal_of(path) == (
            "kpi.duckdb: is open for writing in another program. Close it there, then try again."
        )
    assert snapshot_of(path) == "first"


def test_readers_cannot_write(tmp_path: Path) -> None:
    build(tmp_path / "kpi.duckdb", "first")
    with open_warehouse(tmp_path / "kpi.duckdb") as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("DELETE FROM build_info")


def test_many_read_at_once_even_under_a_name_with_a_quotation_mark(tmp_path: Path) -> None:
    path = tmp_path / "St. Mary's" / "kpi.duckdb"
    build(path, "first")
    with open_warehouse(path) as one, open_warehouse(path) as other:
        assert read_snapshot_id(one) == read_snapshot_id(other) == "first"


def test_a_reader_keeps_what_it_opened_and_the_next_one_sees_the_new_build(tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    build(path, "first")
    with open_warehouse(path) as reader:
        with build_and_swap(path, settings=Settings()) as connection:
            connection.execute(
                f"CREATE TABLE build_info AS SELECT 'second' AS snapshot_id, {SCHEMA_VERSION} AS schema_version"
            )
            assert snapshot_of(path) == "first"  # while the second is being built
        assert read_snapshot_id(reader) == "first"
        assert snapshot_of(path) == "second"
    assert snapshot_of(path) == "second"


def test_a_build_that_fails_leaves_the_last_good_file_and_the_lock_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    build(path, "first")
    before = path.read_bytes()
    with pytest.raises(duckdb.ConversionException), build_and_swap(path, settings=Settings()) as connection:
        connection.execute("CREATE TABLE half AS SELECT 1 AS one; CREATE TABLE other AS SELECT 'x'::INTEGER AS two")
    assert path.read_bytes() == before
    left = sorted(str(found.relative_to(tmp_path)) for found in tmp_path.rglob("*") if found.is_file())
    assert left == ["kpi.duckdb", "kpi.duckdb.lock"]
    build(path, "second")
    assert snapshot_of(path) == "second"


def test_what_a_killed_build_left_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    for left_over in ("kpi.duckdb.building", "kpi.duckdb.building.wal"):
        (tmp_path / left_over).write_bytes(b"half of a build")
    build(path, "first")
    assert snapshot_of(path) == "first"
    assert not list(tmp_path.glob("*.building*"))


def test_a_second_build_is_refused_while_another_process_builds(tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    build(path, "first")
    holding = f"import filelock; lock = filelock.FileLock({str(path) + '.lock'!r}); lock.acquire()"
    with held_by_another_process(holding):
        with pytest.raises(WarehouseError) as caught:
            build(path, "second")
        assert str(caught.value) == (
            f"{path}: another build is writing this warehouse. Wait until it has ended, then try again."
        )
        assert snapshot_of(path) == "first"
    build(path, "second")
    assert snapshot_of(path) == "second"


def test_the_store_lies_beside_the_warehouse() -> None:
    assert store_folder(Path("data/hospital.2026.duckdb")) == Path("data/hospital.2026.store")
