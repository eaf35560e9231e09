"""Every statement of the project has a Spark form, found without Spark; what has none is refused by its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import pytest

from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.engines.engine import DuckDbEngine
from kpi_pipeline.warehouse.engines.spark_dialect import Columns, spark_type, tables_of, to_spark
from kpi_pipeline.warehouse.engines.spark_functions import ADDED_IN_PARTS, create_functions, units_apart
from kpi_pipeline.warehouse.engines.spark_nodes import UntranslatableError
from kpi_pipeline.warehouse.tables import load_tables
from tests.support.hospitals import many_hospitals
from tests.support.landing import write_landing
from tests.support.pipeline import SETTINGS

COLUMNS = {"d": "DATE", "e": "DATE", "n": "BIGINT", "x": "DOUBLE", "s": "VARCHAR", "t": "TIMESTAMP"}


class Translating(DuckDbEngine):
    """Builds as ever, and keeps the Spark form of all that is computed."""

    holds_lists = False  # as Spark's
    at_once = 16

    def __init__(self) -> None:
        self.made: list[str] = []

    def create_tables(self, connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
        super().create_tables(connection, progress)
        for table in load_tables():
            self._translate(connection, table.sql)

    def result(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        self._translate(connection, sql)
        return sql

    def _translate(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        def columns(query: str) -> Columns:
            described = connection.execute(f"DESCRIBE {query}").fetchall()
            return {row[0]: row[1].replace('"NULL"', "INTEGER") for row in described}

        tables = {name: columns(f"SELECT * FROM {name}") for name in tables_of(sql)}
        self.made.append(to_spark(sql, tables, columns(sql)))


def test_every_table_and_every_query_over_cases_has_a_spark_form(tmp_path: Path) -> None:
    hospital = many_hospitals(1, count=1)
    landing = write_landing(tmp_path / "landing", hospital.tables(), hospital.landing_options())
    engine = Translating()
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    build_warehouse(landing, tmp_path / "kpi.duckdb", settings=SETTINGS, clock=lambda: moment, engine=engine)
    forms = "\n".join(engine.made)
    assert sum(metric.fingerprint in forms for metric in load_metrics().values()) > 74
    made = {statement.split("FUNCTION ")[1].split("(")[0].upper() for statement in create_functions()}
    for form in engine.made:
        assert set(re.findall(r"\bKPI_\w+(?=\()", form.replace("`", ""))) <= made
        for only_duckdb in ("HASH(", "EXCLUDE", "QUALIFY", "AT TIME ZONE", "TRY_CAST", "main."):
            assert only_duckdb not in form.replace("XXHASH64(", "")


@pytest.mark.parametrize(
    ("duckdb_sql", "spark_sql"),
    [
        ("d - e", "CAST(DATEDIFF((`t`.`d`), (`t`.`e`)) AS BIGINT)"),
        ("d + INTERVAL 1 DAY", "CAST((`t`.`d`) AS TIMESTAMP_NTZ) + INTERVAL '1' DAY"),
        ("n / 4", "(CAST((`t`.`n`) AS DOUBLE) / CAST((4) AS DOUBLE))"),
        ("n / x", "KPI_DIVIDED(CAST((`t`.`n`) AS DOUBLE), CAST((`t`.`x`) AS DOUBLE))"),
        ("TRY_CAST(x AS DECIMAL(38, 10))", "KPI_DECIMAL_10(`t`.`x`)"),
        ("CAST(x AS BIGINT)", "CAST(RINT((`t`.`x`)) AS BIGINT)"),
        (
            "CAST(CAST(x AS DECIMAL(38, 15)) + COALESCE(NULL, 0) AS DOUBLE)",
            "KPI_DOUBLE_15(KPI_DECIMAL_15(`t`.`x`) + COALESCE(NULL, 0))",
        ),
        ("DATE_DIFF('year', d, e)", "CAST(YEAR((`t`.`e`)) - YEAR((`t`.`d`)) AS BIGINT)"),
        ("DAYOFWEEK(d)", "(DAYOFWEEK(`t`.`d`) - 1)"),
        ("(t AT TIME ZONE s) AT TIME ZONE 'UTC'", "KPI_TO_UTC(`t`.`t`, `t`.`s`)"),
        ("(t AT TIME ZONE 'UTC') AT TIME ZONE s", "CONVERT_TIMEZONE('UTC', (`t`.`s`), (`t`.`t`))"),
        ("DATE_TRUNC('month', d)", "TRUNC(`t`.`d`, 'MONTH')"),
        ("SUM(TRY_CAST(x AS DECIMAL(36, 6)))", "SUM(KPI_DECIMAL_6(`t`.`x`))"),
        (
            "SUM(TRY_CAST(x AS DECIMAL(38, 10))) FILTER (WHERE n > 1)",
            "SUM(KPI_DECIMAL_10(`t`.`x`)) FILTER(WHERE `t`.`n` > 1)",
        ),
        ("UPPER(s)", "KPI_UPPER(`t`.`s`)"),
        ("STRFTIME(d, '%Y-%m')", "DATE_FORMAT(`t`.`d`, 'yyyy-MM')"),
    ],
)
def test_a_form_that_the_engines_read_differently_is_written_for_spark(duckdb_sql: str, spark_sql: str) -> None:
    form = " ".join(to_spark(f"SELECT {duckdb_sql} AS a FROM t", {"t": COLUMNS}, {"a": "DOUBLE"}).split())
    for bracket in ("( ", " )"):
        form = form.replace(bracket, bracket.strip())
    assert f"{spark_sql} AS `a`" in form


@pytest.mark.parametrize("scale", ADDED_IN_PARTS)
def test_decimals_are_summed_by_parts_that_a_double_adds_up_exactly(scale: int) -> None:
    form = to_spark(f"SELECT SUM(TRY_CAST(x AS DECIMAL(38, {scale}))) AS a FROM t", {"t": COLUMNS}, {"a": "DOUBLE"})
    assert (form.count("SUM("), form.count(f"KPI_LARGE_{scale}("), form.count("KPI_DECIMAL")) == (4, 1, 0)
    random = Random(scale)
    units = [0, 1, -1, 10**scale, 10**scale - 1, -(10**scale) - 1, 2**53 - 1, 1 - 2**53]
    units += [random.randrange(1 - 2**53, 2**53) for _ in range(2_000)]
    parts = ", ".join(units_apart("u", scale)).replace("DOUBLE('1e", "CAST('1e").replace("')", "' AS DOUBLE)")
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {parts} FROM (SELECT UNNEST($units)::DOUBLE AS u)", {"units": units}
        ).fetchall()
    half = 10 ** (scale // 2)
    assert all(part == int(part) and abs(part) * 10**9 <= 2**53 for row in rows for part in row)
    assert [int(high) * 10**scale + int(middle) * half + int(low) for high, middle, low in rows] == units


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT TRY_CAST(s AS DATE) AS a FROM t", "casts from"),
        ("SELECT CAST(x AS VARCHAR) AS a FROM t", "casts from"),
        ("SELECT DATE_DIFF('week', d, e) AS a FROM t", "counts in a unit"),
        ("SELECT LEVENSHTEIN_OF_OURS(s, s) AS a FROM t", "calls a function"),
        ("SELECT s LIKE s AS a FROM t", "pattern"),
        ("SELECT TRIM(s, 'x') AS a FROM t", "trims more"),
        ("SELECT t AT TIME ZONE s AT TIME ZONE s AS a FROM t", "two zones"),
        ("SELECT a FROM elsewhere", "reads elsewhere"),
    ],
)
def test_what_has_no_known_form_is_refused(sql: str, said: str) -> None:
    with pytest.raises(UntranslatableError, match=said):
        to_spark(sql, {"t": COLUMNS}, {"a": "DOUBLE"})


def test_a_type_that_is_not_known_is_refused() -> None:
    with pytest.raises(UntranslatableError, match="MAP"):
        spark_type("MAP(VARCHAR, VARCHAR)")


def test_queries_within_a_query_keep_ctes_of_one_name_apart() -> None:
    one, other = (f"SELECT * FROM (WITH c AS (SELECT n FROM t WHERE n > {n}) SELECT n FROM c) AS q" for n in "12")
    form = to_spark(f"{one} UNION ALL {other}", {"t": COLUMNS}, {"n": "BIGINT"})
    assert form.count("WITH `c` AS (") == 2


def test_a_cte_does_not_hide_the_table_of_its_name() -> None:
    sql = "WITH t AS (SELECT n FROM main.t) SELECT n FROM t"
    assert tables_of(sql) == {"t"}
    assert "FROM `kpi_t`" in to_spark(sql, {"t": COLUMNS}, {"n": "BIGINT"})
