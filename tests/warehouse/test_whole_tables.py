"""What is told of tables as a whole where each row can be read: times, people, places, cells and words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from kpi_pipeline.warehouse.notices import read_notices
from tests.support.landings import tables_of
from tests.support.said import said

MONTHS = range(1, 10)
"""Of 2026. Two facilities with 44 stays and 20 observation stays a month each, and the department's work for them."""

Row = dict[str, str]
Tables = dict[str, list[Row]]
DECLARED = "complete_through: 2026-09-30\nplausible_until: 2026-12-31\n"


def hospital() -> Tables:
    """Every table as rows of text, without a fault."""
    tables: Tables = {name: [] for name in ("encounters", "denials", "cm_cases", "reviews", "staffing", "budget")}
    for month in MONTHS:
        for place in ("F1", "F2"):
            for number in range(64):
                _add_stay(tables, place, month, number)
            for day in range(1, 29):
                for manager in ("M1", "M2"):
                    row = {"facility_id": place, "unit_id": f"{place}-U", "shift_on": f"2026-{month:02}-{day:02}"}
                    tables["staffing"].append({**row, "case_manager_id": f"{place}{manager}", "paid_hours": "8"})
            for account in ("salaries", "supplies", "travel"):
                row = {"facility_id": place, "month": f"2026-{month:02}", "account": account}
                tables["budget"].append({**row, "budget_usd": "50000", "actual_usd": str(49_000 + 100 * month)})
    return tables


def _add_stay(tables: Tables, place: str, month: int, number: int) -> None:
    key = f"{place}-{month:02}-{number:02}"
    admitted = datetime(2026, month, 1 + number % 27, 9, number % 60)
    left = admitted + timedelta(days=1 + number % 4, hours=6)
    stay = {
        "encounter_id": key,
        "person_id": f"P{place[1]}{month:02}{number % 32:02}",
        "facility_id": place,
        "encounter_type": "acute inpatient" if number < 44 else "observation",
        "admitted_at": f"{admitted:%Y-%m-%d %H:%M}",
        "discharged_at": f"{left:%Y-%m-%d %H:%M}",
        "primary_diagnosis_code": "I509",
        "birth_date": str(date(1940, 1, 1) + timedelta(days=97 * (number % 32) + 11 * month)),
        "sex": "F",
        "payer": ("Medicare", "Aetna", "Medicaid", "Cigna")[number % 4],
        "total_cost": str(9_000 + 31 * number),
        "total_charges": str(31_000 + 90 * number),
    }
    tables["encounters"].append(stay)
    case = {"cm_case_id": f"C{key}", "encounter_id": key, "opened_at": stay["admitted_at"]}
    assessed = admitted + timedelta(hours=3 + number % 9)
    tables["cm_cases"].append({**case, "first_assessed_at": f"{assessed:%Y-%m-%d %H:%M}"})
    due = admitted + timedelta(hours=20)
    review = {"review_id": f"R{key}", "encounter_id": key, "due_at": f"{due:%Y-%m-%d %H:%M}"}
    tables["reviews"].append({**review, "done_at": f"{due - timedelta(hours=2):%Y-%m-%d %H:%M}"})
    if number < 12:
        denied = left.date() + timedelta(days=5)
        appealed, decided = denied + timedelta(days=9), denied + timedelta(days=60)
        outcome = ("overturned", "upheld", "Open")[number % 3]
        row = {
            "denial_id": f"D{key}",
            "encounter_id": key,
            "denied_on": str(denied),
            "denied_amount": str(900 + number),
        }
        tables["denials"].append({**row, "appealed_on": str(appealed), "decided_on": str(decided), "outcome": outcome})


def told(folder: Path, tables: Tables) -> list[str]:
    """Every sentence about such a hospital but those about reference tables and procedures, which it has not."""
    files = {
        f"{name}.csv": "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows), ""])
        for name, rows in tables.items()
    }
    with tables_of(folder, {"landing.yaml": DECLARED, **files}) as connection:
        sentences = said(read_notices(connection))
    return [one for one in sentences if not one.startswith("procedures:")]


