"""The made-up hospital's levels: what a director would expect to see, and nothing moving but the two changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic import Truth, generate_hospital
from kpi_pipeline.synthetic.care.stays import build_stays
from kpi_pipeline.synthetic.ground.plan import Plan
from kpi_pipeline.synthetic.work.department import assign_units, build_shifts, count_census

SCALE = 0.25


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return generate_hospital(tmp_path_factory.mktemp("hospital") / "landing", scale=SCALE)


@pytest.fixture(scope="module")
def months(truth: Truth) -> pd.DataFrame:
    return pd.DataFrame([month.model_dump() for month in truth.months])


def ratio(rows: pd.DataFrame, numerator: str, denominator: str) -> float:
    return float(rows[numerator].sum() / rows[denominator].sum())


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [
        ("los_days", "discharges", 4.6, 5.0),
        ("coded_los_days", "expected_los_days", 0.95, 1.05),
        ("drg_weight", "coded_discharges", 1.55, 1.70),
        ("total_cost_usd", "costed_discharges", 14_000, 15_500),
        ("costed_and_coded_cost_usd", "costed_and_coded_drg_weight", 8_600, 9_500),
        ("unplanned_returns", "index_discharges", 0.130, 0.150),
        ("avoidable_days", "discharges", 0.20, 0.25),
        ("assessed_within_24h", "assessable_admissions", 0.88, 0.92),
        ("index_discharges", "discharges", 0.85, 0.93),
    ],
)
def test_levels_are_believable(months: pd.DataFrame, numerator: str, denominator: str, low: float, high: float) -> None:
    assert low < ratio(months, numerator, denominator) < high


def test_a_case_manager_on_shift_has_16_to_20_patients() -> None:
    """At full size: units of a quarter of the size have a quarter of the patients and still one case manager."""
    plan = Plan(seed=3, months=12, last_month=Month(2026, 10), scale=1.0, changes=False, faults=False)
    stays = build_stays(plan)
    census = count_census(plan, stays, unit=assign_units(plan, stays))
    shifts = build_shifts(plan, census)
    on_shift = np.zeros_like(census)
    np.add.at(on_shift, (shifts["unit"], shifts["day"] - plan.first_day), 1)
    assert 16 < census[on_shift > 0].sum() / on_shift.sum() < 20
    assert census[on_shift == 0].sum() < 0.06 * census.sum()


def test_returns_have_their_stated_probability(truth: Truth, months: pd.DataFrame) -> None:
    """Within four standard errors of a proportion, facility by facility."""
    for facility in truth.facilities:
        here = months[months["facility_id"] == facility.facility_id]
        n = here["index_discharges"].sum()
        stated = facility.return_probability
        error = np.sqrt(stated * (1 - stated) / n)
        assert abs(ratio(here, "unplanned_returns", "index_discharges") - stated) < 4 * error


def test_stays_get_shorter_where_and_when_the_rounds_start(truth: Truth, months: pd.DataFrame) -> None:
    change = truth.changes[0]
    after = months["month"] >= change.first_month
    for facility in truth.facilities:
        here = months["facility_id"] == facility.facility_id
        difference = ratio(months[here & after], "los_days", "discharges") - ratio(
            months[here & ~after], "los_days", "discharges"
        )
        # a standard error of the difference is about 0.1 day at this size
        expected = change.size if facility.facility_id == change.facility_id else 0.0
        assert difference == pytest.approx(expected, abs=0.35)


def test_denials_rise_everywhere_when_the_payer_changes(truth: Truth, months: pd.DataFrame) -> None:
    change = truth.changes[1]
    after = months["month"] >= change.first_month
    before = 100 * ratio(months[~after], "followed_denials", "followed_discharges")
    later = 100 * ratio(months[after], "followed_denials", "followed_discharges")
    assert before == pytest.approx(6.1, abs=0.5)
    assert later == pytest.approx(8.6, abs=0.9)
    assert later - before == pytest.approx(change.size, abs=0.6)


def test_persons_stay_who_they_are(tmp_path: Path) -> None:
    generate_hospital(tmp_path / "landing", scale=0.05, faults=False)
    files = sorted((tmp_path / "landing").glob("encounters*.csv"))
    rows = pd.concat([pd.read_csv(file, dtype=str) for file in files])
    per_person = rows.groupby("person_id")[["birth_date", "sex", "payer", "language", "race"]].nunique(dropna=False)
    assert (per_person.to_numpy() == 1).all()
    acute = rows[rows["encounter_type"] == "acute inpatient"]
    visits = acute.groupby("person_id").size()
    assert (visits >= 3).sum() > 20
    born = pd.to_datetime(rows["birth_date"])
    age = (pd.to_datetime(rows["admitted_at"]) - born).dt.days / 365.25
    assert age.min() >= 17.5
    assert age.max() < 105


def test_volume_follows_season_and_weekday(tmp_path: Path) -> None:
    generate_hospital(tmp_path / "landing", scale=0.25, months=24, faults=False)
    files = sorted((tmp_path / "landing").glob("encounters*.csv"))
    rows = pd.concat([pd.read_csv(file, dtype=str) for file in files])
    admitted = pd.to_datetime(rows.loc[rows["encounter_type"] == "acute inpatient", "admitted_at"])
    admitted = admitted[admitted >= "2024-11-01"]
    per_weekday = admitted.dt.day_of_week.value_counts()
    assert per_weekday[[0, 1, 2, 3, 4]].min() > per_weekday[[5, 6]].max()
    per_month = admitted.dt.month.value_counts()
    assert per_month[[12, 1]].mean() > 1.01 * per_month[[7, 8]].mean()
