"""Runs the real pipeline on rows and gives its answers in the shape the oracle gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import read_cases
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.support.hospitals import Hospital
from tests.support.landing import write_landing
from tests.support.oracle import Judgement, Stay
from tests.support.oracle_measures import Cases

SETTINGS = Settings(min_denominator=1, min_cost_cases=1, quarantine_limit_pct=100)
"""Random rows may be mostly bad and mostly few: neither stops a build here."""

FAULT_STATUS = {
    "missing_person_id": "invalid:missing_person_id",
    "missing_admitted_at": "invalid:missing_admit_date",
    "discharge_before_admit": "invalid:discharge_before_admit",
}
"""Quarantine reasons in the spelling of the rules, in their order of precedence."""

ENCOUNTER_STATUS = {
    "missing_discharge_date": "invalid:missing_discharge_date",
    "duplicate_stay": "invalid:duplicate_stay",
}


def build_hospital(folder: Path, hospital: Hospital, *, reference: Path | None = None) -> Path:
    """Lands a hospital's tables in the folder and builds its warehouse."""
    landing = write_landing(folder / "landing", hospital.tables(), hospital.landing_options())
    warehouse = folder / "kpi.duckdb"
    build_warehouse(landing, warehouse, reference=reference, settings=SETTINGS)
    return warehouse


def read_rows(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the built warehouse."""
    with open_warehouse(warehouse) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return rows


def statuses(warehouse: Path) -> dict[str, str]:
    """encounter_id → status in the rules' spelling, from the encounters and from quarantine."""
    found = {
        encounter_id: ENCOUNTER_STATUS.get(status, status)
        for encounter_id, status in read_rows(warehouse, "SELECT encounter_id, encounter_status FROM encounters")
    }
    for encounter_id, encounter_type, reasons in read_rows(
        warehouse,
        """
        SELECT
            JSON_EXTRACT_STRING(original_row, '$.encounter_id'),
            JSON_EXTRACT_STRING(original_row, '$.encounter_type'),
            reasons
        FROM quarantine
        WHERE table_name = 'encounters'
        """,
    ):
        found[encounter_id] = fault_status(encounter_type, reasons)
    return found


def fault_status(encounter_type: str, reasons: list[str]) -> str:
    """The one status the rules give a quarantined row: the first that applies in their order.

    The rules ask for the kind of stay after the person and before the dates; quarantine lists every fault.
    """
    if "missing_person_id" not in reasons and encounter_type != "acute inpatient":
        return "not_acute_inpatient"
    known = [status for reason, status in FAULT_STATUS.items() if reason in reasons]
    return known[0] if known else f"quarantined: {', '.join(sorted(reasons))}"


def stay_rows(warehouse: Path) -> dict[str, tuple[Any, ...]]:
    """stay_id → (person, facility, admitted on, discharged on, days, encounters); an open stay has no end."""
    rows = read_rows(
        warehouse,
        """
        SELECT
            stays.stay_id, stays.person_id, stays.facility_id, CAST(stays.admitted_on AS DATE),
            CAST(stays.discharged_on AS DATE), stays.length_of_stay_days,
            LIST(stay_encounters.encounter_id ORDER BY stay_encounters.encounter_id)
        FROM stays
        JOIN stay_encounters USING (stay_id)
        GROUP BY ALL
        """,
    )
    return {row[0]: (*row[1:6], tuple(row[6])) for row in rows}


def stay_of_oracle(stay: Stay) -> tuple[Any, ...]:
    """An oracle's stay as `stay_rows` gives it."""
    members = tuple(sorted(str(member["encounter_id"]) for member in stay.members))
    return (
        stay.person_id,
        stay.facility_id,
        stay.admitted_on,
        None if stay.is_open else stay.discharged_on,
        None if stay.is_open else stay.length_of_stay_days,
        members,
    )


def readmission_rows(warehouse: Path) -> dict[str, tuple[Any, ...]]:
    """stay_id → what the metric says; the outcome only for an index."""
    return {
        row["case_id"]: (
            row["facility_id"],
            pd.Timestamp(row["event_date"]).date(),
            plain(row["exclusion_reason"]),
            plain(row["cohort"]),
            _whole(row["ccs"]),
            _outcome(row),
        )
        for row in read_cases(warehouse, "readmission_30d").to_dict("records")
    }


def _outcome(row: Mapping[Any, Any]) -> tuple[Any, ...] | None:
    if plain(row["exclusion_reason"]) is not None:
        return None
    returned = plain(row["return_case_id"])
    return (
        returned,
        _whole(row["days_to_return"]),
        bool(plain(row["is_return_within_30_days"])),
        plain(row["planned_rule"]) if returned else None,
        _whole(row["numerator"]),
        _whole(row["denominator"]),
    )


def readmission_of_oracle(judgement: Judgement) -> tuple[Any, ...]:
    """An oracle's judgement as `readmission_rows` gives it."""
    stay, returned = judgement.stay, judgement.next_stay
    outcome = (
        returned.stay_id if returned else None,
        judgement.days_to_return,
        judgement.is_return_within_30_days,
        judgement.planned_rule_of_return,
        judgement.numerator,
        1,
    )
    return (
        stay.facility_id,
        stay.last_day,
        judgement.exclusion_reason,
        judgement.cohort,
        stay.ccs,
        outcome if judgement.is_index else None,
    )


def metric_cases(warehouse: Path, metric: str) -> Cases:
    """case_id → (numerator, denominator) or the exclusion reason."""
    return {
        row["case_id"]: plain(row["exclusion_reason"]) or (float(row["numerator"]), float(row["denominator"]))
        for row in read_cases(warehouse, metric).to_dict("records")
    }


def plain(value: Any) -> Any:
    """None for every way pandas says nothing."""
    return None if value is None or value is pd.NA or value != value or value == "" else value


def _whole(value: Any) -> int | None:
    return None if plain(value) is None else int(value)


def assert_same(expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Fails with the first rows that differ, both sides side by side."""
    __tracebackhide__ = True
    wrong = [
        f"{key}: expected {expected.get(key, 'no row')}, got {found.get(key, 'no row')}"
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key, "no row") != found.get(key, "no row")
    ]
    if wrong:
        raise AssertionError("\n".join([f"{len(wrong)} of {len(expected)} rows differ", *wrong[:15]]))
