"""A journal that is gone is said: the report stops until it is restored or declared new."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.journal.keeping import declare_new_state
from kpi_pipeline.journal.opening import read_report_decisions
from kpi_pipeline.state.journal import Journal, state_url

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "hospital.duckdb"


def write_decision(warehouse: Path, kind: str = "note", body: str = "rounds") -> None:
    journal = Journal(state_url(warehouse))
    journal.write(kind, "key", {"why": body}, by="Director", at=NOON)
    journal.close()


def lose(warehouse: Path) -> None:
    for file in warehouse.parent.glob("*.state.sqlite*"):
        file.unlink()


def test_a_hospital_that_never_had_a_journal_gets_its_report(warehouse: Path) -> None:
    assert read_report_decisions(warehouse, settings=Settings()).initiatives == ()


def test_a_journal_that_grew_is_the_same_journal(warehouse: Path) -> None:
    write_decision(warehouse)
    read_report_decisions(warehouse, settings=Settings())
    write_decision(warehouse, body="changed")
    read_report_decisions(warehouse, settings=Settings())


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("lost", "is missing; earlier reports used one of 2 entries"),
        ("empty", "is empty"),
        ("older", "holds 1 entries"),
        ("other", "is another one, or its entries were changed"),
    ],
)
def test_a_journal_that_is_gone_empty_or_another_stops_the_report(warehouse: Path, after: str, found: str) -> None:
    write_decision(warehouse)
    write_decision(warehouse, body="second")
    read_report_decisions(warehouse, settings=Settings())
    lose(warehouse)
    if after == "empty":
        Journal(state_url(warehouse)).close()
    if after == "older":
        write_decision(warehouse)
    if after == "other":
        write_decision(warehouse, body="other")
        write_decision(warehouse, body="third")
    with pytest.raises(WarehouseError, match=found) as raised:
        read_report_decisions(warehouse, settings=Settings())
    assert "kpi state declare-new" in str(raised.value)


def test_declared_new_the_next_report_goes_on(warehouse: Path) -> None:
    write_decision(warehouse)
    read_report_decisions(warehouse, settings=Settings())
    lose(warehouse)
    with pytest.raises(InputError, match="--why: is empty"):
        declare_new_state(state_url(warehouse), warehouse, by="Director", why=" ", at=NOON)
    declare_new_state(state_url(warehouse), warehouse, by="Director", why="The disk was lost.", at=NOON)
    assert read_report_decisions(warehouse, settings=Settings()).rebases == ()
