"""`kpi extract`: what lands is what the database holds, whatever interrupts it; and no word of a password."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy.dialects import mssql, oracle, postgresql

from kpi_pipeline.core.errors import CheckError, InputError
from kpi_pipeline.intake.extract import ExtractConfig, extract_tables, read_extract_config
from kpi_pipeline.intake.extract.config import TableExtract
from kpi_pipeline.intake.extract.statement import Bounds, count_statement, rows_statement
from kpi_pipeline.intake.extract.watermarks import begin_of_next
from kpi_pipeline.intake.ingest import ingest
from tests.support.fhir import NOW, staged_rows
from tests.support.state_server import StateServer

ROOT = Path(__file__).resolve().parents[2]
SELECT = (
    "SELECT id AS encounter_id, person AS person_id, 'F1' AS facility_id, 'acute inpatient' AS encounter_type, "
    "admitted AS admitted_at, discharged AS discharged_at, cost AS total_cost, changed AS updated_at FROM visits"
)


def fill(url: str, first: int, last: int, *, changed: str = "2026-04-01 00:00:00") -> None:
    """Visits `first` to `last`, all changed at one time."""
    run(
        url,
        "CREATE TABLE IF NOT EXISTS visits (id BIGINT, person TEXT, admitted TIMESTAMP, discharged TIMESTAMP, "
        "cost NUMERIC(12, 2), changed TIMESTAMP)",
        f"""WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
        INSERT INTO visits SELECT n, 'P' || n, CAST('2026-03-01 10:00:00' AS TIMESTAMP),
            CAST('2026-03-04 12:30:00' AS TIMESTAMP), n + 0.5, CAST('{changed}' AS TIMESTAMP) FROM numbers"""
        if url.startswith("postgresql")
        else f"""WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
        INSERT INTO visits SELECT n, 'P' || n, '2026-03-01 10:00:00', '2026-03-04 12:30:00', n + 0.5, '{changed}'
        FROM numbers""",
    )


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def config_of(url: str, *, sql: str = SELECT, key: Sequence[str] = ("encounter_id",), **fields: Any) -> ExtractConfig:
    table = {"sql": sql, "key": list(key)} | {name: fields.pop(name) for name in ("watermark",) if name in fields}
    return ExtractConfig.model_validate({"url": url, "tables": {"encounters": table}} | fields)


def landed(landing: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        files = [str(path) for path in sorted(landing.glob("*.parquet"))]
        return connection.execute(
            "SELECT CAST(encounter_id AS INTEGER), person_id, total_cost FROM read_parquet(?) ORDER BY ALL", [files]
        ).fetchall()


def test_what_lands_is_what_the_database_holds_and_can_be_staged(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 250)
    (table,) = extract_tables(config_of(database_url, rows_per_part=100), tmp_path / "landing")
    assert (table.rows, table.resumed, table.file) == (250, 0, tmp_path / "landing" / "encounters.parquet")
    assert [(number, person, Decimal(cost)) for number, person, cost in landed(tmp_path / "landing")] == [
        (n, f"P{n}", Decimal(n) + Decimal("0.5")) for n in range(1, 251)
    ]
    result = ingest(tmp_path / "landing", tmp_path / "store", now=NOW)
    columns = "MIN(admitted_at), MAX(discharged_at), SUM(total_cost), COUNT(*)"
    assert staged_rows(result, "encounters", columns) == [
        (datetime(2026, 3, 1, 10), datetime(2026, 3, 4, 12, 30), 250 * 251 / 2 + 125, 250)
    ]
    assert not list((tmp_path / "landing" / ".extract").glob("*/"))  # the parts are cleared away


def _extract_and_die(url: str, landing: Path, at_part: int) -> None:
    """In a process of its own: killed without notice while a part is written."""

    def die(step: str) -> None:
        if f" {at_part * 100:,} rows" in step:
            os.kill(os.getpid(), signal.SIGKILL)

    extract_tables(config_of(url, rows_per_part=100), landing, progress=die)


@pytest.mark.parametrize("at_part", [1, 3])
def test_a_killed_extract_goes_on_where_it_was(tmp_path: Path, database_url: str, at_part: int) -> None:
    fill(database_url, 1, 450)
    landing = tmp_path / "landing"
    process = multiprocessing.get_context("spawn").Process(
        target=_extract_and_die, args=(database_url, landing, at_part)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not list(landing.glob("*.parquet"))  # nothing half is landed
    (table,) = extract_tables(config_of(database_url, rows_per_part=100), landing)
    assert (table.rows, table.resumed) == (450, at_part * 100)
    assert [row[0] for row in landed(landing)] == list(range(1, 451))


def test_rows_that_change_between_interruption_and_resumption_are_fetched_anew(
    tmp_path: Path, database_url: str
) -> None:
    fill(database_url, 1, 300)
    landing = tmp_path / "landing"
    with pytest.raises(KeyboardInterrupt):
        extract_tables(config_of(database_url, rows_per_part=100), landing, progress=_interrupt_at("200 rows"))
    run(database_url, "DELETE FROM visits WHERE id <= 50")
    said: list[str] = []
    (table,) = extract_tables(config_of(database_url, rows_per_part=100), landing, progress=said.append)
    assert "encounters: 300 rows fetched but 250 counted; fetching all of them again" in said
    assert table.rows == 250
    assert [row[0] for row in landed(landing)] == list(range(51, 301))


def _interrupt_at(words: str) -> Callable[[str], None]:
    def interrupt(step: str) -> None:
        if words in step:
            raise KeyboardInterrupt

    return interrupt


def test_another_statement_does_not_go_on_with_the_parts_of_the_first(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 300)
    landing = tmp_path / "landing"
    with pytest.raises(KeyboardInterrupt):
        extract_tables(config_of(database_url, rows_per_part=100), landing, progress=_interrupt_at("200 rows"))
    (table,) = extract_tables(config_of(database_url, sql=f"{SELECT} WHERE id <= 10"), landing)
    assert (table.rows, table.resumed) == (10, 0)


def test_a_key_that_is_not_unique_is_told_when_rows_are_lost_by_it(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 150)
    config = config_of(database_url, key=("facility_id",), rows_per_part=100)
    with pytest.raises(KeyboardInterrupt):
        extract_tables(config, tmp_path / "landing", progress=_interrupt_at("100 rows"))
    (table,) = extract_tables(config, tmp_path / "landing")  # the count did not agree, so all were fetched again
    assert (table.rows, len(landed(tmp_path / "landing"))) == (150, 150)


def test_increments_bring_what_changed_since_and_what_has_no_time(tmp_path: Path, database_url: str) -> None:
    landing = tmp_path / "landing"
    config = config_of(database_url, watermark="updated_at")
    fill(database_url, 1, 10, changed="2026-04-01 00:00:00")
    fill(database_url, 11, 20, changed="2026-04-02 00:00:00")
    (first,) = extract_tables(config, landing)
    fill(database_url, 21, 25, changed="2026-04-03 00:00:00")
    run(database_url, "UPDATE visits SET changed = NULL WHERE id = 1")
    (second,) = extract_tables(config, landing)
    (third,) = extract_tables(config, landing)
    assert (first.rows, first.file) == (20, landing / "encounters_000001.parquet")
    # eleven to twenty carry the last watermark itself: they come again rather than never
    assert (second.rows, second.file) == (10 + 5 + 1, landing / "encounters_000002.parquet")
    assert third.rows == 5 + 1
    assert {row[0] for row in landed(landing)} == set(range(1, 26))
    result = ingest(landing, tmp_path / "store", now=NOW)
    assert {file.rows_quarantined for file in result.files} == {0}


def test_a_change_dated_in_the_future_does_not_hold_back_what_changes_until_then(
    tmp_path: Path, database_url: str
) -> None:
    landing = tmp_path / "landing"
    config = config_of(database_url, watermark="updated_at")
    now = datetime.now(UTC)
    fill(database_url, 1, 10)
    fill(database_url, 11, 11, changed=f"{now.year + 73}-04-01 00:00:00")
    (first,) = extract_tables(config, landing)
    fill(database_url, 12, 14, changed=f"{now:%Y-%m-%d %H:%M:%S}")
    (second,) = extract_tables(config, landing)
    (third,) = extract_tables(config, landing)
    assert (first.rows, first.is_ahead) == (11, True)
    assert second.rows == 1 + 3, "the one that is dated ahead, and what changed since"
    assert third.rows == 1 + 3
    assert {row[0] for row in landed(landing)} == set(range(1, 15))


@pytest.mark.parametrize(
    ("highest", "begin"),
    [
        (datetime(2026, 11, 2, 11, 0), datetime(2026, 11, 2, 11, 0)),  # a clock ahead of ours
        (datetime(2099, 1, 1), datetime(2026, 11, 1, 0, 0)),
        (datetime(2099, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, 0, 0, tzinfo=UTC)),
        (date(2099, 1, 1), date(2026, 11, 1)),
        (date(2026, 11, 2), date(2026, 11, 2)),
        ("2099-01-01 10:00:00.000", "2026-11-01 00:00:00"),
        ("2099-01-01T10:00", "2026-11-01T00:00"),
        ("2099-01-01", "2026-11-01"),
        ("2026-11-01 23:00:00", "2026-11-01 23:00:00"),
        ("v1099", "v1099"),
        (20990101, 20990101),
        (None, None),
    ],
)
def test_the_next_extract_begins_at_the_highest_watermark_unless_it_lies_ahead(highest: Any, begin: Any) -> None:
    assert begin_of_next(highest, datetime(2026, 11, 2, tzinfo=UTC)) == begin


def test_a_damaged_note_of_the_progress_begins_anew_and_of_the_watermarks_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/source.db"
    fill(url, 1, 3)
    work = tmp_path / "landing" / ".extract"
    (work / "encounters").mkdir(parents=True)
    (work / "encounters" / "progress.json").write_text('{"recipe": ')
    config = config_of(url, watermark="updated_at")
    (table,) = extract_tables(config, tmp_path / "landing")
    assert (table.rows, table.resumed) == (3, 0)
    (work / "watermarks.json").write_text("[1")
    with pytest.raises(
        InputError, match=r"watermarks\.json: is damaged\. Restore it, or remove it to extract everything"
    ):
        extract_tables(config, tmp_path / "landing")


def test_an_empty_table_lands_as_a_file_without_rows(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 1)
    (table,) = extract_tables(config_of(database_url, sql=f"{SELECT} WHERE id < 0"), tmp_path / "landing")
    assert (table.rows, landed(tmp_path / "landing")) == (0, [])
    assert table.file is not None


@pytest.mark.parametrize("statement", ["WITH gone AS (DELETE FROM visits RETURNING *) SELECT * FROM gone", None])
def test_an_extract_cannot_write(tmp_path: Path, postgres: StateServer, statement: str | None) -> None:
    url = postgres.create_database(f"read_only_{statement is None}".lower())
    fill(url, 1, 5)
    run(url, "CREATE FUNCTION wipe() RETURNS BIGINT LANGUAGE sql AS 'DELETE FROM visits RETURNING id'")
    sql = statement or "SELECT wipe() AS encounter_id"
    if statement is not None:  # refused before it reaches the server
        (tmp_path / "extract.yaml").write_text(
            yaml.safe_dump({"url": url, "tables": {"encounters": {"sql": sql, "key": ["id"]}}}), encoding="utf-8"
        )
        with pytest.raises(InputError, match="not exactly one SELECT"):
            read_extract_config(tmp_path / "extract.yaml")
        return
    with pytest.raises(InputError, match="an extract only reads"):
        extract_tables(config_of(url, sql=sql), tmp_path / "landing")


def test_a_lost_connection_is_tried_again_and_then_told(tmp_path: Path, postgres: StateServer) -> None:
    url = postgres.create_database("lost")
    fill(url, 1, 300)
    pauses: list[float] = []

    def lose(step: str) -> None:
        if "200 rows" in step and not pauses:
            run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'lost' AND pid <> pg_backend_pid()")  # fmt: skip

    config = config_of(url, rows_per_part=100)
    (table,) = extract_tables(config, tmp_path / "landing", progress=lose, pause=pauses.append)
    assert (table.rows, pauses) == (300, [1.0])
    assert table.resumed == 200
    gone = config_of("postgresql+psycopg://postgres@127.0.0.1:1/lost")
    pauses.clear()
    with pytest.raises(InputError, match="the database says"):
        extract_tables(gone, tmp_path / "other", pause=pauses.append)
    assert pauses == [1.0, 4.0, 16.0]


def test_no_message_and_no_file_holds_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse"
    monkeypatch.setenv("CLARITY_PASSWORD", secret)
    config = config_of("postgresql+psycopg://kpi@127.0.0.1:1/x", password_env="CLARITY_PASSWORD", retries=0)
    said: list[str] = []
    with pytest.raises(InputError) as caught:
        extract_tables(config, tmp_path / "landing", progress=said.append)
    assert secret not in str(caught.value) + repr(config) + "".join(said)
    assert caught.value.__cause__ is None
    written = [path.read_bytes() for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert not any(secret.encode() in content for content in written)


def test_the_password_may_be_in_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct-horse\n", encoding="utf-8")
    table = {"sql": SELECT, "key": ["encounter_id"]}
    (tmp_path / "extract.yaml").write_text(
        yaml.safe_dump({"url": "postgresql+psycopg://kpi@db/x", "password_file": "secret", "tables": {"t": table}}),
        encoding="utf-8",
    )
    url, secret = read_extract_config(tmp_path / "extract.yaml").database_url()
    assert (url.password, str(secret)) == ("correct-horse", "**********")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"url": "postgresql+psycopg://kpi:hunter2@db/x"}, "url holds a password"),
        ({"url": "mssql+pyodbc://kpi@db/x?pwd=hunter2"}, "url holds a password"),
        ({"url": "nonsense://db"}, "url is no database URL"),
        ({"url": ["hunter2"]}, "url must be a text"),
        ({"password_env": "A", "password_file": "b"}, "password_env and password_file are both there"),
        ({"tables": {"encounters": {"sql": "DELETE FROM visits", "key": ["id"]}}}, "not exactly one SELECT"),
        ({"tables": {"encounters": {"sql": "SELECT 1; SELECT 2", "key": ["id"]}}}, "not exactly one SELECT"),
        ({"tables": {"encounters": {"sql": "SELECT (((", "key": ["id"]}}}, "cannot be parsed"),
        ({"tables": {"encounters": {"sql": "SELECT a FROM b ORDER BY a", "key": ["a"]}}}, "must not have an ORDER BY"),
        ({"tables": {"../x": {"sql": "SELECT a FROM b", "key": ["a"]}}}, "is no name for a file"),
        ({"tables": {"x": {"sql": "SELECT a FROM b", "key": ["a; DROP"]}}}, "key"),
    ],
)
def test_a_wrong_config_is_told_without_its_secrets(tmp_path: Path, raw: dict[str, Any], expected: str) -> None:
    table = {"sql": "SELECT id FROM visits", "key": ["id"]}
    whole = {"url": "postgresql+psycopg://kpi@db/x", "tables": {"encounters": table}} | raw
    (tmp_path / "extract.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_extract_config(tmp_path / "extract.yaml")
    assert expected in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_table_that_is_not_there_is_told_in_the_databases_words(tmp_path: Path, database_url: str) -> None:
    with pytest.raises(InputError, match=r"tables.encounters: the database says: .*visits"):
        extract_tables(config_of(database_url, retries=0), tmp_path / "landing")


def test_an_error_on_data_does_not_repeat_the_data(tmp_path: Path, postgres: StateServer) -> None:
    url = postgres.create_database("data_error")
    fill(url, 1, 3)
    run(url, "UPDATE visits SET person = 'Jane Doe'")
    with pytest.raises(InputError, match="cannot give the rows") as caught:
        extract_tables(config_of(url, sql="SELECT CAST(person AS INTEGER) AS encounter_id FROM visits"), tmp_path / "l")
    assert "Jane" not in str(caught.value)


def test_percent_signs_and_colons_in_a_statement_are_its_own(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 12)
    sql = f"{SELECT} WHERE person LIKE 'P1%' AND 'at :30' <> '%s'"
    (table,) = extract_tables(config_of(database_url, sql=sql), tmp_path / "landing")
    assert table.rows == 4


def test_two_extracts_do_not_run_into_each_other(tmp_path: Path, database_url: str) -> None:
    fill(database_url, 1, 5)

    def again(_: str) -> None:
        extract_tables(config_of(database_url), tmp_path / "landing")

    with pytest.raises(InputError, match="another extract is running here"):
        extract_tables(config_of(database_url), tmp_path / "landing", progress=again)


def test_a_count_that_never_agrees_lands_nothing(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database_url, 1, 5)
    wrong = sa.select(sa.literal(7))
    monkeypatch.setattr("kpi_pipeline.intake.extract.run.count_statement", lambda *_: wrong)
    with pytest.raises(CheckError, match="5 rows were fetched, but the database counts 7"):
        extract_tables(config_of(database_url), tmp_path / "landing")
    assert not list((tmp_path / "landing").glob("*.parquet"))


_TABLE = TableExtract(sql="SELECT a, b, c AS t FROM x WHERE d > ' :30'", key=("a", "b"), watermark="t")
_BODY = "(SELECT a, b, c AS t FROM x WHERE d > ' :30')"


@pytest.mark.parametrize("dialect", [mssql.dialect(), oracle.dialect(), postgresql.dialect()])
def test_the_statements_compile_for_every_dialect(dialect: sa.Dialect) -> None:
    bounds = Bounds(datetime(2026, 1, 1), datetime(2026, 2, 1))
    rows = " ".join(str(rows_statement(_TABLE, bounds, after=(1, "x")).compile(dialect=dialect)).split())
    count = " ".join(str(count_statement(_TABLE, bounds).compile(dialect=dialect)).split())
    alias = " extracted" if dialect.name == "oracle" else " AS extracted"
    assert rows.startswith(f"SELECT extracted.* FROM {_BODY}{alias} WHERE ")
    assert rows.endswith("ORDER BY extracted.a, extracted.b")
    assert "extracted.t IS NULL OR extracted.t >= " in rows
    assert ") AND (extracted.a > " in rows
    assert " OR extracted.a = " in rows  # (a, b) > (x, y), spelled out
    assert count.startswith("SELECT count(*) AS count_1 FROM ")


@pytest.mark.parametrize(
    ("url", "module", "group"),
    [("oracle+oracledb://kpi@db/?service_name=x", "oracledb", "oracle"), ("mssql+pyodbc://kpi@db/x", "pyodbc", "")],
)
def test_a_driver_that_is_not_installed_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, module: str, group: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        extract_tables(config_of(url), tmp_path / "landing")
    wanted = f'"kpi-pipeline[{group}]"' if group else module
    assert str(caught.value) == f"url: the driver {module} is not installed. Install it: pip install {wanted}."


def test_the_groups_of_drivers_are_declared_and_named_in_the_guide() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    guide = (ROOT / "docs" / "guide" / "extract.md").read_text("utf-8")
    assert {"mssql", "oracle"} <= declared.keys()
    for name in ("mssql", "oracle"):
        assert f'pip install "kpi-pipeline[{name}]"' in guide


def test_microsofts_own_driver_is_known_from_sqlalchemy_2_1_on_and_its_absence_is_explained(tmp_path: Path) -> None:
    table = {"sql": SELECT, "key": ["encounter_id"]}
    whole = {"url": "mssql+mssqlpython://kpi@db/x", "tables": {"encounters": table}}
    (tmp_path / "extract.yaml").write_text(json.dumps(whole), encoding="utf-8")
    if sa.__version__.startswith("2.0"):
        with pytest.raises(InputError, match=r'needs SQLAlchemy 2\.1: pip install "kpi-pipeline\[mssql\]"'):
            read_extract_config(tmp_path / "extract.yaml")
    else:
        assert read_extract_config(tmp_path / "extract.yaml").database_url()[0].get_backend_name() == "mssql"


def test_sql_server_is_asked_for_a_subquery_instead_of_with(tmp_path: Path) -> None:
    table = {"sql": "WITH a AS (SELECT 1 AS id) SELECT id FROM a", "key": ["id"]}
    whole = {"url": "mssql+pyodbc://kpi@db/x", "tables": {"encounters": table}}
    (tmp_path / "extract.yaml").write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(InputError, match="SQL Server takes no WITH"):
        read_extract_config(tmp_path / "extract.yaml")
