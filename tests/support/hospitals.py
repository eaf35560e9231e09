"""Tiny random hospitals that seek the corners of the rules: same-day returns, chains, transfers, re-sends, faults.

One generator serves both users: `hospitals()` lets Hypothesis choose (and shrink), `many_hospitals(seed)` is a cheap
seeded batch whose hospitals share no person and no facility, so that all fit into one landing folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from tests.support.oracle import Options

CsvRow = dict[str, str]

START_DAYS = (date(2024, 1, 20), date(2024, 9, 25), date(2025, 9, 1))
"""Windows with a leap day and spring clock change, the autumn change and year end, and a new fiscal year."""

GAPS = (-4, -1, 0, 0, 0, 1, 1, 2, 5, 12, 28, 29, 30, 30, 31, 32, 45)
LENGTHS = (0, 0, 1, 1, 2, 3, 5, 9)
DIAGNOSES = ["I5033", "J189", "M1611", "C3490"] * 2 + [
    "Z5111",
    "N186",
    "F329",
    "Z44001",
    "Z5189",
    "A419",
    "I2510",
    "G20",
    "ZZZ99",
    "",
]
PROCEDURES = ("0SR9019", "0TY00Z0", "02703ZZ", "0FT44ZZ", "0270046", "3E0234Z", "5A1D70Z", "XXXXXXX")
DISPOSITIONS = ["01"] * 12 + [
    "03",
    "06",
    "50",
    "62",
    "81",
    "07",
    "20",
    "41",
    "30",
    "02",
    "05",
    "82",
    "94",
    "",
    "",
    "1",
    "XX",
]
OTHER_TYPES = ("observation", "inpatient rehabilitation", "emergency department", "skilled nursing", "outpatient")
DRGS = ("291", "291", "470", "193", "871", "885", "", "ABC")
COSTS = ("", "0", "-50.25", "1234.56", "10000", "98765.43")


@dataclass
class Hospital:
    """Canonical rows of a few facilities, and what their landing folder declares."""

    encounters: list[CsvRow] = field(default_factory=list)
    procedures: list[CsvRow] = field(default_factory=list)
    cm_cases: list[CsvRow] = field(default_factory=list)
    cm_tasks: list[CsvRow] = field(default_factory=list)
    avoidable_days: list[CsvRow] = field(default_factory=list)
    denials: list[CsvRow] = field(default_factory=list)
    census: list[CsvRow] = field(default_factory=list)
    staffing: list[CsvRow] = field(default_factory=list)
    notices: list[CsvRow] = field(default_factory=list)
    reviews: list[CsvRow] = field(default_factory=list)
    training: list[CsvRow] = field(default_factory=list)
    licences: list[CsvRow] = field(default_factory=list)
    budget: list[CsvRow] = field(default_factory=list)
    surveys: list[CsvRow] = field(default_factory=list)
    facilities: list[CsvRow] = field(default_factory=list)
    complete_through: dict[str, date] = field(default_factory=dict)

    def tables(self) -> dict[str, list[CsvRow]]:
        """The tables by name, as a landing folder holds them; empty optional tables are left out."""
        names = [name for name in self.__dataclass_fields__ if name != "complete_through"]
        return {name: getattr(self, name) for name in names if getattr(self, name) or name == "encounters"}

    def landing_options(self) -> dict[str, object]:
        """What `landing.yaml` says."""
        return {"complete_through": dict(self.complete_through), "plausible_until": date(2027, 1, 1)}

    def oracle_options(self) -> Options:
        """The same, for the oracle."""
        zones = {row["facility_id"]: row["time_zone"] for row in self.facilities}
        return Options(complete_through=dict(self.complete_through), time_zones=zones)


def hospitals() -> st.SearchStrategy[Hospital]:
    """One small hospital, every choice made (and shrunk) by Hypothesis."""
    return st.randoms(use_true_random=False).map(lambda random: make_hospital(random, prefix="h"))


def many_hospitals(seed: int, *, count: int) -> Hospital:
    """`count` hospitals side by side in one set of tables; the seed decides everything."""
    random = Random(seed)
    return side_by_side(make_hospital(random, prefix=f"h{number:03d}") for number in range(count))


def side_by_side(parts: Iterable[Hospital]) -> Hospital:
    """Hospitals with disjoint persons and facilities as one landing folder's worth of tables."""
    whole = Hospital()
    for part in parts:
        for name in Hospital.__dataclass_fields__:
            if name == "complete_through":
                whole.complete_through |= part.complete_through
            else:
                getattr(whole, name).extend(getattr(part, name))
    return whole


