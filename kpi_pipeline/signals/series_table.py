"""A series from the rows of a table (for example of a CSV file already read), evaluated as one chart.

Columns: `period` (optional); `value`, or `numerator` and `denominator`; for xbar and s `mean`, `size`, `sd`;
optional `target` (may change), `phase` (a new phase starts where it changes), `is_ghosted`, `is_immature`.
Reading files is not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.evaluate import evaluate_chart
from kpi_pipeline.signals.series import RATIO_CHARTS, SUBGROUP_CHARTS
from kpi_pipeline.signals.types import Chart, ChartResult

KNOWN_COLUMNS = frozenset(
    {"period", "value", "numerator", "denominator", "mean", "size", "sd", "range", "target", "phase"}
    | {"is_ghosted", "is_immature"}
)
KNOWN_COLUMNS_CURE = f"Use {', '.join(sorted(KNOWN_COLUMNS))}."
MISSING = frozenset({"", "na", "nan", "null", "none"})
TRUE = frozenset({"true", "yes", "1", "y"})
FALSE = frozenset({"false", "no", "0", "n"}) | MISSING


def evaluate_table(rows: Sequence[Mapping[str, object]], *, chart: Chart, **options: Any) -> ChartResult:
    """Evaluates the rows of a table, in time order. options: as for `evaluate_chart`; they win over columns.

    Raises InputError naming the row (counted from 1, without the header) and column of every fault.
    """
    if not rows:
        raise InputError(Fault("table", "has no rows.", "Give one row a point."))
    columns = set().union(*rows)
    faults = [
        Fault(f"column {name}" if name else "a cell without a column name", "is not known.", KNOWN_COLUMNS_CURE)
        for name in sorted(str(column) for column in columns - KNOWN_COLUMNS)
    ]
    values, needed = _columns_of(chart)
    faults += [
        Fault(f"column {name}", f"is missing; chart {chart} needs it.", "Add it.")
        for name in (values, *needed.values())
        if name not in columns
    ]
    if faults:
        raise InputError(faults)
    arguments: dict[str, Any] = {key: _numbers(rows, name, faults) for key, name in needed.items()}
    if "range" in columns and chart in SUBGROUP_CHARTS:
        arguments["ranges"] = _numbers(rows, "range", faults)
    if "period" in columns:
        arguments["periods"] = [str(row.get("period", "")).strip() for row in rows]
    if "target" in columns:
        arguments["target"] = _numbers(rows, "target", faults)
    if "phase" in columns:
        arguments["phases"] = [i for i in range(1, len(rows)) if rows[i].get("phase") != rows[i - 1].get("phase")]
    for name, key in (("is_ghosted", "ghosted"), ("is_immature", "immature")):
        if name in columns:
            arguments[key] = [i for i, row in enumerate(rows) if _flag(row.get(name), i, name, faults)]
    numbers = _numbers(rows, values, faults)
    if faults:
        raise InputError(faults)
    return evaluate_chart(numbers, chart=chart, **{**arguments, **options})


def _columns_of(chart: Chart) -> tuple[str, dict[str, str]]:
    """The column of the values, and those of the further arguments a chart needs."""
    if chart in RATIO_CHARTS:
        return "numerator", {"denominators": "denominator"}
    if chart in SUBGROUP_CHARTS:
        return "mean", {"sizes": "size", "sds": "sd"}
    return "value", {}


_TOO_LARGE = 1e100
"""Beyond it the squares of differences no longer fit a number."""


def _numbers(rows: Sequence[Mapping[str, object]], name: str, faults: list[Fault]) -> list[float | None]:
    numbers: list[float | None] = []
    for i, row in enumerate(rows):
        found = row.get(name)
        text = "" if found is None else str(found).strip()
        try:
            number = None if text.lower() in MISSING else float(text)
        except ValueError:
            where = f"row {i + 1}, column {name}"
            faults.append(Fault(where, "is not a number.", "Write it with a point, or leave it empty."))
            number = None
        if number is not None and not abs(number) < _TOO_LARGE:
            faults.append(Fault(f"row {i + 1}, column {name}", "is too large to be judged.", "Check its unit."))
            number = None
        numbers.append(number)
    return numbers


def _flag(found: object, i: int, name: str, faults: list[Fault]) -> bool:
    text = "" if found is None else str(found).strip().lower()
    if text not in TRUE | FALSE:
        faults.append(Fault(f"row {i + 1}, column {name}", "is neither true nor false.", "Write true or false."))
    return text in TRUE
