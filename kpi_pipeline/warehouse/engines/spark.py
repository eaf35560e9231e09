"""Apache Spark as the engine, for hospitals that one machine's memory and disk are too small for.

The current rows that DuckDB read from the landing folder go to Spark as Parquet; Spark makes every warehouse table and
every sum over cases from the project's own SQL; DuckDB takes the kept tables and the small results back.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.files import private_files, working_folder
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.sql_text import file_literal, identifier, path_literal
from kpi_pipeline.warehouse.connection import store_folder
from kpi_pipeline.warehouse.engines.engine import KINDS
from kpi_pipeline.warehouse.engines.spark_dialect import (
    Columns,
    is_beside,
    spark_name,
    spark_type,
    tables_of,
    to_spark,
)
from kpi_pipeline.warehouse.engines.spark_functions import create_functions
from kpi_pipeline.warehouse.engines.spark_nodes import UntranslatableError
from kpi_pipeline.warehouse.tables import WarehouseTable, load_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_INSTALL = 'pip install "kpi-pipeline[spark]"'

_LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.alwaysWriteExceptions = false
appender.stderr.layout.pattern = Spark %p: %c{1} %replace{%ex{1}}{(?s)[:\\\\s].*}{}%n
"""
"""Errors by the place they come from and their Java class, without their text: it may hold what a row held."""
_JAVA_ERRORS = re.compile(r"\b(?:java|org\.apache)(?:\.\w+)+?\.(\w+(?:Error|Exception))\b")
_WRAPPERS = {"SparkException", "TaskCompletionListenerException", "ExecutionException"}

_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""PySpark's own, which print the text of an error; what went wrong is told by `spark_faults`."""


_MASTER = re.compile(
    r"local(\[(\*|\d+)(,\d+)?\])?|local-cluster\[\d+,\d+,\d+\]|spark://[^\s/,]+:\d+(,[^\s/,]+:\d+)*|yarn|k8s://\S+"
)
"""The addresses Spark knows."""
_IN_DRIVER = re.compile(r"local(\[.*\])?")
"""The addresses at which the driver's own process does the work."""
_PLANS_ONLY = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
"""A driver with workers plans many statements, each of them once: to optimise Java's code for it costs more than it
gains. Without the second option there is room for a fifth of the code, and what comes after is not compiled at all."""
_PACKED = "10"
"""How many times as large a table is in memory as in its files. Spark takes it for as large as it lies there, and sends
what it takes for small to every worker, whole: columns of millions of rows may pack to that."""


