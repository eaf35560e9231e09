"""What a column shows as a whole is told: another scale, fillers, codes a program wrote, people numbered anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.report.words.notices.patterns import PATTERNS
from kpi_pipeline.warehouse.notices import read_notices
from kpi_pipeline.warehouse.warnings import person as person_warnings
from tests.support.landings import HEADER, tables_of
from tests.support.said import said

MONTHS = range(1, 10)
"""Of 2026. Two facilities with 48 stays a month; every third patient was there in the month before."""

Row = dict[str, str]
COLUMNS = (*HEADER.strip().split(","), "discharge_disposition_code", "total_cost", "birth_date")


def hospital(spoil: Callable[[Row, int, int], Row] = lambda row, month, number: row) -> str:
    """The encounters file; spoil: changes one stay (row, month, number in the month)."""
    rows = []
    for month in MONTHS:
        for place in ("F1", "F2"):
            for number in range(48):
                admitted = date(2026, month, 1 + number % 27)
                was_there = number % 3 == 0 and month > 1
                person = f"{place}-{month - was_there}-{number + was_there}"
                row = dict(
                    zip(COLUMNS[:4], (f"E{place}{month}-{number}", person, place, "acute inpatient"), strict=True)
                )
                row |= {
                    "admitted_at": f"{admitted} 09:00",
                    "discharged_at": f"{admitted + timedelta(days=number % 4)} 15:00",
                    "discharge_disposition_code": ("01", "03", "06")[number % 3],
                    "total_cost": str(9_000 + 31 * number),
                    "birth_date": str(date(1940, 1, 1) + timedelta(days=97 * number + 11 * month)),
                }
                rows.append(spoil(row, month, number))
    return "\n".join([",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows), ""])


def told(folder: Path, content: str) -> list[str]:
    with tables_of(folder, {"encounters.csv": content}) as connection:
        return list(said(one for one in read_notices(connection) if one.kind in PATTERNS))


def test_nothing_is_told_of_a_hospital_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_warnings, "_FEWEST_STAYS", 100)
    assert told(tmp_path, hospital()) == []


def test_each_fault_of_a_place_or_a_month_is_told(tmp_path: Path) -> None:
    def spoil(row: Row, month: int, number: int) -> Row:
        if row["facility_id"] == "F2":
            return row
        if month == 3:
            row["discharged_at"] = row["admitted_at"]
        if month == 4:
            row["discharge_disposition_code"] = "01"
        if month in (5, 6):
            row["total_cost"] += "00"
        if month == 7 and number < 6:
            row["total_cost"] = "9999999"
        if month == 7 and number == 6:
            row["total_cost"] = "-9000"
        if month == 9:
            row["person_id"] += "-new"
        if number % 4 == 0:
            row["birth_date"] = "1900-01-01"
        return row

    starts = [one.split(":", 1)[1].strip() for one in told(tmp_path, hospital(spoil))]
    assert [one[:75] for one in starts] == [
        "1 row has a total_cost below zero: a reversal, or a sign turned round? Send",
        "6 rows have one and the same total_cost, far from the usual: a value that s",
        "total_cost of facility 'F1' in months from May 2026 to June 2026 is of anot",
        "48 of 49 stays of facility 'F1' in March 2026 end on the day they began, wh",
        "48 stays of facility 'F1' in April 2026 all have the same discharge_disposi",
        "nobody whom facility 'F1' admitted in September 2026 had been there before,",
        "108 people have one and the same birth_date: a date that stands for none? L",
    ]


def test_numbers_of_stays_in_the_place_of_people_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_warnings, "_FEWEST_STAYS", 100)

    def spoil(row: Row, month: int, number: int) -> Row:
        return row if row["facility_id"] == "F1" else {**row, "person_id": row["encounter_id"]}

    (sentence,) = told(tmp_path, hospital(spoil))
    assert sentence.startswith("encounters: of 432 stays of facility 'F2' no two are of one person")
