"""The tables beside the monthly figures as cells: denials, drivers, mix, groups. What counts patients is a cell.

A cell of a table has the months it is over as its month (`2025-11..2026-10`) and table and row as its name; rows sum to
the table's total, and totals over months to theirs. Not here: what is withheld (`tables`, `groups`), solving
(`attack`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    NUMERATOR,
    Cell,
    Relation,
    is_count,
)
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import FAIRNESS_DIMENSIONS

_TO, _ROW = "..", " | "
_TOTALS = ("all", "All")
_SPAN = 12

_COUNTED_IN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"barriers/(?P<part>denials_by_\w+)/(?P<row>.*)/denials"), "denied_usd_received", "denials"),
    (re.compile(r"drivers/(?P<part>period)/(?P<row>all)/discharges"), "discharges", "discharges"),
    (re.compile(r"drivers/(?P<part>service_lines|drgs)/(?P<row>.*)/discharges"), "length_of_stay_index", "discharges"),
    (re.compile(r"drivers/(?P<part>service_lines|drgs)/(?P<row>.*)/outlier_stays"), "length_of_stay_index", "outliers"),
    (re.compile(r"drivers/(?P<part>mix_and_rate)/(?P<metric>\w+)/(?P<row>.*)/cases"), "", "cases"),
    (re.compile(r"drivers/(?P<part>mix_and_rate)/(?P<metric>\w+)/(?P<row>.*)/cases_year_before"), "", "cases before"),
    (re.compile(r"drivers/(?P<part>avoidable_days)/(?P<row>.*)/days"), "avoidable_days_per_100_discharges", "days"),
    (re.compile(r"barriers/(?P<part>avoidable_days)/(?P<row>.*)/days"), "avoidable_days_per_100_discharges", "parties"),
    (re.compile(r"fairness/(?P<part>\w+)/(?P<metric>\w+)/(?P<row>.*)/cases"), "", "cases"),
)
"""Figure of a page → the measure whose cases, or patients' days, it counts, and as what; a pattern for each table."""

_OF_ALL_CASES = ("denials", "discharges", "cases")
"""Tables whose total is the number of cases of the measure over the months."""


def table_months(first: Month, last: Month) -> str:
    """The name of the months a table is over: at most twelve, from the first there is."""
    return f"{max(first, last.plus(1 - _SPAN))}{_TO}{last}"


def is_of_table(cell: Cell) -> bool:
    """Whether it is a number of a table, not a measure's of a month."""
    return _TO in cell.month


def begins(cell: Cell) -> Cell:
    """The cell by its first month alone: tables that begin in the same month differ by the months since."""
    return cell._replace(month=cell.month.split(_TO)[0] + _TO) if is_of_table(cell) else cell


def table_cell(figure_id: str, facility_id: str, months: str) -> Cell | None:
    """The cell of a figure of a page; None for one that counts no patients, or is argued not to tell of them."""
    for pattern, metric, name in _COUNTED_IN:
        found = pattern.fullmatch(figure_id)
        if found is not None:
            named = found.groupdict()
            return Cell(
                named.get("metric") or metric, facility_id, months, f"{named['part']} {name}{_ROW}{named['row']}"
            )
    return None


def table_relations(numbers: Mapping[Cell, float | None], metrics: Mapping[str, Metric]) -> Iterator[Relation]:
    """Rows sum to their total; a total of twelve months is the sum of its months, where all of them are cells."""
    tables: dict[tuple[str, str, str, str], dict[str, Cell]] = defaultdict(dict)
    for cell in numbers:
        if is_of_table(cell):
            table, row = cell.name.split(_ROW, 1)
            tables[(cell.metric, cell.facility_id, cell.month, table)][row] = cell
    for (metric, facility, months, table), rows in tables.items():
        total = next((rows[name] for name in _TOTALS if name in rows), None)
        if total is None or metric not in metrics:
            continue
        parts = [cell for cell in rows.values() if cell != total]
        if parts:
            yield Relation({total: 1.0} | dict.fromkeys(parts, -1.0), 0.0, 0.0)
        first, last = (Month.parse(text.split(" ")[0]) for text in months.split(_TO))
        if table.split(" ")[-1] not in _OF_ALL_CASES or last.months_since(first) != _SPAN - 1:
            continue
        of_months = _of_months(numbers, metrics[metric], facility, (first, last))
        if of_months and _may_be(numbers, total, of_months):
            yield Relation({total: 1.0} | dict.fromkeys(of_months, -1.0), 0.0, 0.0)


def rests_of(numbers: Mapping[Cell, float | None], metrics: Mapping[str, Metric]) -> Iterator[tuple[Cell, float]]:
    """Of a table of groups without a total, how many of its months' cases stand in no printed row: those of the groups
    that are withheld, all together. Not where a month was restated since: which of its numbers is the table's?"""
    restated = {cell.month.split(" ")[0] for cell in numbers if " " in cell.month}
    tables: dict[Cell, float] = defaultdict(float)
    for cell, number in numbers.items():
        table, _, _ = cell.name.partition(_ROW)
        if is_of_table(cell) and cell.metric in metrics and table.split(" ")[0] in FAIRNESS_DIMENSIONS:
            tables[cell._replace(name=f"{table}{_ROW}rows not printed")] += number or 0.0
    for rest, printed in tables.items():
        first, last = (Month.parse(text.split(" ")[0]) for text in rest.month.split(_TO))
        of_months = _of_months(numbers, metrics[rest.metric], rest.facility_id, (first, last))
        known = [number for cell in of_months if (number := numbers[cell]) is not None and cell.month not in restated]
        if of_months and len(known) == len(of_months):
            yield rest, sum(known) - printed


def _of_months(
    numbers: Mapping[Cell, float | None], metric: Metric, facility: str, span: tuple[Month, Month]
) -> list[Cell]:
    """The cells of a measure's cases of every month; none where one of them is no cell."""
    found = []
    for month in month_range(*span):
        names = [COUNTED, NUMERATOR] if metric.name == "discharges" else [COUNTED, DENOMINATOR]
        cells = [Cell(metric.name, facility, str(month), name) for name in names]
        own = [cell for cell in cells if cell in numbers and (cell.name != DENOMINATOR or is_count(cell, metric))]
        if not own:
            return []
        found.append(own[0])
    return found


def _may_be(numbers: Mapping[Cell, float | None], total: Cell, parts: Iterable[Cell]) -> bool:
    """Whether what is printed does not contradict that it is the sum; a measure's last months may not be final."""
    known = [number for one in (total, *parts) if (number := numbers[one]) is not None]
    all_known = len(known) == 1 + len(list(parts))
    return not all_known or known[0] == sum(known[1:])
