"""Spark gives what DuckDB gives: every table, every value, every expression that the two read differently.

KPI_SPARK_HOSPITALS says how many random hospitals are built; make test-spark installs what is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.cases import quantile_sql
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.support.golden import find_golden_folders
from tests.support.hospitals import many_hospitals
from tests.support.landing import write_landing
from tests.support.spark import differences, session_for_tests

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning")]

HOSPITALS = int(os.environ.get("KPI_SPARK_HOSPITALS", "10"))
AT_ONCE = 50
"""How many hospitals, with persons and facilities of their own, lie in one landing folder."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PySpark itself warns of as it starts
        with session_for_tests(tmp_path_factory.mktemp("spark")) as started:
            yield started


@pytest.mark.parametrize("seed", range(-(-HOSPITALS // AT_ONCE)))
def test_random_hospitals_are_the_same(session: Any, tmp_path: Path, seed: int) -> None:
    hospital = many_hospitals(seed, count=min(AT_ONCE, HOSPITALS))
    options = {**hospital.landing_options(), "icd9": seed % 2 == 1}
    landing = write_landing(tmp_path / "landing", hospital.tables(), options)
    assert not differences(session, landing, tmp_path)


def test_a_synthetic_hospital_with_all_its_feeds_is_the_same(session: Any, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    generate_hospital(landing, seed=7, months=9, last_month=Month.parse("2026-10"), scale=0.05, faults=True)
    assert not differences(session, landing, tmp_path)


OWN = Path(__file__).parents[1] / "golden" / "own"


def test_our_own_golden_cases_are_the_same(session: Any, tmp_path: Path) -> None:
    _golden_is_the_same(session, OWN, tmp_path)


def test_every_golden_folder_is_the_same(session: Any, golden_dir: Path, tmp_path: Path) -> None:
    _golden_is_the_same(session, golden_dir, tmp_path)


def _golden_is_the_same(session: Any, root: Path, tmp_path: Path) -> None:
    folders = find_golden_folders(root)
    assert folders
    for number, golden in enumerate(folders):
        place = tmp_path / str(number)
        declared = ("complete_through", "disposition_required", "icd9")
        options = {name: golden.options[name] for name in declared if name in golden.options}
        landing = write_landing(place / "landing", {}, options)
        for table in ("encounters", "procedures"):
            shutil.copyfile(golden.path / f"{table}.csv", landing / f"{table}.csv")
        assert not differences(session, landing, place, source="canonical")


HARD = {
    "wholes": [*range(60)],
    "doubles": [
        *(0.0, 0.5, 1.5, -2.5, 1 / 3, 0.07, 1.15, 4503599627370495.5, 900719.9254740993, 450359.96, 98765432.10, 1e9),
        *(-1e-11, 4.9999999999e-11, 5e-11, 123456789.123456789, 999999999.99, 2.675, 1e17, 8.9e18, None),
    ],
    "days": ["1900-01-01", "1999-12-31", "2024-02-29", "2026-10-25", "2150-03-01", None],
    "texts": ["ß", "İstanbul", "ŉ ǆ Ǆ", "ΑΣ Σ", "\u00a0 Aé\t ", "ffi", "", "\U00010400", "a'b\\c%", None],
    "moments": [
        *("2024-11-03 00:59:59.999999", "2024-11-03 01:00:00", "2024-11-03 01:30:00", "2024-11-03 02:00:00"),
        *("2024-03-10 01:59:59", "2024-03-10 02:30:00", "2024-03-10 03:00:00", "2024-10-27 01:30:00"),
        *("2024-10-27 02:30:00", "2024-04-07 01:45:00", "2024-10-06 02:15:00", "1975-06-01 12:00:00"),
        *("2150-11-01 01:30:00", "2026-07-01 23:59:30", "2026-07-02 00:00:29", "2011-12-30 12:00:00"),
    ],
    "zones": ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Phoenix", "Asia/Kathmandu", "UTC"],
}
QUERIES = [
    "SELECT TRY_CAST(x AS DECIMAL(38, 10)) AS a, TRY_CAST(x AS DECIMAL(36, 6)) AS b, "
    "CAST(TRY_CAST(x AS DECIMAL(36, 6)) AS DOUBLE) AS c FROM doubles",
    "SELECT TRY_CAST(x AS DECIMAL(38, 18)) AS a FROM doubles WHERE ABS(x) < 1e6",
    "SELECT SUM(TRY_CAST(w.x * y.x AS DECIMAL(38, 10))) AS a FROM doubles AS w CROSS JOIN doubles AS y "
    "WHERE ABS(w.x) < 1e10 AND ABS(y.x) < 1e10",
    "SELECT w.x > 0 AS is_more, SUM(TRY_CAST(w.x * y.x AS DECIMAL(38, 10))) AS a, COUNT(*) AS n, "
    "SUM(TRY_CAST(w.x AS DECIMAL(38, 10))) FILTER (WHERE w.x < 1) AS b, CAST(SUM(TRY_CAST(w.x / 7 AS DECIMAL(38, 10))) "
    "AS DOUBLE) AS c FROM doubles AS w LEFT JOIN doubles AS y ON ABS(y.x) < 1e10 AND ABS(w.x) < 1e7 "
    "WHERE COALESCE(ABS(w.x) < 1e17, TRUE) GROUP BY w.x > 0",
    "SELECT x, SUM(TRY_CAST(x AS DECIMAL(38, 10))) OVER (ORDER BY x) AS a FROM doubles WHERE ABS(x) < 1e17",
    "SELECT x / 3 AS a, 1 / x AS b, -1 / x AS c, CAST(x AS BIGINT) AS d, POWER(x, 2) AS e FROM doubles",
    "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) AS a FROM doubles",
    f"SELECT size, {quantile_sql(load_metrics()['length_of_stay_p90_days'])} AS a FROM (SELECT s.x AS size, "
    "CAST(n.x AS DOUBLE) AS numerator FROM wholes AS s INNER JOIN wholes AS n ON n.x <= s.x) AS q GROUP BY size",
    "SELECT w.x - y.x AS a, w.x - 7 AS b, w.x + 7 AS c, CAST(w.x + INTERVAL 1 MONTH AS DATE) AS d, "
    "DATE_DIFF('day', y.x, w.x) AS e, DATE_TRUNC('month', w.x) AS f, DATE_TRUNC('quarter', w.x) AS f4, "
    "DATE_TRUNC('year', w.x) AS f12, DATE_TRUNC('week', w.x) AS f7, DAYOFWEEK(w.x) AS g, ISODOW(w.x) AS h, "
    "STRFTIME(w.x, '%Y-%m') AS i, w.x || '|' || ISODOW(y.x) AS j FROM days AS w CROSS JOIN days AS y",
    "SELECT LOWER(x) AS a, UPPER(x) AS b, LOWER(TRIM(x)) AS c, LENGTH(x) AS d, CONCAT('a', x) AS e, x || 'a' AS f, "
    "REPLACE(x, 'A', '') AS g, x LIKE '%é%' AS h FROM texts",
    "SELECT (m.x AT TIME ZONE 'UTC') AT TIME ZONE z.x AS a, (m.x AT TIME ZONE z.x) AT TIME ZONE 'UTC' AS b, "
    "CAST(m.x AS DATE) AS c, HOUR(m.x) AS d FROM moments AS m CROSS JOIN zones AS z",
    "SELECT DATE_DIFF('minute', m.x, n.x) AS a, DATE_DIFF('day', m.x, n.x) AS b, m.x + INTERVAL 1 DAY - INTERVAL 1 "
    "MICROSECOND AS c FROM moments AS m CROSS JOIN moments AS n",
    "SELECT x, ROW_NUMBER() OVER (ORDER BY x DESC) AS a, LAG(x) OVER (ORDER BY x) AS b, MAX_BY(x, x) FILTER (WHERE x > "
    "1) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS c FROM doubles",
    "SELECT MAX_BY(x, y) AS a, MIN_BY(x, y) AS b, GREATEST(MAX(x), NULL, 3) AS c FROM (SELECT x, ROW_NUMBER() OVER "
    "(ORDER BY x NULLS LAST) AS y FROM doubles) AS numbered",
    "SELECT UNNEST(GENERATE_SERIES(MIN(x), MAX(x), INTERVAL 1 MONTH)) AS a FROM days",
    "SELECT UNNEST(GENERATE_SERIES(MAX(x), MIN(x), INTERVAL 1 DAY)) AS a FROM days",
    "SELECT x FROM days QUALIFY ROW_NUMBER() OVER (ORDER BY x) = 2",
    "SELECT CASE GROUPING(x) WHEN 1 THEN 'all' ELSE CAST(x AS VARCHAR) END AS a, COUNT(*) AS n FROM days "
    "GROUP BY GROUPING SETS ((x), ())",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_what_the_two_engines_read_differently_gives_the_same(session: Any, tmp_path: Path, sql: str) -> None:
    from kpi_pipeline.warehouse.engines.spark import SparkEngine

    kinds = {"wholes": "BIGINT", "doubles": "DOUBLE", "days": "DATE", "moments": "TIMESTAMP"}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, values in HARD.items():
            connection.execute(f"CREATE TABLE {table} (x {kinds.get(table, 'VARCHAR')})")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [[value] for value in values])
        expected = connection.execute(f"SELECT * FROM ({sql}) ORDER BY ALL").fetchall()
        found = SparkEngine(session, tmp_path).result(connection, sql)
        assert connection.execute(f"SELECT * FROM ({found}) ORDER BY ALL").fetchall() == expected
        assert expected or "MAX(x), MIN(x)" in sql


FAILING = """
import sys
from pathlib import Path
from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.warehouse.engines.spark import spark_faults, start_session

session = start_session("local[1]", Path(sys.argv[1]), memory="1GB")
session.range(3).createOrReplaceTempView("numbers")
try:
    with spark_faults("stays"):
        session.sql("SELECT CAST(CONCAT('Margaret', ' Miller', id) AS DATE) AS day FROM numbers").toArrow()
except WarehouseError as error:
    print(error)
try:
    with spark_faults("measures"):
        session.sql("SELECT REFLECT('java.lang.Integer', 'parseInt', CONCAT('Miller', id)) FROM numbers").toArrow()
except WarehouseError as error:
    print(error)
session.stop()
"""


def test_an_error_tells_nothing_of_what_rows_held(tmp_path: Path) -> None:
    """In a process of its own, so that what Java prints is seen, too."""
    pytest.importorskip("pyspark", reason="PySpark is not installed: run make test-spark")
    run = subprocess.run([sys.executable, "-c", FAILING, tmp_path], capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    assert first.startswith("stays: Spark could not do it: CAST_INVALID_INPUT.")
    assert "before it was done: InvocationTargetException, NumberFormatException. Give the driver" in second
    errors = {line.removeprefix("Spark ERROR: Executor ") for line in run.stderr.splitlines() if "Executor" in line}
    assert errors == {"org.apache.spark.SparkDateTimeException", "java.lang.reflect.InvocationTargetException"}
    assert "Margaret" not in run.stdout + run.stderr
    assert "Miller" not in run.stdout + run.stderr
