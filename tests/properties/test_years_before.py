"""What a DRG lets cost, held against its oracle over 32 months, one of them missing; random hospitals are too short."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from random import Random

from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.warehouse.notices import read_notices
from tests.properties.conftest import BuiltHospital
from tests.support.hospitals import COSTS, DRGS, CsvRow, Hospital
from tests.support.landings import tables_of
from tests.support.oracle import Options, build_stays
from tests.support.oracle_measures import Cases, case_mix_adjusted_cost
from tests.support.oracles import WEIGHT, cost_to_expected
from tests.support.pipeline import assert_same, plain
from tests.support.value_sets import SMALL

METRICS = load_metrics()
MISSING = date(2022, 5, 1)


def stays_of_years(random: Random) -> list[CsvRow]:
    """One to three stays a month from 2021-01 to 2023-08, the first of each costed and coded; none in one month."""
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
                "drg_code": random.choice(("291", "470") if number == 0 else DRGS),
                "total_cost": random.choice(("5000", "12000.5", "90000") if number == 0 else COSTS),
            }
            rows.append(row)
    return rows


def test_costs_expected_of_the_year_before_are_the_oracles(tmp_path: Path) -> None:
    rows = stays_of_years(Random(20260401))
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    files = {"encounters.csv": text.getvalue(), "landing.yaml": "complete_through: 2023-09-30\n"}
    options = Options(complete_through={name: date(2023, 9, 30) for name in ("North", "South")}, time_zones={})
    world = BuiltHospital(Hospital(), tmp_path, options, build_stays(rows, [], SMALL, options))
    with tables_of(tmp_path, files) as connection:
        for name, outlier in (("total_cost_drg_index", False), ("high_cost_outliers", True)):
            expected = {key: rounded(one.case) for key, one in cost_to_expected(outlier=outlier)(world).items()}
            found: Cases = {
                row["case_id"]: plain(row["exclusion_reason"]) or rounded((row["numerator"], row["denominator"]))
                for row in query_cases(connection, METRICS[name]).to_dict("records")
            }
            assert_same(expected, found)
            judged = {f"{stay.discharged_on:%Y-%m}" for stay in world.stays if isinstance(found[stay.stay_id], tuple)}
            assert judged == {"2022-01", "2022-02", "2022-03", "2022-04", "2023-06", "2023-07", "2023-08"}
        told = [one for one in read_notices(connection) if one.kind == "place_not_in_cost_year"]
        assert {one.facility_id: (one.details["months"], one.details["first_month"]) for one in told} == {
            place: (str(len(months)), min(months)) for place, months in lacking_months(world, judged).items() if months
        }
        assert told


def lacking_months(world: BuiltHospital, judged: set[str]) -> dict[str, set[str]]:
    """Facility → months of a year it is held against in which others have stays costed and coded, and it has none."""
    cases = case_mix_adjusted_cost(world.stays, WEIGHT)
    months_of: dict[str, set[str]] = {"North": set(), "South": set()}
    for stay in world.stays:
        if isinstance(cases[stay.stay_id], tuple):
            months_of[stay.facility_id].add(f"{stay.discharged_on:%Y-%m}")
    every = set.union(*months_of.values())
    return {
        place: {
            month
            for month in every - own
            if any(year_before(compared) <= month < compared for compared in own & judged)
        }
        for place, own in months_of.items()
    }


def year_before(month: str) -> str:
    return f"{int(month[:4]) - 1}{month[4:]}"


def rounded(case: tuple[float, float] | str) -> tuple[float, float] | str:
    return case if isinstance(case, str) else (round(float(case[0]), 6), round(float(case[1]), 6))
