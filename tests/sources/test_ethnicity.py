"""Ethnicity, where a source keeps it beside race: the same word on every road, as registered and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.sources.test_fhir import ethnicity_of, race_of
from tests.sources.test_omop import land as land_omop
from tests.sources.test_omop import visit
from tests.sources.test_tuva import ENCOUNTER
from tests.sources.test_tuva import land as land_files
from tests.support.fhir import Resource, encounter, staged_rows, take_in, write_fhir

HISPANIC, NOT_HISPANIC = "Hispanic or Latino", "Not Hispanic or Latino"


def as_canonical(folder: Path, race: str, ethnicity: str) -> Path:
    columns = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,race,ethnicity"
    row = f"e1,p1,h1,acute inpatient,2026-03-01 10:00,2026-03-04 10:00,{race},{ethnicity}"
    return land_files(folder, encounters=f"{columns}\n{row}\n")


def as_fhir(folder: Path, race: str, ethnicity: str) -> Path:
    code = "2135-2" if ethnicity == HISPANIC else "2186-5"
    said = [*race_of(text=race), *ethnicity_of(code, ethnicity)]
    return write_fhir(folder, [{"resourceType": "Patient", "id": "p1", "extension": said}, encounter("e1")])


def as_omop(folder: Path, race: str, ethnicity: str) -> Path:
    concept = "38003563" if ethnicity == HISPANIC else "38003564"
    person = {"person_id": "1", "race_source_value": race, "ethnicity_concept_id": concept}
    return land_omop(folder, person=[person], visit_occurrence=[visit("1")])


def as_tuva(folder: Path, race: str, ethnicity: str) -> Path:
    patient = f"person_id,birth_date,sex,race,ethnicity\np1,1950-02-03,female,{race},{ethnicity}\n"
    return land_files(
        folder, encounter=f"{ENCOUNTER}e1,p1,acute inpatient,2026-03-01,2026-03-04,F1,,,,,\n", patient=patient
    )


def as_synthea(folder: Path, race: str, ethnicity: str) -> Path:
    encounters = "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,TOTAL_CLAIM_COST,PAYER_COVERAGE"
    row = "e1,2026-03-01T10:00:00Z,2026-03-04T10:00:00Z,p1,h1,d1,y1,inpatient,1.0,1.0"
    patients = f"Id,BIRTHDATE,GENDER,RACE,ETHNICITY\np1,1950-02-03,F,{race},{ethnicity}\n"
    return land_files(folder, encounters=f"{encounters}\n{row}\n", patients=patients, payers="Id,NAME\ny1,Medicare\n")


ROADS: dict[str, Callable[[Path, str, str], Path]] = {
    "canonical": as_canonical, "fhir": as_fhir, "omop": as_omop, "tuva": as_tuva, "synthea": as_synthea,
}  # fmt: skip


@pytest.mark.parametrize("ethnicity", [HISPANIC, NOT_HISPANIC])
@pytest.mark.parametrize("road", ROADS)
def test_every_road_says_the_same_and_it_reaches_the_stays(road: str, ethnicity: str, tmp_path: Path) -> None:
    landing = ROADS[road](tmp_path / "landing", "White", ethnicity)
    build_warehouse(landing, tmp_path / "hospital.duckdb", source=road)
    with open_warehouse(tmp_path / "hospital.duckdb") as connection:
        assert connection.execute("SELECT race, ethnicity FROM stays").fetchall() == [("White", ethnicity)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (ethnicity_of("2135-2", "Mexican"), "Mexican"),  # the text, as registered
        ([{"url": "ombCategory", "valueCoding": {"code": "2186-5"}}], NOT_HISPANIC),
        ([{"url": "ombCategory", "valueCoding": {"code": "2135-2"}}], HISPANIC),
        (ethnicity_of("UNK", "Unknown"), None),
        (ethnicity_of("ASKU", "asked but unknown"), None),
        ([{"url": "text", "valueString": "Unknown"}], None),
        ([{"url": "detailed", "valueCoding": {"code": "2148-5", "display": "Mexican"}}], None),
        (race_of(("2106-3", "White")), None),  # race is another question and no answer to this one
    ],
)
def test_us_cores_ethnicity_is_its_text_or_its_category(
    parts: list[Resource], expected: str | None, tmp_path: Path
) -> None:
    if parts[0]["url"] in ("ombCategory", "detailed", "text"):
        (whole,) = ethnicity_of("2135-2", HISPANIC)
        parts = [whole | {"extension": parts}]
    patient = {"resourceType": "Patient", "id": "p1", "extension": parts}
    result = take_in(write_fhir(tmp_path / "landing", [patient, encounter("e1")]), tmp_path / "store")
    assert staged_rows(result, "encounters", "ethnicity") == [(expected,)]


@pytest.mark.parametrize(
    ("concept", "written", "expected"), [("38003563", "", HISPANIC), ("38003564", "Irish", "Irish"), ("0", "", None)]
)
def test_omops_ethnicity_is_what_was_written_or_what_its_concept_says(
    concept: str, written: str, expected: str | None, tmp_path: Path
) -> None:
    person = {"person_id": "1", "ethnicity_concept_id": concept, "ethnicity_source_value": written}
    landing = land_omop(tmp_path / "landing", person=[person], visit_occurrence=[visit("1")])
    result = take_in(landing, tmp_path / "store", source="omop")
    assert staged_rows(result, "encounters", "ethnicity") == [(expected,)]


@pytest.mark.parametrize("road", ["tuva", "synthea"])
def test_a_source_without_the_column_has_none(road: str, tmp_path: Path) -> None:
    landing = ROADS[road](tmp_path / "landing", "White", HISPANIC)
    (patients,) = landing.glob("patient*.csv")
    lines = [line.rpartition(",")[0] for line in patients.read_text(encoding="utf-8").splitlines()]
    patients.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = take_in(landing, tmp_path / "store", source=road)
    assert staged_rows(result, "encounters", "race, ethnicity") == [("White", None)]
