"""What DuckDB and Spark understand differently, one form after the other, in words that mean the same to Spark.

Each rule takes a typed expression of DuckDB's and gives the one for Spark. Where nothing is known to mean the same,
UntranslatableError is raised: a figure is never built on a guess.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp, parse_one

from kpi_pipeline.warehouse.engines.spark_functions import DECIMALS

HASH_BITS = 40
"""So few that eight million hashes add up in 64 bits: Spark refuses to overflow."""

_INTEGERS = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_INTEGERS |= {exp.DType.INT128, exp.DType.UBIGINT, exp.DType.UINT}
_DOUBLES = {exp.DType.DOUBLE, exp.DType.FLOAT}
_DATE, _MOMENT = exp.DType.DATE, {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ}
_WORDS = {exp.DType.VARCHAR, exp.DType.TEXT}


class UntranslatableError(ValueError):
    """A statement holds what is not known to mean the same on Spark."""


def rewritten(query: exp.Expr) -> exp.Expr:
    """The typed query with every form replaced that Spark would understand differently. Inner forms come first."""
    for node in reversed(list(query.walk(bfs=True))):
        rule = _RULES.get(type(node))
        new = rule(node) if rule is not None else node
        if new is not node:
            new.type = new.type or node.type
            node.replace(new)
    return query


def _spark(template: str, **parts: exp.Expr) -> exp.Expr:
    """An expression written in Spark's SQL, its placeholders `:name` replaced by parts."""
    form = parse_one(template, read="spark")
    for place in list(form.find_all(exp.Placeholder)):
        part = exp.Paren(this=parts[place.name].copy())
        part.type = parts[place.name].type
        place.replace(part)
    return form