def make_hospital(random: Random, *, prefix: str) -> Hospital:
    """Two or three facilities, one to five persons, about ninety days."""
    hospital = Hospital()
    first_day = random.choice(START_DAYS)
    facilities = [f"{prefix}F{number}" for number in range(random.randint(2, 3))]
    last_day = first_day + timedelta(days=90)
    for facility in facilities:
        zone = random.choice(("America/New_York", "America/Los_Angeles"))
        hospital.facilities.append({"facility_id": facility, "facility_name": facility, "time_zone": zone})
        hospital.complete_through[facility] = last_day + timedelta(days=random.choice((-25, -10, 0, 29, 30, 60)))
    numbers = list(range(100))
    random.shuffle(numbers)
    timed = random.random() < 0.5
    for person in range(random.randint(1, 5)):
        _add_history(hospital, random, f"{prefix}P{person}", facilities, first_day, numbers, timed=timed, prefix=prefix)
    _add_days(hospital, random, facilities[0], prefix, first_day + timedelta(days=random.choice((0, 80))))
    _complete(hospital, Random(prefix))
    return hospital


def _add_history(
    hospital: Hospital,
    random: Random,
    person: str,
    facilities: list[str],
    first_day: date,
    numbers: list[int],
    *,
    timed: bool,
    prefix: str,
) -> None:
    """One person's encounters: each starts some days after (or before) the end of the last."""
    last_end = _at_noon(first_day + timedelta(days=random.randint(0, 20)))
    facility, diagnosis = random.choice(facilities), random.choice(DIAGNOSES)
    for _ in range(random.randint(1, 6)):
        facility = facility if random.random() < 0.65 else random.choice(facilities)
        diagnosis = diagnosis if random.random() < 0.5 else random.choice(DIAGNOSES)
        admitted = _some_time_on(random, last_end, days=random.choice(GAPS))
        discharged = _some_time_on(random, admitted, days=random.choice(LENGTHS))
        encounter_id = f"{prefix}E{numbers.pop():02d}"
        row = {
            "encounter_id": encounter_id,
            "person_id": person,
            "facility_id": facility,
            "encounter_type": "acute inpatient" if random.random() < 0.85 else random.choice(OTHER_TYPES),
            "admitted_at": admitted.isoformat() if timed else admitted.date().isoformat(),
            "discharged_at": discharged.isoformat() if timed else discharged.date().isoformat(),
            "discharge_disposition_code": random.choice(DISPOSITIONS),
            "primary_diagnosis_code": diagnosis,
            "drg_code": random.choice(DRGS),
            "total_cost": random.choice(COSTS),
            "updated_at": "2026-01-01T00:00:00",
        }
        _break(random, row)
        _add_copies(hospital, random, row, numbers, prefix)
        for _ in range(random.choice((0, 0, 1, 2))):
            hospital.procedures.append({"encounter_id": encounter_id, "procedure_code": random.choice(PROCEDURES)})
        _add_case_management(hospital, random, row, admitted.date())
        last_end = discharged


def _at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)


def _some_time_on(random: Random, earlier: datetime, *, days: int) -> datetime:
    """A moment `days` later (or before); on the same day it is later by the clock, so that time runs forward."""
    if days == 0:
        last_minute = earlier.replace(hour=23, minute=59)
        return min(last_minute, earlier + timedelta(minutes=random.choice((1, 61, 240, 900))))
    day = earlier + timedelta(days=days)
    return day.replace(hour=random.choice((0, 6, 12, 18, 23)), minute=random.choice((0, 1, 59)))


