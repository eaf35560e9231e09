"""Risk-adjusted outcomes by unit and over time, from a warehouse with a loaded risk model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.risk.watching import compare_units, watch_place
from kpi_pipeline.metrics.cases import find_metric, missing_inputs, query_cases
from kpi_pipeline.report.words.reasons import refuse
from kpi_pipeline.warehouse.connection import open_warehouse

READMISSION_INDEX = "readmission_30d_index"
ODDS_RATIOS = (2.0, 0.5)
"""Watched for: the odds of a return doubled, and halved."""


def risk_cases(warehouse: Path, last: Month, *, months: int) -> pd.DataFrame:
    """The counted cases of the readmission index in the months up to `last`: case_id, facility_id, unit, event_date,
    numerator, denominator. Raises InputError where the index cannot be computed, or nothing counts."""
    metric = find_metric(READMISSION_INDEX)
    with open_warehouse(warehouse) as connection:
        missing = missing_inputs(connection, metric)
        refuse(metric, missing, "Fit and import a model of readmission_30d: kpi risk fit.")
        cases = query_cases(connection, metric)
        units = connection.execute("SELECT unit_id, unit_name FROM units").df()
    first = last.plus(1 - months)
    day = pd.to_datetime(cases["event_date"])
    inside = (day >= pd.Timestamp(first.first_day)) & (day <= pd.Timestamp(last.last_day))
    counted = cases[inside & cases["exclusion_reason"].isna()].copy()
    if counted.empty:
        raise InputError(Fault("months", f"no discharge counts from {first} to {last}."))
    names = dict(zip(units["unit_id"], units["unit_name"], strict=True))
    unit = counted["unit_id"].fillna("")
    counted["unit"] = counted["facility_id"] + ", " + unit.map(lambda one: names.get(one) or one or "no unit")
    return counted


def units_frame(cases: pd.DataFrame) -> pd.DataFrame:
    """The units as `compare_units` judges them, rounded for print."""
    return compare_units(cases).round({"observed": 0, "expected": 1, "o_over_e": 2, "lower": 2, "upper": 2})


def cusum_frame(cases: pd.DataFrame) -> pd.DataFrame:
    """One row a facility and direction, as `watch_place` finds it, rounded for print."""
    rows = []
    for facility, of_facility in cases.groupby("facility_id", sort=True):
        for odds_ratio in ODDS_RATIOS:
            found = watch_place(of_facility, str(facility), odds_ratio=odds_ratio)
            rows.append(
                {
                    "facility_id": found.place,
                    "watched_for": "odds doubled" if odds_ratio > 1 else "odds halved",
                    "cases": found.n_cases,
                    "observed": round(found.observed),
                    "expected": round(found.expected, 1),
                    "highest": round(found.highest, 2),
                    "limit": round(found.limit, 2),
                    "signals": ", ".join(f"{day:%Y-%m-%d}" for day in found.signals) or "none",
                }
            )
    return pd.DataFrame(rows)
