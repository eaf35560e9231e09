"""How a stay ends: by death, by a bill that says it goes on, never, or by a cost of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.warehouse.facts import read_build_facts
from tests.support.landings import HEADER, line, tables_of
from tests.support.said import said

CODED = HEADER.replace("\n", ",discharge_disposition_code,primary_diagnosis_code\n")


def coded(encounter_id: str, code: str, diagnosis: str = "I509", **times: str) -> str:
    """A line with discharge disposition and principal diagnosis."""
    return line(encounter_id, **times).replace("\n", f",{code},{diagnosis}\n")


@pytest.mark.parametrize(
    ("donor", "n_stays", "is_told"),
    [
        # organs taken that day or the next: no stay
        (coded("D", "20", "Z5289", admitted_at="2026-10-05 12:00", discharged_at="2026-10-05 18:00"), 1, False),
        (coded("D", "", "Z5289", admitted_at="2026-10-06 02:00", discharged_at="2026-10-06 08:00"), 1, False),
        (coded("D", "20", "Z5289", admitted_at="2026-10-05", discharged_at="2026-10-05"), 1, False),
        # who left alive was not dead, and who comes days later is somebody else: both stays count, and it is said
        (coded("D", "01", "Z5289", admitted_at="2026-10-06 02:00", discharged_at="2026-10-07 08:00"), 2, True),
        (coded("D", "20", "Z5289", admitted_at="2026-10-07 02:00", discharged_at="2026-10-08 08:00"), 2, True),
        # a further row of the same condition, begun while the patient lived or at once after: the same stay
        (coded("D", "20", "I509", admitted_at="2026-10-05 11:00", discharged_at="2026-10-09 11:00"), 1, False),
    ],
)
def test_an_admission_after_death_is_no_stay_of_its_own(
    donor: str, n_stays: int, is_told: bool, tmp_path: Path
) -> None:
    with tables_of(tmp_path, {"encounters.csv": CODED + coded("A", "20") + donor}) as connection:
        assert connection.execute("SELECT COUNT(*) FROM stays").fetchall() == [(n_stays,)]
        assert ("ended in death" in "".join(said(read_build_facts(connection).warnings))) == is_told


def test_an_admission_after_death_is_no_return_and_is_counted_on_the_road_to_stays(tmp_path: Path) -> None:
    rows = [
        coded("A", "01", admitted_at="2026-09-01", discharged_at="2026-09-20"),
        coded("B", "20"),
        coded("C", "20", "Z5289", admitted_at="2026-10-05 12:00", discharged_at="2026-10-05 18:00"),
    ]
    with tables_of(tmp_path, {"encounters.csv": CODED + "".join(rows)}) as connection:
        found = connection.execute("SELECT stay_id, return_stay_id FROM index_discharges ORDER BY ALL").fetchall()
        assert found == [("A", "B"), ("B", None)]
        steps = {step.label: step.n for step in read_build_facts(connection).stays}
    assert steps["Admitted after death (organ donation)"] == 1
    assert steps["Acute inpatient stays"] == 2


@pytest.mark.parametrize("inner_last", [True, False])
def test_a_death_in_any_row_of_a_stay_is_the_stays(inner_last: bool, tmp_path: Path) -> None:
    outer = coded("A", "01" if inner_last else "20", discharged_at="2026-10-09 11:00")
    inner = coded("B", "20" if inner_last else "01", admitted_at="2026-10-03 08:00", discharged_at="2026-10-04 11:00")
    with tables_of(tmp_path, {"encounters.csv": CODED + outer + inner}) as connection:
        found = connection.execute("SELECT discharge_disposition_code, length_of_stay_days FROM stays").fetchall()
        assert found == [("20", 8)]
        assert connection.execute("SELECT exclusion_reason FROM index_discharges").fetchall() == [("died",)]


def test_a_last_row_of_status_30_does_not_end_the_stay(tmp_path: Path) -> None:
    rows = coded("A", "30", discharged_at="2026-10-05")
    rows += coded("B", "30", admitted_at="2026-10-05", discharged_at="2026-10-20")
    with tables_of(tmp_path, {"encounters.csv": CODED + rows}) as connection:
        found = connection.execute(
            "SELECT stay_id, is_in_house, discharged_on, CAST(billed_through_on AS VARCHAR), length_of_stay_days "
            "FROM stays"
        ).fetchall()
        assert found == [("A", True, None, "2026-10-20", None)]
        assert connection.execute("SELECT exclusion_reason FROM index_discharges").fetchall() == [("still_patient",)]


@pytest.mark.parametrize(("last_day", "is_lost"), [("2026-10-29", False), ("2026-10-30", True)])
def test_a_return_that_never_ends_stays_a_return(last_day: str, is_lost: bool, tmp_path: Path) -> None:
    rows = coded("A", "01", admitted_at="2026-06-20", discharged_at="2026-06-25")
    rows += coded("B", "", admitted_at="2026-07-01", discharged_at="")  # 120 days later it is 29 October
    files = {"encounters.csv": CODED + rows, "landing.yaml": f"complete_through: {last_day}"}
    with tables_of(tmp_path, files) as connection:
        found = connection.execute("SELECT stay_id, is_in_house, is_discharge_lost FROM stays ORDER BY ALL").fetchall()
        assert found == [("A", False, False), ("B", True, is_lost)]
        returns = connection.execute("SELECT return_stay_id, days_to_return FROM index_discharges").fetchall()
        assert returns == [("B", 6)]


@pytest.mark.parametrize(("is_unknown", "cost"), [(True, None), (False, 0.0)])
def test_a_cost_of_nothing_is_not_known_yet_unless_settings_say_so(
    is_unknown: bool, cost: float | None, tmp_path: Path
) -> None:
    header = HEADER.replace("\n", ",total_cost,direct_cost,variable_direct_cost,paid_amount\n")
    rows = line("A").replace("\n", ",0,0,0.00,0\n") + line("B", person_id="P2").replace("\n", ",5,4,3,0\n")
    settings = Settings(zero_cost_is_not_costed=is_unknown)
    with tables_of(tmp_path, {"encounters.csv": header + rows}, settings=settings) as connection:
        found = connection.execute(
            "SELECT total_cost, direct_cost, variable_direct_cost, paid_amount FROM stays ORDER BY stay_id"
        ).fetchall()
    assert found == [(cost, cost, cost, 0.0), (5.0, 4.0, 3.0, 0.0)]


@pytest.mark.parametrize(
    ("again", "is_reused"),
    [
        (line("E", person_id="P2", admitted_at="2026-10-03", discharged_at="2026-10-08"), True),  # another patient
        (line("E", admitted_at="2026-10-20", discharged_at="2026-10-22"), True),  # the same one, later
        (line("E", person_id="P2"), False),  # a person corrected
        (line("E", discharged_at="2026-10-06"), False),  # a discharge corrected
        (line("E", admitted_at="2026-09-30 22:00"), False),  # an admission corrected
    ],
)
def test_an_id_used_again_for_another_stay_is_told(again: str, is_reused: bool, tmp_path: Path) -> None:
    files = {"encounters_2026-10.csv": HEADER + line("E"), "encounters_2026-11.csv": HEADER + again}
    with tables_of(tmp_path, files) as connection:
        assert ("another stay" in "".join(said(read_build_facts(connection).warnings))) == is_reused


def test_many_ids_used_again_stop_the_build(tmp_path: Path) -> None:
    files = {
        f"encounters_{year}.csv": HEADER
        + "".join(
            line(f"E{n}", person_id=f"P{n}", admitted_at=f"{year}-03-01", discharged_at=f"{year}-03-05")
            for n in range(5)
        )
        for year in ("2025", "2026")
    }
    told = "5 rows would be replaced by a row of the same encounter_id"
    with pytest.raises(CheckError, match=told), tables_of(tmp_path, files):
        pass


def test_stays_that_cannot_well_be_true_are_told(tmp_path: Path) -> None:
    rows = line("A", admitted_at="2016-10-01") + line("B", person_id="P2", discharged_at="")
    rows += line("C", person_id="P2", admitted_at="2026-10-04", discharged_at="")
    with tables_of(tmp_path, {"encounters.csv": HEADER + rows}) as connection:
        text = "".join(said(read_build_facts(connection).warnings))
    assert "encounters: 1 stay longer than 365 days" in text
    assert "encounters: 1 person with two or more stays without a discharge at once" in text


@pytest.mark.parametrize(
    ("admitted_at", "discharged_at", "hours"),
    [
        ("2026-11-01 01:50", "2026-11-01 01:10", 20 / 60),  # clocks go back at 2: 20 minutes later
        ("2026-10-25 01:50", "2026-10-25 00:49", None),  # more than the hour: refused
        ("2026-10-28 01:50", "2026-10-28 01:10", None),  # no Sunday: refused
        ("2026-11-01 13:50", "2026-11-01 13:10", None),  # no night: refused
    ],
)
def test_the_hour_that_is_there_twice_is_no_fault(
    admitted_at: str, discharged_at: str, hours: float | None, tmp_path: Path
) -> None:
    rows = line("A", admitted_at=admitted_at, discharged_at=discharged_at) + line("B", person_id="P2")
    files = {"encounters.csv": HEADER + rows, "landing.yaml": "plausible_until: 2026-11-30"}
    with tables_of(tmp_path, files) as connection:
        found = connection.execute("SELECT length_of_stay_hours FROM stays WHERE stay_id = 'A'").fetchall()
    assert found == ([] if hours is None else [(pytest.approx(hours),)])


def test_procedures_of_the_bills_after_an_interim_one_are_those_of_the_stay(tmp_path: Path) -> None:
    rows = [
        coded("A", "30"),
        coded("B", "30", admitted_at="2026-10-05 11:00", discharged_at="2026-10-08 11:00"),
        coded("C", "01", admitted_at="2026-10-08 11:00", discharged_at="2026-10-11 11:00"),
        coded("D", "01", admitted_at="2026-10-11 12:00", discharged_at="2026-10-12 11:00"),
    ]
    codes = "encounter_id,procedure_code\nA,02703ZZ\nB,0DTJ4ZZ\nC,30233N1\nD,5A1D70Z\n"
    with tables_of(tmp_path, {"encounters.csv": CODED + "".join(rows), "procedures.csv": codes}) as connection:
        found = connection.execute("SELECT stay_id, procedure_code FROM stay_procedures ORDER BY ALL").fetchall()
    # D, the same condition on the day C ended, is of the stay, but its procedures are not those the stay began with.
    assert found == [("A", "02703ZZ"), ("A", "0DTJ4ZZ"), ("A", "30233N1")]


def test_what_hangs_on_a_stay_sent_twice_hangs_on_the_stay_that_counts(tmp_path: Path) -> None:
    rows = [coded("A", "01"), coded("B", "01"), coded("C", "01", admitted_at="2026-10-04", discharged_at="2026-10-09")]
    files = {
        "encounters.csv": CODED + "".join(rows),
        "denials.csv": "denial_id,encounter_id,denied_on\nD1,A,2026-10-20\nD2,B,2026-10-21\nD3,C,2026-10-21\n",
        "avoidable_days.csv": "encounter_id,starts_on,ends_on,reason_code\nB,2026-10-03,2026-10-08,SNF\n",
    }
    with tables_of(tmp_path, files) as connection:
        assert connection.execute("SELECT stay_id, n_encounters FROM stays").fetchall() == [("A", 2)]
        assert connection.execute("SELECT DISTINCT stay_id FROM denials").fetchall() == [("A",)]
        assert "outside the time" not in "".join(said(read_build_facts(connection).warnings))
