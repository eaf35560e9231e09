"""The tables about facilities and the department, from the generator's events to the canonical layout."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.columns import as_dates, as_written, days, names, texts
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import CENTRAL, FACILITIES, FACILITY_IDS, OTHER_UNITS, REHABILITATION_UNIT
from kpi_pipeline.synthetic.ground.plan import Plan
from kpi_pipeline.synthetic.work import department, surveys
from kpi_pipeline.synthetic.work.counting import Events
from kpi_pipeline.synthetic.work.writing import CASE_MANAGER_ID, Writer

_CASE_MANAGER = {"case_manager_id": CASE_MANAGER_ID}
_UNIT_IDS = [unit_id for _, unit_id, *_ in arrays.ACUTE_UNITS]


def write_department_tables(plan: Plan, writer: Writer, *, events: Events) -> None:
    """Facilities, units, census, staffing, budget, training, licences and patient surveys."""
    _write_facilities(writer)
    _write_census(plan, writer, events)
    _write_staffing(writer, events)
    _write_budget(plan, writer)
    _write_training(plan, writer)
    _write_licences(plan, writer)
    _write_surveys(plan, writer, events)


def _write_facilities(writer: Writer) -> None:
    columns = ["facility_id", "facility_name", "time_zone", "opened_on", "closed_on", "licensed_beds"]
    facilities = pd.DataFrame(
        [(f.facility_id, f.facility_name, f.time_zone, f.opened_on, None, f.licensed_beds) for f in FACILITIES],
        columns=columns,
    )
    writer.write("facilities.csv", facilities, columns=as_written(*columns))
    rows = [(unit_id, FACILITY_IDS[facility], name, line) for facility, unit_id, name, line in arrays.ACUTE_UNITS]
    for facility_id in FACILITY_IDS:
        rows += [(f"{facility_id}-{code}", facility_id, name, line) for code, name, line in OTHER_UNITS]
    code, name, line = REHABILITATION_UNIT
    rows.append((f"{FACILITY_IDS[CENTRAL]}-{code}", FACILITY_IDS[CENTRAL], name, line))
    columns = ["unit_id", "facility_id", "unit_name", "service_line"]
    writer.write("units.csv", pd.DataFrame(sorted(rows), columns=columns), columns=as_written(*columns))


def _write_census(plan: Plan, writer: Writer, events: Events) -> None:
    unit, day = (axis.ravel() for axis in np.indices(events.census.shape))
    frame = pd.DataFrame(
        {
            "facility_id": names(arrays.UNIT_FACILITY[unit], FACILITY_IDS),
            "unit_id": names(unit, _UNIT_IDS),
            "census_on": days(plan.first_day + day),
            "patients": events.census.ravel(),
        }
    )
    columns = {**as_written("facility_id", "unit_id"), **as_dates("census_on"), **as_written("patients")}
    writer.write("census.csv", frame, columns=columns)


def _write_staffing(writer: Writer, events: Events) -> None:
    shifts = events.shifts
    unit = shifts["unit"].to_numpy()
    frame = pd.DataFrame(
        {
            "facility_id": names(arrays.UNIT_FACILITY[unit], FACILITY_IDS),
            "unit_id": names(unit, _UNIT_IDS),
            "shift_on": days(shifts["day"].to_numpy()),
            **{column: shifts[column] for column in ("case_manager", "paid_hours", "overtime_hours")},
        }
    )
    columns = {**as_written("facility_id", "unit_id"), **as_dates("shift_on"), **_CASE_MANAGER}
    writer.write("staffing.csv", frame, columns={**columns, **as_written("paid_hours", "overtime_hours")})


def _write_budget(plan: Plan, writer: Writer) -> None:
    budget = department.build_budget(plan)
    frame = budget.assign(
        facility_id=names(budget["facility"].to_numpy(), FACILITY_IDS),
        account=names(budget["account"].to_numpy(), department.ACCOUNTS),
    )
    whole = {column: f"CAST({column} AS BIGINT)" for column in ("budget_usd", "actual_usd")}
    hours = {column: f"CAST(CAST({column} AS BIGINT) AS VARCHAR)" for column in ("planned_volume", "actual_volume")}
    writer.write("budget.csv", frame, columns={**as_written("facility_id", "month", "account"), **whole, **hours})


def _write_training(plan: Plan, writer: Writer) -> None:
    training = department.build_training(plan)
    frame = training.assign(
        course=names(training["course"].to_numpy(), department.COURSES),
        due_on=days(training["due"].to_numpy()),
        completed_on=days(training["completed"].to_numpy()),
    )
    columns = {**_CASE_MANAGER, **as_written("course"), **as_dates("due_on", "completed_on")}
    writer.write("training.csv", frame, columns=columns)


def _write_licences(plan: Plan, writer: Writer) -> None:
    licences = department.build_licences(plan)
    frame = licences.assign(
        licence=names(licences["licence"].to_numpy(), department.LICENCES),
        expires_on=days(licences["expires"].to_numpy()),
    )
    writer.write("licences.csv", frame, columns={**_CASE_MANAGER, **as_written("licence"), **as_dates("expires_on")})


def _write_surveys(plan: Plan, writer: Writer, events: Events) -> None:
    answers = surveys.build_surveys(plan, events.stays)
    best = answers["n_top_box"].to_numpy()
    frame = pd.DataFrame(
        {
            "facility_id": names(answers["facility"].to_numpy(), FACILITY_IDS),
            "month": [str(plan.first_month.plus(int(step))) for step in answers["step"]],
            "item": names(answers["question"].to_numpy(), [one.item for one in surveys.QUESTIONS]),
            "n_answers": answers["n_answers"],
            "n_top_box": texts(np.where(best == surveys.NOT_REPORTED, "Too few to report", best.astype(str))),
        }
    )
    writer.write("surveys.csv", frame, columns=as_written(*frame.columns))
