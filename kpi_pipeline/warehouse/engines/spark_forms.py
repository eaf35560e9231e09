"""What DuckDB and Spark understand differently, one form after the other, in words that mean the same to Spark.

Each rule takes a typed expression of DuckDB's and gives the one for Spark. Where nothing is known to mean the same,
UntranslatableError is raised: a figure is never built on a guess.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from kpi_pipeline.warehouse.engines.spark_dates import (
    addition,
    date_series,
    difference,
    iso_weekday,
    subtraction,
    truncation,
    weekday,
    zone,
)
from kpi_pipeline.warehouse.engines.spark_functions import ADDED_IN_PARTS, DECIMALS, units_apart
from kpi_pipeline.warehouse.engines.spark_nodes import (
    DATE,
    INTEGERS,
    MOMENTS,
    UntranslatableError,
    describe,
    function_call,
    kind_of,
    spark_sql,
)

HASH_BITS = 40
"""So few that eight million hashes add up in 64 bits: Spark refuses to overflow."""
_DOUBLES = {exp.DType.DOUBLE, exp.DType.FLOAT}
_WORDS = {exp.DType.VARCHAR, exp.DType.TEXT}


def rewritten(query: exp.Expr) -> exp.Expr:
    """The typed query with every form replaced that Spark would understand differently. Inner forms come first."""
    for node in reversed(list(query.walk(bfs=True))):
        rule = _RULES.get(type(node))
        new = rule(node) if rule is not None else node
        if new is not node:
            new.type = new.type or node.type
            node.replace(new)
    return query


def _division(node: exp.Div) -> exp.Expr:
    """DuckDB divides as doubles; by zero it gives an infinity, or not a number."""
    sides = [spark_sql("CAST(:a AS DOUBLE)", a=side) for side in (node.left, node.right)]
    if isinstance(node.right, exp.Literal) and float(node.right.this):
        return exp.Paren(this=exp.Div(this=sides[0], expression=sides[1], typed=True, safe=False))
    return function_call("divided", *sides)


def _number(node: exp.Literal) -> exp.Expr:
    """A literal with a point is a decimal in both; all that it meets are doubles."""
    if node.is_string or node.is_int:
        return node
    return spark_sql(f"DOUBLE('{node.this}')")


def _cast(node: exp.Cast) -> exp.Expr:
    to, source = node.to.this, kind_of(node.this)
    if isinstance(node.this, exp.Explode) and source == to:
        return node.this.copy()  # Spark casts no rows that it is about to make
    if to == exp.DType.DECIMAL and source in _DOUBLES:
        return function_call(f"decimal_{_scale(node.to, node)}", node.this.copy())
    if to in _DOUBLES and source == exp.DType.DECIMAL:
        return function_call(f"double_{_scale(node.this.type, node)}", node.this.copy())
    if to in INTEGERS and source in _DOUBLES:
        return spark_sql(f"CAST(RINT(:a) AS {node.to.sql(dialect='spark')})", a=node.this)
    is_sound = (
        source == to
        or isinstance(node.this, exp.Null)
        or source == exp.DType.NULL
        or (source in INTEGERS and to in (INTEGERS | _DOUBLES | _WORDS))
        or (source == DATE and to in (MOMENTS | _WORDS))
        or (source in MOMENTS and to in (MOMENTS | {DATE}))
        or (source in _WORDS and to in _WORDS)
        or (source in _WORDS and to == DATE and isinstance(node.this, exp.Literal))
    )
    if isinstance(node, exp.TryCast) or not is_sound:
        raise UntranslatableError(f"casts from {source} in a way Spark may not: {describe(node)}")
    return node


def _scale(decimal: exp.DataType, node: exp.Expr) -> int:
    """The digits after the point of a decimal that the project sums with, or of its parts where it is made of some."""
    kinds = [decimal, *(part.type for part in node.this.walk() if kind_of(part) == exp.DType.DECIMAL)]
    found = {tuple(int(part.name) for part in kind.expressions) for kind in kinds if kind and kind.expressions}
    scales = {scale for digits, scale in found if scale in DECIMALS and digits in (DECIMALS[scale], 38)}
    if decimal.expressions:
        scales &= {int(decimal.expressions[1].name)}
    if len(scales) != 1:
        raise UntranslatableError(f"casts a decimal that is not known: {describe(node)}")
    return scales.pop()


def _sum(node: exp.Sum) -> exp.Expr:
    """Of doubles as decimals: their parts are added up as whole numbers, except of those that are too large for it."""
    cast = node.this
    if isinstance(node.parent, exp.Window | exp.Filter) or not isinstance(cast, exp.Anonymous):
        return node
    name, _, scale = cast.name.rpartition("_")
    if name != "kpi_decimal" or int(scale) not in ADDED_IN_PARTS:
        return node
    parts = units_apart(f"kpi_units_{scale}(:a)", int(scale))
    sums = [f"SUM({part})" for part in (*parts, f"kpi_large_{scale}(:a)")]
    return function_call(f"summed_{scale}", *(spark_sql(one, a=cast.expressions[0]) for one in sums))


def _hash(node: exp.Anonymous) -> exp.Expr:
    """Its values tell lists of cases apart within one build, no more: any good hash will do."""
    if node.name.upper() != "HASH":
        raise UntranslatableError(f"calls a function that is not known: {describe(node)}")
    return exp.Paren(this=spark_sql(f"XXHASH64(:a) & {2**HASH_BITS - 1}", a=node.expressions[0]))


def _filter(node: exp.Filter) -> exp.Expr:
    """Spark has no FILTER over a window: the rows left out are made NULL, which every aggregate passes over."""
    if not isinstance(node.parent, exp.Window):
        return node
    aggregate, condition = node.this.copy(), node.expression.this
    if isinstance(aggregate, exp.ArgMax | exp.ArgMin):
        kept = aggregate.expression
    elif isinstance(aggregate, exp.Max | exp.Min | exp.Sum | exp.Avg):
        kept = aggregate.this
    else:
        raise UntranslatableError(f"filters an aggregate over a window: {describe(node)}")
    kept.replace(exp.Case(ifs=[exp.If(this=condition.copy(), true=kept.copy())]))
    return aggregate


def _extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """DuckDB passes over rows whose first argument is NULL; a struct never is."""
    if isinstance(node.this, exp.Struct):
        return node
    new = node.copy()
    new.expression.replace(spark_sql("CASE WHEN NOT :a IS NULL THEN :b END", a=node.this, b=node.expression))
    return new


def _percentile(node: exp.WithinGroup) -> exp.Expr:
    if not isinstance(node.this, exp.PercentileCont):
        raise UntranslatableError(f"orders within a group: {describe(node)}")
    ordered = node.expression.expressions[0].this
    new = exp.Anonymous(this="PERCENTILE", expressions=[ordered.copy(), node.this.this.copy()])
    new.type = exp.DataType.build("DOUBLE")
    return new


def _letters(node: exp.Upper | exp.Lower) -> exp.Expr:
    return function_call("upper" if isinstance(node, exp.Upper) else "lower", node.this.copy())


def _trim(node: exp.Trim) -> exp.Expr:
    if node.expression is not None or node.args.get("position"):
        raise UntranslatableError(f"trims more than blanks: {describe(node)}")
    return function_call("trim", node.this.copy())


def _joined(node: exp.DPipe) -> exp.Expr:
    left, right = (
        side if kind_of(side) in _WORDS else spark_sql("CAST(:a AS STRING)", a=_as_words(side))
        for side in (node.left, node.right)
    )
    return exp.DPipe(this=left.copy(), expression=right.copy(), safe=True)


def _as_words(node: exp.Expr) -> exp.Expr:
    if kind_of(node) not in INTEGERS | {DATE}:
        raise UntranslatableError(f"writes out what is no date or whole number: {describe(node)}")
    return node


def _joined_known(node: exp.Concat) -> exp.Expr:
    """DuckDB's CONCAT passes over NULL."""
    if any(kind_of(part) not in _WORDS for part in node.expressions):
        raise UntranslatableError(f"joins what is no text: {describe(node)}")
    return exp.Anonymous(
        this="CONCAT", expressions=[spark_sql("COALESCE(:a, '')", a=part) for part in node.expressions]
    )


def _pattern(node: exp.Like) -> exp.Expr:
    if not isinstance(node.expression, exp.Literal) or "\\" in node.expression.name:
        raise UntranslatableError(f"has a pattern with a backslash: {describe(node)}")
    return node


_RULES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Sub: subtraction,
    exp.Add: addition,
    exp.Div: _division,
    exp.Literal: _number,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Sum: _sum,
    exp.Anonymous: _hash,
    exp.DateDiff: difference,
    exp.TimestampTrunc: truncation,
    exp.DateTrunc: truncation,
    exp.Explode: date_series,
    exp.AtTimeZone: zone,
    exp.Filter: _filter,
    exp.ArgMax: _extreme,
    exp.ArgMin: _extreme,
    exp.DayOfWeek: weekday,
    exp.DayOfWeekIso: iso_weekday,
    exp.WithinGroup: _percentile,
    exp.Upper: _letters,
    exp.Lower: _letters,
    exp.Trim: _trim,
    exp.DPipe: _joined,
    exp.Concat: _joined_known,
    exp.Like: _pattern,
}
