"""Dates that lie far beyond the end of the encounters are mistyped; no clock is asked to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.landings import HEADER, NOW, encounters, line, refusals, take_in
from tests.support.said import said


def stays(n: int, *, days_between: float, first: date = date(2026, 1, 1), nights: int = 2, name: str = "S") -> str:
    """n stays, so many days after one another."""
    rows = []
    for number in range(n):
        begin = first + timedelta(days=int(number * days_between))
        rows.append(
            line(
                f"{name}{number}",
                person_id=f"{name}{number}",
                admitted_at=str(begin),
                discharged_at=str(begin + timedelta(days=nights)),
            )
        )
    return "".join(rows)


def refused(folder: Path, *rows: str, now: datetime = NOW, options: str = "") -> Sequence[str]:
    """The ids refused for a date in the future."""
    found = refusals(take_in(folder, {**encounters(*rows), "landing.yaml": options}, now=now))
    assert set(map(tuple, found.values())) <= {("future_date",)}
    return sorted(found)


DAILY = stays(200, days_between=1)
"""200 stays, one a day; the last ends on 21 July 2026."""


@pytest.mark.parametrize(
    ("admitted_at", "discharged_at", "is_refused"),
    [
        ("2062-07-12", "", True),
        ("2026-07-12", "2027-07-14", True),
        ("2026-07-30", "2026-08-02", False),  # not yet entered for the most part, perhaps
        ("2026-08-18", "2026-08-20", False),
    ],
)
def test_a_date_far_beyond_the_end_is_refused_and_a_near_one_is_not(
    admitted_at: str, discharged_at: str, is_refused: bool, tmp_path: Path
) -> None:
    typo = line("TYPO", person_id="T", admitted_at=admitted_at, discharged_at=discharged_at or admitted_at)
    assert refused(tmp_path, DAILY, typo) == (["TYPO"] if is_refused else [])


def test_the_day_the_files_come_changes_nothing(tmp_path: Path) -> None:
    typo = line("TYPO", person_id="T", discharged_at="2030-10-05")
    found = {
        tuple(refused(tmp_path / str(years), DAILY, typo, now=NOW.replace(year=NOW.year + years)))
        for years in (-10, 0, 1, 10)
    }
    assert found == {("TYPO",)}


def test_many_years_mistyped_by_one_are_refused_beyond_the_month_after_the_end(tmp_path: Path) -> None:
    """2027 for 2026 in one row of a hundred, spread over the year ahead."""
    dense = stays(2_000, days_between=0.1)  # ten a day, to 20 July
    typos = "".join(
        line(f"T{n}", person_id=f"T{n}", admitted_at=str(date(2027, 1, 5) + timedelta(days=9 * n)), discharged_at="")
        for n in range(20)
    )
    assert refused(tmp_path, dense, typos) == sorted(f"T{n}" for n in range(20))


def test_a_feed_that_rests_and_goes_on_is_no_typing_error(tmp_path: Path) -> None:
    later = stays(40, days_between=1, first=date(2026, 12, 1), name="L")
    assert refused(tmp_path, DAILY, later) == []


def test_a_feed_that_dries_up_is_no_typing_error(tmp_path: Path) -> None:
    tail = stays(20, days_between=10, first=date(2026, 7, 22), name="L")
    assert refused(tmp_path, DAILY, tail) == []


@pytest.mark.parametrize("placeholder", ["1900-01-01", "1970-01-01", "2006-06-06"])
def test_a_date_of_long_ago_does_not_make_all_others_strays(placeholder: str, tmp_path: Path) -> None:
    old = "".join(
        line(f"O{n}", person_id=f"O{n}", admitted_at=placeholder, discharged_at="2026-03-05") for n in range(5)
    )
    assert refused(tmp_path / "dense", DAILY, old) == []
    assert refused(tmp_path / "sparse", stays(20, days_between=1, first=date(2026, 3, 1)), old) == []


def test_a_stay_that_is_still_open_written_as_the_end_of_time_is_refused(tmp_path: Path) -> None:
    """9999-12-31 for no discharge: nothing is known of it but that it is no day."""
    still_there = line("OPEN", person_id="O", admitted_at="2026-07-12", discharged_at="9999-12-31")
    assert refused(tmp_path, DAILY, still_there) == ["OPEN"]
    assert refused(tmp_path / "few", still_there, line("OTHER")) == ["OPEN"]


def test_few_rows_make_no_rate(tmp_path: Path) -> None:
    assert refused(tmp_path, stays(5, days_between=30), line("LATE", person_id="L", discharged_at="2029-01-01")) == []


def test_a_day_declared_complete_is_plausible(tmp_path: Path) -> None:
    typo = line("TYPO", person_id="T", discharged_at="2027-10-05")
    assert refused(tmp_path, DAILY, typo, options="complete_through: 2027-12-31") == []


def test_rows_dated_after_their_file_came_count_and_are_told(tmp_path: Path) -> None:
    rows = [line("NEXT_WEEK", admitted_at="2026-11-08", discharged_at=""), line("TODAY", discharged_at="2026-11-02")]
    intake = take_in(tmp_path, {"encounters.csv": HEADER + "".join(rows)})
    assert refusals(intake) == {}
    assert said(intake.warnings) == (
        "encounters.csv: 1 row of encounters is dated after the day the file came, or after plausible_until; counted "
        "as written. A mistyped year? Encounters after plausible_until (landing.yaml) are refused.",
    )
    declared = {"encounters.csv": HEADER + "".join(rows), "landing.yaml": "plausible_until: 2026-12-31"}
    assert said(take_in(tmp_path / "declared", declared).warnings) == ()


def test_a_row_changed_after_its_file_came_wins_over_its_corrections_and_that_is_told(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",updated_at\n")
    rows = [line("E1").replace("\n", f",{day}\n") for day in ("2099-01-01", "2026-10-06", "2026-11-02")]
    files = {"encounters.csv": header + "".join(rows)}
    assert said(take_in(tmp_path, files).warnings) == (
        "encounters.csv: 1 row of encounters has an updated_at after the day the file came, or after plausible_until: "
        "no correction counts until that day. A mistyped year, or a clock that is wrong?",
    )
    files["landing.yaml"] = "plausible_until: 2026-11-01"
    assert said(take_in(tmp_path / "declared", files).warnings)[0].startswith(
        "encounters.csv: 2 rows of encounters have"
    )


def test_what_happened_in_other_tables_cannot_lie_ahead_and_what_is_due_can(tmp_path: Path) -> None:
    files = {
        **encounters(line("E1")),
        "denials.csv": "denial_id,encounter_id,denied_on\nD1,E1,2062-10-09\nD2,E1,2026-10-09\n",
        "cm_cases.csv": "cm_case_id,encounter_id,case_manager_id,opened_at,first_assessed_at\nC1,E1,M,2026-10-01,\n",
        "cm_tasks.csv": "task_id,cm_case_id,task_type,due_at,done_at\nT1,C1,plan,2027-10-05,\n",
    }
    told = [one for one in said(take_in(tmp_path, files).warnings) if "dated after" in one]
    assert [one[:34] for one in told] == ["denials.csv: 1 row of denials is d"]
    files["landing.yaml"] = "plausible_until: 2026-10-31"
    told = [one for one in said(take_in(tmp_path, files).warnings) if "dated after" in one]
    assert [one[:34] for one in told] == ["denials.csv: 1 row of denials is d"]


# ---- files named after a year ----


@pytest.mark.parametrize(
    ("first", "days", "declared", "is_told"),
    [
        (date(2025, 1, 1), 365, "", False),
        (date(2025, 1, 1), 90, "complete_through: 2025-12-31", True),  # three months where a year is written
        (date(2025, 1, 1), 90, "complete_through: 2025-03-31", False),  # the year goes on
        (date(2025, 1, 1), 90, "complete_through: {F1: 2026-02-28}", True),
        (date(2025, 10, 1), 90, "", True),  # the last three months
        (date(2025, 1, 1), 90, "withdrawn: encounters_2025.csv\ncomplete_through: 2025-12-31", False),
    ],
)
def test_a_part_of_a_year_in_a_file_named_after_the_year_is_told(
    first: date, days: int, declared: str, is_told: bool, tmp_path: Path
) -> None:
    files = {
        "encounters_2025.csv": HEADER + stays(days, days_between=1, first=first, nights=0),
        "landing.yaml": declared,
    }
    told = [one for one in take_in(tmp_path, files).warnings if one.kind == "year_short"]
    assert bool(told) == is_told


def test_a_feed_that_begins_within_a_year_is_no_short_year(tmp_path: Path) -> None:
    begun = stays(60, days_between=1, first=date(2024, 11, 1), nights=0, name="A")
    files = {
        "encounters_2024.csv": HEADER + begun,
        "encounters_2025.csv": HEADER + stays(100, days_between=1, first=date(2025, 1, 1), nights=0),
        "encounters_2023-24.csv": HEADER + line("X", admitted_at="2024-11-02", discharged_at="2024-11-03"),
    }
    assert [one for one in take_in(tmp_path, files).warnings if one.kind == "year_short"] == []


def test_a_short_year_is_told_in_words(tmp_path: Path) -> None:
    files = {
        "encounters_2025.csv": HEADER + stays(90, days_between=1, first=date(2025, 1, 1), nights=0),
        "landing.yaml": "complete_through: 2025-12-31",
    }
    (sentence,) = [one for one in said(take_in(tmp_path, files).warnings) if "named after" in one]
    assert sentence.startswith(
        "encounters_2025.csv: is named after the year 2025, but what its rows of encounters say of it lies in months "
        "from January 2025 to March 2025. Was the rest not exported?"
    )