class SparkEngine:
    """Runs the project's SQL on a Spark session; `folder` is where tables lie between one statement and the next."""

    holds_lists = False
    at_once = 16

    def __init__(self, session: SparkSession, folder: Path):
        self._session = session
        self._folder = folder
        self._columns: dict[str, Columns] = {}
        self._n_given = 0

    def create_tables(self, connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
        """Makes every declared table on Spark, in build order, and reads it back into the connection.

        Kept tables come back in the order of their keys: Spark's own order is another each time.
        """
        for table in load_tables():
            progress(table.name)
            self._create(connection, table)

    def _create(self, connection: duckdb.DuckDBPyConnection, table: WarehouseTable) -> None:
        columns = _columns_of(connection, table.sql)
        made = self._run(connection, table.sql, columns, where=table.name)
        if table.stored == "never":
            connection.execute(f"CREATE {KINDS['never']} {table.name} AS {table.sql}")
            made.createOrReplaceTempView(spark_name(table.name))
        else:
            path = self._folder / table.name
            with spark_faults(table.name), private_files():
                made.write.parquet(str(path))
            self._register(table.name, path, columns)
            rows = _typed_rows(sorted(path.glob("*.parquet")), columns)
            if table.stored == "kept":
                key = ", ".join(identifier(column) for column in table.key)
                connection.execute(f"CREATE TABLE {table.name} AS {rows} ORDER BY {key}")
            else:
                connection.execute(f"CREATE TEMPORARY VIEW {table.name} AS {rows}")
        self._columns[table.name] = columns

    def result(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        """Runs a query on Spark and brings its rows, which must be few, back with the types DuckDB gives them."""
        columns = _columns_of(connection, sql)
        with spark_faults("metrics"):
            rows = self._run(connection, sql, columns, where="metrics").toArrow()
        connection.register("spark_rows", rows)
        connection.execute(
            f"CREATE OR REPLACE TEMPORARY TABLE spark_result AS SELECT {_casts(columns)} FROM spark_rows"
        )
        connection.unregister("spark_rows")
        return "SELECT * FROM spark_result"

    def _run(self, connection: duckdb.DuckDBPyConnection, sql: str, columns: Columns, *, where: str) -> DataFrame:
        for name in sorted(tables_of(sql)):
            if name not in self._columns or is_beside(name):
                self._give(connection, name)
        try:
            statement = to_spark(sql, self._columns, columns)
        except UntranslatableError as error:
            what = f"cannot be run on Spark: it {error}."
            raise WarehouseError(Fault(where, what, "Build with --engine duckdb.")) from error
        with spark_faults(where):
            return self._session.sql(statement)

    def _give(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Writes a table that DuckDB holds as Parquet, for Spark to read."""
        place = ".".join(identifier(part) for part in name.split("."))
        rows = f"SELECT * FROM {place}"
        columns = _columns_of(connection, rows)
        self._n_given += 1
        path = self._folder / f"{name}.given-{self._n_given}"
        path.mkdir()
        connection.execute(f"COPY ({rows}) TO {path_literal(path / 'rows.parquet')} (FORMAT parquet)")
        self._register(name, path, columns)
        self._columns[name] = columns

    def _register(self, name: str, path: Path, columns: Columns) -> None:
        schema = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in columns.items())
        with spark_faults(name):
            self._session.read.schema(schema).parquet(str(path)).createOrReplaceTempView(spark_name(name))


@contextmanager
def spark_engine(warehouse: Path, *, master: str, settings: Settings) -> Iterator[SparkEngine]:
    """An engine on a Spark session of its own, which ends with the block, as does all that it wrote.

    master: Spark's address, `local[*]` for this machine. On a cluster the store beside the warehouse must lie where
    every worker reads and writes it under the same path. Raises InputError where PySpark or Java is missing, or
    no Spark answers at the address.
    """
    if not _MASTER.fullmatch(master):
        cure = "Give local[*], spark://HOST:PORT, yarn, or k8s://ADDRESS."
        raise InputError(Fault("--master", f"{master!r} is no address of Spark.", cure))
    _refuse_missing()
    store = store_folder(warehouse.absolute())
    with private_files():
        store.mkdir(parents=True, exist_ok=True)
    with working_folder(store / "scratch-spark") as folder:
        session = start_session(master, folder, memory=settings.memory_limit)
        try:
            yield SparkEngine(session, folder)
        finally:
            session.stop()


def start_session(master: str, folder: Path, *, memory: str) -> SparkSession:
    """A session in UTC that opens no page, logs no row, and writes below `folder` alone."""
    # PySpark warns of the pandas that is here; nothing goes through pandas.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark\.")
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    log_options = folder / "log4j2.properties"
    log_options.write_text(_LOGGING, encoding="utf-8")
    for logger in _LOGGERS:
        PySparkLogger.getLogger(logger).disabled = True
    java_options = f"-Dlog4j2.configurationFile={log_options.as_uri()} -Duser.timezone=UTC"
    options = {
        "spark.driver.memory": _java_size(memory),
        "spark.driver.extraJavaOptions": java_options
        if _IN_DRIVER.fullmatch(master)
        else f"{java_options} {_PLANS_ONLY}",
        "spark.executor.extraJavaOptions": java_options,
        "spark.local.dir": str(folder / "spill"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.ansi.enabled": "true",
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.codegen.cache.maxEntries": "5000",
        "spark.sql.sources.fileCompressionFactor": _PACKED,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local"):
        options |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder = SparkSession.builder.appName("kpi build").master(master)
    for name, value in options.items():
        builder = builder.config(name, value)
    with private_files():
        try:
            session = builder.getOrCreate()
        except (PySparkException, Py4JError) as error:
            cure = "Is the address right, and does the cluster run? Spark's own log says more."
            raise InputError(Fault(f"--master {master}", "Spark did not start there.", cure)) from error
        with spark_faults("functions for Spark"):
            for statement in create_functions():
                session.sql(statement)
    return session


def _refuse_missing() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise InputError(Fault("--engine spark", "PySpark is not installed.", f"Run: {_INSTALL}.")) from error
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home) / "bin") if home else None) is None:
        what = "no Java was found" + (f" in JAVA_HOME, {home}." if home else ".")
        raise InputError(Fault("--engine spark", what, "Install Java 17 or 21 (Debian: openjdk-17-jre-headless)."))


@contextmanager
def spark_faults(where: str) -> Iterator[None]:
    """Spark's errors by their names alone: their texts hold what rows held."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        name = error.getCondition() or type(error).__name__
        what = f"Spark could not do it: {name}."
        raise WarehouseError(Fault(where, what, "See the log of Spark; or build with --engine duckdb.")) from error
    except Py4JError as error:
        causes = [name for name in dict.fromkeys(_JAVA_ERRORS.findall(str(error))) if name not in _WRAPPERS]
        what = f"Spark ended before it was done{': ' if causes else ''}{', '.join(causes[:3])}."
        cure = "Give the driver (memory_limit) or the workers (spark.executor.memory) more memory, or see Spark's log."
        raise WarehouseError(Fault(where, what, cure)) from error


def _columns_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Columns:
    """The columns of a query and their types; a column that is only ever NULL is stored as a whole number."""
    described = connection.execute(f"DESCRIBE {sql}").fetchall()
    return {row[0]: "INTEGER" if row[1] == '"NULL"' else row[1] for row in described}


def _typed_rows(files: list[Path], columns: Columns) -> str:
    """SQL: the rows of Spark's files, with the types that DuckDB gives the columns."""
    if not files:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in columns.items())
        return f"SELECT {nothing} WHERE FALSE"
    listed = ", ".join(file_literal(file) for file in files)
    return f"SELECT {_casts(columns)} FROM read_parquet([{listed}], hive_partitioning = false)"


def _casts(columns: Columns) -> str:
    return ", ".join(f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in columns.items())


def _java_size(memory: str) -> str:
    """`1.5GB` as Java writes it: whole megabytes."""
    amount, unit = re.fullmatch(r"([\d.]+)(MB|GB)", memory).groups()  # type: ignore[union-attr]
    return f"{round(float(amount) * (1000 if unit == 'GB' else 1))}m"
