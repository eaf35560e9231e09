"""The truth of the made-up hospital against a plain reading of its files: sorted rows and loops, no SQL, no pipeline.

What is pinned: a reader who drops the faulty rows finds exactly the figures the generator says it made.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic import Truth, generate_hospital
from kpi_pipeline.synthetic.ground.archetypes import ARCHETYPES, UNKNOWN_DRG_CODES
from kpi_pipeline.synthetic.truth import read_truth

CCS = {code: ccs for archetype in ARCHETYPES for code, ccs in archetype.diagnoses}
DRG = {archetype.drg_code: archetype for archetype in ARCHETYPES}
# Of this hospital's codes: always planned (CCS 45), potentially planned procedures, and acute diagnoses among those
# that come with one. From the category lists of the CMS planned readmission algorithm.
POTENTIALLY_PLANNED = {
    "0JB80ZZ", "0W9G0ZZ", "027034Z", "021009W", "02RF08Z", "02RF38Z", "00B70ZZ", "00B00ZZ", "0DTN0ZZ", "0DTF4ZZ",
    "0FT44ZZ", "0SRC0J9", "0SR9019", "0SRR0J9", "3E04305", "0QS606Z",
}  # fmt: skip
ACUTE_CCS = {2, 100, 109, 131, 145, 146}
PSYCHIATRIC_CCS = {657, 659}
MISSING = "missing"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("hospital") / "landing"
    return folder, generate_hospital(folder, seed=7, scale=0.03)


@pytest.fixture(scope="module")
def stays(hospital: tuple[Path, Truth]) -> pd.DataFrame:
    folder, truth = hospital
    return link_stays(combine_rows(current_acute_rows(read_table(folder, "encounters"), truth)))


def read_table(folder: Path, table: str) -> pd.DataFrame:
    """All files of a table as text, empty fields as NaN."""
    files = sorted(folder.glob(f"{table}*.csv"))
    return pd.concat([pd.read_csv(file, dtype=str) for file in files], ignore_index=True)


def current_acute_rows(rows: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """The rows that can be read, each encounter's latest version, acute inpatient only."""
    rows = rows.dropna(subset=["encounter_id", "person_id", "facility_id", "admitted_at"])
    rows = rows[~rows["encounter_id"].str.contains("E+", regex=False)]
    times = {
        column: pd.to_datetime(rows[column], format="%Y-%m-%d %H:%M:%S", errors="coerce")
        for column in ("admitted_at", "discharged_at")
    }
    unreadable = times["admitted_at"].isna() | (times["discharged_at"].isna() & rows["discharged_at"].notna())
    swapped = times["discharged_at"] < times["admitted_at"]
    ahead = times["admitted_at"] > pd.Timestamp(truth.complete_through) + pd.Timedelta(days=8)
    rows = rows.assign(**times)[~unreadable & ~swapped & ~ahead]
    rows = rows.sort_values("updated_at").drop_duplicates("encounter_id", keep="last")
    rows = rows[rows["encounter_type"] == "acute inpatient"].sort_values("encounter_id")
    return rows.drop_duplicates(["person_id", "facility_id", "admitted_at", "discharged_at"])


def combine_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Stays: rows of one person and facility that overlap, or go on the same day with the same condition, are one."""
    stays: list[dict[str, object]] = []
    for row in rows.sort_values(["person_id", "facility_id", "admitted_at"]).to_dict("records"):
        row["rows"] = 1
        row["total_cost"] = pd.to_numeric(row["total_cost"], errors="coerce")
        before = stays[-1] if stays else None
        if before and (before["person_id"], before["facility_id"]) == (row["person_id"], row["facility_id"]):
            overlaps = row["admitted_at"] < before["discharged_at"]
            same_day = row["admitted_at"].date() == before["discharged_at"].date()
            known = CCS.get(row["primary_diagnosis_code"], 0)
            if overlaps or (same_day and known and known == CCS.get(before["primary_diagnosis_code"])):
                for column in ("discharged_at", "discharge_disposition_code"):
                    before[column] = row[column]
                before["total_cost"] += row["total_cost"]
                before["rows"] += 1
                continue
        stays.append(row)
    return pd.DataFrame(stays)


def link_stays(stays: pd.DataFrame) -> pd.DataFrame:
    """Adds month, days, and the person's next stay."""
    stays = stays.sort_values(["person_id", "admitted_at"], ignore_index=True)
    one_person = stays.groupby("person_id", sort=False)
    stays["admitted_on"] = stays["admitted_at"].dt.normalize()
    stays["discharged_on"] = stays["discharged_at"].dt.normalize()
    stays["month"] = stays["discharged_at"].dt.strftime("%Y-%m")
    stays["los_days"] = (stays["discharged_on"] - stays["admitted_on"]).dt.days.clip(lower=1)
    for column in ("encounter_id", "facility_id", "primary_diagnosis_code"):
        stays[f"next_{column}"] = one_person[column].shift(-1)
    stays["gap_days"] = (stays.groupby("person_id")["admitted_on"].shift(-1) - stays["discharged_on"]).dt.days
    return stays


