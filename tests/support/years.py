"""A small hospital over years, for what looks back twelve months: random hospitals are ninety days long."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.support.hospitals import COSTS, DRGS, CsvRow, Hospital

MISSING = date(2022, 5, 1)
"""The month without any stay."""
COMPLETE_THROUGH = {"North": date(2023, 9, 30), "South": date(2023, 9, 30)}


def hospital_of_years(random: Random) -> Hospital:
    """Two facilities from 2021-01 to 2023-08: one to three stays a month, none in one month."""
    return Hospital(encounters=stays_of_years(random), complete_through=dict(COMPLETE_THROUGH))


def stays_of_years(random: Random) -> list[CsvRow]:
    """Its stays, the first of each month costed and coded; some cost many times what others do."""
    rows = []
    for at in range(32):
        month = date(2021 + at // 12, at % 12 + 1, 1)
        for number in range(0 if month == MISSING else random.randint(1, 3)):
            starts = month + timedelta(days=random.randint(0, 20))
            row = {
                "encounter_id": f"E{at:02d}{number}",
                "person_id": f"P{at:02d}{number}",
                "facility_id": random.choice(("North", "South")),
                "encounter_type": "acute inpatient",
                "admitted_at": starts.isoformat(),
                "discharged_at": (starts + timedelta(days=random.randint(1, 5))).isoformat(),
                "discharge_disposition_code": "01",
                "primary_diagnosis_code": "J189",
                "drg_code": random.choice(("291", "470", "690") if number == 0 else DRGS),
                "total_cost": random.choice(("5000", "12000.5", "90000") if number == 0 else (*COSTS, "0.75")),
            }
            rows.append(row)
    return rows
