"""Initiatives in the journal: who and when, since when a declaration stands, two writers at once, and the YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kpi_pipeline.core.errors import InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement import Cycle, Initiative, Registry, read_initiatives, write_initiatives
from kpi_pipeline.journal import (
    ReportDecisions,
    current_initiatives,
    declared_initiatives,
    find_state_url,
    forget_known_state,
    initiative_history,
    open_journal,
    read_report_decisions,
    record_initiatives,
    seen_versions,
)
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.demo import record_demo_initiatives
from kpi_pipeline.state.journal import Journal, state_url

EXAMPLE = Path(__file__).parents[2] / "docs/examples/initiatives.yaml"
NEW_YORK = ZoneInfo("America/New_York")
SEPTEMBER = datetime(2025, 9, 15, 16, 0, tzinfo=UTC)
DECEMBER = datetime(2025, 12, 1, 16, 0, tzinfo=UTC)

ROUNDS: dict[str, Any] = {
    "id": "rounds",
    "title": "Daily rounds",
    "aim": "Shorten the stay by 0.3 days.",
    "owner": "Nurse manager",
    "scope": {"facilities": ["ERHL"]},
    "declared_on": "2025-09-01",
    "starts_on": "2025-11-01",
    "outcomes": ["length_of_stay_days"],
}


def initiative(**changed: Any) -> Initiative:
    return Initiative.model_validate({**ROUNDS, **changed})


def cycle(day: date, plan: str = "Rounds at nine.") -> Cycle:
    return Cycle(began_on=day, plan=plan)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(state_url(tmp_path / "hospital.duckdb")) as opened:
        yield opened


def record(journal: Journal, *initiatives: Initiative, at: datetime, by: str = "Director") -> int:
    return len(record_initiatives(journal, Registry(initiatives), by=by, at=at))


def declared(journal: Journal) -> Initiative:
    (one,) = declared_initiatives(journal, time_zone=NEW_YORK)
    return one


# ── declared beforehand ──────────────────────────────────────────────────────────────────────────────────────


def test_a_declaration_is_as_old_as_its_record_and_not_as_the_file_claims(journal: Journal) -> None:
    record(journal, initiative(), at=DECEMBER)
    assert declared(journal).declared_on == date(2025, 12, 1)
    assert not declared(journal).is_declared_beforehand
    assert current_initiatives(journal).find("rounds").declared_on == date(2025, 9, 1)  # the claim itself stays


def test_a_day_later_than_the_record_is_believed(journal: Journal) -> None:
    record(journal, initiative(declared_on="2025-10-20"), at=SEPTEMBER)
    assert declared(journal).declared_on == date(2025, 10, 20)


@pytest.mark.parametrize(
    ("recorded_at", "is_beforehand"),
    [(datetime(2025, 11, 1, 3, 59, tzinfo=UTC), True), (datetime(2025, 11, 1, 4, 0, tzinfo=UTC), False)],
)
def test_the_day_of_a_record_is_the_hospitals(journal: Journal, recorded_at: datetime, is_beforehand: bool) -> None:
    record(journal, initiative(), at=recorded_at)  # midnight in New York is 4 o'clock UTC
    assert declared(journal).is_declared_beforehand is is_beforehand


def test_what_was_done_and_by_whom_does_not_move_the_declaration(journal: Journal) -> None:
    record(journal, initiative(), at=SEPTEMBER)
    later = initiative(owner="Nurse director", status="running", cycles=[cycle(date(2025, 11, 3))])
    record(journal, later, at=DECEMBER)
    assert declared(journal).declared_on == date(2025, 9, 15)


@pytest.mark.parametrize(
    "changed",
    [
        {"outcomes": ["readmission_30d"]},
        {"model": "level"},
        {"starts_on": "2025-10-01"},
        {"balancing": ["readmission_30d"]},
        {"worthwhile_effects": {"length_of_stay_days": 0.5}},
        {"scope": {"facilities": ["ERHL", "ERHC"]}},
    ],
)
def test_a_changed_measure_or_analysis_is_a_new_declaration(journal: Journal, changed: dict[str, Any]) -> None:
    record(journal, initiative(), at=SEPTEMBER)
    record(journal, initiative(**changed), at=DECEMBER)
    assert not declared(journal).is_declared_beforehand
    record(journal, initiative(), at=DECEMBER + timedelta(days=1))  # changed back: nobody may pick the better of two
    assert declared(journal).declared_on == date(2025, 12, 2)


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_history_tells_who_when_and_what(journal: Journal) -> None:
    record(journal, initiative(), at=SEPTEMBER)
    record(journal, initiative(owner="Nurse director", status="running"), at=DECEMBER, by="Analyst")
    told = [
        (one.version, one.recorded_by, one.recorded_at, changed)
        for one, changed in initiative_history(journal, "rounds")
    ]
    assert told == [(1, "Director", SEPTEMBER, ()), (2, "Analyst", DECEMBER, ("owner", "status"))]
    with pytest.raises(InputError, match="there is no 'round'"):
        initiative_history(journal, "round")


def test_what_looks_like_a_patient_is_refused_with_every_fault_and_nothing_is_written(journal: Journal) -> None:
    good = initiative(id="good")
    bad = initiative(aim="Helps patient 12345678.", cycles=[cycle(date(2025, 11, 3), "As with MRN 4711.")])
    with pytest.raises(InputError) as caught:
        record(journal, good, bad, at=SEPTEMBER, by=" ")
    places = [fault.where + ": " + fault.what.split(" ")[0] for fault in caught.value.faults]
    assert places == ["--by: is", "initiative rounds: aim", "initiative rounds: cycles.1.plan"]
    assert "12345678" not in str(caught.value)
    assert "4711" not in str(caught.value)
    assert current_initiatives(journal) == Registry()


def test_the_file_and_the_journal_say_the_same(journal: Journal, tmp_path: Path) -> None:
    metrics = load_metrics()
    registry = read_initiatives(EXAMPLE, metrics=metrics)
    assert record(journal, *registry.initiatives, at=SEPTEMBER) == len(registry.initiatives)
    assert current_initiatives(journal).initiatives == tuple(sorted(registry.initiatives, key=lambda one: one.id))
    write_initiatives(tmp_path / "again.yaml", current_initiatives(journal))
    again = read_initiatives(tmp_path / "again.yaml", metrics=metrics)
    assert record(journal, *again.initiatives, at=DECEMBER) == 0


def test_a_change_made_from_an_older_version_is_refused(journal: Journal) -> None:
    record(journal, initiative(), at=SEPTEMBER)
    seen = seen_versions(journal)
    first = current_initiatives(journal).add_cycle("rounds", cycle(date(2025, 11, 3)))
    second = current_initiatives(journal).add_cycle("rounds", cycle(date(2025, 11, 10)))
    record_initiatives(journal, first, by="One", at=DECEMBER, seen=seen)
    with pytest.raises(WarehouseError, match="was changed by someone else at the same moment"):
        record_initiatives(journal, second, by="Other", at=DECEMBER, seen=seen)
    assert len(current_initiatives(journal).find("rounds").cycles) == 1


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    url = state_url(tmp_path / "hospital.duckdb")
    with open_journal(url) as journal:
        record(journal, initiative(), at=SEPTEMBER)

    def add(writer: int) -> None:
        with open_journal(url) as journal:
            for number in range(6):
                added = cycle(date(2025, 11, 3) + timedelta(days=number), f"Cycle {number} of writer {writer}")
                while True:
                    seen = seen_versions(journal)
                    changed = current_initiatives(journal).add_cycle("rounds", added)
                    try:
                        record_initiatives(journal, changed, by=f"Writer {writer}", at=DECEMBER, seen=seen)
                        break
                    except WarehouseError:
                        continue

    with ThreadPoolExecutor(2) as writers:
        list(writers.map(add, (1, 2)))
    with open_journal(url) as journal:
        plans = {one.plan for one in current_initiatives(journal).find("rounds").cycles}
        assert plans == {f"Cycle {number} of writer {writer}" for number in range(6) for writer in (1, 2)}
        assert len(initiative_history(journal, "rounds")) == 13


# ── the journal itself ───────────────────────────────────────────────────────────────────────────────────────


def test_without_a_journal_a_report_has_no_decisions_and_makes_no_file(tmp_path: Path) -> None:
    assert read_report_decisions(tmp_path / "hospital.duckdb", settings=Settings()) == ReportDecisions()
    assert list(tmp_path.iterdir()) == []


def test_a_report_reads_the_journal_beside_the_warehouse_or_the_one_that_is_set(tmp_path: Path) -> None:
    warehouse, other = tmp_path / "hospital.duckdb", f"sqlite:///{tmp_path / 'other.sqlite'}"
    for url, name in ((state_url(warehouse), "Beside it"), (other, "As it is set")):
        with open_journal(url) as journal:
            record(journal, initiative(title=name), at=DECEMBER)
    beside = read_report_decisions(warehouse, settings=Settings())
    with pytest.raises(WarehouseError, match="is another one"):  # nobody said that the journal changed
        read_report_decisions(warehouse, settings=Settings(state_url=other))
    forget_known_state(warehouse)
    chosen = read_report_decisions(warehouse, settings=Settings(state_url=other))
    assert [one.title for one in (*beside.initiatives, *chosen.initiatives)] == ["Beside it", "As it is set"]
    assert beside.initiatives[0].declared_on == date(2025, 12, 1)


def test_a_wrong_url_is_an_error_that_does_not_repeat_it() -> None:
    for url in ("no url, secret", "nosuchdatabase://director:secret@host/kpi"):
        with pytest.raises(InputError, match="is not the URL of a database") as caught, open_journal(url):
            pass
        assert "secret" not in str(caught.value)


def test_a_reader_does_not_make_a_journal_by_a_wrong_path(tmp_path: Path) -> None:
    url = state_url(tmp_path / "hospitel.duckdb")
    with pytest.raises(InputError, match="there is no journal of decisions"), open_journal(url, must_exist=True):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_warehouse_and_url_nobody_knows_where_the_journal_is() -> None:
    with pytest.raises(InputError, match="--warehouse: is missing"):
        find_state_url(None, settings=Settings())
    assert find_state_url(None, settings=Settings(state_url="a"), given="b") == "b"


def test_a_record_of_another_version_of_the_program_is_named(journal: Journal) -> None:
    journal.write("initiative", "rounds", {**ROUNDS, "colour": "blue"}, by="Director", at=SEPTEMBER)
    with pytest.raises(WarehouseError, match="state: initiative rounds, version 1: colour is not a known field"):
        current_initiatives(journal)


# ── the demo ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_demo_makes_the_same_journal_every_time_and_declares_before_the_start(tmp_path: Path) -> None:
    warehouse = tmp_path / "hospital.duckdb"
    state = tmp_path / "hospital.state.sqlite"
    record_demo_initiatives(EXAMPLE, warehouse, settings=Settings())
    first = state.read_bytes()
    with open_journal(state_url(warehouse)) as journal:
        record(journal, initiative(), at=DECEMBER)  # what someone tried in the old demo is gone in the new one
    record_demo_initiatives(EXAMPLE, warehouse, settings=Settings())
    assert state.read_bytes() == first
    recorded = read_report_decisions(warehouse, settings=Settings()).initiatives
    assert [one.id for one in recorded] == ["lakeside-rounds", "two-midnight-reviews"]
    assert all(one.is_declared_beforehand for one in recorded)
    assert recorded == tuple(
        sorted(read_initiatives(EXAMPLE, metrics=load_metrics()).initiatives, key=lambda one: one.id)
    )
