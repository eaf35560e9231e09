"""Which tables a SELECT reads, and in which order files must run: found by sqlglot, never declared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from kpi_pipeline.core.errors import DefinitionError, Fault


def tables_read(sql: str, *, where: str = "") -> frozenset[str]:
    """The tables in FROM and JOIN, without the query's own CTEs. `where` names the file in errors."""
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="duckdb") if statement is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        raise DefinitionError(
            Fault(where, f"SQL cannot be parsed at line {first.get('line', '?')}: {first.get('description', error)}")
        ) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DefinitionError(Fault(where, "must hold exactly one SELECT.", "Remove the other statements."))
    ctes = {cte.alias_or_name for cte in statements[0].find_all(exp.CTE)}
    return frozenset(table.name for table in statements[0].find_all(exp.Table) if table.name and table.name not in ctes)


@lru_cache(maxsize=256)
def columns_selected(sql: str) -> frozenset[str]:
    """The names of the columns a SELECT gives; `*` stands for those it takes over unnamed."""
    query = sqlglot.parse_one(sql, read="duckdb")
    return frozenset(query.named_selects) if isinstance(query, exp.Query) else frozenset()


@lru_cache(maxsize=512)
def source_of_column(sql: str, name: str) -> str:
    """The name of the column that a SELECT gives out as `name` unchanged; empty where it is made of something else."""
    query = sqlglot.parse_one(sql, read="duckdb")
    for selected in query.selects if isinstance(query, exp.Query) else ():
        if selected.alias_or_name == name:
            inner = selected.unalias()
            return inner.name if isinstance(inner, exp.Column) else ""
    return ""


def build_order(reads: Mapping[str, frozenset[str]]) -> list[str]:
    """Names in an order in which each comes after what it reads; names not in the mapping are sources."""
    graph = {name: sorted(tables & reads.keys()) for name, tables in sorted(reads.items())}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise DefinitionError(
            Fault("sql/", f"tables read each other in a circle: {' → '.join(error.args[1])}.")
        ) from error
