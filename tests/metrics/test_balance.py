"""The identity of a stock: open at the beginning + opened - closed = open at the end."""

from __future__ import annotations

import pandas as pd
import pytest

from kpi_pipeline.metrics.balance import balance_faults
from kpi_pipeline.metrics.declaration import load_metrics

METRICS = load_metrics()
NAMES = ("cm_cases_open", "cm_cases_opened", "cm_cases_closed")


def rows(*found: tuple[str, str, float, str]) -> pd.DataFrame:
    return pd.DataFrame(list(found), columns=["facility_id", "month", "numerator", "maturity"])


def sound() -> dict[str, pd.DataFrame]:
    return {
        "cm_cases_open": rows(("Mercy", "2024-01", 3, "final"), ("Mercy", "2024-02", 2, "final")),
        "cm_cases_opened": rows(("Mercy", "2024-01", 5, "final"), ("Mercy", "2024-02", 1, "final")),
        "cm_cases_closed": rows(("Mercy", "2024-01", 2, "final"), ("Mercy", "2024-02", 2, "final")),
    }


def test_only_open_cases_are_declared_a_stock() -> None:
    assert {name: metric.flows for name, metric in METRICS.items() if metric.flows} == {NAMES[0]: NAMES[1:]}


def test_a_stock_that_is_what_came_less_what_went_has_no_fault() -> None:
    assert balance_faults(METRICS, sound()) == []


def test_a_stock_that_is_not_is_a_fault_that_says_where_and_by_how_much() -> None:
    values = sound()
    values["cm_cases_closed"].loc[1, "numerator"] = 1
    (fault,) = balance_faults(METRICS, values)
    assert "Mercy, 2024-02: 3 at the month's beginning, 1 came and 1 went, so there must be 3" in fault.what
    assert "counts 2" in fault.what


def test_a_month_of_nothing_left_needs_no_row() -> None:
    values = sound()
    values["cm_cases_closed"].loc[1, "numerator"] = 4
    values["cm_cases_open"] = values["cm_cases_open"].iloc[:1]
    assert balance_faults(METRICS, values) == []
    values["cm_cases_closed"].loc[1, "numerator"] = 3
    assert len(balance_faults(METRICS, values)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_month_that_is_not_complete_is_not_held_against_the_others(name: str) -> None:
    values = {one: frame.assign(maturity=["final", "open"]) for one, frame in sound().items()}
    values[name].loc[1, "numerator"] = 99
    assert balance_faults(METRICS, values) == []


def test_the_whole_system_is_not_asked_for_its_parts_are() -> None:
    values = {one: pd.concat([frame, rows(("all", "2024-01", 77, "final"))]) for one, frame in sound().items()}
    assert balance_faults(METRICS, values) == []


def test_what_was_not_supplied_cannot_fail() -> None:
    values = sound()
    values["cm_cases_open"] = rows(("all", "", 0, "final"))
    assert balance_faults(METRICS, values) == []
