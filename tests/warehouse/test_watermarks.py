"""The last day for which a facility's feeds are complete: declared, or seen in its data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import HEADER, line, tables_of
from tests.support.said import said

ROWS = [
    line("A", person_id="P1", facility_id="NORTH", admitted_at="2026-10-01", discharged_at="2026-10-28"),
    line("B", person_id="P2", facility_id="NORTH", admitted_at="2026-10-30", discharged_at=""),
    # the feed of the south stopped ten days before the others'
    line("C", person_id="P3", facility_id="SOUTH", admitted_at="2026-10-05", discharged_at="2026-10-20"),
    # other kinds of encounters show as well that a feed was alive
    line("D", person_id="P4", facility_id="WEST", encounter_type="observation", admitted_at="2026-10-29"),
]


def watermarks(folder: Path, options: str) -> tuple[dict[str, tuple[date, str]], list[str]]:
    files = {"encounters.csv": HEADER + "".join(ROWS).replace("2026-10-29,2026-10-05 11:00", "2026-10-29,2026-10-29")}
    with tables_of(folder, {**files, "landing.yaml": options}) as connection:
        found = connection.execute("SELECT facility_id, complete_through, basis FROM watermarks").fetchall()
        warnings = list(said(read_notices(connection)))
    return {facility: (day, basis) for facility, day, basis in found}, warnings


def test_without_a_declaration_it_is_the_last_day_seen_in_each_facilitys_data(tmp_path: Path) -> None:
    seen = "last day seen in the data"
    assert watermarks(tmp_path, "") == (
        {
            "NORTH": (date(2026, 10, 30), seen),
            "SOUTH": (date(2026, 10, 20), seen),
            "WEST": (date(2026, 10, 29), seen),
        },
        [],
    )


def test_one_day_may_be_declared_for_all(tmp_path: Path) -> None:
    found, _ = watermarks(tmp_path, "complete_through: 2026-10-31")
    assert set(found.values()) == {(date(2026, 10, 31), "declared for all facilities")}


def test_a_day_may_be_declared_for_each_facility_and_the_rest_is_seen_in_the_data(tmp_path: Path) -> None:
    found, warnings = watermarks(tmp_path, "complete_through: {NORTH: 2026-10-31, SOUTH: 2026-10-21}")
    assert found == {
        "NORTH": (date(2026, 10, 31), "declared for this facility"),
        "SOUTH": (date(2026, 10, 21), "declared for this facility"),
        "WEST": (date(2026, 10, 29), "last day seen in the data"),
    }
    assert warnings == []


def test_a_declaration_for_a_facility_nobody_knows_is_told(tmp_path: Path) -> None:
    found, warnings = watermarks(tmp_path, "complete_through: {NROTH: 2026-10-31}")
    assert found["NORTH"] == (date(2026, 10, 30), "last day seen in the data")
    assert warnings == ["landing.yaml: complete_through names the facility 'NROTH', which has no encounters."]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Patients without a discharge; the watermark is 31 October, and 120 days before it is 3 July."""
    rows = [
        line("LONG", person_id="P1", admitted_at="2026-07-03", discharged_at=""),
        line("TOO_LONG", person_id="P2", admitted_at="2026-07-02", discharged_at=""),
    ]
    files = {"encounters.csv": HEADER + "".join(rows), "landing.yaml": "complete_through: 2026-10-31"}
    with tables_of(tmp_path_factory.mktemp("lost"), files) as connection:
        yield connection


def test_a_stay_open_longer_than_any_is_a_discharge_lost_and_not_a_patient(lost: duckdb.DuckDBPyConnection) -> None:
    statuses = dict(lost.execute("SELECT encounter_id, encounter_status FROM encounters").fetchall())
    assert statuses == {"LONG": "in_house", "TOO_LONG": "missing_discharge_date"}
    found = lost.execute("SELECT stay_id, is_in_house, is_discharge_lost FROM stays ORDER BY ALL").fetchall()
    assert found == [("LONG", True, False), ("TOO_LONG", True, True)]


@pytest.mark.parametrize(("declared", "is_told"), [("2027-01-30", False), ("2027-01-31", True), ("2062-10-31", True)])
def test_a_declaration_a_quarter_ahead_of_the_data_is_told(declared: str, is_told: bool, tmp_path: Path) -> None:
    _, warnings = watermarks(tmp_path, f"complete_through: {declared}")
    # the last day seen is 30 October 2026; 92 days later is 30 January
    told = f"landing.yaml: complete_through is {declared}, but the last day seen in the data is 2026-10-30."
    assert [one for one in warnings if one.startswith("landing.yaml")] == ([told] if is_told else [])
