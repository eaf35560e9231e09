"""A report in which every free text is a text of somebody's choice; names that lead somewhere and numbers stay."""

from __future__ import annotations

from typing import Any

from kpi_pipeline.report.model import Report

_NAMES = frozenset(
    (
        "schema_version month facility_id privacy snapshot_id stamped_at status metric maturity icon kind variation "
        "assurance point_class tick_prefix tick_suffix better language phase_starts letter name issue_number claims"
    ).split()
)
"""Fields that hold no free text: their types refuse it."""


def poisoned(report: Report, text: str) -> Report:
    """The report with the text in place of every free text, tables and names of rules among them."""
    return Report.model_validate(_poisoned(report.model_dump(mode="json"), "", text))


def _poisoned(part: Any, key: str, text: str) -> Any:
    if key in _NAMES and not isinstance(part, dict):
        return part
    if isinstance(part, dict):
        return {name: _poisoned(item, name, text) for name, item in part.items()}
    if isinstance(part, list):
        return [_poisoned(item, key, text) for item in part]
    return text if isinstance(part, str) else part
