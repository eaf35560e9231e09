"""Pieces of a statement for Spark, the types they have, and what to say of one that has no translation."""

from __future__ import annotations

from sqlglot import exp, parse_one

INTEGERS = {
    *(exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
    *(exp.DType.INT128, exp.DType.UBIGINT, exp.DType.UINT),
}
DATE = exp.DType.DATE
MOMENTS = {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ}


class UntranslatableError(ValueError):
    """A statement holds what is not known to mean the same on Spark."""


def spark_sql(template: str, **parts: exp.Expr) -> exp.Expr:
    """An expression written in Spark's SQL, its placeholders `:name` replaced by parts."""
    form = parse_one(template, read="spark")
    for place in list(form.find_all(exp.Placeholder)):
        part = exp.Paren(this=parts[place.name].copy())
        part.type = parts[place.name].type
        place.replace(part)
    return form


def function_call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of `spark_functions`."""
    return exp.Anonymous(this=f"kpi_{name}", expressions=list(arguments))


def kind_of(node: exp.Expr | None) -> exp.DType | None:
    """The type of an expression; None where it has none."""
    return node.type.this if node is not None and node.type is not None else None


def describe(node: exp.Expr) -> str:
    """An expression as DuckDB writes it, its first 120 letters."""
    return node.sql(dialect="duckdb")[:120]
