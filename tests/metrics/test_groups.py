"""Figures by group: sums of the same cases, over spans long enough, and never by an id that is another thing's."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.groups import DIMENSIONS, Span, age_band_sql, compute_groups, groupable_by, query_groups
from tests.support.landings import Files, tables_of

METRICS = load_metrics()
STAY, MEDIAN = METRICS["length_of_stay_days"], METRICS["length_of_stay_median_days"]
OCTOBER = Month(2026, 10)
HEADER = (
    "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,payer,sex,birth_date,language,race,"
    "unit_id\n"
)
FEW = Settings(min_denominator=3)


def stay(number: int, discharged: str, days: int, *, payer: str = "A", sex: str = "F", born: str = "1950-10-02") -> str:
    year, month, day = (int(part) for part in discharged.split("-"))
    admitted = f"{year}-{month:02d}-{day - days:02d}"
    return f"E{number},P{number},F1,acute inpatient,{admitted},{discharged},{payer},{sex},{born},English,,U1\n"


# Payer A has three stays in October; B two there and one in September; C one in March.
STAYS: Files = {
    "encounters.csv": HEADER
    + stay(1, "2026-10-05", 1)
    + stay(2, "2026-10-06", 2)
    + stay(3, "2026-10-07", 3, sex="M")
    + stay(4, "2026-10-20", 4, payer="B", sex="male")
    + stay(5, "2026-10-21", 6, payer="B")
    + stay(6, "2026-09-20", 8, payer="B", sex="female")
    + stay(7, "2026-03-20", 9, payer="C")
    + stay(8, "2026-10-31", 10, payer="")
}


def test_a_group_takes_the_shortest_span_with_enough_cases_and_says_which(tmp_path: Path) -> None:
    with tables_of(tmp_path, STAYS) as connection:
        found = compute_groups(connection, STAY, "payer", OCTOBER, settings=FEW)
    rows = {(row.group, row.months): (row.first_month, row.value, row.cases, row.status) for row in found.itertuples()}
    assert rows[("A", 1)] == ("2026-10", 2.0, 3, "ok")  # 1, 2 and 3 days
    assert rows[("B", 3)] == ("2026-08", 6.0, 3, "ok")  # 4, 6 and 8 days
    assert rows[("C", 12)][2:] == (1, "few_cases:3")
    assert rows[("", 12)][2:] == (1, "few_cases:3")  # the payer nobody recorded
    assert rows[("all", 1)] == ("2026-10", 26 / 6, 6, "ok")
    assert rows[("all", 3)][2] == 7
    assert rows[("all", 12)][2] == 8
    assert len(rows) == 7


def test_the_groups_of_every_dimension_sum_to_the_whole_and_are_those_of_the_cases(tmp_path: Path) -> None:
    names = list(DIMENSIONS)
    with tables_of(tmp_path, STAYS) as connection:
        sums = query_groups(connection, STAY, names, [Span(12, OCTOBER), Span(1, OCTOBER)])
        cases = query_cases(connection, STAY, month="2026-10")
        payers = dict(connection.execute("SELECT stay_id, COALESCE(payer, '') FROM stays").fetchall())
    for months in (1, 12):
        own = sums[sums["months"] == months]
        whole = own[own["dimension"] == ""].iloc[0]
        for name in names:
            parts = own[own["dimension"] == name]
            for column in ("n_cases", "n_excluded", "numerator", "denominator", "sum_nn"):
                assert parts[column].sum() == whole[column], (name, column)
    by_hand: dict[str, float] = defaultdict(float)
    for case in cases.itertuples():
        by_hand[payers[case.case_id]] += case.numerator
    asked = sums[(sums["months"] == 1) & (sums["dimension"] == "payer")]
    assert dict(zip(asked["group"], asked["numerator"], strict=True)) == by_hand


def test_a_median_is_pooled_and_sexes_are_read_as_people_write_them(tmp_path: Path) -> None:
    with tables_of(tmp_path, STAYS) as connection:
        found = compute_groups(connection, MEDIAN, "sex", OCTOBER, settings=Settings(min_denominator=2))
    values = {(row.group, row.months): row.value for row in found.itertuples()}
    assert values == {("Female", 1): 4.0, ("Male", 1): 3.5, ("all", 1): 3.5}  # 1 2 6 10 and 3 4


BORN = {
    "1961-10-02": "45–64",  # 65 tomorrow
    "1961-10-01": "65–74",  # 65 on the day of admission
    "2008-10-02": "0–17",
    "2008-10-01": "18–44",
    "1941-10-01": "85 and over",
    "1904-02-29": "",  # 122 years: a placeholder
    "2026-10-02": "",  # born after the admission
    "": "",
}


def test_race_and_ethnicity_are_two_questions(tmp_path: Path) -> None:
    head = HEADER.replace("race,", "race,ethnicity,")
    said = ["Hispanic or Latino"] * 3 + ["Not Hispanic or Latino"] * 4 + [""]
    rows = [
        stay(number, f"2026-10-{number + 10}", number).replace("English,,", f"English,White,{one},")
        for number, one in enumerate(said, 1)
    ]
    with tables_of(tmp_path, {"encounters.csv": head + "".join(rows)}) as connection:
        found = {
            by: compute_groups(connection, STAY, by, OCTOBER, settings=FEW).set_index("group")["cases"].to_dict()
            for by in ("race", "ethnicity")
        }
    assert found["race"] == {"White": 8, "all": 8}
    assert {name: found["ethnicity"][name] for name in ("Hispanic or Latino", "Not Hispanic or Latino")} == {
        "Hispanic or Latino": 3,
        "Not Hispanic or Latino": 4,
    }


def test_age_is_completed_years_on_admission(tmp_path: Path) -> None:
    rows = [stay(at, "2026-10-02", 1, born=born, payer=born) for at, born in enumerate(BORN)]
    with tables_of(tmp_path, {"encounters.csv": HEADER + "".join(rows)}) as connection:
        found = connection.execute(f"SELECT COALESCE(payer, ''), {age_band_sql('stays')} FROM stays").fetchall()
    assert {born: band or "" for born, band in found} == BORN


def test_what_is_no_stay_is_never_cut_by_the_patient_of_a_stay_with_the_same_number(tmp_path: Path) -> None:
    files = {**STAYS, "cm_cases.csv": "cm_case_id,encounter_id,opened_at\nE1,E4,2026-10-19 09:00\n"}
    opened = METRICS["cm_cases_opened"]
    assert "payer" not in groupable_by(opened)
    with tables_of(tmp_path, files) as connection, pytest.raises(InputError, match="cannot be cut by 'payer'"):
        compute_groups(connection, opened, "payer", OCTOBER, settings=FEW)


def test_what_was_not_supplied_has_no_groups(tmp_path: Path) -> None:
    with tables_of(tmp_path, STAYS) as connection, pytest.raises(InputError, match="not supplied"):
        compute_groups(connection, METRICS["avoidable_days_per_100_discharges"], "payer", OCTOBER, settings=FEW)


def test_a_facilitys_groups_are_its_own(tmp_path: Path) -> None:
    other = stay(9, "2026-10-20", 7).replace(",F1,", ",F2,")
    files = {"encounters.csv": str(STAYS["encounters.csv"]) + other}
    with tables_of(tmp_path, files) as connection:
        sums = query_groups(connection, STAY, ["facility"], [Span(1, OCTOBER)], facility="F2")
    assert sums["numerator"].tolist() == [7.0, 7.0]


def test_returns_are_cut_by_the_condition_that_a_stay_was_for(tmp_path: Path) -> None:
    def row(number: int, person: int, admitted: str, discharged: str, diagnosis: str) -> str:
        return f"E{number},P{person},F1,acute inpatient,{admitted},{discharged},01,{diagnosis},1940-01-01,U1\n"

    files: Files = {
        "encounters.csv": "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,"
        "discharge_disposition_code,primary_diagnosis_code,birth_date,unit_id\n"
        + row(1, 1, "2026-08-01", "2026-08-05", "I5033")
        + row(2, 2, "2026-08-01", "2026-08-06", "I5033")
        + row(3, 3, "2026-08-01", "2026-08-07", "I5033")
        + row(4, 4, "2026-08-01", "2026-08-08", "J189")
        + row(5, 1, "2026-08-20", "2026-08-22", "A419")  # the first comes back, with another condition
        + row(6, 9, "2026-10-30", "2026-10-31", "A419"),  # the feed goes on until the end of October
        "procedures.csv": "encounter_id,procedure_code\nE6,0SR9019\n",
    }
    with tables_of(tmp_path, files) as connection:
        metric = METRICS["readmission_conditions_30d"]
        found = compute_groups(connection, metric, "condition", Month(2026, 8), settings=FEW)
    rows = {(row.group, row.months): (row.numerator, row.denominator, row.status) for row in found.itertuples()}
    assert rows[("Heart failure", 1)] == (1, 3, "ok")
    assert rows[("Pneumonia", 12)][2] == "few_cases:3"
    assert rows[("all", 1)] == (1, 4, "ok")
    assert "condition" not in groupable_by(STAY)