def change(rows: list[Row], where: Callable[[Row], bool], **values: str | Callable[[Row], str]) -> None:
    """Writes values into every row for which `where` holds."""
    chosen = [row for row in rows if where(row)]
    assert chosen
    for row in chosen:
        row.update({name: value if isinstance(value, str) else value(row) for name, value in values.items()})


def at(place: str, month: int, column: str) -> Callable[[Row], bool]:
    return lambda row: (
        row.get("facility_id", row.get("encounter_id", ""))[:2] == place and row[column][:7] == (f"2026-{month:02}")
    )


def test_nothing_is_told_of_a_hospital_as_it_should_be(tmp_path: Path) -> None:
    assert told(tmp_path, hospital()) == []


EXPECTED = (
    "encounters: in 64 of 1,132 rows total_cost is the same as total_charges",
    "encounters: total_cost of facility 'F1' in July 2026 is of another scale than in its other months, 2.5 times",
    "encounters: 284 of 556 rows looked at of facility 'F2' have a person_id of another form than most rows",
    "encounters: 18 of 556 people with several rows have two or more values of birth_date",
    "encounters: 2 rows have a birth_date after the admission",
    "encounters: 1 row has a newborn's diagnosis (Z38) and a person a year old or more",
    "encounters (observation): facility 'F2' sent no rows for June 2026, where 20 are usual",
    "cm_cases: 576 of 1,068 rows have a first_assessed_at without a time",
    "encounters: 64 of 64 rows of facility 'F1' in March 2026 have an admitted_at of midnight",
    "encounters: the patients of facility 'F2' left 5 hours or more earlier or later in April 2026 than in its other",
    "denials: 49 rows have an appealed_on before denied_on",
    "reviews: 1 row has a done_at long before admitted_on",
    "denials: 48 of 216 rows have one and the same denied_on, September 1, 2026",
    "denials: 27 of 108 rows of facility 'F1' have no denied_amount",
    "cm_cases: 64 of 64 rows of facility 'F2' in May 2026 have no first_assessed_at, far more than in other",
    "staffing: 28 rows are of a facility_id that no encounter has ('f1'), and count for no hospital",
    "denials: 18 rows have an outcome that is not overturned, upheld or open ('won')",
    "staffing: 56 rows without a unit have the same person, day and hours as a row with one",
    "budget: 3 lines that facility 'F1' usually has are missing in June 2026",
    "budget: facility 'F2' has an actual_usd of 0 in every line of July 2026: not booked yet?",
    "budget: budget_usd of facility 'F1' in August 2026 is of another scale than in its other months, 10 times",
)
"""How the sentences begin, counted by hand."""


def test_each_fault_of_a_table_as_a_whole_is_told(tmp_path: Path) -> None:
    tables = hospital()
    rows = tables["encounters"]
    change(rows, at("F1", 7, "admitted_at"), total_cost=lambda row: row["total_charges"])
    change(rows, lambda row: row["facility_id"] == "F2" and row["person_id"][-2:] < "16", person_id=prefixed)
    change(rows, lambda row: row["encounter_id"][-2:] == "10", birth_date="1999-09-09")
    change(rows, lambda row: row["encounter_id"] == "F1-01-20", birth_date="2046-01-01")
    change(rows, lambda row: row["encounter_id"] == "F1-01-52", birth_date="2046-01-01")
    change(rows, lambda row: row["encounter_id"] == "F1-01-30", primary_diagnosis_code="Z3800")
    change(rows, at("F1", 3, "admitted_at"), admitted_at=lambda row: f"{row['admitted_at'][:10]} 00:00")
    change(rows, at("F2", 4, "discharged_at"), discharged_at=lambda row: f"{row['discharged_at'][:10]} 20:30")
    june = [row for row in rows if at("F2", 6, "admitted_at")(row) and row["encounter_type"] == "observation"]
    tables["encounters"] = [row for row in rows if row not in june]
    gone = {row["encounter_id"] for row in june}
    for name in ("cm_cases", "reviews"):
        tables[name] = [row for row in tables[name] if row["encounter_id"] not in gone]
    change(tables["cm_cases"], at("F2", 5, "opened_at"), first_assessed_at="")
    change(tables["cm_cases"], lambda row: row["encounter_id"][:2] == "F1", first_assessed_at=day_assessed)
    change(tables["reviews"], lambda row: row["review_id"] == "RF1-05-01", done_at="2025-05-01 10:00")
    denials = tables["denials"]
    change(denials, lambda row: row["denial_id"] == "DF1-05-01", appealed_on="2026-01-01")
    change(denials, lambda row: row["encounter_id"][:5] in ("F1-07", "F2-07", "F1-08", "F2-08"), denied_on="2026-09-01")
    change(
        denials,
        lambda row: row["encounter_id"][:4] == "F1-0" and row["encounter_id"][-2:] in ("00", "01"),
        outcome="won",
    )
    change(denials, lambda row: row["encounter_id"][:2] == "F1" and row["encounter_id"][-2:] < "03", denied_amount="")
    spoil_budget_and_shifts(tables)
    sentences = told(tmp_path, tables)
    assert [start for start in EXPECTED if not any(one.startswith(start) for one in sentences)] == []


