"""What no single value shows is told: person numbers in two forms, delays outside their stay, days of 480 hours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import HEADER, Files, line, tables_of
from tests.support.said import said


def told(folder: Path, files: Files, kind: str) -> tuple[str, ...]:
    with tables_of(folder, files) as connection:
        return said(one for one in read_notices(connection) if one.kind == kind)


def stays(name: str, person: Callable[[int], str], *, month: int = 9) -> str:
    """Thirty stays; the same persons whatever they are called."""
    return HEADER + "".join(
        line(
            f"{name}{number}",
            person_id=person(number),
            admitted_at=f"2026-{month:02}-{number % 25 + 1:02}",
            discharged_at=f"2026-{month:02}-{number % 25 + 3:02}",
        )
        for number in range(1, 31)
    )


@pytest.mark.parametrize(
    ("september", "october", "is_told"),
    [
        (lambda n: f"{n:08}", str, True),
        (lambda n: f"{n:08}", lambda n: f"{n:08}", False),
        (lambda n: f"MRN{n}", lambda n: f"mrn{n}", True),
        (lambda n: f"{n + 100000}", lambda n: f"MRN-{n + 100000}", True),
        (str, lambda n: str(n + 900), False),  # numbers that grow, and never had zeros
        (lambda n: f"A{n}" if n % 2 else f"{n}", lambda n: f"B{n}" if n % 2 else f"{n}", False),  # no one form at all
    ],
    ids=["zeros lost", "the same", "small letters", "a prefix", "growing", "mixed"],
)
def test_a_file_that_writes_person_numbers_in_another_form_is_told(
    september: Callable[[int], str], october: Callable[[int], str], is_told: bool, tmp_path: Path
) -> None:
    files = {
        "encounters_2026-08.csv": stays("A", september, month=8),
        "encounters_2026-09.csv": stays("S", september),
        "encounters_2026-10.csv": stays("O", october, month=10),
    }
    found = told(tmp_path, files, "persons_in_another_form")
    assert [one.split(":")[0] for one in found] == (["encounters_2026-10.csv"] if is_told else [])


def test_delays_and_denials_outside_their_stay_are_told(tmp_path: Path) -> None:
    head = "encounter_id,starts_on,ends_on,reason_code,responsible_party\n"
    files = {
        "encounters.csv": stays("E", lambda n: f"P{n}"),
        # E1 is there from 2 to 4 September 2026
        "avoidable_days.csv": f"{head}E1,2026-09-03,2026-09-05,R,payer\nE1,2026-09-03,2027-09-04,R,payer\n",
        "denials.csv": "denial_id,encounter_id,denied_on\nD1,E1,2016-09-20\nD2,E1,2026-08-20\nD3,E1,2026-10-20\n",
    }
    assert told(tmp_path, files, "rows_outside_stays") == (
        "avoidable_days: 1 row lies outside the time of the encounter, counted as written: a date mistyped, or another "
        "encounter's?",
        "denials: 1 row lies outside the time of the encounter, counted as written: a date mistyped, or another "
        "encounter's?",
    )


def test_a_day_of_more_than_twenty_four_hours_is_told(tmp_path: Path) -> None:
    head = "facility_id,unit_id,shift_on,case_manager_id,paid_hours\n"
    rows = "".join(f"F1,U,2026-09-0{day},M1,{hours}\n" for day, hours in enumerate(("8", "24", "480", "-1"), start=1))
    files = {"encounters.csv": stays("E", lambda n: f"P{n}"), "staffing.csv": head + rows}
    assert told(tmp_path, files, "hours_impossible") == (
        "staffing: 2 rows have more than 24 paid hours for a person's day, or fewer than none, counted as written: "
        "minutes, or a month in one row?",
    )
