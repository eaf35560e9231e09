"""Dates, times and the numbers of days between them, as Spark writes them."""

from __future__ import annotations

from sqlglot import exp

from kpi_pipeline.warehouse.engines.spark_nodes import (
    DATE,
    INTEGERS,
    UntranslatableError,
    describe,
    function_call,
    kind_of,
    spark_sql,
)


def subtraction(node: exp.Sub) -> exp.Expr:
    """Two dates make a number of days, a date and a number a date."""
    left, right = kind_of(node.left), kind_of(node.right)
    if left == DATE and right == DATE:
        return spark_sql("CAST(DATEDIFF(:a, :b) AS BIGINT)", a=node.left, b=node.right)
    if left == DATE and right in INTEGERS:
        return spark_sql("DATE_SUB(:a, CAST(:b AS INT))", a=node.left, b=node.right)
    return _with_interval(node)


def addition(node: exp.Add) -> exp.Expr:
    """A date and a number of days make a date."""
    if kind_of(node.left) == DATE and kind_of(node.right) in INTEGERS:
        return spark_sql("DATE_ADD(:a, CAST(:b AS INT))", a=node.left, b=node.right)
    return _with_interval(node)


def _with_interval(node: exp.Add | exp.Sub) -> exp.Expr:
    """A date and an interval make a moment in DuckDB, and a date in Spark."""
    left, right = kind_of(node.left), kind_of(node.right)
    unknown = {None, exp.DType.UNKNOWN}
    if left in unknown or right in unknown:
        raise UntranslatableError(f"adds or subtracts what has no known type: {describe(node)}")
    if left == DATE:
        moment = spark_sql("CAST(:a AS TIMESTAMP_NTZ)", a=node.left)
        new = type(node)(this=moment, expression=node.right.copy())
        return new
    return node


def difference(node: exp.DateDiff) -> exp.Expr:
    """DuckDB counts the boundaries between two moments, Spark the whole units."""
    unit = node.text("unit").upper()
    later, earlier = node.this, node.expression
    if unit == "DAY":
        return spark_sql("CAST(DATEDIFF(CAST(:b AS DATE), CAST(:a AS DATE)) AS BIGINT)", a=earlier, b=later)
    if unit == "YEAR":
        return spark_sql("CAST(YEAR(:b) - YEAR(:a) AS BIGINT)", a=earlier, b=later)
    if unit not in ("HOUR", "MINUTE", "SECOND"):
        raise UntranslatableError(f"counts in a unit that is not known: {describe(node)}")
    start, end = (
        spark_sql(f"DATE_TRUNC('{unit}', CAST(:a AS TIMESTAMP_NTZ))", a=moment) for moment in (earlier, later)
    )
    return exp.Anonymous(this="TIMESTAMPDIFF", expressions=[exp.var(unit), start, end])


def truncation(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    """A date cut to its month, quarter or year is a date; everything else cut is a moment."""
    unit = node.text("unit").upper().strip("'")
    if kind_of(node.this) == DATE and unit in ("MONTH", "YEAR", "QUARTER"):
        new: exp.Expr = exp.Anonymous(this="TRUNC", expressions=[node.this.copy(), exp.Literal.string(unit)])
        new.type = exp.DataType.build("DATE")
        return new
    new = exp.Cast(
        this=exp.Anonymous(this="DATE_TRUNC", expressions=[exp.Literal.string(unit), node.this.copy()]),
        to=exp.DataType.build("TIMESTAMP_NTZ", dialect="spark"),
    )
    new.type = exp.DataType.build("TIMESTAMP")
    return new


def date_series(node: exp.Explode) -> exp.Expr:
    """A series of days or months: moments in DuckDB, unless they are cast; or of whole numbers. Spark's must not run
    backwards."""
    series = node.this
    if not isinstance(series, exp.GenerateSeries):
        raise UntranslatableError(f"unnests what is no series: {describe(node)}")
    start, end, step = series.args["start"], series.args["end"], series.args.get("step")
    if step is None and all(kind_of(bound) in INTEGERS for bound in (start, end)):
        new = exp.Explode(
            this=spark_sql("IF(:a <= :b, SEQUENCE(CAST(:a AS BIGINT), CAST(:b AS BIGINT)), ARRAY())", a=start, b=end)
        )
        new.type = exp.DataType.build("BIGINT", dialect="spark")
        return new
    if not isinstance(step, exp.Interval):
        raise UntranslatableError(f"unnests what is no series of days: {describe(node)}")
    if kind_of(start) != DATE or kind_of(end) != DATE:
        raise UntranslatableError(f"unnests a series between what are no dates: {describe(node)}")
    kind = "DATE" if isinstance(node.parent, exp.Cast) and node.parent.to.this == DATE else "TIMESTAMP_NTZ"
    sequence = exp.Anonymous(
        this="SEQUENCE",
        expressions=[*(spark_sql(f"CAST(:a AS {kind})", a=bound) for bound in (start, end)), step.copy()],
    )
    new = exp.Explode(this=spark_sql(f"IF(:a <= :b, :c, CAST(ARRAY() AS ARRAY<{kind}>))", a=start, b=end, c=sequence))
    new.type = exp.DataType.build(kind, dialect="spark")
    return new


def zone(node: exp.AtTimeZone) -> exp.Expr:
    """From UTC to a place's clock, or back: two changes of zone in DuckDB, one in Spark."""
    inner = node.this.unnest()
    if not isinstance(inner, exp.AtTimeZone):
        return node  # the inner of the two: what it becomes is decided by the outer
    moment, first, second = inner.this, inner.args["zone"], node.args["zone"]
    if isinstance(first, exp.Literal) and first.name == "UTC":
        new = spark_sql("CONVERT_TIMEZONE('UTC', :z, :t)", z=second, t=moment)
    elif isinstance(second, exp.Literal) and second.name == "UTC":
        new = function_call("to_utc", moment.copy(), first.copy())
    else:
        raise UntranslatableError(f"changes between two zones of which neither is UTC: {describe(node)}")
    new.type = exp.DataType.build("TIMESTAMP")
    return new


def weekday(node: exp.DayOfWeek) -> exp.Expr:
    """Sunday is 0 in DuckDB and 1 in Spark."""
    return exp.Paren(this=exp.Sub(this=exp.DayOfWeek(this=node.this.copy()), expression=exp.Literal.number(1)))


def iso_weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    """Monday is 1 in DuckDB and 0 in Spark."""
    return spark_sql("(WEEKDAY(:a) + 1)", a=node.this)