SENT_AGAIN = (
    "encounters: 20 rows of facility 'F1' (observation) have the person and the times of another row",
    "encounters: 6 rows of facility 'F2' (acute inpatient) have the times, birth_date and diagnosis of another row",
    "reviews: facility 'F2' sent 105 rows, where 201 are usual, from July 2026 to September 2026, though its stays",
    "encounters: 146 rows of facility 'F2' in months from January 2026 to September 2026 have payer 'mcr', which "
    "nobody else writes, where 'medicare' is usual",
    "encounters: 146 rows have a payer that looks like Medicare ('MCR') and are not counted so",
)


def test_rows_under_other_numbers_a_lasting_loss_and_another_word_are_told(tmp_path: Path) -> None:
    tables = hospital()
    rows = tables["encounters"]
    change(rows, lambda row: row["facility_id"] == "F2" and row["payer"] == "Medicare", payer="MCR")
    observed = [row for row in rows if at("F1", 5, "admitted_at")(row) and row["encounter_type"] == "observation"]
    of_others = [row for row in rows if at("F2", 8, "admitted_at")(row)][:6]
    rows += [{**row, "encounter_id": f"9{row['encounter_id']}"} for row in observed]
    rows += [
        {**row, "encounter_id": f"9{row['encounter_id']}", "person_id": f"{row['person_id']}0"} for row in of_others
    ]
    late = [row for row in tables["reviews"] if row["review_id"][:3] == "RF2" and row["due_at"][5:7] >= "07"]
    kept = [row for row in tables["reviews"] if row not in late]
    tables["reviews"] = [*kept, *(row for row in late if int(row["review_id"][-2:]) >= 29)]
    sentences = told(tmp_path, tables)
    assert len(sentences) == len(SENT_AGAIN), sentences
    assert [start for start in SENT_AGAIN if not any(one.startswith(start) for one in sentences)] == [], sentences


def prefixed(row: Row) -> str:
    return f"MRN-{row['person_id'][1:]}"


def day_assessed(row: Row) -> str:
    return row["first_assessed_at"][:10]


def spoil_budget_and_shifts(tables: Tables) -> None:
    again = [{**row, "unit_id": ""} for row in tables["staffing"] if at("F2", 2, "shift_on")(row)]
    capitals = [row for row in tables["staffing"] if at("F1", 2, "shift_on")(row)][:28]
    tables["staffing"] = [row for row in tables["staffing"] if row not in capitals] + again
    tables["staffing"] += [{**row, "facility_id": "f1"} for row in capitals]
    tables["budget"] = [row for row in tables["budget"] if not at("F1", 6, "month")(row)]
    change(tables["budget"], at("F2", 7, "month"), actual_usd="0")
    change(tables["budget"], at("F1", 8, "month"), budget_usd="50")
