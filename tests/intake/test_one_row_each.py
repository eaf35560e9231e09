"""Several rows of one file for one key: parts of a record are refused, versions of it are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.landings import HEADER, encounters, faults_of, line, take_in

DATED = HEADER.replace("\n", ",updated_at\n")


def per_unit(n: int, updated_at: tuple[str, str] = ("", "")) -> str:
    """One stay as two rows: intensive care, then the ward."""
    care, ward = (f",{one}\n" for one in updated_at)
    first = line(f"E{n}", person_id=f"P{n}", discharged_at="2026-10-03 11:00")
    second = line(f"E{n}", person_id=f"P{n}", admitted_at="2026-10-03 11:00", discharged_at="2026-10-13 11:00")
    return first.replace("\n", care) + second.replace("\n", ward)


@pytest.mark.parametrize("updated_at", [("", ""), ("2026-10-03", "2026-10-13")])
def test_one_row_per_unit_is_refused_even_where_each_has_a_time_of_change(
    updated_at: tuple[str, str], tmp_path: Path
) -> None:
    (fault,) = faults_of(tmp_path, {"encounters.csv": DATED + "".join(per_unit(n, updated_at) for n in range(6))})
    assert fault == (
        "encounters.csv: has several rows for one encounter_id, 6 of 6 times. They differ in admitted_at, "
        "discharged_at (such as lines 2 and 3), and nothing says which is later: they are parts of one record, not "
        "versions of it. Write one row per encounter, from its first admission to its last discharge (not one per "
        "unit); or, if they are versions, an updated_at in each."
    )


def test_a_ward_stay_that_still_runs_does_not_make_its_parts_versions(tmp_path: Path) -> None:
    rows = "".join(
        line(f"E{n}", discharged_at="2026-10-03 11:00")
        + line(f"E{n}", admitted_at="2026-10-03 11:00", discharged_at="")
        for n in range(5)
    )
    assert len(faults_of(tmp_path, {"encounters.csv": HEADER + rows})) == 1


def test_one_row_per_diagnosis_is_refused_with_its_cure(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",primary_diagnosis_code\n")
    rows = "".join(line(f"E{n}").replace("\n", f",{code}\n") for n in range(5) for code in ("I509", "N179", "E119"))
    (fault,) = faults_of(tmp_path, {"encounters.csv": header + rows})
    assert "They differ in primary_diagnosis_code (such as lines 2 and 3)" in fault
    assert "further ones belong in diagnoses.csv" in fault


def test_rows_of_another_table_are_parts_too(tmp_path: Path) -> None:
    denials = "denial_id,encounter_id,denied_amount\n" + "".join(
        f"D{n},E1,{amount}\n" for n in range(5) for amount in "12"
    )
    (fault,) = faults_of(tmp_path, {**encounters(line("E1")), "denials.csv": denials})
    assert fault.startswith(
        "denials.csv: has several rows for one denial_id, 5 of 5 times. They differ in denied_amount"
    )


@pytest.mark.parametrize(
    "rows",
    [
        [line(f"E{n}", discharged_at="") + line(f"E{n}") for n in range(9)],
        [line(f"E{n}") * 2 for n in range(9)],
        [line(f"E{n}") + line(f"E{n}", discharged_at="2026-10-06 11:00") for n in range(4)],
    ],
    ids=["a log of openings and closings", "copies", "four slips"],
)
def test_versions_copies_and_slips_are_taken(rows: list[str], tmp_path: Path) -> None:
    (file,) = take_in(tmp_path, encounters(*rows)).files
    assert file.rows_staged == 2 * len(rows)


def test_corrections_with_their_times_of_change_are_versions(tmp_path: Path) -> None:
    rows = [
        line(f"E{n}", discharged_at=f"2026-10-0{day} 11:00").replace("\n", f",2026-10-1{day}\n")
        for n in range(9)
        for day in (5, 6)
    ]
    (file,) = take_in(tmp_path, {"encounters.csv": DATED + "".join(rows)}).files
    assert file.conflicts is None


def test_many_rows_in_few_conflicts_are_taken(tmp_path: Path) -> None:
    slips = [line(f"E{n}") + line(f"E{n}", discharged_at="2026-10-06 11:00") for n in range(5)]
    take_in(tmp_path / "taken", encounters(*slips, *(line(f"F{n}") for n in range(495))))  # 5 of 500: at the limit
    assert len(faults_of(tmp_path / "refused", encounters(*slips, *(line(f"F{n}") for n in range(494))))) == 1


def test_an_unchanged_file_is_refused_again_from_the_store(tmp_path: Path) -> None:
    files = {"encounters.csv": DATED + "".join(per_unit(n) for n in range(6))}
    assert faults_of(tmp_path, files) == faults_of(tmp_path, files)
