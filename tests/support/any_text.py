"""A small hospital in whose every text field stands a text of somebody's choice, from its files to the printed PDF."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import BuildResult, build_warehouse
from kpi_pipeline.pipeline.report import WrittenReport, write_report

LAST = Month(2026, 10)
MONTHS = 14
PER_MONTH = 15
SMALL = Settings(min_denominator=1, min_cost_cases=1)
"""Few cases are enough to be shown, so that every place and reason reaches a page."""


def write_hospital(folder: Path, texts: Sequence[str]) -> Path:
    """A landing folder of as many facilities, units, reasons, payers and people as there are texts, named by them.

    Rows are the same for every text but for its place in the list.
    """
    folder.mkdir(parents=True)
    encounters, waits, denials = [], [], []
    first = LAST.plus(1 - MONTHS).first_day
    for place, text in enumerate(texts):
        for number in range(MONTHS * PER_MONTH):
            admitted = first + timedelta(days=2 * number)
            if admitted > LAST.last_day - timedelta(days=6):
                break
            # Its length of stay rises at the first place, so that findings name it.
            left = admitted + timedelta(days=2 + (number % 3) + (3 if place == 0 and number > 120 else 0))
            visit = f"{text}-{number}"
            encounters.append(
                [
                    visit,
                    f"{text}-p{number}",
                    text,
                    "acute inpatient",
                    admitted,
                    left,
                    "01",
                    "A419",
                    "871",
                    *[text] * 3,
                    1000 + number,
                    text,
                ]
            )
            if number % 5 == 0:
                waits.append([visit, admitted + timedelta(days=1), admitted + timedelta(days=2), text, text])
                denials.append([f"{text}-d{number}", visit, text, left + timedelta(days=3), 100, text, text])
    _write(folder / "encounters.csv", _ENCOUNTERS, encounters)
    _write(folder / "avoidable_days.csv", _WAITS, waits)
    _write(folder / "denials.csv", _DENIALS, denials)
    _write(folder / "facilities.csv", ["facility_id", "facility_name"], [[text, text] for text in texts])
    _write(folder / "units.csv", ["unit_id", "facility_id", "unit_name", "service_line"], [[t, t, t, t] for t in texts])
    (folder / "landing.yaml").write_text(f"complete_through: {LAST.last_day}\n", encoding="utf-8")
    return folder


def build_and_print(
    folder: Path, texts: Sequence[str], *, settings: Settings = SMALL
) -> tuple[BuildResult, WrittenReport]:
    """From the files to the PDF, by the roads of the command line."""
    warehouse = folder / "kpi.duckdb"
    built = build_warehouse(write_hospital(folder / "landing", texts), warehouse, settings=settings)
    return built, write_report(warehouse, LAST, folder / "reports", settings=settings)


_ENCOUNTERS = (
    "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,discharge_disposition_code,"
    "primary_diagnosis_code,drg_code,service_line,unit_id,payer,total_cost,attending_provider_id"
).split(",")
_WAITS = ["encounter_id", "starts_on", "ends_on", "reason_code", "responsible_party"]
_DENIALS = ["denial_id", "encounter_id", "payer", "denied_on", "denied_amount", "reason_code", "outcome"]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows([cell.isoformat() if isinstance(cell, date) else cell for cell in row] for row in rows)
