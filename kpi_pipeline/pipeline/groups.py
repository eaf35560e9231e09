"""A measure by group, and how groups differ, read from a warehouse: what `kpi groups` and `kpi fairness` call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import find_metric, missing_inputs, refuse_unknown_facility
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.gaps import MetricGaps, read_gaps
from kpi_pipeline.metrics.groups import compute_groups
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.report.words.fairness import looks_words
from kpi_pipeline.report.words.reasons import refuse
from kpi_pipeline.warehouse.connection import open_warehouse


@dataclass(frozen=True, slots=True)
class FairnessTable:
    """Every comparison made, one row each, and how many of them chance alone would make."""

    frame: pd.DataFrame
    warning: str


def read_groups(
    warehouse: Path, name: str, by: str, month: Month, *, settings: Settings, facility: str | None = None
) -> pd.DataFrame:
    """As `metrics.groups.compute_groups`. Raises InputError for a measure, group or facility that is not there."""
    metric = find_metric(name)
    with open_warehouse(warehouse) as connection:
        if facility is not None:
            refuse_unknown_facility(connection, facility)
        refuse(metric, missing_inputs(connection, metric))
        found = compute_groups(connection, metric, by, month, settings=settings, facility=facility)
    if found.empty:
        raise InputError(Fault(name, f"has no case in the twelve months up to {month}."))
    return found


def read_fairness(warehouse: Path, month: Month, *, settings: Settings, facility: str | None = None) -> FairnessTable:
    """The differences between groups of the headline measures. Raises InputError where nothing can be compared."""
    metrics = load_metrics()
    values = read_values(warehouse).values
    with open_warehouse(warehouse) as connection:
        if facility is not None:
            refuse_unknown_facility(connection, facility)
        found = read_gaps(
            connection,
            month,
            metrics=metrics,
            names=settings.report.headline_metrics,
            values=values,
            settings=settings,
            facility=facility,
        )
    if not found:
        raise InputError(Fault("fairness", f"no headline measure can be compared between groups up to {month}."))
    gaps = [gap for one in found for gap in one.gaps if gap.difference is not None and not gap.is_mirror]
    return FairnessTable(_frame(found), looks_words(gaps))


def _frame(found: tuple[MetricGaps, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "metric": one.metric,
                "by": gap.dimension,
                "group": gap.group,
                "last_month": str(one.last_month),
                "cases": gap.n_cases,
                "value": gap.value,
                "others": gap.others_value,
                "difference": gap.difference,
                "lower": gap.lower,
                "upper": gap.upper,
                "status": _status(gap.difference is None, excludes=gap.excludes_zero, holds=gap.holds),
            }
            for one in found
            for gap in one.gaps
        ]
    )


def _status(is_unknown: bool, *, excludes: bool, holds: bool) -> str:
    if is_unknown:
        return "too few cases"
    return "beyond chance, of all looks" if holds else "interval without zero" if excludes else "within chance"
