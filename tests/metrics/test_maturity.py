"""When a month is open, provisional or final, and which cases are still too young to count."""

from __future__ import annotations

import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.figures import read_figures
from kpi_pipeline.metrics.compute import BEFORE_DATA, EXCLUSION_COLUMNS, compute_values
from tests.support.cases import ONE_IS_ENOUGH, case, measure, values_of, warehouse_of

FOLLOWED_30_DAYS = measure("proportion", unit="percent", matures_after_days=30)
NO_EXCLUSIONS = pd.DataFrame(columns=list(EXCLUSION_COLUMNS))
FINAL_AT_ONCE = measure("count")
SYSTEM, ONE = ("all", "2026-10"), ("F1", "2026-10")


@pytest.mark.parametrize(
    ("complete_through", "followed", "at_once"),
    [
        ("2026-10-15", "open", "open"),
        ("2026-10-30", "open", "open"),
        ("2026-10-31", "provisional", "final"),
        ("2026-11-29", "provisional", "final"),
        ("2026-11-30", "final", "final"),
    ],
)
def test_a_month_is_open_until_it_is_complete_and_provisional_until_its_last_day_is_followed_up(
    complete_through: str, followed: str, at_once: str
) -> None:
    cases, complete = [case(on="2026-10-01")], {"F1": complete_through}
    assert values_of(cases, FOLLOWED_30_DAYS, complete_through=complete)[ONE]["maturity"] == followed
    assert values_of(cases, FINAL_AT_ONCE, complete_through=complete)[ONE]["maturity"] == at_once


def test_a_case_counts_from_the_day_its_follow_up_is_complete() -> None:
    cases = [case(1, on="2026-10-15"), case(1, on="2026-10-16"), case(None, None, on="2026-10-16", excluded="died")]
    found = values_of(cases, FOLLOWED_30_DAYS, complete_through={"F1": "2026-11-14"})[ONE]
    # 15 October + 30 days is 14 November; the patient who died is out for that, however young
    assert (found["denominator"], found["n_cases"], found["n_excluded"], found["n_immature"]) == (1, 3, 2, 1)


def test_a_day_after_the_watermark_is_not_counted_even_without_follow_up() -> None:
    cases = [case(on="2026-10-15"), case(on="2026-10-16")]
    found = values_of(cases, FINAL_AT_ONCE, complete_through={"F1": "2026-10-15"})[ONE]
    assert (found["value"], found["n_immature"]) == (1, 1)


def test_a_facility_whose_feed_stopped_ten_days_early_holds_itself_and_the_system() -> None:
    cases = [case(1, on="2026-10-05"), case(1, on="2026-10-05", facility="F2"), case(0, on="2026-10-25", facility="F2")]
    complete = {"F1": "2026-11-30", "F2": "2026-11-20"}
    found = values_of(cases, FOLLOWED_30_DAYS, complete_through=complete)
    assert {facility: row["maturity"] for (facility, _), row in found.items()} == {
        "all": "provisional",
        "F1": "final",
        "F2": "provisional",
    }
    # F2's discharge of 25 October has 26 days of follow-up; in F1 it would count
    assert found[SYSTEM]["denominator"] == 2
    assert found[("F2", "2026-10")]["n_immature"] == 1


@pytest.mark.parametrize(
    ("silent_since", "maturity"),
    [
        ("2026-07-31", "open"),  # 92 days before the month's end: late, and still to come
        ("2026-07-30", "final"),  # 93 days: taken as closed
    ],
)
def test_a_facility_silent_for_a_quarter_no_longer_holds_the_system(silent_since: str, maturity: str) -> None:
    cases = [case(on="2026-10-05"), case(on="2026-07-01", facility="F2")]
    found = values_of(cases, FINAL_AT_ONCE, complete_through={"F1": "2026-10-31", "F2": silent_since})
    assert found[SYSTEM]["maturity"] == maturity
    assert found[("all", "2026-07")]["maturity"] == ("final" if silent_since == "2026-07-31" else "open")


@pytest.mark.parametrize(("closed_on", "maturity"), [("2026-09-30", "final"), ("2026-10-01", "open"), (None, "open")])
def test_a_facility_closed_before_the_month_does_not_hold_it(closed_on: str | None, maturity: str) -> None:
    cases = [case(on="2026-10-05"), case(on="2026-09-01", facility="F2")]
    complete = {"F1": "2026-10-31", "F2": "2026-09-30"}
    found = values_of(cases, FINAL_AT_ONCE, complete_through=complete, closed_on=closed_on)
    assert found[SYSTEM]["maturity"] == maturity


def test_the_months_of_a_facility_without_a_watermark_follow_the_latest_one_there_is() -> None:
    # a census may come from a facility that has sent no encounter yet: its rows count all the same
    found = values_of([case(facility="F9")], FINAL_AT_ONCE, complete_through={"F1": "2026-10-31"})
    assert (found[("F9", "2026-10")]["value"], found[("F9", "2026-10")]["maturity"]) == (1, "final")


def test_a_month_before_the_first_discharge_has_no_value_for_only_what_lasted_is_known() -> None:
    """The stays of F1 end from November on, those of F2 from December; what began earlier is seen in part."""
    opened = [case(on="2023-10-20"), case(on="2023-11-03"), case(on="2023-11-09", facility="F2")]
    opened += [case(on="2023-12-01", facility="F2")]
    listed = "SELECT listed.* FROM listed LEFT JOIN stays ON listed.case_id = stays.stay_id"
    with warehouse_of(opened) as connection:
        connection.execute(
            "CREATE TABLE stays AS SELECT * FROM (VALUES ('s1', 'p1', 'F1', DATE '2023-11-02'), "
            "('s2', 'p2', 'F1', NULL), ('s3', 'p3', 'F2', DATE '2023-12-05')) "
            "AS rows(stay_id, person_id, facility_id, discharged_on)"
        )
        ((_, of_stays, _),) = compute_values(connection, [measure("count", sql=listed)], settings=ONE_IS_ENOUGH)
    found = {(row["facility_id"], row["month"]): row for row in of_stays.to_dict("records")}
    assert {key: row["value"] for key, row in found.items() if row["status"] == "ok"} == {
        ("all", "2023-11"): 2.0,
        ("all", "2023-12"): 1.0,
        ("F1", "2023-11"): 1.0,
        ("F2", "2023-12"): 1.0,
    }
    early = [("F1", "2023-10"), ("F2", "2023-11"), ("all", "2023-10")]
    assert [(found[key]["status"], found[key]["n_cases"]) for key in early] == [(BEFORE_DATA, 1)] * 3
    read = read_figures(of_stays, NO_EXCLUSIONS, {"trial": measure("count")}, [Month(2023, 10), Month(2023, 11)])
    assert {(one.facility_id, str(one.month)) for one in read} == {("F1", "2023-11"), ("all", "2023-11")}


def test_shifts_census_and_courses_may_reach_further_back_than_the_stays() -> None:
    with warehouse_of([case(on="2020-01-20")]) as connection:
        connection.execute(
            "CREATE TABLE stays AS SELECT 's1' AS stay_id, 'p1' AS person_id, 'F1' AS facility_id, "
            "DATE '2023-11-02' AS discharged_on; CREATE TABLE staffing AS FROM listed"
        )
        ((_, values, _),) = compute_values(
            connection, [measure("count", sql="SELECT * FROM staffing")], settings=ONE_IS_ENOUGH
        )
    assert set(values["status"]) == {"ok"}