def _break(random: Random, row: CsvRow) -> None:
    """Now and then a fault the rules name."""
    fault = random.random()
    if fault < 0.04:
        row["discharged_at"] = ""
    elif fault < 0.055:
        row["discharged_at"] = ""
        row["admitted_at"] = (date.fromisoformat(row["admitted_at"][:10]) - timedelta(days=200)).isoformat()
    elif fault < 0.07:
        row["person_id"] = ""
    elif fault < 0.085:
        row["admitted_at"] = ""
    elif fault < 0.1:
        row["discharged_at"] = (date.fromisoformat(row["admitted_at"][:10]) - timedelta(days=2)).isoformat()


def _add_copies(hospital: Hospital, random: Random, row: CsvRow, numbers: list[int], prefix: str) -> None:
    """The row itself, and sometimes an older version, an exact repeat, or the same stay under another id."""
    copies = [row]
    kind = random.random()
    if kind < 0.06 and row["person_id"] and row["admitted_at"]:
        older = {**row, "discharge_disposition_code": "20", "drg_code": "885", "updated_at": "2025-12-01T00:00:00"}
        copies.append(older)
    elif kind < 0.1:
        copies.append(dict(row))
    elif kind < 0.14:
        copies.append({**row, "encounter_id": f"{prefix}E{numbers.pop():02d}"})
    random.shuffle(copies)
    hospital.encounters.extend(copies)


def _add_case_management(hospital: Hospital, random: Random, row: CsvRow, admitted: date) -> None:
    """Assessments around the 24-hour mark, overlapping avoidable days, denials."""
    encounter_id = row["encounter_id"]
    case_id = f"C{encounter_id}"
    if random.random() < 0.6:
        start = datetime.fromisoformat(row["admitted_at"]) if row["admitted_at"] else datetime(2025, 1, 1)
        after = random.choice((5, 23, 24, 25, 48))
        assessed = start + timedelta(hours=after, minutes=random.choice((0, 0, 1)))
        known = random.random() < 0.85
        hospital.cm_cases.append(
            {
                "cm_case_id": case_id,
                "encounter_id": encounter_id,
                "case_manager_id": "M1",
                "opened_at": start.isoformat(),
                "first_assessed_at": assessed.isoformat() if known else "",
            }
        )
    for number in range(random.choice((0, 0, 1, 3))):
        starts = admitted + timedelta(days=random.randint(0, 3))
        ends = starts + timedelta(days=random.randint(0, 3))
        hospital.avoidable_days.append(
            {
                "encounter_id": encounter_id,
                "starts_on": starts.isoformat(),
                "ends_on": ends.isoformat(),
                "reason_code": f"R{number}",
                "responsible_party": random.choice(("payer", "physician")),
            }
        )
    for number in range(random.choice((0, 0, 0, 1, 2))):
        hospital.denials.append(
            {
                "denial_id": f"D{number}{encounter_id}",
                "encounter_id": encounter_id,
                "payer": "Acme",
                "denied_on": (admitted + timedelta(days=(40, 60, 61)[number])).isoformat(),
                "denied_amount": "100",
            }
        )


def _add_days(hospital: Hospital, random: Random, facility: str, prefix: str, first_day: date) -> None:
    """A unit's census and who was on shift; some days nobody was paid."""
    unit = f"{prefix}U1"
    for step in range(random.randint(0, 4)):
        day = (first_day + timedelta(days=step)).isoformat()
        hospital.census.append(
            {"facility_id": facility, "unit_id": unit, "census_on": day, "patients": str(random.randint(0, 40))}
        )
        for manager in range(random.randint(0, 3)):
            hospital.staffing.append(
                {
                    "facility_id": facility,
                    "unit_id": unit,
                    "shift_on": day,
                    "case_manager_id": f"M{manager}",
                    "paid_hours": random.choice(("8", "8", "4.5", "0")),
                }
            )


