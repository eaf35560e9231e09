"""A column that is there but says nothing of what a measure asks: no figure, and never 0."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import HEADER, line, tables_of
from tests.support.said import said

CODES = HEADER.replace("\n", ",condition_codes\n")
DENIALS = "denial_id,encounter_id,denied_on,peer_to_peer_on,peer_to_peer_outcome,outcome,decided_on\n"


def coded(encounter_id: str, kind: str, codes: str) -> str:
    return line(encounter_id, person_id=encounter_id, encounter_type=kind).replace("\n", f",{codes}\n")


def supplied(connection: duckdb.DuckDBPyConnection, item: str) -> tuple[bool, str]:
    (row,) = connection.execute("SELECT is_supplied, reason FROM supply WHERE item = ?", [item]).fetchall()
    return row


@pytest.mark.parametrize(
    ("observed", "inpatient", "is_known"),
    [
        ("", "09", False),  # codes of inpatients alone: who was changed has none
        ("", "44", True),
        ("C5", "", True),
        ("", "", False),
    ],
)
def test_condition_codes_must_be_there_for_those_who_were_changed(
    observed: str, inpatient: str, is_known: bool, tmp_path: Path
) -> None:
    rows = coded("E1", "acute inpatient", inpatient) + coded("E2", "observation", observed)
    with tables_of(tmp_path, {"encounters.csv": CODES + rows}) as connection:
        found, reason = supplied(connection, "outpatient_condition_codes")
        assert (found, reason) == (is_known, "no encounter but acute inpatient ones has condition codes")


def test_a_column_without_any_talk_is_not_no_talk(tmp_path: Path) -> None:
    files = {"encounters.csv": HEADER + line("E1"), "denials.csv": DENIALS + "D1,E1,2026-10-06,,,,\n"}
    with tables_of(tmp_path, files) as connection:
        assert not supplied(connection, "denials.peer_to_peer_on")[0]
        assert not supplied(connection, "peer_to_peer_outcomes")[0]
        assert not any("overturned by peer_to_peer_outcome" in one for one in said(read_notices(connection)))


def test_a_talk_that_overturned_a_denial_that_still_stands_is_told(tmp_path: Path) -> None:
    rows = "D1,E1,2026-10-06,2026-10-07,Overturned,,\nD2,E1,2026-10-06,2026-10-07,overturned,overturned,2026-10-07\n"
    files = {"encounters.csv": HEADER + line("E1"), "denials.csv": DENIALS + rows}
    with tables_of(tmp_path, files) as connection:
        assert supplied(connection, "peer_to_peer_outcomes")[0]
        (told,) = [one for one in said(read_notices(connection)) if "overturned by peer_to_peer_outcome" in one]
        assert told.startswith("denials: 1 row")
