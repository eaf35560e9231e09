"""A feed that stops before the day it is said to be complete through is held back to what its rows support."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import watermarks_sql
from kpi_pipeline.metrics.compute import compute_values
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import GOOD, HEADER, encounters, faults_of, line, tables_of
from tests.support.said import said

FIRST, CLAIMED = date(2026, 6, 1), date(2026, 10, 31)
ALL_COMPLETE = f"complete_through: {CLAIMED}\n"


def stays(facility: str, days: Iterable[date], *, a_day: int = 3) -> str:
    """So many admissions a day, each for two days."""
    return "".join(
        line(
            f"{facility}-{day}-{number}",
            person_id=f"{facility}-{day}-{number}",
            facility_id=facility,
            admitted_at=f"{day}",
            discharged_at=f"{min(day + timedelta(days=2), CLAIMED)}",
        )
        for day in days
        for number in range(a_day)
    )


def days_until(last: date) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range((last - FIRST).days + 1)]


def found(
    folder: Path, rows: str, more: dict[str, str] | None = None
) -> tuple[dict[str, tuple[date, bool]], list[str]]:
    files = {"encounters.csv": HEADER + rows, "landing.yaml": ALL_COMPLETE, **(more or {})}
    with tables_of(folder, files) as connection:
        marks = connection.execute("SELECT facility_id, complete_through, is_held_back FROM watermarks").fetchall()
        warnings = list(said(read_notices(connection)))
    return {facility: (day, held) for facility, day, held in marks}, warnings


def test_a_facility_whose_rows_stop_is_held_back_and_the_others_are_not(tmp_path: Path) -> None:
    rows = stays("NORTH", days_until(CLAIMED)) + stays("SOUTH", days_until(date(2026, 9, 28)))
    marks, warnings = found(tmp_path, rows)
    day, is_held_back = marks["SOUTH"]
    assert marks["NORTH"] == (CLAIMED, False)
    assert is_held_back
    assert date(2026, 9, 28) <= day <= date(2026, 9, 30)  # the last admissions, the last discharges
    assert [warning for warning in warnings if "SOUTH" in warning and str(day) in warning]
    assert not [warning for warning in warnings if "NORTH" in warning]


def test_a_quiet_end_of_a_month_is_one_sentence_whatever_the_tables(tmp_path: Path) -> None:
    days = days_until(date(2026, 10, 9))
    child = "encounter_id,{id},{on}\n" + "".join(
        f"NORTH-{day}-{n},C{day}-{n},{day}\n" for day in days for n in range(3)
    )
    files = {
        "cm_cases.csv": child.format(id="cm_case_id", on="opened_at"),
        "reviews.csv": child.format(id="review_id", on="done_at"),
    }
    _, warnings = found(tmp_path, stays("NORTH", days), files)
    (sentence,) = [one for one in warnings if "hardly a row" in one]
    assert sentence.startswith(
        "Facility 'NORTH' sent hardly a row since October 9, 2026 (cm_cases, reviews), October 11, 2026 (encounters)"
    )
    assert "complete_through: {NORTH: 2026-10-09}" in sentence


def test_a_trickle_of_rows_is_a_feed_that_stopped_too(tmp_path: Path) -> None:
    trickle = [date(2026, 10, 7), date(2026, 10, 21)]
    rows = stays("SOUTH", days_until(date(2026, 9, 28))) + stays("SOUTH", trickle, a_day=1)
    assert found(tmp_path, rows)[0] == {"SOUTH": (date(2026, 9, 30), True)}


def test_a_month_of_half_the_usual_rows_is_no_feed_that_stopped(tmp_path: Path) -> None:
    rows = stays("SOUTH", days_until(date(2026, 9, 30)), a_day=4)
    rows += stays("SOUTH", [day for day in days_until(CLAIMED) if day.month == 10], a_day=2)
    assert found(tmp_path, rows)[0] == {"SOUTH": (CLAIMED, False)}


def test_a_weekend_without_admissions_is_no_silence(tmp_path: Path) -> None:
    weekdays = [day for day in days_until(date(2026, 10, 30)) if day.weekday() < 5]
    assert found(tmp_path, stays("SOUTH", weekdays))[0] == {"SOUTH": (CLAIMED, False)}


def test_too_few_rows_to_know_what_is_usual_are_not_judged(tmp_path: Path) -> None:
    assert found(tmp_path, stays("SOUTH", days_until(date(2026, 6, 10)), a_day=1))[0] == {"SOUTH": (CLAIMED, False)}


def test_a_table_of_its_own_that_stops_is_said_while_the_facility_goes_on(tmp_path: Path) -> None:
    every_day = days_until(CLAIMED)
    denials = "denial_id,encounter_id,denied_on\n" + "".join(
        f"D-{day},SOUTH-{day}-0,{day}\n" for day in every_day if day <= date(2026, 9, 30)
    )
    marks, warnings = found(tmp_path, stays("SOUTH", every_day), {"denials.csv": denials})
    assert marks == {"SOUTH": (CLAIMED, False)}
    assert [warning for warning in warnings if "SOUTH" in warning and "(denials)" in warning]


def three_in_seven(last: date) -> list[date]:
    """The days of a small hospital, which admits on Mondays, Wednesdays and Saturdays."""
    return [day for day in days_until(last) if day.weekday() in (0, 2, 5)]


@pytest.mark.parametrize(("last", "is_held_back"), [(date(2026, 9, 9), True), (date(2026, 10, 26), False)])
def test_a_small_hospital_that_stops_is_held_back_too(last: date, is_held_back: bool, tmp_path: Path) -> None:
    rows = "".join(
        line(f"E{day}", person_id=f"P{day}", facility_id="SMALL", admitted_at=f"{day}", discharged_at=f"{day}")
        for day in three_in_seven(last)
    )
    marks, _ = found(tmp_path, rows)
    assert marks["SMALL"][1] == is_held_back
    assert marks["SMALL"][0] == (date(2026, 9, 11) if is_held_back else CLAIMED)  # Saturday 12 should have brought one


def test_a_hospital_with_a_row_a_month_is_not_judged(tmp_path: Path) -> None:
    rows = stays("RARE", [date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)], a_day=1)
    assert found(tmp_path, rows)[0] == {"RARE": (CLAIMED, False)}


def gaps(folder: Path, rows: str, more: dict[str, str] | None = None) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
    """The gaps, and the maturity of the discharges of each facility and month."""
    files = {"encounters.csv": HEADER + rows, "landing.yaml": ALL_COMPLETE, **(more or {})}
    with tables_of(folder, files) as connection:
        silent = connection.execute(
            "SELECT facility_id, table_name, starts_on, ends_before FROM feed_gaps ORDER BY ALL"
        ).fetchall()
        ((_, values, _),) = compute_values(
            connection, [load_metrics()["discharges"]], settings=Settings(min_denominator=1)
        )
    return silent, {f"{row.facility_id} {row.month}": str(row.maturity) for row in values.itertuples()}


def test_a_month_without_a_row_between_others_is_provisional_for_the_facility_and_the_whole(tmp_path: Path) -> None:
    every_day = days_until(CLAIMED)
    rows = stays("NORTH", every_day) + stays("SOUTH", [day for day in every_day if day.month != 8])
    silent, maturity = gaps(tmp_path, rows)
    assert silent == [("SOUTH", "encounters", date(2026, 8, 3), date(2026, 9, 1))]  # the last leave on 2 August
    assert maturity["NORTH 2026-08"] == maturity["all 2026-07"] == maturity["all 2026-09"] == "final"
    assert maturity["all 2026-08"] == maturity["SOUTH 2026-08"] == "provisional"


@pytest.mark.parametrize(
    "days",
    [
        [day for day in days_until(CLAIMED) if day.weekday() < 5],  # closed at weekends
        [day for day in days_until(CLAIMED) if day.day in (1, 15)] * 9,  # entered twice a month
        [day for day in days_until(CLAIMED) if not date(2026, 8, 10) <= day <= date(2026, 8, 12)],  # a long weekend
    ],
    ids=["weekdays", "batches", "long weekend"],
)
def test_days_that_are_usually_empty_are_no_gap(days: list[date], tmp_path: Path) -> None:
    rows = "".join(
        line(f"E{number}", person_id=f"P{number}", admitted_at=f"{day}", discharged_at=f"{day}")
        for number, day in enumerate(day for day in days for _ in range(3))
    )
    assert gaps(tmp_path, rows)[0] == []


FOUR_DAYS = [date(2026, 8, day) for day in range(10, 14)]


@pytest.mark.parametrize(
    ("declared", "is_silent"),
    [
        ("", True),
        ("closed: {SOUTH: 2026-08-10 to 2026-08-13}", False),
        ("closed: {SOUTH: [2026-08-10 to 2026-08-11, 2026-08-12, 2026-08-13]}", False),
        ("closed: {NORTH: 2026-08-10 to 2026-08-13}", True),
        ("closed: {SOUTH: 2026-08-12}", False),  # of the four days three and more are no longer without a reason
    ],
)
def test_four_days_without_an_encounter_are_told_unless_the_facility_was_closed(
    declared: str, is_silent: bool, tmp_path: Path
) -> None:
    days = [day for day in days_until(CLAIMED) if day not in FOUR_DAYS]
    rows = "".join(
        line(f"{place}{day}-{number}", person_id=f"{place}{day}-{number}", facility_id=place, admitted_at=f"{day}",
             discharged_at=f"{day}")
        for place, of_place in (("SOUTH", days), ("NORTH", days_until(CLAIMED)))
        for day in of_place
        for number in range(3)
    )  # fmt: skip
    silent, maturity = gaps(tmp_path, rows, {"landing.yaml": f"{ALL_COMPLETE}{declared}\n"})
    assert silent == ([("SOUTH", "encounters", date(2026, 8, 10), date(2026, 8, 14))] if is_silent else [])
    assert maturity["SOUTH 2026-08"] == ("provisional" if is_silent else "final")


def test_a_facility_that_closed_for_good_is_not_held_back(tmp_path: Path) -> None:
    rows = stays("NORTH", days_until(CLAIMED)) + stays("SOUTH", days_until(date(2026, 9, 28)))
    listed = {"facilities.csv": "facility_id,closed_on\nNORTH,\nSOUTH,2026-09-30\n"}
    marks, warnings = found(tmp_path, rows, listed)
    assert marks == {"NORTH": (CLAIMED, False), "SOUTH": (CLAIMED, False)}
    assert not [warning for warning in warnings if "hardly a row" in warning]


@pytest.mark.parametrize(
    "written", ["2026-08-16 to 2026-08-03", "August", "2026-08-03 to", "2026-08-03 until 2026-08-16"]
)
def test_a_closure_that_cannot_be_read_is_refused(written: str, tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, {**encounters(GOOD), "landing.yaml": f"closed: {{F1: {written}}}\n"})
    assert fault.startswith("landing.yaml")
    assert "closed" in fault


def test_procedures_that_stop_hold_readmissions_back(tmp_path: Path) -> None:
    every_day = days_until(CLAIMED)
    procedures = "encounter_id,procedure_code\n" + "".join(
        f"SOUTH-{day}-{number},0SRC0J9\n" for day in every_day if day < date(2026, 9, 1) for number in range(3)
    )
    files = {"encounters.csv": HEADER + stays("SOUTH", every_day), "landing.yaml": ALL_COMPLETE}
    with tables_of(tmp_path, {**files, "procedures.csv": procedures}) as connection:
        held = {
            name: connection.execute(
                f"SELECT facility_id, complete_through, is_held_back FROM ({watermarks_sql(load_metrics()[name])})"
            ).fetchall()
            for name in ("discharges", "readmission_30d")
        }
    assert held["discharges"] == [("SOUTH", CLAIMED, False)]
    assert held["readmission_30d"] == [("SOUTH", date(2026, 9, 2), True)]


def test_a_clinic_that_rests_or_stops_holds_back_itself_and_not_a_system_a_hundred_times_its_size(
    tmp_path: Path,
) -> None:
    """Nothing its missing rows could do shows in the figures of the whole; it is told by name all the same."""
    every_day = days_until(CLAIMED)
    large = stays("LARGE", every_day, a_day=110)
    rests = stays("RESTS", [day for day in every_day if not date(2026, 7, 1) <= day <= date(2026, 7, 20)], a_day=1)
    stops = stays("STOPS", days_until(date(2026, 8, 20)), a_day=1)
    silent, maturity = gaps(tmp_path, large + rests + stops)
    assert [row[0] for row in silent] == ["RESTS"]
    assert maturity["RESTS 2026-07"] == "provisional"
    assert maturity["STOPS 2026-08"] == "open"
    assert {maturity[f"all 2026-{month:02}"] for month in range(6, 11)} == {"final"}


def test_a_stay_in_five_days_may_leave_a_month_empty(tmp_path: Path) -> None:
    """Seventy rows in half a year come in pairs; seven that do not come are no silence."""
    days = [day for number, day in enumerate(days_until(CLAIMED)) if number % 4 == 0 and day.month != 8]
    assert gaps(tmp_path, stays("RARE", days, a_day=1))[0] == []


@pytest.mark.parametrize(
    ("lost", "n_days", "said_of"),
    [("discharged_on", 7, "discharge"), ("admitted_on", 7, "admission"), ("discharged_on", 1, "discharge")],
)
def test_a_file_of_some_days_that_is_missing_is_told_though_neighbouring_files_fill_the_other_date(
    lost: str, n_days: int, said_of: str, tmp_path: Path
) -> None:
    """Files by discharge: of a week that is missing the admissions stand in the files of the weeks around it."""
    gone = [date(2026, 8, 3) + timedelta(days=number) for number in range(n_days)]
    kept = []
    for day in days_until(CLAIMED):
        for number in range(25):
            left = min(day + timedelta(days=1 + 5 * (number % 3)), CLAIMED)
            if (left if lost == "discharged_on" else day) not in gone:
                kept.append(
                    line(
                        f"E{day}-{number}", person_id=f"P{day}-{number}", admitted_at=f"{day}", discharged_at=f"{left}"
                    )
                )
    files = {"encounters.csv": HEADER + "".join(kept), "landing.yaml": ALL_COMPLETE}
    with tables_of(tmp_path, files) as connection:
        silent = connection.execute("SELECT of_what, starts_on, ends_before FROM feed_gaps").fetchall()
        told = [one for one in said(read_notices(connection)) if f"not one {said_of} of facility" in one]
    assert silent == [(f"{said_of}s", gone[0], gone[-1] + timedelta(days=1))]
    assert len(told) == 1


def test_the_long_stays_before_an_extract_of_discharges_begins_are_no_silence(tmp_path: Path) -> None:
    """Three months of discharges hold the admissions of those who stayed long, and weeks of nothing between them."""
    early = "".join(
        line(
            f"long-{at}", person_id=f"long-{at}", facility_id="NORTH", admitted_at=f"{day}", discharged_at="2026-08-02"
        )
        for at, day in enumerate((date(2026, 7, 1), date(2026, 7, 14), date(2026, 7, 29)))
    )
    august = [day for day in days_until(CLAIMED) if day >= date(2026, 8, 1)]
    assert gaps(tmp_path / "whole", early + stays("NORTH", august))[0] == []
    without = [day for day in august if not date(2026, 9, 8) <= day <= date(2026, 9, 17)]
    assert len(gaps(tmp_path / "gap", early + stays("NORTH", without))[0]) == 1
