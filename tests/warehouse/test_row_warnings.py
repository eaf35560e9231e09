"""Rows that cannot be believed as they stand are told, and never become a figure in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.warehouse.facts import read_build_facts
from tests.support.landings import HEADER, encounters, line, tables_of
from tests.support.said import said


def told(folder: Path, files: dict[str, str]) -> str:
    with tables_of(folder, files) as connection:
        return "\n".join(said(read_build_facts(connection).warnings))


def test_one_child_of_no_encounter_is_told_and_many_make_the_measure_not_computable(tmp_path: Path) -> None:
    rows = [line(f"E{n}", person_id=f"P{n}") for n in range(10)]
    denials = "denial_id,encounter_id\n" + "".join(f"D{n},E{n}\n" for n in range(9))
    with tables_of(tmp_path / "few", {**encounters(*rows), "denials.csv": denials + "D9,00E9\n"}) as connection:
        (warning,) = said(read_build_facts(connection).warnings)
        assert warning.startswith("denials.csv: 1 of 10 rows of denials belong to no encounter in the data.")
        (supplied,) = connection.execute("SELECT is_supplied FROM supply WHERE item = 'denials'").fetchall()
        assert supplied == (True,)
    lost = denials.replace(",E", ",00E")
    with tables_of(tmp_path / "all", {**encounters(*rows), "denials.csv": lost}) as connection:
        found = connection.execute("SELECT is_supplied, status FROM supply WHERE item = 'denials.denied_on'").fetchall()
    assert found == [(False, "not_computable")]


def test_a_kind_of_encounter_is_named_only_where_many_rows_share_it(tmp_path: Path) -> None:
    many = [line(f"E{n}", person_id=f"P{n}", encounter_type="Inpatient") for n in range(11)]
    said = told(tmp_path, encounters(*many, line("E99", person_id="P99", encounter_type="123-45-6789"), line("E100")))
    assert "12 rows with an encounter_type" in said
    assert "'inpatient' in 11" in said
    assert "123-45" not in said


@pytest.mark.parametrize(("person_id", "n_stays"), [("UNKNOWN", 2), ("0000", 2), ("9999999", 2), ("999", 1), ("P1", 1)])
def test_strangers_under_one_placeholder_are_not_one_patient(person_id: str, n_stays: int, tmp_path: Path) -> None:
    rows = [
        line("E1", person_id=person_id),
        line("E2", person_id=person_id, admitted_at="2026-10-02 08:00", discharged_at="2026-10-06 11:00"),
    ]
    with tables_of(tmp_path, encounters(*rows)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM stays").fetchall() == [(n_stays,)]
        assert ("placeholder" in "".join(said(read_build_facts(connection).warnings))) == (n_stays == 2)


def test_an_ended_row_wins_over_an_open_one_of_the_same_arrival_and_is_no_guess(tmp_path: Path) -> None:
    files = {
        "encounters_09.csv": HEADER + line("E1", discharged_at=""),
        "encounters_10.csv": HEADER + line("E1"),
    }
    with tables_of(tmp_path, files) as connection:
        assert connection.execute("SELECT is_in_house FROM stays").fetchall() == [(False,)]
        assert said(read_build_facts(connection).warnings) == ()


def test_parts_of_one_stay_are_no_versions_and_are_told(tmp_path: Path) -> None:
    parts = encounters(line("E1", discharged_at="2026-10-03 11:00"), line("E1", admitted_at="2026-10-03 11:00"))
    assert "encounters: 1 row differing from another row with the same encounter_id" in told(tmp_path, parts)


@pytest.mark.parametrize(("next_day", "n_stays"), [("2026-10-05", 1), ("2026-10-06", 1), ("2026-10-07", 2)])
def test_a_row_whose_patient_had_not_left_is_continued_within_a_day(
    next_day: str, n_stays: int, tmp_path: Path
) -> None:
    header = HEADER.replace("\n", ",discharge_disposition_code\n")
    bills = line("E1", admitted_at="2026-10-01", discharged_at="2026-10-05").replace("\n", ",30\n")
    bills += line("E2", admitted_at=next_day, discharged_at="2026-10-09").replace("\n", ",01\n")
    with tables_of(tmp_path, {"encounters.csv": header + bills}) as connection:
        assert connection.execute("SELECT COUNT(*) FROM stays").fetchall() == [(n_stays,)]


def test_a_copy_of_a_stay_under_another_number_does_not_decide_what_continues_it(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",discharge_disposition_code\n")
    rows = line("E1", admitted_at="2026-10-01", discharged_at="2026-10-05").replace("\n", ",01\n")
    rows += line("E2", admitted_at="2026-10-01", discharged_at="2026-10-05").replace("\n", ",30\n")
    rows += line("E3", admitted_at="2026-10-06", discharged_at="2026-10-09").replace("\n", ",01\n")
    with tables_of(tmp_path, {"encounters.csv": header + rows}) as connection:
        assert connection.execute("SELECT stay_id FROM stays ORDER BY ALL").fetchall() == [("E1",), ("E3",)]
