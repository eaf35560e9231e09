"""Files that name case managers: what they owe, and their own figures. For their manager alone, each one written down.

What is asked is put into the chain of events before the file is written, with who asked and the file's hash; the chain
itself names no case manager. Such files are no part of a report, a mail, a model or Dagster. Not here: what is listed
(`metrics.people`), words (`report.words.appraisal`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.delivery.rights import check_manager
from kpi_pipeline.journal import text_faults
from kpi_pipeline.metrics.cases import refuse_unknown_facility
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.people.appraisal import MeasureByPerson, read_appraisal
from kpi_pipeline.metrics.people.staff_due import StaffDue, query_staff_due
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import read_build_facts


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a file about people, when, and where it is to be written."""

    by: str
    at: datetime
    out: Path


def read_staff_due(warehouse: Path, asked: Asked, *, settings: Settings, facility: str | None = None) -> StaffDue:
    """What case managers owe. Raises DeliveryError for whoever may not have it, InputError as `query_staff_due`."""
    _check(asked, settings, "have the names of those who owe a course or a licence")
    with open_warehouse(warehouse) as connection:
        if facility is not None:
            refuse_unknown_facility(connection, facility)
        return query_staff_due(connection, facility=facility)


def read_people(
    warehouse: Path, month: Month, asked: Asked, *, settings: Settings, facility: str | None = None
) -> tuple[MeasureByPerson, ...]:
    """The measures of casework by case manager. Raises DeliveryError where the hospital did not declare that they are
    made, or for whoever may not have them; InputError where no measure has a final month."""
    if not settings.people.appraisal:
        cure = "It is the hospital's decision: write appraisal: true below people in kpi.yaml."
        raise DeliveryError(Fault("appraisal", "figures of single case managers are switched off.", cure))
    _check(asked, settings, "have figures of single case managers")
    values = read_values(warehouse).values
    with open_warehouse(warehouse) as connection:
        if facility is not None:
            refuse_unknown_facility(connection, facility)
        found = read_appraisal(
            connection, month, metrics=load_metrics(), values=values, settings=settings, facility=facility
        )
    if not found:
        raise InputError(Fault("appraisal", f"no measure of casework has a final month up to {month}."))
    return found


def write_people_file(
    asked: Asked, text: str, what: str, *, n_people: int, warehouse: Path, database: Database
) -> None:
    """Puts on record that the file is made, then writes it for its owner alone. Nothing is written over."""
    if asked.out.exists():
        raise InputError(Fault(str(asked.out), "is there already.", "Name another file, or move it away."))
    if not asked.out.parent.is_dir():
        raise InputError(Fault(str(asked.out.parent), "there is no such folder.", "Make it, or name another file."))
    with open_warehouse(warehouse) as connection:
        snapshot = read_build_facts(connection).snapshot_id
    body = {"people": n_people, "sha256": hashlib.sha256(text.encode()).hexdigest(), "snapshot": snapshot}
    with database.writing() as session:
        append_event(session, f"{what} written", asked.out.name, by=asked.by, at=asked.at, body=body)
    write_private(asked.out, text)


def n_people(frame: pd.DataFrame) -> int:
    """How many case managers a list names."""
    return int(frame["case_manager_id"].nunique())


def _check(asked: Asked, settings: Settings, to: str) -> None:
    if faults := text_faults("--by", asked.by):
        raise InputError(faults)
    check_manager(settings.people.managers, asked.by, to)
