"""Writes golden readmission folders of any size: random encounters, and what the oracle says of each.

The oracle is plain Python that shares nothing with the package under test; so `pytest tests/golden --golden DIR` holds
two independent answers against each other, on sets as large as asked for and never shipped.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.support.golden import EXPECTED_FILES, Answer, GoldenFolder, oracle_answers
from tests.support.hospitals import DIAGNOSES, DISPOSITIONS, LENGTHS, PROCEDURES, CsvRow, make_hospital
from tests.support.value_sets import SMALL, ValueSets

_COLUMNS = (
    "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,discharge_disposition_code,"
    "primary_diagnosis_code,drg_code,total_cost,updated_at"
).split(",")
_ANSWERS = (
    "status,stay_id,combined_into,is_index,exclusion_reason,readmit_encounter_id,days_to_readmit,readmit_30_all,"
    "readmit_30_unplanned,first_readmit_planned,planned,planned_rule,specialty_cohort,dx_ccs,los_days"
).split(",")
_FACILITIES = 9


def write_overlapping_claims(folder: Path, *, n_encounters: int, seed: int, sets: ValueSets = SMALL) -> GoldenFolder:
    """Claims of dates alone without dispositions: every third stay of a person begins at another hospital before the
    one before it has ended, as claims of transfers and late closings do."""
    random = Random(seed)
    encounters: list[CsvRow] = []
    while len(encounters) < n_encounters:
        person = f"P{len(encounters):06}"
        facility, day = _facility(random), date(2024, 1, 1) + timedelta(days=random.randrange(600))
        for _ in range(random.randint(1, 6)):
            end = day + timedelta(days=random.choice(LENGTHS))
            encounters.append(_claim(random, f"E{len(encounters):06}", person, facility, day, end))
            if random.random() < 0.35:
                facility, day = _facility(random), day + (end - day) // 2
            else:
                day = end + timedelta(days=random.choice((0, 0, 1, 5, 29, 30, 31, 60)))
    options = {"complete_through": "2025-08-20", "disposition_required": False, "icd9": False}
    return _write(folder, encounters, options, random, sets)


def write_hospital_set(folder: Path, *, n_encounters: int, seed: int, sets: ValueSets = SMALL) -> GoldenFolder:
    """Encounters with every fault and corner that the random hospitals of the property tests have."""
    random = Random(seed)
    encounters: list[CsvRow] = []
    while len(encounters) < n_encounters:
        encounters += make_hospital(random, prefix=f"h{len(encounters):05}").encounters
    rows = [{name: row.get(name, "") for name in _COLUMNS} for row in encounters[:n_encounters]]
    options = {"complete_through": "2025-12-31", "disposition_required": True, "icd9": False}
    return _write(folder, rows, options, random, sets)


def _facility(random: Random) -> str:
    return f"F{random.randrange(_FACILITIES)}"


def _claim(random: Random, encounter_id: str, person: str, facility: str, day: date, end: date) -> CsvRow:
    row = dict.fromkeys(_COLUMNS, "")
    return row | {
        "encounter_id": encounter_id,
        "person_id": person,
        "facility_id": facility,
        "encounter_type": "acute inpatient" if random.random() < 0.95 else "skilled nursing",
        "admitted_at": day.isoformat(),
        "discharged_at": end.isoformat(),
        "discharge_disposition_code": random.choice(DISPOSITIONS) if random.random() < 0.1 else "",
        "primary_diagnosis_code": random.choice(DIAGNOSES),
    }


def _write(
    folder: Path, encounters: Sequence[CsvRow], options: Mapping[str, object], random: Random, sets: ValueSets
) -> GoldenFolder:
    ids = sorted({row["encounter_id"] for row in encounters})
    procedures = [
        {"encounter_id": encounter_id, "procedure_code": random.choice(PROCEDURES)}
        for encounter_id in ids
        for _ in range(random.choice((0, 0, 1, 2)))
    ]
    golden = GoldenFolder(folder, options, list(encounters), procedures, {})
    answers = oracle_answers(golden, sets)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "options.json").write_text(json.dumps(dict(options)), encoding="utf-8")
    _write_csv(folder / "encounters.csv", _COLUMNS, encounters)
    _write_csv(folder / "procedures.csv", ("encounter_id", "procedure_code"), procedures)
    expected = [{"encounter_id": one, **{name: _text(answers[one], name) for name in _ANSWERS}} for one in ids]
    _write_csv(folder / EXPECTED_FILES[1], ("encounter_id", *_ANSWERS), expected)
    return GoldenFolder(folder, options, list(encounters), procedures, {EXPECTED_FILES[1]: expected})


def _text(answer: Answer, name: str) -> str:
    value = answer.get(name)
    return "" if value is None else str(value)


def _write_csv(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
