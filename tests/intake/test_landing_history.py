"""A landing file that is gone, shrank or is older than what it replaces is told; so is one that a series lacks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from kpi_pipeline.intake.feeds.landing_history import HISTORY, KINDS, notices_given, restore_notices
from kpi_pipeline.intake.ingest import IntakeResult, ingest
from tests.support.landings import HEADER, NOW, Files, line, take_in
from tests.support.said import said


def rows(*numbers: int, day: str = "2026-10-05") -> str:
    """Stays of persons of their own, numbered."""
    return HEADER + "".join(line(f"E{n}", person_id=f"P{n}", discharged_at=day) for n in numbers)


def told(intake: IntakeResult, kinds: Iterable[str] = (*KINDS, "extract_missing")) -> tuple[str, ...]:
    """What is said of files that were there or should be."""
    return said(one for one in intake.warnings if one.kind in set(kinds))


def then(folder: Path, files: Files, *, without: Iterable[str] = (), days: int = 1) -> tuple[str, ...]:
    """What is said after files were taken away and others laid beside the rest."""
    for name in without:
        (folder / "landing" / name).unlink()
    return told(take_in(folder, files, now=NOW + timedelta(days=days)))


TWO = {"encounters_north.csv": rows(1, 2, 3), "encounters_south.csv": rows(4, 5)}
SOUTH_IS_GONE = (
    "encounters_south.csv: was read before and is no longer there; 2 of 2 rows of encounters that it held are in no "
    "file now, and count no more. Put it back. If so on purpose, write withdrawn: ['encounters_south.csv'] in "
    "landing.yaml."
)


def test_a_file_that_is_gone_is_told_until_it_is_back(tmp_path: Path) -> None:
    assert told(take_in(tmp_path, TWO)) == ()
    assert then(tmp_path, {}, without=["encounters_south.csv"]) == (SOUTH_IS_GONE,)
    assert then(tmp_path, {}, days=2) == (SOUTH_IS_GONE,)
    assert then(tmp_path, TWO, days=3) == ()


def test_a_file_that_is_gone_while_its_rows_are_elsewhere_is_not_missed(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    renamed = {"encounters_s.csv": TWO["encounters_south.csv"]}
    assert then(tmp_path, renamed, without=["encounters_south.csv"]) == ()
    merged = {"encounters_all.csv": rows(1, 2, 3, 4, 5, day="2026-10-06")}
    assert then(tmp_path, merged, without=["encounters_s.csv", "encounters_north.csv"], days=2) == ()


def test_a_file_declared_withdrawn_is_not_missed(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    assert then(tmp_path, {"landing.yaml": "withdrawn: encounters_S*"}, without=["encounters_south.csv"]) == ()


def test_a_file_of_an_optional_table_is_missed_too(tmp_path: Path) -> None:
    take_in(tmp_path, {**TWO, "denials.csv": "denial_id,encounter_id,denied_on\nD1,E1,2026-10-09\n"})
    (said_now,) = then(tmp_path, {}, without=["denials.csv"])
    assert said_now.startswith("denials.csv: was read before and is no longer there; 1 of 1 row of denials")


def test_a_file_that_lost_rows_is_told_and_one_that_grew_is_not(tmp_path: Path) -> None:
    take_in(tmp_path, {"encounters.csv": rows(1, 2, 3)})
    assert then(tmp_path, {"encounters.csv": rows(1, 2, 3, 4)}) == ()
    assert then(tmp_path, {"encounters.csv": rows(2, 4, 5)}, days=2) == (
        "encounters.csv: held more before; 2 of 4 rows of encounters that it held are in no file now, and count no "
        "more. Was it cut short? Give each extract a name of its own, or declare feed: full. If so on purpose, write "
        "withdrawn: ['encounters.csv'] in landing.yaml.",
    )


def test_an_older_file_put_over_a_newer_one_is_told(tmp_path: Path) -> None:
    september, october = {"encounters.csv": rows(1, 2, 3)}, {"encounters.csv": rows(1, 2, 3, 4)}
    take_in(tmp_path, september)
    assert then(tmp_path, october) == ()
    back = "encounters.csv: is older than what bore its name before. Put the newer encounters file back. If so on "
    assert then(tmp_path, september, days=2) == (
        f"{back}purpose, write withdrawn: ['encounters.csv'] in landing.yaml.",
    )
    assert then(tmp_path, october, days=3) == ()


@pytest.mark.parametrize("feed", ["delta", "full"])
def test_a_file_never_seen_that_ends_earlier_is_older(feed: str, tmp_path: Path) -> None:
    take_in(tmp_path, {"encounters.csv": rows(1, 2, day="2026-10-05"), "landing.yaml": f"feed: {feed}"})
    (said_now,) = then(tmp_path, {"encounters.csv": rows(1, 2, 3, day="2026-10-02")})
    assert (
        "is older than what bore its name before. It ends on October 2, 2026, that one on October 5, 2026." in said_now
    )


def test_of_a_full_feed_an_older_extract_may_go_and_the_newest_may_not(tmp_path: Path) -> None:
    extracts = {"encounters_2026-09.csv": rows(1, 2), "encounters_2026-10.csv": rows(1, 2, 3)}
    take_in(tmp_path, {**extracts, "landing.yaml": "feed: full"})
    assert then(tmp_path, {}, without=["encounters_2026-09.csv"]) == ()
    take_in(tmp_path, extracts)
    (said_now,) = then(tmp_path, {}, without=["encounters_2026-10.csv"], days=2)
    assert said_now.startswith("encounters_2026-10.csv: was read before and is no longer there; 1 of 3 rows")


def test_a_new_store_has_nothing_to_compare_with(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    (tmp_path / "landing" / "encounters_south.csv").unlink()
    assert told(ingest(tmp_path / "landing", tmp_path / "new", now=NOW)) == ()


def test_a_line_of_the_history_that_cannot_be_read_is_told_until_it_is_mended(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    (tmp_path / "landing" / "encounters_south.csv").unlink()
    history = tmp_path / "store" / HISTORY
    whole = history.read_text(encoding="utf-8")
    history.write_text(whole + '{"half": \n', encoding="utf-8")
    for new in ({}, {"encounters_west.csv": TWO["encounters_south.csv"].replace("E", "W")}):
        damaged, gone = sorted(then(tmp_path, new))
        assert damaged.startswith(
            "1 line of landing_history.jsonl, the register of the files read before, cannot be read"
        )
        assert gone == SOUTH_IS_GONE
    history.write_text(whole, encoding="utf-8")
    assert then(tmp_path, {}) == (SOUTH_IS_GONE,)


def test_a_build_made_again_says_what_it_said(tmp_path: Path) -> None:
    take_in(tmp_path, TWO)
    (tmp_path / "landing" / "encounters_south.csv").unlink()
    given = notices_given(take_in(tmp_path, {}).warnings)
    (tmp_path / "again").mkdir()
    restore_notices(tmp_path / "again", given)
    assert told(ingest(tmp_path / "landing", tmp_path / "again", now=NOW)) == (SOUTH_IS_GONE,)


def denials(*months: str, place: str = "") -> Files:
    """One file a month, each with a row of its own."""
    head = "denial_id,encounter_id,denied_on\n"
    return {f"denials{place}_{month}.csv": f"{head}D{place}{month},E1,{month}-03\n" for month in months}


def test_a_month_that_a_series_of_files_lacks_is_told(tmp_path: Path) -> None:
    files = {**TWO, **denials("2026-05", "2026-06", "2026-07", "2026-09", "2026-10")}
    assert told(take_in(tmp_path, files)) == (
        "denials_*.csv: of this monthly series of denials the file for August 2026 is missing; figures of that time "
        "may lack rows. If so on purpose, write withdrawn: ['denials_*.csv'] in landing.yaml.",
    )


def test_a_facility_whose_files_end_before_those_of_others_is_told(tmp_path: Path) -> None:
    files = {
        **TWO,
        **denials("2026-06", "2026-07", "2026-08", "2026-09", "2026-10", place="_north"),
        **denials("2026-06", "2026-07", "2026-08", place="_south"),
    }
    start = "denials_south_*.csv: of this monthly series of denials the file for"
    september, october = told(take_in(tmp_path, files))
    assert september.startswith(f"{start} September 2026 is missing")
    assert october.startswith(f"{start} October 2026 is missing")
    files = {**files, "landing.yaml": "withdrawn: 'denials_south_*'"}
    assert told(take_in(tmp_path, files)) == ()


@pytest.mark.parametrize(
    "months",
    [
        ("2026-08", "2026-10"),  # two files are no series
        ("2025-01", "2025-07", "2026-01", "2026-07"),  # half a year each
        ("2024-12", "2026-01", "2026-02", "2026-03"),  # the past in one file, then a file a month
    ],
)
def test_what_is_no_monthly_series_lacks_nothing(months: tuple[str, ...], tmp_path: Path) -> None:
    assert told(take_in(tmp_path, {**TWO, **denials(*months)})) == ()
