"""The gate, by hand: what must hold before a month's report can be approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import duckdb
import pytest

from kpi_pipeline.core.delivery_settings import GateSettings
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.commentary import MonthCommentary
from kpi_pipeline.delivery.gate import find_obstacles
from kpi_pipeline.warehouse.facts import BuildFacts

OCTOBER = Month(2026, 10)
LAST = date(2026, 10, 31)


@dataclass(frozen=True)
class _Mark:
    facility_id: str
    complete_through: date

    @property
    def facility_name(self) -> str:
        return f"Hospital {self.facility_id}"


@dataclass(frozen=True)
class _Row:
    table: str
    rows_in: int
    staged: int
    quarantined: int = 0
    duplicate: int = 0
    superseded: int = 0


@dataclass(frozen=True)
class _Facts:
    watermarks: tuple[_Mark, ...] = (_Mark("A", LAST), _Mark("B", LAST))
    ledger: tuple[_Row, ...] = (_Row("encounters", 10, 7, 1, 1, 1),)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of 20 discharges in October in each of two hospitals, all coded and costed."""
    with duckdb.connect() as made:
        made.execute(
            "CREATE TABLE stays (stay_id INT, facility_id VARCHAR, discharged_on DATE, is_in_house BOOLEAN, "
            "drg_code VARCHAR, total_cost DOUBLE)"
        )
        made.execute(
            "INSERT INTO stays SELECT n, CASE WHEN n < 20 THEN 'A' ELSE 'B' END, DATE '2026-10-05', FALSE, '291', 9000 "
            "FROM RANGE(40) AS numbers(n)"
        )
        made.execute(
            "CREATE TABLE feed_ends (facility_id VARCHAR, table_name VARCHAR, complete_through DATE, "
            "is_held_back BOOLEAN)"
        )
        yield made


def found(
    connection: duckdb.DuckDBPyConnection, *, facts: _Facts = _Facts(), scope: str = "all", **asked: Any
) -> list[tuple[str, str]]:
    settings = asked.pop("settings", GateSettings())
    obstacles = find_obstacles(connection, cast(BuildFacts, facts), OCTOBER, scope=scope, settings=settings, **asked)
    return [(one.gate, one.what) for one in obstacles]


def test_a_whole_month_passes(connection: duckdb.DuckDBPyConnection) -> None:
    assert found(connection) == []


@pytest.mark.parametrize(("column", "gate"), [("drg_code", "coded"), ("total_cost", "costed")])
def test_nineteen_of_twenty_pass_and_eighteen_do_not(
    connection: duckdb.DuckDBPyConnection, column: str, gate: str
) -> None:
    connection.execute(f"UPDATE stays SET {column} = NULL WHERE stay_id IN (0, 20)")
    assert found(connection) == []
    connection.execute(f"UPDATE stays SET {column} = NULL WHERE stay_id = 1")
    ((named, what),) = found(connection)
    assert named == gate
    assert what == f"92.5 % of the discharges of October 2026 are {gate}, fewer than the 95 % asked for."
    assert found(connection, scope="B") == []  # 19 of 20


def test_a_hospital_whose_costs_have_not_come_stops_the_systems_report(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE stays SET total_cost = NULL WHERE facility_id = 'B'")
    assert [gate for gate, _ in found(connection)] == ["costed"]
    assert found(connection, scope="A") == []


def test_what_was_never_supplied_is_asked_of_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE stays SET total_cost = NULL")
    assert found(connection) == []


def test_a_hospital_that_is_not_complete_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    facts = _Facts(watermarks=(_Mark("A", LAST), _Mark("B", date(2026, 10, 30))))
    ((gate, what),) = found(connection, facts=facts)
    assert gate == "feeds_complete"
    assert "Hospital B" in what
    assert found(connection, facts=facts, scope="A") == []


@pytest.mark.parametrize(("last_on", "is_told"), [("2026-10-30", True), ("2026-10-31", False)])
def test_one_table_whose_rows_stop_early_shuts_the_gate(
    connection: duckdb.DuckDBPyConnection, last_on: str, is_told: bool
) -> None:
    connection.execute(
        "INSERT INTO feed_ends VALUES ('B', 'denials', ?, TRUE), ('A', 'denials', '2026-10-31', FALSE)", [last_on]
    )
    told = found(connection)
    assert [gate for gate, _ in told] == ["feeds_complete"] * is_told
    assert all("denials of Hospital B" in what for _, what in told)
    assert found(connection, scope="A") == []


def test_a_row_that_nobody_accounts_for_shuts_the_gate(connection: duckdb.DuckDBPyConnection) -> None:
    told = found(connection, facts=_Facts(ledger=(_Row("denials", 10, 8, 1),)))
    assert told == [("rows_conserved", "Of the 10 rows of denials, 9 are accounted for.")]


def test_a_month_without_a_discharge_is_not_reported(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM stays")
    assert found(connection) == [("feeds_complete", "There is no discharge in October 2026.")]


def test_an_exception_without_words_stops_only_where_words_are_required(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    asked = {"exceptions": ["readmission_30d"], "commentary": MonthCommentary()}
    assert found(connection, **asked) == []
    required = GateSettings(commentary_required=True)
    assert [gate for gate, _ in found(connection, settings=required, **asked)] == ["commentary"]
