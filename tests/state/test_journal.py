"""The journal of decisions: versions are appended, never changed, and survive the process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import chain_faults
from kpi_pipeline.state.journal import Journal, journal_faults
from kpi_pipeline.state.journal import state_url as file_url

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def journal(state_url: str) -> Iterator[Journal]:
    opened = Journal(state_url)
    yield opened
    opened.close()


def test_the_latest_version_is_current_and_all_stay_on_record(journal: Journal) -> None:
    journal.write("initiative", "rounds", {"aim": "first"}, by="Director", at=NOON)
    journal.write("initiative", "rounds", {"aim": "second"}, by="Analyst", at=NOON + timedelta(hours=1))

    assert [(entry.version, entry.body["aim"]) for entry in journal.current("initiative")] == [(2, "second")]
    assert [(entry.body["aim"], entry.recorded_by) for entry in journal.history("initiative", "rounds")] == [
        ("first", "Director"),
        ("second", "Analyst"),
    ]


def test_writing_the_same_again_appends_nothing(journal: Journal) -> None:
    journal.write("initiative", "rounds", {"aim": "first", "owner": "CNO"}, by="Director", at=NOON)

    assert journal.write("initiative", "rounds", {"owner": "CNO", "aim": "first"}, by="Other", at=NOON) is None
    assert len(journal.history("initiative", "rounds")) == 1


def test_a_retired_record_is_no_longer_current_but_stays_in_history(journal: Journal) -> None:
    journal.write("rebase", "length_of_stay_days:all:2025-11", {"why": "rounds"}, by="Committee", at=NOON)
    journal.write(
        "rebase", "length_of_stay_days:all:2025-11", {"why": "rounds"}, by="Committee", at=NOON, is_retired=True
    )

    assert journal.current("rebase") == []
    assert [entry.is_retired for entry in journal.history("rebase", "length_of_stay_days:all:2025-11")] == [False, True]


def test_kinds_do_not_mix(journal: Journal) -> None:
    journal.write("initiative", "rounds", {"aim": "first"}, by="Director", at=NOON)

    assert journal.current("rebase") == []
    assert journal.history("rebase", "rounds") == []


def test_times_are_kept_in_utc(journal: Journal) -> None:
    eastern = timezone(timedelta(hours=-5))
    written = journal.write("initiative", "rounds", {}, by="Director", at=datetime(2026, 11, 4, 7, 0, tzinfo=eastern))

    assert written is not None
    assert written.recorded_at == NOON


def test_the_journal_outlives_the_process_that_wrote_it(tmp_path: Path) -> None:
    url = file_url(tmp_path / "hospital.duckdb")
    first = Journal(url)
    first.write("initiative", "rounds", {"aim": "kept"}, by="Director", at=NOON)
    first.close()
    second = Journal(url)

    assert [entry.body["aim"] for entry in second.current("initiative")] == ["kept"]
    assert (tmp_path / "hospital.state.sqlite").is_file()
    second.close()


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "hospital.state.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 50)

    with pytest.raises(WarehouseError, match="is no database, or a damaged one"):
        Journal(file_url(tmp_path / "hospital.duckdb"))


def test_a_record_that_was_changed_or_taken_out_is_no_longer_what_its_event_says(state_url: str) -> None:
    journal, database = Journal(state_url), Database(state_url)
    for key in ("a", "b", "c"):
        journal.write("rebase", key, {"why": "rounds"}, by="Committee", at=NOON)
    journal.write("rebase", "c", {"why": "rounds"}, by="Committee", at=NOON, is_retired=True)
    with database.reading() as session:
        assert journal_faults(session) == chain_faults(session) == []
    with database.writing() as session:
        session.execute(text("UPDATE journal SET body = '{}' WHERE key = 'a'"))
        session.execute(text("DELETE FROM journal WHERE key = 'b' OR (key = 'c' AND version = 2)"))
    with database.reading() as session:
        assert journal_faults(session) == [
            "rebase a, version 1: was changed after it was written",
            "rebase b, version 1: is missing",
            "rebase c, version 2: is missing",
        ]
    journal.close()
    database.close()
