"""What a DRG lets cost, held against its oracle over 32 months, one of them missing; random hospitals are too short."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from random import Random

from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.warehouse.notices import read_notices
from tests.properties.conftest import BuiltHospital
from tests.support.landings import tables_of
from tests.support.oracle import build_stays
from tests.support.oracle_measures import Cases, case_mix_adjusted_cost
from tests.support.oracles import WEIGHT, cost_to_expected
from tests.support.pipeline import assert_same, plain
from tests.support.value_sets import SMALL
from tests.support.years import hospital_of_years

METRICS = load_metrics()


def test_costs_expected_of_the_year_before_are_the_oracles(tmp_path: Path) -> None:
    hospital = hospital_of_years(Random(20260401))
    text = StringIO()
    writer = csv.DictWriter(text, list(hospital.encounters[0]))
    writer.writeheader()
    writer.writerows(hospital.encounters)
    files = {"encounters.csv": text.getvalue(), "landing.yaml": "complete_through: 2023-09-30\n"}
    options = hospital.oracle_options()
    world = BuiltHospital(hospital, tmp_path, options, build_stays(hospital.encounters, [], SMALL, options))
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