def _complete(hospital: Hospital, random: Random) -> None:
    """What came to the layout later, drawn apart so that the rest stays as it was: closings, tasks, appeals."""
    for row in hospital.cm_cases:
        opened = datetime.fromisoformat(row["opened_at"])
        days = random.choice((-1, 0, 1, 7, 30, 40, None))
        row["closed_at"] = "" if days is None else (opened + timedelta(days=days)).isoformat()
        if random.random() < 0.1:
            row["opened_at"] = ""
        for number in range(random.choice((0, 1, 2))):
            due = opened + timedelta(days=random.choice((1, 2, 20)))
            late = random.choice((timedelta(0), timedelta(minutes=1), timedelta(days=7), timedelta(days=8), None))
            hospital.cm_tasks.append(
                {
                    "task_id": f"T{number}{row['cm_case_id']}",
                    "cm_case_id": row["cm_case_id"],
                    "due_at": due.isoformat() if random.random() < 0.7 else due.date().isoformat(),
                    "done_at": "" if late is None else (due + late).isoformat(),
                }
            )
    for row in hospital.denials:
        denied = date.fromisoformat(row["denied_on"])
        appeal = random.choice((10, 60, 61, None))
        row["denied_amount"] = random.choice(("100", "2500.75", ""))
        row["appealed_on"] = "" if appeal is None else (denied + timedelta(days=appeal)).isoformat()
        if appeal is not None:
            decided = denied + timedelta(days=appeal + random.choice((20, 180, 181)))
            row["decided_on"] = decided.isoformat()
            row["outcome"] = random.choice(("overturned", "Overturned", "upheld"))
    _add_later_columns(hospital)
    _add_surveys(hospital)
    for row in hospital.staffing:
        row["overtime_hours"] = random.choice(("0", "1.5", "2", "0", "0", ""))
    _comply(hospital, random)
    _add_staff_duties(hospital, random)


def _add_later_columns(hospital: Hospital) -> None:
    """Peer-to-peers and condition codes; drawn from the rows themselves, so that copies say the same."""
    for row in hospital.denials:
        random = Random(f"{row['denial_id']} talk")
        days = random.choice((-3, 0, 30, 31, None, None))
        if days is not None:
            row["peer_to_peer_on"] = (date.fromisoformat(row["denied_on"]) + timedelta(days=days)).isoformat()
            row["peer_to_peer_outcome"] = random.choice(("overturned", "Upheld", "open", "lost", "", "upheld"))
    for row in hospital.encounters:
        visit = Random(f"{row['person_id']} {row['admitted_at']} {row['discharged_at']} codes")
        chances = ("", "", "", "09", "44", "44;C5", "144", "09, 44") if visit.random() < 0.5 else ("",)
        row["condition_codes"] = visit.choice(chances)


def _add_surveys(hospital: Hospital) -> None:
    """Answers to the three questions, and to another, in the first months; some are not reported."""
    facility = hospital.facilities[0]["facility_id"]
    random = Random(f"{facility} surveys")
    first = min((row["admitted_at"] for row in hospital.encounters if row["admitted_at"]), default="2025-01-01")
    day = date.fromisoformat(first[:10]).replace(day=1)
    for _ in range(2):
        for item in ("Help after discharge", "symptoms in writing", "Plans with the Patient", "quiet at night"):
            n = random.choice(("0", "1", "4", "6", "", "Too few"))
            best = str(random.randint(0, int(n))) if n.isdigit() and random.random() < 0.8 else random.choice(("", "*"))
            month = f"{day:%Y-%m}"
            hospital.surveys.append(
                {"facility_id": facility, "month": month, "item": item, "n_answers": n, "n_top_box": best}
            )
        day = (day + timedelta(days=31)).replace(day=1)


