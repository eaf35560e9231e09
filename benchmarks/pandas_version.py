"""The same measures written straightforwardly in pandas, for comparing speed; its figures must equal ours.

Stays, readmission with the planned-return rules, length of stay, case mix, cost and denials, over the whole history of
a landing folder of `benchmarks.generate`. Not here: quarantine, intervals, maturity, time zones.
Run from the root of the repository: python -m benchmarks.pandas_version FOLDER.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.reference.store import SHIPPED_FOLDER

COMPLETE_THROUGH = pd.Timestamp(date(2026, 10, 31))
TRANSFER_CODES = {"02", "05", "43", "66", "82", "85", "88", "94"}
DIED_CODES = {"20", "40", "41", "42"}

Figures = dict[str, tuple[float, float]]


def pandas_figures(folder: Path) -> Figures:
    """Numerator and denominator of each measure over the whole history, by metric name."""
    encounters = pd.read_csv(folder / "encounters.csv", dtype=str)
    for column in ("admitted_at", "discharged_at"):
        encounters[column] = pd.to_datetime(encounters[column])
    encounters["total_cost"] = encounters["total_cost"].astype(float)
    codes = _read("ccs_diagnosis_icd10").set_index("code")["ccs"]
    encounters["ccs"] = encounters["primary_diagnosis_code"].map(codes)
    stays = _stays(encounters)
    closed = stays[stays["discharged_at"].notna()].copy()
    closed["days"] = (closed["discharged_on"] - closed["admitted_on"]).dt.days.clip(lower=1)
    drgs = _read("ms_drg_fy2026").set_index("ms_drg")
    closed["weight"] = closed["drg_code"].map(drgs["weight"])
    closed["expected"] = closed["drg_code"].map(drgs["amlos"])
    counted = closed[closed["discharged_on"] <= COMPLETE_THROUGH]
    coded, costed = counted[counted["weight"].notna()], counted[counted["total_cost"].notna()]
    both = costed[costed["weight"].notna()]
    expected = counted[counted["expected"] > 0]
    denials = pd.read_csv(folder / "denials.csv", dtype=str)
    per_encounter = denials.groupby("encounter_id").size()
    n_denials = stays["members"].explode().map(per_encounter).groupby(level=0).sum()
    late = counted[counted["discharged_on"] <= COMPLETE_THROUGH - pd.Timedelta(days=30)]
    return {
        "discharges": (len(counted), float("nan")),
        "length_of_stay_days": (counted["days"].sum(), len(counted)),
        "length_of_stay_index": (expected["days"].sum(), expected["expected"].sum()),
        "case_mix_index": (coded["weight"].sum(), len(coded)),
        "total_cost_per_case_usd": (costed["total_cost"].sum(), len(costed)),
        "case_mix_adjusted_cost_per_case_usd": (both["total_cost"].sum(), both["weight"].sum()),
        "denials_per_100_discharges": (n_denials.reindex(late.index).sum(), len(late)),
        "readmission_30d": _readmission(stays, closed, folder),
    }


def _read(name: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        return connection.read_parquet(str(SHIPPED_FOLDER / f"{name}.parquet")).df()


def _stays(encounters: pd.DataFrame) -> pd.DataFrame:
    acute = encounters[encounters["encounter_type"] == "acute inpatient"]
    still_in = acute[acute["discharged_at"].isna()].copy()
    lost = still_in["admitted_at"].dt.normalize() < COMPLETE_THROUGH - pd.Timedelta(days=120)
    still_in = still_in[~lost]
    closed = acute[acute["discharged_at"].notna()]
    order = ["person_id", "facility_id", "admitted_at", "discharged_at", "encounter_id"]
    closed = closed.sort_values(order).drop_duplicates(order[:4])
    place = [closed["person_id"], closed["facility_id"]]
    ends = closed.groupby(["person_id", "facility_id"])["discharged_at"].cummax().groupby(place).shift()
    begins_run = ends.isna() | (closed["admitted_at"] >= ends)
    run_ccs = closed["ccs"].fillna("none").where(begins_run).groupby(place).ffill().groupby(place).shift()
    same_day = closed["admitted_at"].dt.normalize() == ends.dt.normalize()
    begins = begins_run & ~(same_day & (closed["ccs"] == run_ccs))
    closed = closed.assign(stay=begins.cumsum())
    last = closed.sort_values(["stay", "discharged_at"], kind="stable").groupby("stay").last()
    groups = closed.groupby("stay")
    first = groups.first()
    stays = first[["encounter_id", "person_id", "facility_id", "admitted_at"]].copy()
    first_rows = groups.nth(0).set_index("stay")
    stays["ccs"], stays["dx"] = first_rows["ccs"], first_rows["primary_diagnosis_code"]
    stays["drg_code"] = first["drg_code"]
    stays["discharged_at"] = last["discharged_at"]
    stays["disposition"] = last["discharge_disposition_code"]
    stays["total_cost"] = groups["total_cost"].sum().where(groups["total_cost"].count() == groups.size())
    stays["members"] = groups["encounter_id"].agg(list)
    rest = still_in.rename(columns={"primary_diagnosis_code": "dx", "discharge_disposition_code": "disposition"})
    rest = rest.assign(members=rest["encounter_id"].map(lambda one: [one]), discharged_at=pd.NaT)
    stays = pd.concat([stays, rest[[*stays.columns]]], ignore_index=True)
    stays["admitted_on"] = stays["admitted_at"].dt.normalize()
    stays["discharged_on"] = stays["discharged_at"].dt.normalize()
    return stays


def _readmission(stays: pd.DataFrame, closed: pd.DataFrame, folder: Path) -> tuple[float, float]:
    planned, surgical = _planned(stays, folder)
    later = stays[["person_id", "facility_id", "admitted_on", "encounter_id"]].assign(planned=planned)
    pairs = closed.reset_index().merge(later, on="person_id", suffixes=("", "_later"))
    pairs = pairs[
        (pairs["admitted_on_later"] >= pairs["discharged_on"]) & (pairs["encounter_id"] != pairs["encounter_id_later"])
    ]
    pairs = pairs.sort_values(["index", "admitted_on_later"]).drop_duplicates("index").set_index("index")
    days = (pairs["admitted_on_later"] - pairs["discharged_on"]).dt.days.reindex(closed.index)
    elsewhere = (pairs["facility_id"] != pairs["facility_id_later"]).reindex(closed.index, fill_value=False)
    moved = closed["disposition"].isin(TRANSFER_CODES) | (elsewhere & (days <= 1))
    lists = pd.read_csv(SHIPPED_FOLDER / "value_sets.csv", dtype=str)
    listed = {name: set(group["code"]) for name, group in lists.groupby("value_set")}
    cancer = closed["ccs"].isin(listed["readmission_exclusion_cancer_medical"])
    cancer &= ~surgical.reindex(closed.index) | (closed["ccs"] == "45")
    excluded = (
        closed["disposition"].isna()
        | closed["disposition"].isin(DIED_CODES | {"07", "30"})
        | moved
        | closed["dx"].isna()
        | closed["ccs"].isin(
            listed["readmission_exclusion_psychiatric"] | listed["readmission_exclusion_rehabilitation"]
        )
        | cancer
        | (closed["discharged_on"] > COMPLETE_THROUGH - pd.Timedelta(days=30))
    )
    returned = (days <= 30) & ~pairs["planned"].astype(bool).reindex(closed.index, fill_value=False)
    return float(returned[~excluded].sum()), float((~excluded).sum())


def _planned(stays: pd.DataFrame, folder: Path) -> tuple[pd.Series, pd.Series]:
    lists = pd.read_csv(SHIPPED_FOLDER / "value_sets.csv", dtype=str)
    listed = {name: set(group["code"]) for name, group in lists.groupby("value_set")}
    codes = _read("ccs_procedure_icd10").set_index("code")["ccs"]
    procedures = pd.read_csv(folder / "procedures.csv", dtype=str)
    procedures["ccs"] = procedures["procedure_code"].map(codes)
    flags = pd.DataFrame(
        {
            "encounter_id": procedures["encounter_id"],
            "always": procedures["ccs"].isin(listed["always_planned_procedure"]),
            "potential": procedures["ccs"].isin(listed["potentially_planned_procedure"]),
            "surgical": procedures["ccs"].isin(listed["surgery_gynecology_procedure"]),
        }
    )
    by_stay = flags.groupby("encounter_id").any().reindex(stays["encounter_id"], fill_value=False)
    by_stay.index = stays.index
    always = by_stay["always"] | stays["ccs"].isin(listed["always_planned_diagnosis"])
    return always | (by_stay["potential"] & ~stays["ccs"].isin(listed["acute_diagnosis"])), by_stay["surgical"]


if __name__ == "__main__":
    print(json.dumps({name: [float(one) for one in pair] for name, pair in pandas_figures(Path(sys.argv[1])).items()}))
