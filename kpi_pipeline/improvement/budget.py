"""The department's budget: planned, flexed and actual dollars by account, with the variance in price, volume and mix.

Flexed is what the plan allows for the work there was: an account's planned dollars a unit times its actual units. An
account that was planned without units is not flexed. Nothing is flexed by a number nobody planned.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.text.rounding import round_half_up

_FEWEST_UNITS = 0.01
"""Planned units below this are none."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """An account, or all of them, in whole dollars as printed.

    actual − planned = price + volume + mix, and flexed = planned + volume + mix, exactly. price: what a unit cost other
    than planned, and all of the variance where no units were planned; volume: the work as a whole; mix: other kinds of
    work than planned. is_flexed: whether units were planned.
    """

    account: str
    planned: int
    actual: int
    price: int
    volume: int
    mix: int
    is_flexed: bool

    @property
    def flexed(self) -> int:
        """The plan for the work there was."""
        return self.planned + self.volume + self.mix

    @property
    def variance(self) -> int:
        """Spent beyond the plan; below zero where less was spent."""
        return self.actual - self.planned


@dataclass(frozen=True, slots=True)
class BudgetTable:
    """One span of months. lines: accounts by planned dollars; all: their sum. not_planned, not_booked: dollars of
    accounts with an amount on one side only, which are in no line."""

    first_month: Month
    last_month: Month
    lines: tuple[BudgetLine, ...]
    not_planned: int
    not_booked: int

    @property
    def all(self) -> BudgetLine:
        """All accounts."""
        return add_lines("All", self.lines)


@dataclass(frozen=True, slots=True)
class Budget:
    """The month and the year to date. months_lacking: months of the year without any booked account."""

    month: BudgetTable
    year: BudgetTable
    months_lacking: tuple[Month, ...]


def read_budget(
    connection: duckdb.DuckDBPyConnection, month: Month, *, year_starts_in: int = 1, facility: str | None = None
) -> Budget | None:
    """The budget of one scope; None where none was supplied, or nothing is booked for the month."""
    supplied = connection.execute("SELECT BOOL_AND(is_supplied) FROM supply WHERE item IN ('budget')").fetchall()
    if not supplied or not supplied[0][0]:
        return None
    first = month.year_start(year_starts_in)
    at = "" if facility is None else "AND facility_id = $facility"
    rows = connection.execute(
        f"""
        SELECT
            facility_id,
            account,
            STRFTIME(month, '%Y-%m') AS month,
            CAST(budget_usd AS DOUBLE) AS planned,
            CAST(actual_usd AS DOUBLE) AS actual,
            CAST(planned_volume AS DOUBLE) AS planned_volume,
            CAST(actual_volume AS DOUBLE) AS actual_volume
        FROM budget
        WHERE month >= $first AND month < $end {at}
        ORDER BY month, facility_id, account
        """,
        {"first": first.first_day, "end": month.plus(1).first_day}
        | ({} if facility is None else {"facility": facility}),
    ).df()
    return compute_budget(rows, first, month)


def compute_budget(rows: pd.DataFrame, first: Month, month: Month) -> Budget | None:
    """The budget of rows (facility_id, account, month, planned, actual, planned_volume, actual_volume)."""
    months = {one: rows[rows["month"] == str(one)] for one in month_range(first, month)}
    of_month = _table(months[month], month, month)
    if not of_month.lines:
        return None
    tables = [_table(own, one, one) for one, own in months.items()]
    lacking = tuple(one for one, table in zip(months, tables, strict=True) if not table.lines)
    accounts = dict.fromkeys(line.account for table in tables for line in table.lines)
    lines = [
        add_lines(account, [line for table in tables for line in table.lines if line.account == account])
        for account in accounts
    ]
    year = BudgetTable(
        first,
        month,
        _ordered(lines),
        sum(table.not_planned for table in tables),
        sum(table.not_booked for table in tables),
    )
    return Budget(of_month, year, lacking)


def _table(rows: pd.DataFrame, first: Month, last: Month) -> BudgetTable:
    """The rows of one month, each facility's account a kind of work of its own."""
    whole = rows[rows["planned"].notna() & rows["actual"].notna()]
    has_units = (whole["planned_volume"] >= _FEWEST_UNITS) & (whole["actual_volume"] >= 0)
    units = whole[has_units]
    growth = float(units["actual_volume"].sum() / units["planned_volume"].sum()) if len(units) else 1.0
    lines = []
    for row, is_flexed in zip(whole.to_dict("records"), has_units, strict=True):
        lines.append(_line(row, growth, is_flexed=bool(is_flexed)))
    accounts = dict.fromkeys(line.account for line in lines)
    summed = [add_lines(account, [line for line in lines if line.account == account]) for account in accounts]
    unplanned = rows[rows["planned"].isna()]["actual"].sum()
    unbooked = rows[rows["actual"].isna()]["planned"].sum()
    return BudgetTable(first, last, _ordered(summed), round(float(unplanned)), round(float(unbooked)))


def _line(row: Mapping[Hashable, Any], growth: float, *, is_flexed: bool) -> BudgetLine:
    """One account of one facility and month: price is rounded, volume is rounded, mix is what is left.

    volume: planned dollars × (all actual units ÷ all planned units − 1); mix: planned dollars a unit × (actual units −
    planned units at that growth); price: actual dollars − planned dollars a unit × actual units.
    """
    planned, actual = (int(round_half_up(float(row[name]), 0)) for name in ("planned", "actual"))
    if not is_flexed:
        return BudgetLine(str(row["account"]), planned, actual, actual - planned, 0, 0, is_flexed=False)
    rate = float(row["planned"]) / float(row["planned_volume"])
    price = int(round_half_up(float(row["actual"]) - rate * float(row["actual_volume"]), 0))
    volume = int(round_half_up(float(row["planned"]) * (growth - 1), 0))
    return BudgetLine(
        str(row["account"]), planned, actual, price, volume, actual - planned - price - volume, is_flexed=True
    )


def add_lines(account: str, lines: Sequence[BudgetLine]) -> BudgetLine:
    """Several lines as one."""
    return BudgetLine(
        account,
        sum(line.planned for line in lines),
        sum(line.actual for line in lines),
        sum(line.price for line in lines),
        sum(line.volume for line in lines),
        sum(line.mix for line in lines),
        is_flexed=any(line.is_flexed for line in lines),
    )


def _ordered(lines: Sequence[BudgetLine]) -> tuple[BudgetLine, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.planned, line.account)))
