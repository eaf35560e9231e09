"""The same measures as an analyst would write them in pandas, read from the landed CSV files: a second opinion on the
figures, and what speed and memory to expect without a database.

Plain on purpose: no checks, no quarantine, no corrected versions, times of one kind, the shipped reference tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from kpi_pipeline.reference.store import SHIPPED_FOLDER

COMPLETE_THROUGH = pd.Timestamp("2026-10-31")
LOST_AFTER_DAYS = 120
AMOUNTS = ["total_cost"]
MATURES_AFTER_DAYS = {"readmission_30d": 30, "initial_assessment_within_24h": 1}


def compute_figures(landing: Path) -> pd.DataFrame:
    """metric, facility_id, month, numerator, denominator of eight measures; facility_id 'all' is the whole system."""
    encounters = read_acute_encounters(landing)
    members = find_stays(encounters)
    stays = combine_stays(encounters, members)
    stays = add_next_stays(stays)
    stays = add_planned_care(stays, landing)
    cases = pd.concat([*discharge_cases(stays), assessment_cases(stays, members, landing)])
    counted = cases[cases["numerator"].notna() & cases["denominator"].notna()]
    follow_up = pd.to_timedelta(counted["metric"].map(MATURES_AFTER_DAYS).fillna(0), unit="D")
    counted = counted[counted["event_date"] + follow_up <= COMPLETE_THROUGH]
    counted = counted.assign(month=counted["event_date"].dt.strftime("%Y-%m"))
    keys = ["metric", "facility_id", "month"]
    return pd.concat([counted, counted.assign(facility_id="all")]).groupby(keys)[["numerator", "denominator"]].sum()


def read_acute_encounters(landing: Path) -> pd.DataFrame:
    """The acute encounters with times as the facility's clock shows them, and the CCS of the diagnosis."""
    text = dict.fromkeys(["discharge_disposition_code", "drg_code", "primary_diagnosis_code"], str)
    columns = [
        *("encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at"),
        *text,
        *AMOUNTS,
    ]
    rows = pd.read_csv(
        landing / "encounters.csv", usecols=columns, dtype=text, parse_dates=["admitted_at", "discharged_at"]
    )
    rows = rows[rows["encounter_type"] == "acute inpatient"].copy()
    ccs = read_ccs("ccs_diagnosis_icd10")
    rows["ccs"] = rows["primary_diagnosis_code"].map(ccs)
    # A death in any copy of a row is a death.
    rows["died"] = rows["discharge_disposition_code"].where(
        rows["discharge_disposition_code"].isin(read_lists()["disposition_died"])
    )
    same = ["person_id", "facility_id", "admitted_at", "discharged_at"]
    rows["died"] = rows["died"].fillna(rows.groupby(same)["died"].transform("first"))
    is_lost = rows["discharged_at"].isna() & (
        rows["admitted_at"].dt.normalize() < COMPLETE_THROUGH - pd.Timedelta(days=LOST_AFTER_DAYS)
    )
    return rows[~is_lost]


def read_ccs(name: str) -> pd.Series:
    """code → CCS category."""
    return read_reference(name).set_index("code")["ccs"]


def read_reference(name: str) -> pd.DataFrame:
    """A shipped reference file; DuckDB reads it, since pandas alone has no reader for Parquet."""
    with duckdb.connect() as connection:
        return connection.read_parquet(str(SHIPPED_FOLDER / f"{name}.parquet")).df()


def find_stays(encounters: pd.DataFrame) -> pd.Series:
    """encounter_id → stay_id, the stay's first encounter; duplicates belong to none."""
    ended = encounters[encounters["discharged_at"].notna()].sort_values(
        ["person_id", "facility_id", "admitted_at", "discharged_at", "encounter_id"]
    )
    stay_of: dict[str, str] = {}
    columns = ["encounter_id", "person_id", "facility_id", "admitted_at", "discharged_at", "ccs"]
    seen: tuple[str, str] | None = None
    last = until = None
    stay = run_ccs = ""
    for encounter, person, facility, admitted, discharged, ccs in zip(*(ended[c] for c in columns), strict=True):
        if (person, facility) != seen:
            seen, last, until = (person, facility), None, None
        is_duplicate = last == (admitted, discharged)
        last = (admitted, discharged)
        begins_run = until is None or (admitted >= until and not is_duplicate)
        continues = until is not None and admitted.date() == until.date() and ccs == run_ccs
        if begins_run and not continues:
            stay = encounter
        if not is_duplicate:
            stay_of[encounter] = stay
        if begins_run:
            run_ccs = ccs
        until = discharged if until is None else max(until, discharged)
    open_ids = encounters.loc[encounters["discharged_at"].isna(), "encounter_id"]
    stay_of.update(zip(open_ids, open_ids, strict=True))
    return pd.Series(stay_of, name="stay_id")


