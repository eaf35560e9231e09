"""`kpi groups`: a measure by group, as the screen and a program get it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.pipeline.build import build_warehouse
from tests.support.landings import land
from tests.support.terminal import Terminal, open_terminal, rows_of

MEASURE = "readmission_conditions_30d"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In August 30 stays for heart failure, 6 of which came back; 2 for pneumonia; at F2 25 for a bypass, none back."""
    folder = tmp_path_factory.mktemp("conditions")

    def row(name: str, person: str, admitted: str, discharged: str, diagnosis: str, place: str = "F1") -> str:
        return f"{name},{person},{place},acute inpatient,{admitted},{discharged},01,{diagnosis},1940-01-01\n"

    rows = [row(f"H{at}", f"H{at}", "2026-08-01", "2026-08-05", "I5033") for at in range(30)]
    rows += [row(f"R{at}", f"H{at}", "2026-08-20", "2026-08-22", "A419") for at in range(6)]
    rows += [row(f"N{at}", f"N{at}", "2026-08-01", "2026-08-05", "J189") for at in range(2)]
    rows += [row(f"B{at}", f"B{at}", "2026-08-01", "2026-08-05", "I214", "F2") for at in range(25)]
    header = (
        "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,discharge_disposition_code,"
        "primary_diagnosis_code,birth_date\n"
    )
    files = {
        "landing.yaml": "complete_through: 2026-10-31\nplausible_until: 2027-12-31\n",
        "encounters.csv": header + "".join(rows),
        "procedures.csv": "encounter_id,procedure_code\n" + "".join(f"B{at},021009W\n" for at in range(25)),
    }
    build_warehouse(land(folder / "landing", files), folder / "kpi.duckdb")
    return folder / "kpi.duckdb"


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


def test_returns_by_condition_are_each_conditions_own_share_with_its_interval(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("groups", MEASURE, "2026-08", "--warehouse", warehouse, "--by", "condition", "--format", "csv")
    assert (ran.code, ran.err) == (0, "")
    rows = {(row["group"], row["months"]): row for row in rows_of(ran.out)}
    failure = rows[("Heart failure", "1")]
    # 6 of 30: Wilson's interval is 9.5 to 37.3.
    assert [failure[name] for name in ("value", "lower", "upper", "cases", "status")] == [
        "20.0", "9.505", "37.306", "30", "ok",
    ]  # fmt: skip
    assert (rows[("Coronary bypass", "1")]["value"], rows[("Coronary bypass", "1")]["cases"]) == ("0.0", "25")
    assert (rows[("Pneumonia", "12")]["value"], rows[("Pneumonia", "12")]["status"]) == ("", "fewer than 25 cases")
    whole = rows[("all", "1")]
    assert (whole["numerator"], whole["cases"]) == ("6.0", "57")  # the sepsis they came back with is no condition


def test_the_table_on_the_screen_says_what_stands_in_it(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("groups", MEASURE, "2026-08", "--warehouse", warehouse, "--by", "condition", "--facility", "F2")
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["Coronary", "bypass", "1", "2026-08", "0", "0", "13.32", "25", "ok"] in lines
    assert not any("Heart" in line for line in ran.out.splitlines())  # nobody at F2
    assert "beside the whole of the same months. Not adjusted." in ran.out


def test_a_measure_that_knows_no_condition_says_how_it_can_be_cut(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("groups", "length_of_stay_days", "2026-08", "--warehouse", warehouse, "--by", "condition")
    assert ran.code == 3
    assert "length_of_stay_days cannot be cut by 'condition'" in ran.err
    assert "payer" in ran.err
