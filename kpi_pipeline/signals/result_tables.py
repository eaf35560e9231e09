"""A chart result as plain data: a dictionary fit for JSON, and rows fit for a table. No number is NaN or infinite."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from kpi_pipeline.signals.types import ChartResult, Point, RuleHit

COLUMNS = (
    "period", "value", "denominator", "centre", "lower", "upper", "lower_2sigma", "upper_2sigma", "target", "phase",
    "is_ghosted", "is_immature", "is_missing", "in_baseline", "rules", "deciding_rule", "point_class",
)  # fmt: skip
"""The columns of `result_rows`, in order."""


def result_as_dict(result: ChartResult) -> dict[str, Any]:
    """Everything in the result as dictionaries, lists, text, numbers, booleans and None."""
    return dict(_plain(result))


def _plain(thing: Any) -> Any:
    if isinstance(thing, RuleHit):
        return {"rule": thing.rule, "side": thing.side}
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: _plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, frozenset):
        return [_plain(member) for member in sorted(thing)]
    if isinstance(thing, (tuple, list)):
        return [_plain(member) for member in thing]
    return thing


def result_rows(result: ChartResult) -> list[dict[str, Any]]:
    """One row a point, with the columns `COLUMNS`; phases count from 1, rules read 'shift high; trend high'."""
    return [_row(point) for point in result.points]


def _row(point: Point) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(point, name, None) for name in COLUMNS}
    row["phase"] = point.phase + 1
    row["rules"] = "; ".join(_hit_words(hit) for hit in sorted(point.rules))
    row["deciding_rule"] = _hit_words(point.deciding_hit) if point.deciding_hit else ""
    return row


def _hit_words(hit: RuleHit) -> str:
    return f"{hit.rule} {hit.side}"