def _comply(hospital: Hospital, random: Random) -> None:
    """Payers, part costs, notices around their time limits, reviews, and kinds of tasks."""
    moments: dict[str, tuple[str, str]] = {}
    for row in hospital.encounters:
        # Of the person and of the visit, so that a row and its copies say the same.
        of_person = Random(f"{row['person_id']} person")
        of_visit = Random(f"{row['person_id']} {row['admitted_at']} {row['discharged_at']}")
        row["payer"] = of_person.choice(("Medicare", "Medicare", "Harbor MEDICARE Advantage", "Acme", ""))
        row["birth_date"] = of_person.choice(("1950-02-03", "1950-02-03", "2010-01-01", ""))
        row["direct_cost"] = of_visit.choice(("", "-1", "600", "5000.5"))
        row["variable_direct_cost"] = of_visit.choice(("", "-1", "300", "2500.25"))
        if row["admitted_at"]:
            moments[row["encounter_id"]] = (row["admitted_at"], row["discharged_at"])
    for encounter_id, (admitted, discharged) in moments.items():
        start = datetime.fromisoformat(admitted)
        end = datetime.fromisoformat(discharged) if discharged else start + timedelta(days=3)
        for kind, at in (
            ("IM", start + timedelta(days=random.choice((-8, -7, -1, 0, 1, 2, 3)))),
            ("IM follow-up", end - timedelta(days=random.choice((3, 2, 1)))),
            ("im Follow-up", end - timedelta(hours=random.choice((3, 4, 5)))),
            ("MOON", start + timedelta(hours=random.choice((12, 36, 37)))),
        ):
            if random.random() < 0.6:
                written = at.isoformat() if random.random() < 0.7 else at.date().isoformat()
                hospital.notices.append({"encounter_id": encounter_id, "notice_type": kind, "delivered_at": written})
        for number in range(random.choice((0, 1, 2))):
            due = start + timedelta(hours=random.choice((24, 96)))
            late = random.choice((timedelta(0), timedelta(minutes=1), timedelta(hours=-3), timedelta(days=2), None))
            hospital.reviews.append(
                {
                    "review_id": f"R{number}{encounter_id}",
                    "encounter_id": encounter_id,
                    "review_type": "admission",
                    "due_at": ""
                    if random.random() < 0.05
                    else due.isoformat()
                    if random.random() < 0.7
                    else f"{due:%F}",
                    "done_at": "" if late is None else (due + late).isoformat(),
                }
            )
    encounter_of = {row["cm_case_id"]: row["encounter_id"] for row in hospital.cm_cases}
    for row in hospital.cm_tasks:
        row["task_type"] = random.choice(("discharge plan", "Post-discharge call", "post-discharge contact"))
        _, discharged = moments.get(encounter_of[row["cm_case_id"]], ("", ""))
        if discharged and random.random() < 0.5:
            done = datetime.fromisoformat(discharged) + timedelta(days=random.choice((-1, 0, 2, 3, 4, 5)))
            row["done_at"] = done.isoformat()


def _add_staff_duties(hospital: Hospital, random: Random) -> None:
    """Courses and licences of the case managers, and of one who never had a shift."""
    last_day = max(hospital.complete_through.values())
    staff = sorted({row["case_manager_id"] for row in hospital.staffing})
    names = {name: f"{hospital.facilities[0]['facility_id']}-{name}" for name in staff}
    for row in hospital.staffing:
        row["case_manager_id"] = names[row["case_manager_id"]]
    for person in [*names.values(), f"{hospital.facilities[0]['facility_id']}-nobody"]:
        for course in ("rules", "rights"):
            due = last_day - timedelta(days=random.choice((-5, 0, 20, 45, 80)))
            late = random.choice((-10, 0, 1, 40, None))
            hospital.training.append(
                {
                    "case_manager_id": person,
                    "course": course,
                    "due_on": due.isoformat(),
                    "completed_on": "" if late is None else (due + timedelta(days=late)).isoformat(),
                }
            )
        end = (last_day.replace(day=1)) - timedelta(days=1)
        hospital.licences.append(
            {
                "case_manager_id": person,
                "licence": "registered nurse",
                "expires_on": (end + timedelta(days=random.choice((-1, 0, 1, 30, 60, 61, 300)))).isoformat(),
            }
        )
    for month in sorted({row["shift_on"][:7] for row in hospital.staffing}):
        for account in ("salaries", "overtime"):
            hospital.budget.append(
                {
                    "facility_id": hospital.facilities[0]["facility_id"],
                    "month": month,
                    "account": account,
                    "budget_usd": random.choice(("1000", "2500", "")),
                    "actual_usd": random.choice(("900", "2600.75", "")),
                }
            )
