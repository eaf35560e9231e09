"""The department's budget: price, volume and mix sum to the variance exactly as printed; nothing is flexed by guess."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.budget import BudgetLine, compute_budget, read_budget
from tests.support.landings import encounters, line, tables_of

OCTOBER, JANUARY = Month(2026, 10), Month(2026, 1)
COLUMNS = ["facility_id", "account", "month", "planned", "actual", "planned_volume", "actual_volume"]


def rows(*given: tuple[str, str, float | None, float | None, float | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame([("F1", *one) for one in given], columns=COLUMNS)
    return frame.astype(dict.fromkeys(COLUMNS[3:], float))


def test_the_split_by_hand() -> None:
    # 100 hours at $50 and 20 at $100 were planned, $7,000; 120 at $52 and 30 at $95 were worked, $9,090.
    # Work grew from 120 hours to 150, by a quarter: volume 1,250 + 500. Price: 2 × 120 and −5 × 30.
    # Mix: staff worked 120, not 125 (−5 × 50); agency 30, not 25 (5 × 100).
    found = compute_budget(
        rows(("staff", "2026-10", 5000, 6240, 100, 120), ("agency", "2026-10", 2000, 2850, 20, 30)), OCTOBER, OCTOBER
    )
    assert found is not None
    staff, agency = found.month.lines
    assert staff == BudgetLine("staff", 5000, 6240, 240, 1250, -250, is_flexed=True)
    assert agency == BudgetLine("agency", 2000, 2850, -150, 500, 500, is_flexed=True)
    whole = found.month.all
    assert (whole.price, whole.volume, whole.mix, whole.variance, whole.flexed) == (90, 1750, 250, 2090, 9000)


def test_an_account_planned_without_units_is_not_flexed() -> None:
    found = compute_budget(
        rows(("staff", "2026-10", 5000, 6000, 100, 120), ("software", "2026-10", 900, 1000, None, None)),
        OCTOBER,
        OCTOBER,
    )
    assert found is not None
    assert found.month.lines[1] == BudgetLine("software", 900, 1000, 100, 0, 0, is_flexed=False)
    assert found.month.all.flexed == 6000 + 900


def test_one_sided_amounts_are_told_and_are_in_no_line() -> None:
    found = compute_budget(
        rows(
            ("a", "2026-10", 100, 110, None, None),
            ("b", "2026-10", None, 40, None, None),
            ("c", "2026-10", 70, None, 5, 5),
        ),
        OCTOBER,
        OCTOBER,
    )
    assert found is not None
    assert ([one.account for one in found.month.lines], found.month.not_planned, found.month.not_booked) == (
        ["a"],
        40,
        70,
    )


def test_the_year_is_the_sum_of_its_months_and_names_those_it_lacks() -> None:
    found = compute_budget(
        rows(
            ("a", "2026-08", 100, 130, 10, 12),
            ("a", "2026-10", 100, 90, 10, 9),
            ("a", "2026-09", 100, None, 10, None),
        ),
        Month(2026, 8),
        OCTOBER,
    )
    assert found is not None
    assert found.months_lacking == (Month(2026, 9),)
    assert (found.year.all.planned, found.year.all.actual, found.year.all.volume) == (200, 220, 20 - 10)
    assert compute_budget(rows(("a", "2026-09", 100, 90, None, None)), JANUARY, OCTOBER) is None


AMOUNT = st.floats(0, 1e7, allow_nan=False) | st.none()
UNITS = st.floats(0, 1e5, allow_nan=False) | st.none()


ACCOUNT = st.tuples(st.sampled_from("FG"), st.sampled_from("abcd"), st.sampled_from(["2026-09", "2026-10"]))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(ACCOUNT, st.tuples(AMOUNT, AMOUNT, UNITS, UNITS), min_size=1))
def test_whatever_was_booked_the_printed_parts_sum_to_the_printed_variance(
    booked: dict[tuple[str, str, str], tuple[float | None, ...]],
) -> None:
    given = [(*key, *amounts) for key, amounts in booked.items()]
    frame = pd.DataFrame(given, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[3:], float))
    found = compute_budget(frame, Month(2026, 9), OCTOBER)
    if found is None:
        return
    for table in (found.month, found.year):
        for one in (*table.lines, table.all):
            assert one.price + one.volume + one.mix == one.actual - one.planned
            assert one.flexed + one.price == one.actual
        for part in ("planned", "actual", "price", "volume", "mix", "flexed", "variance"):
            assert sum(getattr(one, part) for one in table.lines) == getattr(table.all, part)


FILES = {
    **encounters(line("E1"), line("E2", facility_id="F2", person_id="P2")),
    "budget.csv": "facility_id,month,account,budget_usd,actual_usd,planned_volume,actual_volume\n"
    "F1,2025-10,a,10,10,,\nF1,2025-12,a,100,110,,\nF1,2026-10,a,1000,1100,100,110\nF2,2026-10,a,500,400,,\n",
}


def test_the_year_begins_where_the_hospital_says(tmp_path: Path) -> None:
    with tables_of(tmp_path, FILES) as connection:
        calendar = read_budget(connection, OCTOBER)
        october = read_budget(connection, Month(2026, 9).plus(1), year_starts_in=10)
        july = read_budget(connection, OCTOBER, year_starts_in=12, facility="F1")
        nothing = read_budget(connection, Month(2026, 9))
    assert calendar is not None
    assert october is not None
    assert july is not None
    assert nothing is None
    assert (calendar.year.first_month, calendar.year.all.planned) == (JANUARY, 1500)
    assert (october.year.first_month, october.year.all.planned) == (OCTOBER, 1500)
    assert (july.year.first_month, july.year.all.planned, july.year.all.volume) == (Month(2025, 12), 1100, 100)


def test_a_budget_of_the_older_layout_is_shown_without_flexing(tmp_path: Path) -> None:
    files = {**FILES, "budget.csv": "facility_id,month,account,budget_usd,actual_usd\nF1,2026-10,a,1000,1100\n"}
    with tables_of(tmp_path, files) as connection:
        found = read_budget(connection, OCTOBER)
        bare = {**encounters(line("E1"))}
    assert found is not None
    assert found.month.all == BudgetLine("All", 1000, 1100, 100, 0, 0, is_flexed=False)
    with tables_of(tmp_path / "bare", bare) as connection:
        assert read_budget(connection, OCTOBER) is None
