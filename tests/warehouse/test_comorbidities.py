"""Comorbidities follow AHRQ's own program: by hand, and on random patients against the package `elixhauser-ahrq`."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pytest

from kpi_pipeline.reference.store import load_reference
from kpi_pipeline.warehouse.tables import load_tables

SQL = {table.name: table.sql for table in load_tables()}
Diagnosis = tuple[int | None, str, str | None]
"""sequence, code, present on admission"""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_reference(connection, None)
        yield connection


def comorbidities(connection: duckdb.DuckDBPyConnection, *patients: list[Diagnosis]) -> list[set[str]]:
    """What the warehouse finds of each patient; every patient has one stay of one encounter."""
    rows = [(f"E{n:04d}", *diagnosis) for n, patient in enumerate(patients) for diagnosis in patient]
    encounters = [
        (f"E{n:04d}", next((code for sequence, code, _ in patient if sequence == 1), None))
        for n, patient in enumerate(patients)
    ]
    connection.execute(
        "CREATE OR REPLACE TABLE diagnoses (encounter_id VARCHAR, sequence BIGINT, code VARCHAR, "
        "present_on_admission VARCHAR); CREATE OR REPLACE TABLE encounters (encounter_id VARCHAR, "
        "primary_diagnosis_code VARCHAR); CREATE OR REPLACE TABLE stay_encounters "
        "(stay_id VARCHAR, encounter_id VARCHAR)"
    )
    connection.executemany("INSERT INTO diagnoses VALUES (?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO encounters VALUES (?, ?)", encounters)
    connection.execute("INSERT INTO stay_encounters SELECT encounter_id, encounter_id FROM encounters")
    found: list[set[str]] = [set() for _ in patients]
    for stay_id, comorbidity in connection.execute(SQL["stay_comorbidities"]).fetchall():
        found[int(stay_id[1:])].add(comorbidity)
    return found


@pytest.mark.parametrize(
    ("diagnoses", "expected", "why"),
    [
        ([(1, "J189", "Y"), (2, "I5033", "Y")], {"HF"}, "heart failure beside pneumonia"),
        ([(1, "I5033", "Y")], set(), "the principal diagnosis is no comorbidity"),
        ([(1, "J189", "Y"), (2, "I5033", "N")], set(), "arose in the hospital"),
        ([(1, "J189", "Y"), (2, "I5033", "W")], {"HF"}, "clinically undetermined counts as present"),
        ([(1, "J189", "Y"), (2, "I5033", None)], set(), "not known to be present on admission"),
        ([(1, "J189", "Y"), (2, "E669", "N")], {"OBESE"}, "nobody becomes obese in a week: any mark will do"),
        ([(1, "J189", "Y"), (2, "E119", "Y"), (3, "E1122", "Y")], {"DIAB_CX"}, "with complications stands for without"),
        ([(1, "J189", "Y"), (2, "C7951", "Y"), (3, "C50911", "Y")], {"CANCER_METS"}, "metastases stand for the tumour"),
        ([(1, "J189", "Y"), (2, "I639", "Y")], {"CBVD"}, "a stroke on admission"),
        ([(1, "J189", "Y"), (2, "I6930", "Y")], {"CBVD"}, "what an earlier stroke left"),
        (
            [(1, "J189", "Y"), (2, "I6930", "Y"), (3, "I639", "N")],
            set(),
            "a new stroke in the hospital: the marks do not count",
        ),
        ([(None, "J189", "Y"), (None, "I5033", "Y")], {"HF"}, "no order is given"),
        ([(1, "J18.9", "Y"), (2, "I50.33", "Y"), (3, "e66.9", "N")], {"HF", "OBESE"}, "with the dot, as most write it"),
    ],
)
def test_by_hand(
    connection: duckdb.DuckDBPyConnection, diagnoses: list[Diagnosis], expected: set[str], why: str
) -> None:
    assert comorbidities(connection, diagnoses) == [expected], why


def test_random_patients_have_the_comorbidities_of_the_package(connection: duckdb.DuckDBPyConnection) -> None:
    mapper = pytest.importorskip(
        "elixhauser_ahrq", reason="the package elixhauser-ahrq is not installed"
    ).ElixhauserMapper()
    chance = random.Random(38)
    codes = sorted(mapper.lookup)
    patients: list[list[Diagnosis]] = [
        [
            (sequence, chance.choice(codes), chance.choice(["Y", "Y", "W", "N", "U"]))
            for sequence in range(1, chance.randint(2, 12))
        ]
        for _ in range(1500)
    ]
    found = comorbidities(connection, *patients)
    kinds = set()
    for patient, ours in zip(patients, found, strict=True):
        flags = mapper.map_patient_diagnoses([code for _, code, _ in patient], [poa for *_, poa in patient])
        theirs = {name for name, is_there in flags.items() if is_there}
        assert ours == theirs - without(theirs, patient, mapper) | leukaemia_beside_metastases(theirs, patient, mapper)
        kinds |= ours
    assert len(kinds) == 38


def marked(patient: list[Diagnosis], mapper: object, name: str, *poa: str) -> bool:
    lookup = mapper.lookup  # type: ignore[attr-defined]
    return any(lookup[code][name] and mark in poa for _, code, mark in patient[1:])


def without(theirs: set[str], patient: list[Diagnosis], mapper: object) -> set[str]:
    """What the package says and AHRQ's program does not: it loses a stroke in the hospital, which voids its sequelae,
    and a tumour in situ beside metastases and another tumour."""
    of_stroke = marked(patient, mapper, "CBVD_POA", "N", "U") and not marked(patient, mapper, "CBVD_POA", "Y", "W")
    return ({"CBVD"} if of_stroke else set()) | ({"CANCER_NSITU"} if "CANCER_METS" in theirs else set())


def leukaemia_beside_metastases(theirs: set[str], patient: list[Diagnosis], mapper: object) -> set[str]:
    """What AHRQ's program says and the package does not: metastases void solid tumours alone."""
    if "CANCER_METS" not in theirs:
        return set()
    return {one for one in ("CANCER_LEUK", "CANCER_LYMPH") if marked(patient, mapper, one, "Y", "W", "N", "U")}
