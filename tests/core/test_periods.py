"""Months as values."""

from __future__ import annotations

from datetime import date

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month, month_range


@pytest.mark.parametrize("text", ["2026-1", "2026-13", "2026-00", "26-10", "2026/10", "2026-10-01", "", " 2026-10"])
def test_only_a_year_and_a_month_is_a_month(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Month.parse(text)
    assert str(caught.value) == f"month: must look like 2026-10, got {text!r}. Write the year and month."


def test_a_month_is_read_and_written_alike() -> None:
    assert str(Month.parse("2026-10")) == "2026-10"
    assert str(Month(987, 1)) == "0987-01"


@pytest.mark.parametrize(
    ("start", "step", "expected"),
    [("2026-12", 1, "2027-01"), ("2026-01", -1, "2025-12"), ("2026-10", 0, "2026-10"), ("2026-10", -22, "2024-12")],
)
def test_months_step_over_the_turn_of_the_year(start: str, step: int, expected: str) -> None:
    assert str(Month.parse(start).plus(step)) == expected
    assert Month.parse(expected).months_since(Month.parse(start)) == step


@pytest.mark.parametrize(
    ("month", "last_day"),
    [
        ("2024-02", date(2024, 2, 29)),
        ("2026-02", date(2026, 2, 28)),
        ("2100-02", date(2100, 2, 28)),
        ("2026-12", date(2026, 12, 31)),
    ],
)
def test_a_month_ends_on_its_last_day(month: str, last_day: date) -> None:
    assert Month.parse(month).last_day == last_day
    assert Month.of(last_day) == Month.parse(month)
    assert Month.parse(month).first_day == last_day.replace(day=1)


def test_months_have_names_and_an_order() -> None:
    assert (Month(2026, 10).name, Month(2026, 10).short_name) == ("October 2026", "Oct 2026")
    assert sorted([Month(2026, 2), Month(2025, 12), Month(2026, 1)]) == [
        Month(2025, 12),
        Month(2026, 1),
        Month(2026, 2),
    ]


def test_a_range_holds_both_its_ends_and_none_when_it_runs_backwards() -> None:
    assert [str(month) for month in month_range(Month(2025, 11), Month(2026, 2))] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
    assert list(month_range(Month(2026, 2), Month(2026, 1))) == []