def combine_stays(encounters: pd.DataFrame, members: pd.Series) -> pd.DataFrame:
    """One row per stay: diagnosis from the first encounter, disposition from the last to leave, amounts summed."""
    rows = encounters.assign(stay_id=encounters["encounter_id"].map(members)).dropna(subset="stay_id")
    rows = rows.sort_values(["stay_id", "admitted_at", "discharged_at", "encounter_id"])
    by_stay = rows.groupby("stay_id", sort=False)
    stays = by_stay.agg(
        person_id=("person_id", "first"),
        facility_id=("facility_id", "first"),
        admitted_at=("admitted_at", "first"),
        discharged_at=("discharged_at", "max"),
        drg_code=("drg_code", "first"),
    )
    stays["total_cost"] = by_stay["total_cost"].sum(min_count=1).where(by_stay["total_cost"].count() == by_stay.size())
    first = rows.drop_duplicates("stay_id").set_index("stay_id")
    stays[["primary_diagnosis_code", "ccs"]] = first[["primary_diagnosis_code", "ccs"]]
    leaving = rows.sort_values("discharged_at", kind="stable").drop_duplicates("stay_id", keep="last")
    stays["disposition"] = by_stay["died"].min().fillna(leaving.set_index("stay_id")["discharge_disposition_code"])
    stays["admitted_on"] = stays["admitted_at"].dt.normalize()
    stays["discharged_on"] = stays["discharged_at"].dt.normalize()
    drg = read_reference("ms_drg_fy2026").set_index("ms_drg")
    stays["weight"], stays["expected_days"] = stays["drg_code"].map(drg["weight"]), stays["drg_code"].map(drg["amlos"])
    return stays.reset_index()


def add_next_stays(stays: pd.DataFrame) -> pd.DataFrame:
    """Adds the row number of the person's next stay, the first that begins no earlier than this one ends, and whether
    the stay ends in a transfer: another place next day, or while it still runs."""
    stays = stays.sort_values(["person_id", "admitted_on", "admitted_at", "discharged_at", "stay_id"])
    stays = stays.reset_index(drop=True)
    persons, begins, ends = (stays[c].to_numpy() for c in ("person_id", "admitted_on", "discharged_on"))
    facilities = stays["facility_id"].to_numpy()
    following, runs_elsewhere = np.full(len(stays), -1), np.zeros(len(stays), dtype=bool)
    for row in range(len(stays) - 1):
        later = row + 1
        while later < len(stays) and persons[later] == persons[row]:
            if begins[later] >= ends[row]:  # never true for an open stay
                following[row] = later
                break
            runs_elsewhere[row] |= begins[later] < ends[row] and facilities[later] != facilities[row]
            later += 1
    stays["next"] = following
    has_next = following >= 0
    stays.loc[has_next, "days_to_next"] = (begins[following[has_next]] - ends[has_next]) / np.timedelta64(1, "D")
    goes_elsewhere = np.zeros(len(stays), dtype=bool)
    goes_elsewhere[has_next] = facilities[following[has_next]] != facilities[has_next]
    stays["is_transferred"] = runs_elsewhere | (goes_elsewhere & (stays["days_to_next"] <= 1))
    return stays


def add_planned_care(stays: pd.DataFrame, landing: Path) -> pd.DataFrame:
    """Adds is_planned by the CMS planned-readmission rules, and has_surgery."""
    lists = read_lists()
    procedures = pd.read_csv(landing / "procedures.csv", usecols=["encounter_id", "procedure_code"], dtype=str)
    procedures["ccs"] = procedures["procedure_code"].map(read_ccs("ccs_procedure_icd10"))

    def has(name: str) -> pd.Series:
        ids = procedures.loc[procedures["ccs"].isin(lists[name]), "encounter_id"]
        return stays["stay_id"].isin(ids)

    always = has("always_planned_procedure") | stays["ccs"].isin(lists["always_planned_diagnosis"])
    possibly = has("potentially_planned_procedure") & ~stays["ccs"].isin(lists["acute_diagnosis"])
    return stays.assign(is_planned=always | possibly, has_surgery=has("surgery_gynecology_procedure"))