def by_month(rows: pd.DataFrame, values: pd.Series | None = None) -> dict[tuple[str, str], float]:
    """Counts, or sums of values, by facility and month."""
    values = pd.Series(1.0, index=rows.index) if values is None else values
    sums = values.groupby([rows["facility_id"], rows["month"]]).sum()
    return {key: value for key, value in sums.to_dict().items() if value}


def truth_of(truth: Truth, figure: str) -> dict[tuple[str, str], float]:
    values = {(month.facility_id, month.month): getattr(month, figure) for month in truth.months}
    return {key: value for key, value in values.items() if value}


def test_discharges_and_days_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    _, truth = hospital
    discharged = stays[stays["discharged_at"].notna()]
    assert by_month(discharged) == truth_of(truth, "discharges")
    assert by_month(discharged, discharged["los_days"]) == truth_of(truth, "los_days")


def test_patients_in_house_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    _, truth = hospital
    found = stays[stays["discharged_at"].isna()].groupby("facility_id").size().to_dict()
    stated = {facility.facility_id: facility.in_house_at_end for facility in truth.facilities}
    assert found == {facility_id: n for facility_id, n in stated.items() if n}
    assert sum(stated.values()) > 0


def test_costs_and_weights_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    _, truth = hospital
    discharged = stays[stays["discharged_at"].notna()]
    costed = discharged[discharged["total_cost"] >= 0]
    coded = discharged[discharged["drg_code"].isin(DRG)]
    assert by_month(costed) == truth_of(truth, "costed_discharges")
    assert by_month(costed, costed["total_cost"]) == pytest.approx(truth_of(truth, "total_cost_usd"), abs=0.005)
    assert by_month(coded) == truth_of(truth, "coded_discharges")
    assert by_month(coded, coded["los_days"]) == truth_of(truth, "coded_los_days")
    weights = coded["drg_code"].map(lambda code: DRG[code].weight)
    assert by_month(coded, weights) == pytest.approx(truth_of(truth, "drg_weight"), abs=1e-3)
    expected = coded["drg_code"].map(lambda code: DRG[code].amlos)
    assert by_month(coded, expected) == pytest.approx(truth_of(truth, "expected_los_days"), abs=1e-3)
    both = coded[coded["total_cost"] >= 0]
    assert by_month(both) == truth_of(truth, "costed_and_coded_discharges")
    assert by_month(both, both["total_cost"]) == pytest.approx(truth_of(truth, "costed_and_coded_cost_usd"), abs=0.005)


def test_index_stays_and_returns_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    folder, truth = hospital
    procedures = read_table(folder, "procedures")
    planned_procedure = set(procedures.loc[procedures["procedure_code"].isin(POTENTIALLY_PLANNED), "encounter_id"])
    disposition = stays["discharge_disposition_code"].fillna(MISSING)
    moved = (stays["next_facility_id"] != stays["facility_id"]) & (stays["gap_days"] <= 1)
    kept_out = [MISSING, "99", "1", "ZZ", "20", "07", "02", "05", "43", "66"]
    ccs = stays["primary_diagnosis_code"].map(CCS)
    followed = stays["discharged_on"] <= pd.Timestamp(truth.complete_through) - pd.Timedelta(days=30)
    index = followed & ~moved & ~disposition.isin(kept_out) & stays["primary_diagnosis_code"].notna()
    index &= ~ccs.isin(PSYCHIATRIC_CCS | {45})
    next_ccs = stays["next_primary_diagnosis_code"].map(CCS)
    planned = (next_ccs == 45) | (stays["next_encounter_id"].isin(planned_procedure) & ~next_ccs.isin(ACUTE_CCS))
    returned = index & (stays["gap_days"] <= 30) & ~planned
    assert by_month(stays[index]) == truth_of(truth, "index_discharges")
    assert by_month(stays[returned]) == truth_of(truth, "unplanned_returns")
    assert (index & (stays["gap_days"] <= 30) & planned).sum() > 0
    assert moved.sum() > 0


def test_denials_and_avoidable_days_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    folder, truth = hospital
    of_stay = stays.set_index("encounter_id")
    denied = of_stay.loc[read_table(folder, "denials")["encounter_id"]]
    assert by_month(denied) == truth_of(truth, "denials")
    days: set[tuple[str, date]] = set()
    for wait in read_table(folder, "avoidable_days").itertuples():
        starts_on, ends_on = date.fromisoformat(wait.starts_on), date.fromisoformat(wait.ends_on)
        n_days = max((ends_on - starts_on).days, 1)
        days |= {(wait.encounter_id, date.fromordinal(starts_on.toordinal() + step)) for step in range(n_days)}
    waited = of_stay.loc[[encounter_id for encounter_id, _ in days]]
    assert by_month(waited) == truth_of(truth, "avoidable_days")