def _function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of `spark_functions`."""
    return exp.Anonymous(this=f"kpi_{name}", expressions=list(arguments))


def _kind(node: exp.Expr | None) -> exp.DType | None:
    return node.type.this if node is not None and node.type is not None else None


def _describe(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")[:120]


def _subtraction(node: exp.Sub) -> exp.Expr:
    left, right = _kind(node.left), _kind(node.right)
    if left == _DATE and right == _DATE:
        return _spark("CAST(DATEDIFF(:a, :b) AS BIGINT)", a=node.left, b=node.right)
    if left == _DATE and right in _INTEGERS:
        return _spark("DATE_SUB(:a, CAST(:b AS INT))", a=node.left, b=node.right)
    return _with_interval(node)


def _addition(node: exp.Add) -> exp.Expr:
    if _kind(node.left) == _DATE and _kind(node.right) in _INTEGERS:
        return _spark("DATE_ADD(:a, CAST(:b AS INT))", a=node.left, b=node.right)
    return _with_interval(node)


def _with_interval(node: exp.Add | exp.Sub) -> exp.Expr:
    """A date and an interval make a moment in DuckDB, and a date in Spark."""
    left, right = _kind(node.left), _kind(node.right)
    unknown = {None, exp.DType.UNKNOWN}
    if left in unknown or right in unknown:
        raise UntranslatableError(f"adds or subtracts what has no known type: {_describe(node)}")
    if left == _DATE:
        moment = _spark("CAST(:a AS TIMESTAMP_NTZ)", a=node.left)
        new = type(node)(this=moment, expression=node.right.copy())
        return new
    return node


def _division(node: exp.Div) -> exp.Expr:
    """DuckDB divides as doubles; by zero it gives an infinity, or not a number."""
    sides = [_spark("CAST(:a AS DOUBLE)", a=side) for side in (node.left, node.right)]
    if isinstance(node.right, exp.Literal) and float(node.right.this):
        return exp.Paren(this=exp.Div(this=sides[0], expression=sides[1], typed=True, safe=False))
    return _function("divided", *sides)


def _number(node: exp.Literal) -> exp.Expr:
    """A literal with a point is a decimal in both; all that it meets are doubles."""
    if node.is_string or node.is_int:
        return node
    return _spark(f"DOUBLE('{node.this}')")


def _cast(node: exp.Cast) -> exp.Expr:
    to, source = node.to.this, _kind(node.this)
    if isinstance(node.this, exp.Explode) and source == to:
        return node.this.copy()  # Spark casts no rows that it is about to make
    if to == exp.DType.DECIMAL and source in _DOUBLES:
        return _function(f"decimal_{_scale(node.to, node)}", node.this.copy())
    if to in _DOUBLES and source == exp.DType.DECIMAL:
        return _function(f"double_{_scale(node.this.type, node)}", node.this.copy())
    if to in _INTEGERS and source in _DOUBLES:
        return _spark(f"CAST(RINT(:a) AS {node.to.sql(dialect='spark')})", a=node.this)
    is_sound = (
        source == to
        or isinstance(node.this, exp.Null)
        or source == exp.DType.NULL
        or (source in _INTEGERS and to in (_INTEGERS | _DOUBLES | _WORDS))
        or (source == _DATE and to in (_MOMENT | _WORDS))
        or (source in _MOMENT and to in (_MOMENT | {_DATE}))
        or (source in _WORDS and to in _WORDS)
        or (source in _WORDS and to == _DATE and isinstance(node.this, exp.Literal))
    )
    if isinstance(node, exp.TryCast) or not is_sound:
        raise UntranslatableError(f"casts from {source} in a way Spark may not: {_describe(node)}")
    return node


def _scale(decimal: exp.DataType, node: exp.Expr) -> int:
    """The digits after the point of a decimal that the project sums with, or of its parts where it is made of some."""
    kinds = [decimal, *(part.type for part in node.this.walk() if _kind(part) == exp.DType.DECIMAL)]
    found = {tuple(int(part.name) for part in kind.expressions) for kind in kinds if kind and kind.expressions}
    scales = {scale for digits, scale in found if scale in DECIMALS and digits in (DECIMALS[scale], 38)}
    if decimal.expressions:
        scales &= {int(decimal.expressions[1].name)}
    if len(scales) != 1:
        raise UntranslatableError(f"casts a decimal that is not known: {_describe(node)}")
    return scales.pop()


def _hash(node: exp.Anonymous) -> exp.Expr:
    """Its values tell lists of cases apart within one build, no more: any good hash will do."""
    if node.name.upper() != "HASH":
        raise UntranslatableError(f"calls a function that is not known: {_describe(node)}")
    return exp.Paren(this=_spark(f"XXHASH64(:a) & {2**HASH_BITS - 1}", a=node.expressions[0]))


def _difference(node: exp.DateDiff) -> exp.Expr:
    """DuckDB counts the boundaries between two moments, Spark the whole units."""
    unit = node.text("unit").upper()
    later, earlier = node.this, node.expression
    if unit == "DAY":
        return _spark("CAST(DATEDIFF(CAST(:b AS DATE), CAST(:a AS DATE)) AS BIGINT)", a=earlier, b=later)
    if unit == "YEAR":
        return _spark("CAST(YEAR(:b) - YEAR(:a) AS BIGINT)", a=earlier, b=later)
    if unit not in ("HOUR", "MINUTE", "SECOND"):
        raise UntranslatableError(f"counts in a unit that is not known: {_describe(node)}")
    start, end = (_spark(f"DATE_TRUNC('{unit}', CAST(:a AS TIMESTAMP_NTZ))", a=moment) for moment in (earlier, later))
    return exp.Anonymous(this="TIMESTAMPDIFF", expressions=[exp.var(unit), start, end])


def _truncation(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    unit = node.text("unit").upper().strip("'")
    kind = "DATE" if _kind(node.this) == _DATE and unit in ("MONTH", "YEAR", "QUARTER") else "TIMESTAMP_NTZ"
    new = exp.Cast(
        this=exp.Anonymous(this="DATE_TRUNC", expressions=[exp.Literal.string(unit), node.this.copy()]),
        to=exp.DataType.build(kind, dialect="spark"),
    )
    new.type = exp.DataType.build("DATE" if kind == "DATE" else "TIMESTAMP")
    return new


def _series(node: exp.Explode) -> exp.Expr:
    """A series of days or months: moments in DuckDB, unless they are cast; or of whole numbers. Spark's must not run
    backwards."""
    series = node.this
    if not isinstance(series, exp.GenerateSeries):
        raise UntranslatableError(f"unnests what is no series: {_describe(node)}")
    start, end, step = series.args["start"], series.args["end"], series.args.get("step")
    if step is None and all(_kind(bound) in _INTEGERS for bound in (start, end)):
        new = exp.Explode(
            this=_spark("IF(:a <= :b, SEQUENCE(CAST(:a AS BIGINT), CAST(:b AS BIGINT)), ARRAY())", a=start, b=end)
        )
        new.type = exp.DataType.build("BIGINT", dialect="spark")
        return new
    if not isinstance(step, exp.Interval):
        raise UntranslatableError(f"unnests what is no series of days: {_describe(node)}")
    if _kind(start) != _DATE or _kind(end) != _DATE:
        raise UntranslatableError(f"unnests a series between what are no dates: {_describe(node)}")
    kind = "DATE" if isinstance(node.parent, exp.Cast) and node.parent.to.this == _DATE else "TIMESTAMP_NTZ"
    sequence = exp.Anonymous(
        this="SEQUENCE", expressions=[*(_spark(f"CAST(:a AS {kind})", a=bound) for bound in (start, end)), step.copy()]
    )
    new = exp.Explode(this=_spark(f"IF(:a <= :b, :c, CAST(ARRAY() AS ARRAY<{kind}>))", a=start, b=end, c=sequence))
    new.type = exp.DataType.build(kind, dialect="spark")
    return new


def _zone(node: exp.AtTimeZone) -> exp.Expr:
    """From UTC to a place's clock, or back: two changes of zone in DuckDB, one in Spark."""
    inner = node.this.unnest()
    if not isinstance(inner, exp.AtTimeZone):
        return node  # the inner of the two: what it becomes is decided by the outer
    moment, first, second = inner.this, inner.args["zone"], node.args["zone"]
    if isinstance(first, exp.Literal) and first.name == "UTC":
        new = _spark("CONVERT_TIMEZONE('UTC', :z, :t)", z=second, t=moment)
    elif isinstance(second, exp.Literal) and second.name == "UTC":
        new = _function("to_utc", moment.copy(), first.copy())
    else:
        raise UntranslatableError(f"changes between two zones of which neither is UTC: {_describe(node)}")
    new.type = exp.DataType.build("TIMESTAMP")
    return new


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
        raise UntranslatableError(f"filters an aggregate over a window: {_describe(node)}")
    kept.replace(exp.Case(ifs=[exp.If(this=condition.copy(), true=kept.copy())]))
    return aggregate


