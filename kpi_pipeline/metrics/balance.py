"""The identity of a stock: what was there, and came, less what went, is there. Checked before values are published."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import Metric


def balance_faults(metrics: Mapping[str, Metric], values: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Every facility and month in which a stock is not the one before plus what came less what went.

    values: of each metric, as `compute_values` gives them. Only months that are complete are held against each other;
    a month without a row is a month of nothing.
    """
    faults = []
    for metric in metrics.values():
        if metric.flows is None or any(_is_missing(values, name) for name in (metric.name, *metric.flows)):
            continue
        stock, came, went = (_counts(values[name]) for name in (metric.name, *metric.flows))
        facilities = sorted({key[0] for counts in (stock, came, went) for key in counts})
        for facility in facilities:
            faults += _faults_of(metric, facility, stock=stock, came=came, went=went)
    return faults


def _is_missing(values: Mapping[str, pd.DataFrame], name: str) -> bool:
    return name not in values or bool(values[name]["month"].eq("").any())


Counts = Mapping[tuple[str, str], float]


def _counts(values: pd.DataFrame) -> Counts:
    rows = values[(values["facility_id"] != WHOLE_SYSTEM) & (values["maturity"] != "open")]
    keys = zip(rows["facility_id"].astype(str), rows["month"].astype(str), strict=True)
    return dict(zip(keys, rows["numerator"].fillna(0.0).astype(float), strict=True))


def _faults_of(metric: Metric, facility: str, *, stock: Counts, came: Counts, went: Counts) -> list[Fault]:
    months = sorted({month for counts in (stock, came, went) for of_whom, month in counts if of_whom == facility})
    faults, there = [], 0.0
    for month in months:
        key = (facility, month)
        expected = there + came.get(key, 0.0) - went.get(key, 0.0)
        found = stock.get(key, 0.0)
        if found != expected:
            what = (
                f"{facility}, {month}: {there:,.0f} at the month's beginning, {came.get(key, 0.0):,.0f} came and "
                f"{went.get(key, 0.0):,.0f} went, so there must be {expected:,.0f}; the measure counts {found:,.0f}."
            )
            faults.append(Fault(f"sql/metrics/{metric.name}.sql", what, "Correct the three definitions together."))
        there = found
    return faults
