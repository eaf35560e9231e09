"""Days by the facility's own clock, hours by the true one: daylight saving, UTC, two zones, dates without a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from tests.support.landings import HEADER, line, tables_of

FACILITIES = """facility_id,time_zone
NEW_YORK,America/New_York
PHOENIX,America/Phoenix
UNNAMED,
"""
"""Phoenix has no daylight saving; UNNAMED and SILENT are on the folder's own clock, Chicago's."""

STAYS = {
    # in New York 8 March 2026 has 23 hours and 2 November 2025 has 25; in Phoenix every day has 24
    "SPRING": ("NEW_YORK", "2026-03-08 00:00", "2026-03-09 00:00"),
    "SPRING_PHOENIX": ("PHOENIX", "2026-03-08 00:00", "2026-03-09 00:00"),
    "AUTUMN": ("NEW_YORK", "2025-11-02 00:00", "2025-11-03 00:00"),
    "AUTUMN_PHOENIX": ("PHOENIX", "2025-11-02 00:00", "2025-11-03 00:00"),
    "NIGHT_OF_CHANGE": ("NEW_YORK", "2026-03-08 01:59", "2026-03-08 03:00"),
    # 01:30 comes twice that night; the offset says which is meant
    "SAME_CLOCK_AN_HOUR_LATER": ("NEW_YORK", "2025-11-02T01:30:00-04:00", "2025-11-02T01:30:00-05:00"),
    # 03:59:59 UTC on 1 May is the last second of April in New York; 07:00 UTC is midnight in Phoenix
    "UTC_APRIL": ("NEW_YORK", "2026-04-01T03:59:59Z", "2026-05-01T03:59:59Z"),
    "UTC_MAY": ("NEW_YORK", "2026-04-01T04:00:00Z", "2026-05-01T04:00:00Z"),
    "UTC_APRIL_PHOENIX": ("PHOENIX", "2026-04-01T07:00:00Z", "2026-05-01T06:59:59Z"),
    "UTC_MAY_PHOENIX": ("PHOENIX", "2026-04-01T07:00:00Z", "2026-05-01T07:00:00Z"),
    "UNNAMED_ZONE": ("UNNAMED", "2026-04-01T05:30:00Z", "2026-04-02T04:59:00Z"),
    "UNLISTED_FACILITY": ("SILENT", "2026-04-01T05:30:00Z", "2026-04-02T04:59:00Z"),
    "LAST_AND_FIRST_MINUTE": ("NEW_YORK", "2026-06-01 23:59", "2026-06-02 00:01"),
    "LEAP_DAY": ("NEW_YORK", "2024-02-28 10:00", "2024-03-01 10:00"),
    "DATES": ("NEW_YORK", "2026-06-01", "2026-06-04"),
    "DATE_AND_TIME": ("NEW_YORK", "2026-06-01", "2026-06-01 15:00"),
    "UTC_AND_LOCAL": ("NEW_YORK", "2026-06-01T14:00:00Z", "2026-06-02 11:00"),
}


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    rows = [
        line(name, person_id=name, facility_id=facility, admitted_at=start, discharged_at=end)
        for name, (facility, start, end) in STAYS.items()
    ]
    files = {
        "encounters.csv": HEADER + "".join(rows),
        "facilities.csv": FACILITIES,
        "landing.yaml": "time_zone: America/Chicago\n",
    }
    with tables_of(tmp_path_factory.mktemp("clocks"), files) as connection:
        yield connection


def of_stay(connection: duckdb.DuckDBPyConnection, name: str, columns: str) -> tuple[Any, ...]:
    (row,) = connection.execute(f"SELECT {columns} FROM stays WHERE stay_id = ?", [name]).fetchall()
    return row


@pytest.mark.parametrize(
    ("name", "days", "hours"),
    [
        ("SPRING", 1, 23),
        ("SPRING_PHOENIX", 1, 24),
        ("AUTUMN", 1, 25),
        ("AUTUMN_PHOENIX", 1, 24),
        ("NIGHT_OF_CHANGE", 1, 1 / 60),
        ("SAME_CLOCK_AN_HOUR_LATER", 1, 1),
        ("UTC_APRIL", 30, 720),
        ("UTC_MAY", 30, 720),
        ("LAST_AND_FIRST_MINUTE", 1, 2 / 60),
        ("LEAP_DAY", 2, 48),
        ("DATES", 3, None),
        ("DATE_AND_TIME", 1, None),
        ("UTC_AND_LOCAL", 1, 25),
    ],
)
def test_days_are_counted_by_the_calendar_and_hours_by_the_clock(
    name: str, days: int, hours: float | None, clocks: duckdb.DuckDBPyConnection
) -> None:
    found = of_stay(clocks, name, "length_of_stay_days, length_of_stay_hours")
    assert found == (days, None if hours is None else pytest.approx(hours))


@pytest.mark.parametrize(
    ("name", "admitted_on", "discharged_on"),
    [
        ("UTC_APRIL", date(2026, 3, 31), date(2026, 4, 30)),
        ("UTC_MAY", date(2026, 4, 1), date(2026, 5, 1)),
        ("UTC_APRIL_PHOENIX", date(2026, 4, 1), date(2026, 4, 30)),
        ("UTC_MAY_PHOENIX", date(2026, 4, 1), date(2026, 5, 1)),
        ("UNNAMED_ZONE", date(2026, 4, 1), date(2026, 4, 1)),
        ("UNLISTED_FACILITY", date(2026, 4, 1), date(2026, 4, 1)),
        ("LAST_AND_FIRST_MINUTE", date(2026, 6, 1), date(2026, 6, 2)),
        ("DATES", date(2026, 6, 1), date(2026, 6, 4)),
    ],
)
def test_a_day_ends_at_the_facilitys_own_midnight(
    name: str, admitted_on: date, discharged_on: date, clocks: duckdb.DuckDBPyConnection
) -> None:
    assert of_stay(clocks, name, "admitted_on, discharged_on") == (admitted_on, discharged_on)


def test_times_are_kept_by_both_clocks(clocks: duckdb.DuckDBPyConnection) -> None:
    columns = "admitted_at, admitted_at_utc, discharged_at, discharged_at_utc"
    assert of_stay(clocks, "UTC_AND_LOCAL", columns) == (
        datetime(2026, 6, 1, 10),
        datetime(2026, 6, 1, 14),
        datetime(2026, 6, 2, 11),
        datetime(2026, 6, 2, 15),
    )


def test_a_date_without_a_time_says_so(clocks: duckdb.DuckDBPyConnection) -> None:
    assert of_stay(clocks, "DATES", "has_admission_time, has_discharge_time") == (False, False)
    assert of_stay(clocks, "DATE_AND_TIME", "has_admission_time, has_discharge_time") == (False, True)
    assert of_stay(clocks, "SPRING", "has_admission_time, has_discharge_time") == (True, True)