def read_lists() -> dict[str, set[str]]:
    """The shipped lists of codes by name; they hold for every date."""
    rows = pd.read_csv(SHIPPED_FOLDER / "value_sets.csv", dtype=str)
    return {str(name): set(codes) for name, codes in rows.groupby("value_set")["code"]}


def cases_of(metric: str, stays: pd.DataFrame, numerator: object, denominator: object = 1.0) -> pd.DataFrame:
    """Cases in the month of discharge; a case without numerator or denominator does not count."""
    frame = pd.DataFrame({"facility_id": stays["facility_id"], "event_date": stays["discharged_on"]})
    return frame.assign(metric=metric, numerator=numerator, denominator=denominator)


def discharge_cases(stays: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The measures that need the stays alone."""
    ended = stays[stays["discharged_on"].notna()]
    days = (ended["discharged_on"] - ended["admitted_on"]).dt.days.clip(lower=1).astype(float)
    yield cases_of("discharges", ended, 1.0)
    yield cases_of("length_of_stay_days", ended, days)
    yield cases_of("length_of_stay_index", ended, days, ended["expected_days"])
    yield cases_of("case_mix_index", ended, ended["weight"])
    yield cases_of("total_cost_per_case_usd", ended, ended["total_cost"])
    yield cases_of("case_mix_adjusted_cost_per_case_usd", ended, ended["total_cost"], ended["weight"])
    lists = read_lists()
    codes, ccs = ended["disposition"], ended["ccs"]
    is_cancer = ccs.isin(lists["readmission_exclusion_cancer_medical"]) & (~ended["has_surgery"] | (ccs == "45"))
    excluded = (
        ~codes.isin(lists["disposition_valid"])
        | codes.isin(lists["disposition_died"] | lists["disposition_ama"] | lists["disposition_still_patient"])
        | codes.isin(lists["disposition_acute_transfer"])
        | ended["is_transferred"]
        | ended["primary_diagnosis_code"].isna()
        | ccs.isin(lists["readmission_exclusion_psychiatric"] | lists["readmission_exclusion_rehabilitation"])
        | is_cancer
    )
    returns_unplanned = ~stays["is_planned"].to_numpy()[ended["next"]]  # -1 takes the last stay; no days, so no return
    is_readmitted = (ended["days_to_next"] <= 30) & returns_unplanned
    yield cases_of("readmission_30d", ended, is_readmitted.astype(float).mask(excluded))


def assessment_cases(stays: pd.DataFrame, members: pd.Series, landing: Path) -> pd.DataFrame:
    """Initial assessment within 24 true hours of admission, in the month of admission."""
    facilities = pd.read_csv(landing / "facilities.csv").set_index("facility_id")["time_zone"]
    cases = pd.read_csv(landing / "cm_cases.csv", usecols=["encounter_id", "first_assessed_at"], parse_dates=[1])
    cases["stay_id"] = cases["encounter_id"].map(members)
    cases = cases.merge(stays[["stay_id", "facility_id"]], on="stay_id")
    cases["assessed"] = as_utc(cases["first_assessed_at"], cases["facility_id"].map(facilities))
    first = stays["stay_id"].map(cases.groupby("stay_id")["assessed"].min())
    zones = stays["facility_id"].map(facilities)
    admitted, discharged = as_utc(stays["admitted_at"], zones), as_utc(stays["discharged_at"], zones)
    is_short = first.isna() & (discharged - admitted < pd.Timedelta(hours=24))
    in_time = (first - admitted <= pd.Timedelta(hours=24)).astype(float).mask(is_short)
    frame = cases_of("initial_assessment_within_24h", stays, in_time)
    return frame.assign(event_date=stays["admitted_on"])


def as_utc(times: pd.Series, zones: pd.Series) -> pd.Series:
    """Clock times as instants; the repeated hour of autumn is taken as standard time."""
    parts = [
        part.dt.tz_localize(zone, ambiguous=np.zeros(len(part), dtype=bool), nonexistent=pd.Timedelta(hours=1))
        for zone, part in times.groupby(zones)
    ]
    return pd.concat([part.dt.tz_convert("UTC") for part in parts]).reindex(times.index)