def _extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """DuckDB passes over rows whose first argument is NULL; a struct never is."""
    if isinstance(node.this, exp.Struct):
        return node
    new = node.copy()
    new.expression.replace(_spark("CASE WHEN NOT :a IS NULL THEN :b END", a=node.this, b=node.expression))
    return new


def _weekday(node: exp.DayOfWeek) -> exp.Expr:
    return exp.Paren(this=exp.Sub(this=exp.DayOfWeek(this=node.this.copy()), expression=exp.Literal.number(1)))


def _iso_weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    return _spark("(WEEKDAY(:a) + 1)", a=node.this)


def _percentile(node: exp.WithinGroup) -> exp.Expr:
    if not isinstance(node.this, exp.PercentileCont):
        raise UntranslatableError(f"orders within a group: {_describe(node)}")
    ordered = node.expression.expressions[0].this
    new = exp.Anonymous(this="PERCENTILE", expressions=[ordered.copy(), node.this.this.copy()])
    new.type = exp.DataType.build("DOUBLE")
    return new


def _letters(node: exp.Upper | exp.Lower) -> exp.Expr:
    return _function("upper" if isinstance(node, exp.Upper) else "lower", node.this.copy())


def _trim(node: exp.Trim) -> exp.Expr:
    if node.expression is not None or node.args.get("position"):
        raise UntranslatableError(f"trims more than blanks: {_describe(node)}")
    return _function("trim", node.this.copy())


def _joined(node: exp.DPipe) -> exp.Expr:
    left, right = (
        side if _kind(side) in _WORDS else _spark("CAST(:a AS STRING)", a=_as_words(side))
        for side in (node.left, node.right)
    )
    return exp.DPipe(this=left.copy(), expression=right.copy(), safe=True)


def _as_words(node: exp.Expr) -> exp.Expr:
    if _kind(node) not in _INTEGERS | {_DATE}:
        raise UntranslatableError(f"writes out what is no date or whole number: {_describe(node)}")
    return node


def _joined_known(node: exp.Concat) -> exp.Expr:
    """DuckDB's CONCAT passes over NULL."""
    if any(_kind(part) not in _WORDS for part in node.expressions):
        raise UntranslatableError(f"joins what is no text: {_describe(node)}")
    return exp.Anonymous(this="CONCAT", expressions=[_spark("COALESCE(:a, '')", a=part) for part in node.expressions])


def _pattern(node: exp.Like) -> exp.Expr:
    if not isinstance(node.expression, exp.Literal) or "\\" in node.expression.name:
        raise UntranslatableError(f"has a pattern with a backslash: {_describe(node)}")
    return node


_RULES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Sub: _subtraction,
    exp.Add: _addition,
    exp.Div: _division,
    exp.Literal: _number,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Anonymous: _hash,
    exp.DateDiff: _difference,
    exp.TimestampTrunc: _truncation,
    exp.DateTrunc: _truncation,
    exp.Explode: _series,
    exp.AtTimeZone: _zone,
    exp.Filter: _filter,
    exp.ArgMax: _extreme,
    exp.ArgMin: _extreme,
    exp.DayOfWeek: _weekday,
    exp.DayOfWeekIso: _iso_weekday,
    exp.WithinGroup: _percentile,
    exp.Upper: _letters,
    exp.Lower: _letters,
    exp.Trim: _trim,
    exp.DPipe: _joined,
    exp.Concat: _joined_known,
    exp.Like: _pattern,
}
