"""The public function: draws a whole hospital system, writes its landing folder and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic.care.clinic import build_clinic_visits, convert_observation
from kpi_pipeline.synthetic.care.encounters import build_encounters
from kpi_pipeline.synthetic.care.faults import Ids, WrittenFaults, choose_stays, write_faults
from kpi_pipeline.synthetic.care.money import price_other_encounters, price_stays
from kpi_pipeline.synthetic.care.other_encounters import build_other_encounters
from kpi_pipeline.synthetic.care.people import assign_people
from kpi_pipeline.synthetic.care.stays import build_stays
from kpi_pipeline.synthetic.ground.places import FACILITIES, SYSTEM_NAME
from kpi_pipeline.synthetic.ground.plan import NEVER, Ints, Plan
from kpi_pipeline.synthetic.truth import FacilityTruth, MeasureTruth, Truth, write_truth
from kpi_pipeline.synthetic.work import casework, department, utilisation
from kpi_pipeline.synthetic.work.clinic_table import write_clinic_visits
from kpi_pipeline.synthetic.work.counted_cases import Visits, next_admissions
from kpi_pipeline.synthetic.work.counting import Events, count_months, describe_changes
from kpi_pipeline.synthetic.work.department_tables import write_department_tables
from kpi_pipeline.synthetic.work.measure_counting import count_measures
from kpi_pipeline.synthetic.work.risk_counting import count_indices
from kpi_pipeline.synthetic.work.stay_tables import write_stay_tables
from kpi_pipeline.synthetic.work.writing import Writer

PLAUSIBLE_DAYS_AHEAD = 7
"""The folder declares dates up to this many days after the last complete day as plausible."""


def generate_hospital(
    folder: Path,
    *,
    seed: int = 20261101,
    months: int = 36,
    last_month: Month = Month(2026, 10),
    scale: float = 1.0,
    changes: bool = True,
    faults: bool = True,
    truth_path: Path | None = None,
) -> Truth:
    """Writes a landing folder in the canonical layout and `truth.json`, and returns the truth.

    folder: is made; must be empty or not exist. scale: 1.0 is about 3,600 discharges a month in three facilities.
    changes: daily rounds at one facility from the 25th month, a stricter payer from the 30th (those within the
    period). faults: damaged, doubled, corrected and late rows. truth_path: default `truth.json` beside the folder.
    The same arguments give the same bytes. Raises InputError for arguments out of range or a folder in use.
    """
    plan = Plan(seed=seed, months=months, last_month=last_month, scale=scale, changes=changes, faults=faults)
    _make_folder(folder)
    stays = build_stays(plan)
    person, people = assign_people(plan, stays)
    payer, n_known = people.payer[person], len(people)
    others, people = build_other_encounters(plan, stays, person=person, people=people)
    others = convert_observation(plan, stays, others, person=person, n_known=n_known)
    clinic = build_clinic_visits(plan, stays, person=person, next_admitted_on=next_admissions(stays, person))
    unit = department.assign_units(plan, stays)
    money = price_stays(plan, stays, payer=payer)
    other_money = price_other_encounters(plan, others, payer=people.payer[others["person"].to_numpy()])
    census = department.count_census(plan, stays, unit=unit)
    cases = casework.build_cases(plan, stays)
    events = Events(
        stays=stays,
        money=money,
        payer=payer,
        cases=cases,
        reopened=casework.build_reopened(plan, cases),
        waits=utilisation.build_waits(plan, stays),
        denials=utilisation.build_denials(plan, stays, payer=payer, billed=money["total_charges"].to_numpy()),
        census=census,
        shifts=department.build_shifts(plan, census),
        spoilt=choose_stays(plan, stays),
    )
    encounters, numbers = build_encounters(
        plan,
        stays,
        others=others,
        person=person,
        people=people,
        unit=unit,
        money=money,
        other_money=other_money,
        changed=utilisation.choose_changed(plan, others),
    )
    with _writer(folder) as writer:
        written = _write_encounters(plan, writer, encounters, numbers.stays, events.spoilt, len(people))
        write_stay_tables(plan, writer, events=events, unit=unit, others=others, numbers=numbers)
        write_clinic_visits(plan, writer, clinic=clinic, people=people)
        write_department_tables(plan, writer, events=events)
        visits = Visits(others, people.payer[others["person"].to_numpy()])
        measures = count_measures(plan, events, visits, clinic, person=person, people=people)
        truth = _build_truth(plan, events, measures, written, dict(writer.volumes))
    _write_landing_yaml(plan, folder)
    write_truth(truth, truth_path or folder.parent / "truth.json")
    return truth


@contextmanager
def _writer(folder: Path) -> Iterator[Writer]:
    writer = Writer(folder)
    try:
        yield writer
    finally:
        writer.close()


def _make_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(Fault(str(folder), "is in use: it is not an empty folder.", "Choose another, or empty it."))
    folder.mkdir(parents=True, exist_ok=True)


def _write_encounters(
    plan: Plan, writer: Writer, encounters: pd.DataFrame, stay_number: Ints, spoilt: dict[str, Ints], n_people: int
) -> WrittenFaults | None:
    writer.hold_encounters(encounters)
    written = None
    if plan.faults:
        chosen = pd.concat(
            [pd.DataFrame({"encounter": stay_number[rows], "fault": name}) for name, rows in spoilt.items()]
        )
        true = writer.read_encounters(chosen)
        true_rows = {str(name): rows.drop(columns="fault") for name, rows in true.groupby("fault", sort=False)}
        written = write_faults(plan, true_rows, ids=Ids(encounter=len(encounters), person=n_people))
    writer.write_encounters(written)
    return written


def _build_truth(
    plan: Plan,
    events: Events,
    measures: tuple[MeasureTruth, ...],
    written: WrittenFaults | None,
    volumes: dict[str, int],
) -> Truth:
    in_house = events.stays["discharged"].to_numpy() == NEVER
    there = np.bincount(events.stays["facility"].to_numpy()[in_house], minlength=len(FACILITIES))
    return Truth(
        seed=plan.seed,
        scale=plan.scale,
        system_name=SYSTEM_NAME,
        first_month=str(plan.first_month),
        last_month=str(plan.last_month),
        complete_through=plan.last_month.last_day,
        volumes=volumes,
        facilities=tuple(
            FacilityTruth(
                facility_id=place.facility_id,
                facility_name=place.facility_name,
                return_probability=place.return_probability,
                in_house_at_end=int(there[number]),
            )
            for number, place in enumerate(FACILITIES)
        ),
        months=count_months(plan, events),
        measures=measures,
        expectations=count_indices(plan, events)[1],
        changes=describe_changes(plan, events),
        faults=written.truths if written else (),
    )


def _write_landing_yaml(plan: Plan, folder: Path) -> None:
    plausible_until = plan.last_month.plus(1).first_day.replace(day=PLAUSIBLE_DAYS_AHEAD)
    lines = [
        "# Written by the generator of the made-up hospital.",
        "source: canonical",
        f"time_zone: {FACILITIES[0].time_zone}",
        "complete_through:",
        *(f"  {place.facility_id}: {plan.last_month.last_day}" for place in FACILITIES),
        f"plausible_until: {plausible_until}",
    ]
    text = "\n".join(lines) + "\n"
    (folder / "landing.yaml").write_text(text, encoding="utf-8")
