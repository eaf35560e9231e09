"""Reads golden readmission folders and compares anybody's answers with them, row by row.

A folder holds encounters.csv, procedures.csv, options.json, and expected.csv or expected_reference.csv. An answer is a
dictionary per encounter with the golden column names; who computed it (oracle or pipeline) is not this module's matter.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tests.support.oracle import Options, build_stays, judge_readmissions, judge_rows
from tests.support.value_sets import ValueSets

Answer = dict[str, Any]

EXPECTED_FILES = ("expected.csv", "expected_reference.csv")
ALWAYS = ("is_index", "exclusion_reason", "status", "stay_id", "combined_into")
INDEX_ONLY = (
    "readmit_encounter_id",
    "days_to_readmit",
    "readmit_30_all",
    "readmit_30_unplanned",
    "first_readmit_planned",
)
STAY_ONLY = ("dx_ccs", "specialty_cohort", "planned", "planned_rule", "los_days")
COMBINED = "combined_into_previous_stay"


@dataclass(frozen=True)
class GoldenFolder:
    """One golden set on disk."""

    path: Path
    options: Mapping[str, Any]
    encounters: list[dict[str, str]]
    procedures: list[dict[str, str]]
    expected: dict[str, list[dict[str, str]]]

    def __str__(self) -> str:
        return self.path.name


@dataclass
class Comparison:
    """How many rows and values were compared, and which were wrong."""

    rows: int = 0
    values: int = 0
    index_rows: int = 0
    wrong: list[str] = field(default_factory=list)

    def summary(self, name: str) -> str:
        """One line for people."""
        return f"{name}: {self.rows} rows ({self.index_rows} index), {self.values} values, {len(self.wrong)} wrong"


def find_golden_folders(root: Path) -> list[GoldenFolder]:
    """Every golden readmission folder at or below root."""
    folders = sorted({path.parent for path in root.rglob("options.json")})
    return [read_golden_folder(folder) for folder in folders if _is_readmission_folder(folder)]


def _is_readmission_folder(folder: Path) -> bool:
    inputs = all((folder / name).is_file() for name in ("encounters.csv", "procedures.csv"))
    return inputs and any((folder / name).is_file() for name in EXPECTED_FILES)


def read_golden_folder(folder: Path) -> GoldenFolder:
    """Reads every file of a golden folder as text."""
    return GoldenFolder(
        path=folder,
        options=json.loads((folder / "options.json").read_text(encoding="utf-8")),
        encounters=_rows(folder / "encounters.csv"),
        procedures=_rows(folder / "procedures.csv"),
        expected={name: _rows(folder / name) for name in EXPECTED_FILES if (folder / name).is_file()},
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def oracle_answers(golden: GoldenFolder, sets: ValueSets) -> dict[str, Answer]:
    """The oracle's answers for a golden folder."""
    watermark = golden.options["complete_through"]
    facilities = {row["facility_id"] for row in golden.encounters}
    options = Options(
        complete_through={facility: date.fromisoformat(watermark) for facility in facilities},
        disposition_required=golden.options["disposition_required"],
        lost_discharge_after_days=-(10**6),  # the golden calls every missing discharge a fault
    )
    answers: dict[str, Answer] = {}
    for encounter_id, status in judge_rows(golden.encounters, options).items():
        answers[encounter_id] = {"status": status, "is_index": 0, "exclusion_reason": status}
    stays = build_stays(golden.encounters, golden.procedures, sets, options)
    for judgement in judge_readmissions(stays, sets, options):
        stay, returned = judgement.stay, judgement.next_stay
        for member in stay.members[1:]:
            answers[str(member["encounter_id"])] = combined_answer(stay.stay_id)
        answers[stay.stay_id] = {
            "status": "ok",
            "stay_id": stay.stay_id,
            "combined_into": None,
            "is_index": int(judgement.is_index),
            "exclusion_reason": judgement.exclusion_reason,
            "readmit_encounter_id": returned.stay_id if returned else None,
            "days_to_readmit": judgement.days_to_return,
            "readmit_30_all": int(judgement.is_return_within_30_days),
            "readmit_30_unplanned": judgement.numerator,
            "first_readmit_planned": int(judgement.planned_rule_of_return is not None) if returned else None,
            "planned": int(judgement.planned_rule is not None),
            "planned_rule": judgement.planned_rule,
            "specialty_cohort": judgement.cohort,
            "dx_ccs": stay.ccs,
            "los_days": max(1, (stay.last_day - stay.admitted_on).days),
        }
    return answers


def combined_answer(stay_id: str) -> Answer:
    """The answer for a later encounter of a stay."""
    return {
        "status": "ok",
        "stay_id": stay_id,
        "combined_into": stay_id,
        "is_index": 0,
        "exclusion_reason": COMBINED,
    }


def compare(golden: GoldenFolder, answers: Mapping[str, Answer]) -> Comparison:
    """Compares every expected row; outcome columns only where the expectation is an index."""
    result = Comparison()
    cases = {row["encounter_id"]: row.get("case") or "" for row in golden.encounters}
    for file, rows in golden.expected.items():
        for row in rows:
            encounter_id = row["encounter_id"]
            result.rows += 1
            result.index_rows += _same(row["is_index"], 1)
            answer = answers.get(encounter_id)
            if answer is None:
                result.wrong.append(f"{file} {encounter_id} {cases.get(encounter_id, '')}: no answer for this row")
                continue
            for column, expected in _expectations(row):
                result.values += 1
                if not _same(expected, answer.get(column)):
                    result.wrong.append(
                        f"{file} {encounter_id} {cases.get(encounter_id, '')}:"
                        f" {column} must be {expected or 'empty'}, got {answer.get(column)!r}"
                    )
    return result


def _expectations(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    combined = row["exclusion_reason"] == COMBINED
    is_stay = row.get("status", "ok") == "ok" and not combined
    columns = [*ALWAYS, *(INDEX_ONLY if _same(row["is_index"], 1) else ()), *(STAY_ONLY if is_stay else ())]
    for column in columns:
        if column not in row:
            continue
        expected = row[column]
        if column == "status" and expected == COMBINED:
            expected = "ok"
        if column == "los_days" and expected:
            expected = str(max(1, int(float(expected))))  # the golden counts a same-day stay as 0 days, the rules as 1
        yield column, expected


def _same(expected: object, found: object) -> bool:
    left, right = _plain(expected), _plain(found)
    return left == right


def _plain(value: object) -> float | str | None:
    if value is None or value != value or value == "":
        return None
    if isinstance(value, str) and (value.startswith("0") and len(value) > 1 and "." not in value):
        return value  # an id with leading zeros is not a number
    try:
        return float(str(value))
    except ValueError:
        return str(value)