def test_assessments_within_24_hours_are_those_of_the_files(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    folder, truth = hospital
    first = read_table(folder, "cm_cases").groupby("encounter_id")["first_assessed_at"].min()  # a case may be reopened
    assessed_at = pd.to_datetime(stays["encounter_id"].map(first))
    hours = (assessed_at - stays["admitted_at"]).dt.total_seconds() / 3600
    stayed = (stays["discharged_at"] - stays["admitted_at"]).dt.total_seconds() / 3600
    admissions = stays.assign(month=stays["admitted_at"].dt.strftime("%Y-%m"))
    counted = ~(hours.isna() & (stayed < 24)) & (stays["admitted_on"] < pd.Timestamp(truth.complete_through))
    counted &= admissions["month"] >= truth.first_month
    assert by_month(admissions[counted]) == truth_of(truth, "assessable_admissions")
    assert by_month(admissions[counted & (hours <= 24)]) == truth_of(truth, "assessed_within_24h")
    # an hour more or less in spring and autumn must not decide
    assert not ((hours > 23) & (hours < 25)).any()
    assert not (hours.isna() & (stayed > 23) & (stayed < 25)).any()


def test_midnight_census_is_that_of_the_stays(hospital: tuple[Path, Truth], stays: pd.DataFrame) -> None:
    folder, truth = hospital
    census = read_table(folder, "census")
    days = pd.date_range(census["census_on"].min(), census["census_on"].max())
    assert (str(days[0].date()), days[-1].date()) == (f"{truth.first_month}-01", truth.complete_through)
    left_on = stays["discharged_on"].fillna(pd.Timestamp.max.normalize())
    for facility_id, counted in census.groupby("facility_id"):
        here = (stays["facility_id"] == facility_id).to_numpy()
        admitted, left = stays["admitted_on"].to_numpy()[here], left_on.to_numpy()[here]
        expected = [int(((admitted <= day) & (left > day)).sum()) for day in days.to_numpy()]
        by_day = counted.assign(patients=counted["patients"].astype(int)).groupby("census_on")["patients"].sum()
        assert by_day.tolist() == expected


def test_caseload_is_that_of_census_and_staffing(hospital: tuple[Path, Truth]) -> None:
    folder, truth = hospital
    shifts = read_table(folder, "staffing").rename(columns={"shift_on": "day"})
    assert not shifts.duplicated(["day", "case_manager_id"]).any()
    shifts = shifts.groupby(["facility_id", "unit_id", "day"]).size().rename("n").reset_index()
    census = read_table(folder, "census").rename(columns={"census_on": "day"})
    staffed = census.merge(shifts, on=["facility_id", "unit_id", "day"])
    staffed["month"] = staffed["day"].str.slice(0, 7)
    assert by_month(staffed, staffed["patients"].astype(int)) == truth_of(truth, "patients_with_case_manager")
    assert by_month(staffed, staffed["n"]) == truth_of(truth, "case_manager_shifts")


def test_no_return_within_30_days_comes_about_by_accident(stays: pd.DataFrame) -> None:
    """What was not drawn as a transfer or a return lies more than 30 days off; the gaps between are all there."""
    gaps = stays["gap_days"].dropna()
    elsewhere = stays["next_facility_id"].notna() & (stays["next_facility_id"] != stays["facility_id"])
    assert (gaps >= 0).all()
    assert {0, 1, 30} <= set(gaps)
    transferred = elsewhere & (stays["gap_days"] <= 1)
    # a transfer is coded as one, or as home: never as anything else
    assert set(stays.loc[transferred, "discharge_disposition_code"]) <= {"02", "01"}
    dead = stays["discharge_disposition_code"] == "20"
    assert dead.any()
    assert stays.loc[dead, "gap_days"].isna().all()


def test_unknown_drg_codes_are_in_no_archetype() -> None:
    assert not set(UNKNOWN_DRG_CODES) & set(DRG)


def test_truth_is_read_as_it_was_written(hospital: tuple[Path, Truth]) -> None:
    folder, truth = hospital
    assert read_truth(folder.parent / "truth.json") == truth


def test_a_truth_that_is_not_there_or_damaged_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such truth file"):
        read_truth(tmp_path / "truth.json")
    (tmp_path / "truth.json").write_text('{"seed": "many"}', encoding="utf-8")
    with pytest.raises(InputError, match="seed"):
        read_truth(tmp_path / "truth.json")


def test_changes_state_when_and_how_much(hospital: tuple[Path, Truth]) -> None:
    _, truth = hospital
    rounds, denials = truth.changes
    first = Month.parse(truth.first_month)
    assert (rounds.facility_id, rounds.metric, rounds.first_month) == (
        "ERHL",
        "length_of_stay_days",
        str(first.plus(24)),
    )
    assert rounds.starts_on == first.plus(24).first_day
    assert -0.7 < rounds.size < -0.25
    assert (denials.facility_id, denials.metric, denials.first_month) == (
        "all",
        "denials_per_100_discharges",
        str(first.plus(29)),
    )
    assert 0.5 < denials.size < 5
    assert np.isfinite([rounds.size, denials.size]).all()
