"""The statements of an extract, built for every dialect by SQLAlchemy around the hospital's own SELECT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, func, literal_column, or_, select, text
from sqlalchemy.sql.selectable import Subquery

from kpi_pipeline.intake.extract.config import TableExtract

_NAME = "extracted"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The watermark's range, both ends within; None is open."""

    low: Any = None
    high: Any = None


def rows_statement(table: TableExtract, bounds: Bounds, *, after: Sequence[Any] | None = None) -> Select[Any]:
    """The rows within the bounds whose key comes after `after`, in the order of the key."""
    source = _source(table)
    order = [source.c[name] for name in table.key]
    statement: Select[Any] = select(literal_column(f"{_NAME}.*")).select_from(source).order_by(*order)
    conditions = _within(table, source, bounds)
    if after is not None:
        conditions.append(_comes_after([source.c[name] for name in table.key], after))
    return statement.where(*conditions)


def count_statement(table: TableExtract, bounds: Bounds) -> Select[Any]:
    """How many rows there are within the bounds."""
    source = _source(table)
    return select(func.count()).select_from(source).where(*_within(table, source, bounds))


def highest_statement(table: TableExtract) -> Select[Any]:
    """The highest value of the watermark."""
    source = _source(table)
    return select(func.max(source.c[table.watermark or ""])).select_from(source)


def _source(table: TableExtract) -> Subquery:
    names = dict.fromkeys([*table.key, *([table.watermark] if table.watermark else [])])
    own = text(table.sql.strip().rstrip(";").replace(":", r"\:"))  # a colon begins no parameter here
    return own.columns(*(column(name) for name in names)).subquery(_NAME)


def _within(table: TableExtract, source: Subquery, bounds: Bounds) -> list[ColumnElement[bool]]:
    """A row without a watermark is always within: else it would be lost."""
    if table.watermark is None:
        return []
    mark = source.c[table.watermark]
    limits = [mark >= bounds.low] if bounds.low is not None else []
    limits += [mark <= bounds.high] if bounds.high is not None else []
    return [or_(mark.is_(None), and_(*limits))] if limits else []


def _comes_after(keys: Sequence[ColumnElement[Any]], after: Sequence[Any]) -> ColumnElement[bool]:
    """(a, b) > (x, y), spelled out: SQL Server and Oracle compare no rows."""
    ways = [
        and_(*(keys[before] == after[before] for before in range(place)), keys[place] > after[place])
        for place in range(len(keys))
    ]
    return or_(*ways)
