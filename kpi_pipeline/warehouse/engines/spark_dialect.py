"""The project's SQL, written for DuckDB, as Spark SQL of the same meaning: no rule is written twice.

sqlglot parses a statement, spells out its stars and finds the type of each expression; then `spark_forms` puts into
other words what the two engines understand differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from kpi_pipeline.warehouse.engines.spark_forms import rewritten
from kpi_pipeline.warehouse.engines.spark_nodes import UntranslatableError

Columns = Mapping[str, str]
"""Column → type, as DuckDB's DESCRIBE gives them, in their order."""

_PREFIX = "kpi_"
"""What Spark's names of the warehouse's tables begin with, so that no CTE hides one."""

_SPARK_NAMES = {
    "VARCHAR": "STRING",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "INTEGER": "INT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)",
    "HUGEINT": "DECIMAL(38, 0)",
    "VARCHAR[]": "ARRAY<STRING>",
}
_SAME_NAMES = {"BOOLEAN", "DATE", "DOUBLE", "FLOAT", "BIGINT", "SMALLINT", "TINYINT"}


class KpiSpark(Spark):
    """Spark's SQL, in which a query within a query keeps its own CTEs, as it may since Spark 3."""

    class Generator(SparkGenerator):
        """What writes it."""

        EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar[set[type[exp.Expr]]] = set()


_OF_FIRST = {"annotator": lambda types, node: types._annotate_by_args(node, "this")}
_TYPES = {**DuckDB.EXPRESSION_METADATA, exp.ArgMax: _OF_FIRST, exp.ArgMin: _OF_FIRST}
"""How sqlglot finds the type of an expression, and of what it does not know."""


def to_spark(sql: str, tables: Mapping[str, Columns], result: Columns) -> str:
    """The SELECT for Spark. tables: what it may read. result: the names and types that its columns must have.

    Raises UntranslatableError for what is not known to mean the same on Spark.
    """
    query = sqlglot.parse_one(sql, read="duckdb")
    schema = MappingSchema(dialect="duckdb")
    for table in _tables_of(query):
        if _name(table) not in tables:
            raise UntranslatableError(f"reads {_name(table)}, which Spark was not given")
        columns = tables[_name(table)]
        view = spark_name(_name(table))
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("db", None)
        table.set("this", exp.to_identifier(view))
        schema.add_table(view, dict(columns), dialect="duckdb")
    query = qualify(query, dialect="duckdb", schema=schema, quote_identifiers=True)
    query = rewritten(annotate_types(query, dialect="duckdb", schema=schema, expression_metadata=_TYPES))
    selected = ",\n    ".join(
        f"CAST({_quoted(name)} AS {spark_type(kind)}) AS {_quoted(name)}" for name, kind in result.items()
    )
    return f"SELECT\n    {selected}\nFROM (\n{query.sql(dialect=KpiSpark, pretty=True)}\n) AS result"


def tables_of(sql: str) -> set[str]:
    """The names of the tables that a query reads, also where a CTE has the name of one."""
    return {_name(table) for table in _tables_of(sqlglot.parse_one(sql, read="duckdb"))}


def is_beside(name: str) -> bool:
    """Whether a table lies in a database beside the warehouse, where it may change from one statement to the next."""
    return "." in name


def spark_name(name: str) -> str:
    """Spark's name of a table."""
    return _PREFIX + name.replace(".", "_")


def _quoted(column: str) -> str:
    return exp.to_identifier(column, quoted=True).sql(dialect="spark")


def _name(table: exp.Table) -> str:
    return table.name if table.db in ("", "main") else f"{table.db}.{table.name}"


def spark_type(kind: str) -> str:
    """Spark's name of a type of DuckDB's."""
    if kind in _SAME_NAMES or kind.startswith("DECIMAL("):
        return kind
    if kind in _SPARK_NAMES:
        return _SPARK_NAMES[kind]
    raise UntranslatableError(f"has a column of the type {kind}")


def _tables_of(query: exp.Expr) -> list[exp.Table]:
    """The warehouse's tables, wherever the query reads them; its own CTEs are none."""
    found = {}
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found[id(source)] = source
    return list(found.values())
