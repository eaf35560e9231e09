"""What is missing is told: months of a feed, columns of a place; and ids and amounts that cannot be what they say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import HEADER, Files, encounters, line, tables_of
from tests.support.said import said

MONTHS = [f"2026-{month:02}" for month in range(1, 10)]
DECLARED = "complete_through: 2026-09-30\nplausible_until: 2026-12-31\n"


def told(folder: Path, files: Files, kinds: Iterable[str]) -> list[str]:
    """The sentences of the asked kinds."""
    with tables_of(folder, {"landing.yaml": DECLARED, **files}) as connection:
        return list(said(one for one in read_notices(connection) if one.kind in kinds))


def rows_of(month: str, n: int, *, place: str = "F1", more: str = "") -> list[str]:
    """n stays of two days, spread over a month."""
    first = date.fromisoformat(f"{month}-01")
    rows = []
    for number in range(n):
        begin = first + timedelta(days=number % 25)
        row = line(
            f"{place}-{month}-{number}",
            person_id=f"{place}-{month}-{number}",
            facility_id=place,
            admitted_at=str(begin),
            discharged_at=str(begin + timedelta(days=2)),
        )
        rows.append(row.replace("\n", f"{more}\n"))
    return rows


def test_a_month_in_the_middle_without_rows_is_told_by_place_and_number(tmp_path: Path) -> None:
    rows = [row for month in MONTHS for row in rows_of(month, 0 if month == "2026-05" else 30)]
    rows += [row for month in MONTHS for row in rows_of(month, 30, place="F2")]
    assert told(tmp_path, encounters(*rows), ["month_thin"]) == [
        "encounters: facility 'F1' sent no rows for May 2026, where 60 are usual. Is a part of the feed missing?"
    ]


@pytest.mark.parametrize(("n", "is_told"), [(9, True), (16, False), (30, False)])
def test_a_thin_month_is_told_where_chance_does_not_make_it(n: int, is_told: bool, tmp_path: Path) -> None:
    rows = [row for month in MONTHS for row in rows_of(month, n if month == "2026-05" else 30)]
    assert bool(told(tmp_path, encounters(*rows), ["month_thin"])) == is_told


def test_the_months_before_a_feed_begins_are_no_gap(tmp_path: Path) -> None:
    rows = [row for month in MONTHS for row in rows_of(month, 2 if month < "2026-03" else 30)]
    assert told(tmp_path, encounters(*rows), ["month_thin"]) == []


def test_denials_that_stop_are_told_though_there_is_not_one_a_day(tmp_path: Path) -> None:
    rows = [row for month in MONTHS for row in rows_of(month, 30)]
    denials = "denial_id,encounter_id,denied_on\n" + "".join(
        f"D{month}{n},F1-{month}-{n},{month}-28\n" for month in MONTHS[:7] for n in range(12)
    )
    assert told(tmp_path, {**encounters(*rows), "denials.csv": denials}, ["month_thin", "months_thin"]) == [
        "denials: facility 'F1' sent no rows in the 2 months from August 2026 to September 2026, where 12 a month are "
        "usual. Is a part of the feed missing?"
    ]


def test_thin_months_in_a_row_are_one_sentence_and_others_are_not(tmp_path: Path) -> None:
    few = {"2026-03": 9, "2026-05": 8, "2026-06": 7}
    rows = [row for month in MONTHS for row in rows_of(month, few.get(month, 30))]
    assert told(tmp_path, encounters(*rows), ["month_thin", "months_thin"]) == [
        "encounters: facility 'F1' sent 18 rows for March 2026, where 60 are usual. Is a part of the feed missing?",
        "encounters: facility 'F1' sent 30 rows in the 2 months from May 2026 to June 2026, where 60 a month are "
        "usual. Is a part of the feed missing?",
    ]


def test_a_column_that_is_empty_at_one_facility_is_told_with_its_count(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",drg_code\n")
    rows = [row for month in MONTHS for row in rows_of(month, 20, more=",470")]
    rows += [row for month in MONTHS for row in rows_of(month, 3, place="F3", more=",")]
    files = {"encounters.csv": header + "".join(rows)}
    assert told(tmp_path, files, ["values_missing"]) == [
        "encounters: 21 of 21 stays of facility 'F3' lack drg_code. What needs it rests on the others, which may be of "
        "another kind."
    ]


def test_a_column_that_is_empty_in_one_month_is_told_and_the_newest_months_are_not(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",drg_code\n")
    rows = [
        row for month in MONTHS for row in rows_of(month, 20, more="," if month in ("2026-04", "2026-09") else ",470")
    ]
    files = {"encounters.csv": header + "".join(rows)}
    (sentence,) = told(tmp_path, files, ["values_missing_in_month"])
    assert sentence.startswith("encounters: 20 of 20 stays discharged in April 2026 lack drg_code")


# ---- ids and amounts ----


def test_one_number_for_several_people_is_told_where_they_lie_in_three_beds_at_once(tmp_path: Path) -> None:
    stay = {"admitted_at": "2026-03-01", "discharged_at": "2026-03-09"}
    two = [line("E1", person_id="P1", **stay), line("E2", person_id="P1", admitted_at="2026-03-03")]
    two[1] = two[1].replace("2026-10-05 11:00", "2026-03-07 11:00")
    assert told(tmp_path / "two", encounters(*two), ["people_in_many_beds"]) == []
    three = [*two, line("E3", person_id="P1", facility_id="F3", admitted_at="2026-03-02", discharged_at="2026-03-08")]
    (sentence,) = told(tmp_path / "three", encounters(*three), ["people_in_many_beds"])
    assert sentence.startswith("encounters: 1 person has three or more inpatient stays at the same time, 3 rows in all")


def test_one_person_written_in_two_ways_is_told_unless_the_births_differ(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",birth_date\n")
    born = {
        "00417": "",
        "417": "1950-01-02",
        "Ab-9": "",
        "aB-9": "",
        "12.0": "",
        "12": "1960-01-01",
        "012": "1961-01-01",
    }
    rows = [line(f"E{n}", person_id=person).replace("\n", f",{day}\n") for n, (person, day) in enumerate(born.items())]
    (sentence,) = told(tmp_path, {"encounters.csv": header + "".join(rows)}, ["persons_alike"])
    assert sentence.startswith("encounters: 4 person numbers differ from another one by capitals, leading zeros")


def test_ids_that_became_decimals_are_told_by_table_and_column(tmp_path: Path) -> None:
    rows = [line("E1", person_id="17.0"), line("E2", person_id="18"), line("E3", person_id="P1.0")]
    (sentence,) = told(tmp_path, encounters(*rows), ["ids_as_decimals"])
    assert sentence.startswith("encounters: 1 row with a person_id that ends in .0")


def test_a_facility_that_nobody_lists_is_told_and_named_where_many_rows_have_it(tmp_path: Path) -> None:
    rows = [line("E1"), *(line(f"E{n}", person_id=f"P{n}", facility_id="F9") for n in range(2, 13))]
    rows += [line("E99", facility_id="123-45-6789")]
    listed = {"facilities.csv": "facility_id,facility_name\nF1,First\n"}
    (sentence,) = told(tmp_path / "listed", {**encounters(*rows), **listed}, ["facilities_not_listed"])
    assert "12 rows with a facility_id that the facilities table lacks ('F9')" in sentence
    (alike,) = told(tmp_path / "alike", encounters(line("E1"), line("E2", facility_id="f1 ")), ["facilities_alike"])
    assert "2 rows with facility_ids that differ by capitals or blanks alone" in alike


def test_stays_of_years_and_lost_discharges_are_told(tmp_path: Path) -> None:
    rows = [
        line("E1", person_id="P1", admitted_at="2016-03-01", discharged_at="2026-03-04"),
        line("E2", person_id="P2", admitted_at="2026-01-01", discharged_at=""),
        line("E3", person_id="P3", admitted_at="2026-09-29", discharged_at=""),
    ]
    years, lost = sorted(told(tmp_path, encounters(*rows), ["stays_very_long", "discharges_lost"]), reverse=True)
    assert years.startswith("encounters: 1 stay longer than")
    assert lost.startswith("encounters: 1 stay has no discharge long after")


def test_a_file_in_cents_is_told(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",total_cost\n")
    dollars = "".join(line(f"E{n}", person_id=f"P{n}").replace("\n", f",{9000 + n}\n") for n in range(100))
    cents = "".join(line(f"C{n}", person_id=f"C{n}").replace("\n", f",{900000 + n}\n") for n in range(100))
    files = {"encounters_1.csv": header + dollars, "encounters_2.csv": header + cents}
    (sentence,) = told(tmp_path, files, ["amounts_of_another_scale"])
    assert sentence.startswith("encounters_2.csv: total_cost of encounters is typically 99 times that of another file")


def test_rows_sent_again_under_new_numbers_are_told(tmp_path: Path) -> None:
    rows = [line(f"E{n}", person_id=f"P{n}") for n in range(20)]
    once = "".join(f"D{n},E{n},2026-10-09\n" for n in range(20))
    again = "".join(f"N{n},E{n},2026-10-09\n" for n in range(12))
    files = {**encounters(*rows), "denials.csv": "denial_id,encounter_id,denied_on\n" + once}
    assert told(tmp_path / "once", files, ["rows_alike"]) == []
    files["denials.csv"] += again
    (sentence,) = told(tmp_path / "again", files, ["rows_alike"])
    assert sentence.startswith("denials: 12 of 32 rows differ from another row in denial_id alone")
