"""Reads a metric's proof (`<metric>.spec.yaml`) and compares what the metric says with what the proof promises.

A case is a few rows in, the metric's cases out. To build once per file, every id of case 7 gets the prefix `c07_`
(so cases share no person and no facility), and the prefix is taken off again before results are compared.
What a proof may say is described in the docstrings of `SpecCase` and `read_table`. Who builds:
`pipeline/checking/prove`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_mapping
from kpi_pipeline.intake.contract import load_contracts

TextRow = dict[str, str | None]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


@dataclass(frozen=True)
class SpecResult:
    """What the pipeline says about one case, its prefix taken off."""

    cases: pd.DataFrame
    values: pd.DataFrame
    quarantined: pd.DataFrame


ID_COLUMNS = _words("encounter_id person_id facility_id unit_id case_manager_id cm_case_id task_id denial_id review_id")
LANDING_KEYS = _words("complete_through disposition_required icd9 plausible_until")
FROM_DATA = "read from the data"


@dataclass(frozen=True)
class SpecCase:
    """One named promise.

    tables: canonical tables as text. landing: what `landing.yaml` says (complete_through: a date, or one per
    facility, or "read from the data"). time_zones: facility → zone, default New York. cases: every case the metric
    must list, and no other; column `comment` says why. values: rows of the metric's values. quarantined:
    encounter_id and reason.
    """

    metric: str
    number: int
    name: str
    tables: Mapping[str, list[TextRow]]
    landing: Mapping[str, Any]
    time_zones: Mapping[str, str]
    cases: list[TextRow]
    values: list[TextRow]
    quarantined: list[TextRow]

    @property
    def prefix(self) -> str:
        """What every id of this case begins with in the shared landing folder."""
        return f"c{self.number:02d}_"

    @property
    def facilities(self) -> list[str]:
        """The facilities the case speaks of."""
        named = {row["facility_id"] for rows in self.tables.values() for row in rows if row.get("facility_id")}
        return sorted(str(facility) for facility in named)

    def complete_through(self) -> dict[str, Any]:
        """The watermark of each prefixed facility; none when the spec leaves it to the data."""
        declared = self.landing["complete_through"]
        if declared == FROM_DATA:
            return {}
        of_each = declared if isinstance(declared, dict) else dict.fromkeys(self.facilities, declared)
        return {self.prefix + facility: day for facility, day in of_each.items()}

    def prefixed_tables(self) -> dict[str, list[TextRow]]:
        """The tables with this case's prefix on every id, and a facilities row for each facility."""
        tables = {name: [self._prefixed(row) for row in rows] for name, rows in self.tables.items()}
        zones = {facility: self.time_zones.get(facility, "America/New_York") for facility in self.facilities}
        tables["facilities"] = [
            {"facility_id": self.prefix + facility, "facility_name": facility, "time_zone": zone}
            for facility, zone in zones.items()
        ]
        return tables

    def _prefixed(self, row: TextRow) -> TextRow:
        return {key: self.prefix + value if key in ID_COLUMNS and value else value for key, value in row.items()}


@dataclass(frozen=True)
class SpecFile:
    """All promises about one metric. oracle: the plain-Python second opinion that the project's own tests run.

    risk_model: the file of the risk model that is loaded, where the metric needs one.
    """

    path: Path
    metric: str
    oracle: str
    risk_model: Path | None
    cases: tuple[SpecCase, ...]

    def builds(self) -> Iterator[tuple[dict[str, Any], list[SpecCase]]]:
        """Groups of cases that can share one landing folder, with what its `landing.yaml` says."""
        groups: dict[str, tuple[dict[str, Any], list[SpecCase]]] = {}
        for case in self.cases:
            shared = {key: value for key, value in case.landing.items() if key != "complete_through"}
            options, cases = groups.setdefault(repr(sorted(shared.items())), ({**shared, "complete_through": {}}, []))
            options["complete_through"].update(case.complete_through())
            cases.append(case)
        yield from groups.values()


class _RawFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    oracle: str = ""
    risk_model: str = ""
    landing: dict[str, str | dict[str, str]] = {}
    defaults: dict[str, dict[str, str]] = {}
    specs: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


class _RawCase(BaseModel):
    """Further fields are tables."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(min_length=3)]
    landing: dict[str, str | dict[str, str]] = {}
    time_zones: dict[str, str] = {}
    cases: str
    values: str = ""
    quarantined: str = ""


def read_spec_file(path: Path) -> SpecFile:
    """Reads and judges one proof: an unknown word in it is an error, not a promise that is never tested.

    Raises DefinitionError with every fault of the file.
    """
    where = shown_path(path)
    try:
        raw = _RawFile.model_validate(read_mapping(path, as_text=True))
    except ValidationError as error:
        raise DefinitionError(faults_of(where, error)) from error
    metric = path.name.removesuffix(".spec.yaml")
    faults = []
    if raw.metric != metric:
        faults.append(Fault(where, f"metric must be {metric!r}, got {raw.metric!r}.", "It is named like its file."))
    cases: list[SpecCase] = []
    for number, one in enumerate(raw.specs, start=1):
        try:
            cases.append(_read_case(raw, number, one, where=f"{where}: spec {number}"))
        except DefinitionError as error:
            faults += error.faults
    names = [case.name for case in cases]
    faults += [Fault(where, f"two specs are named {name!r}.") for name in sorted(set(names)) if names.count(name) > 1]
    if faults:
        raise DefinitionError(faults)
    return SpecFile(path, metric, raw.oracle, path.parent / raw.risk_model if raw.risk_model else None, tuple(cases))


def _read_case(raw: _RawFile, number: int, content: dict[str, Any], *, where: str) -> SpecCase:
    try:
        case = _RawCase.model_validate(content)
    except ValidationError as error:
        raise DefinitionError(faults_of(where, error)) from error
    given, contracts = case.model_extra or {}, load_contracts()
    landing = {**raw.landing, **case.landing}
    faults = [
        Fault(where, f"{word!r} is no table.", f"Known are {', '.join(contracts)}.")
        for word in sorted(given.keys() - contracts.keys())
    ]
    faults += [
        Fault(where, f"landing: {word!r} is not known.", f"Known are {', '.join(sorted(LANDING_KEYS))}.")
        for word in sorted(landing.keys() - LANDING_KEYS)
    ]
    if "complete_through" not in landing:
        cure = f"Write the last complete day, or {FROM_DATA!r}."
        faults.append(Fault(where, "landing: complete_through is missing.", cure))
    tables: dict[str, list[TextRow]] = {}
    for name in ("cases", "values", "quarantined", *given):
        try:
            tables[name] = read_table(given[name] if name in given else getattr(case, name))
        except ValueError as error:
            faults.append(Fault(f"{where}: {name}", str(error), "Part the cells with a bar between spaces."))
    if not all(row.get("comment") for row in tables.get("cases", ())):
        faults.append(Fault(where, "has an expected case without a comment.", "Say in column comment why it counts."))
    if faults:
        raise DefinitionError(faults)
    return SpecCase(
        metric=raw.metric,
        number=number,
        name=case.name,
        tables={name: [{**raw.defaults.get(name, {}), **row} for row in tables[name]] for name in given},
        landing=landing,
        time_zones=case.time_zones,
        cases=tables["cases"],
        values=tables["values"],
        quarantined=tables["quarantined"],
    )


def read_table(text: object) -> list[TextRow]:
    """A text table: header, then rows; cells part at ` | ` (a bar between spaces); an empty cell is absent.

    Raises ValueError with a sentence for what is no such table.
    """
    if not isinstance(text, str):
        raise ValueError("must be a table of text.")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    header, *rows = [[cell.strip() for cell in re.split(r"(?<!\S)\|(?!\S)", line)] for line in lines]
    for number, cells in enumerate(rows, start=1):
        if len(cells) != len(header):
            raise ValueError(f"row {number} has {len(cells)} cells, the header {len(header)}.")
    return [dict(zip(header, (cell or None for cell in cells), strict=True)) for cells in rows]


def differences(expected: TextRow, found: Mapping[str, Any]) -> list[str]:
    """The columns in which a found row is not the expected one; numbers compare as numbers, days as days.

    The numerator and denominator of an excluded case mean nothing, so a blank one is not compared.
    """
    excluded = bool(expected.get("exclusion_reason"))
    wrong = []
    for column, value in expected.items():
        if column == "comment" or (excluded and value is None and column in ("numerator", "denominator")):
            continue
        if column not in found:
            wrong.append(f"{column} is not a column")
        elif not is_same(value, found[column]):
            wrong.append(f"{column} must be {value}, got {found[column]}")
    return wrong


def is_same(expected: str | None, found: Any) -> bool:
    """Whether a found value is what the text says."""
    missing = found is None or found != found or found == ""
    if expected is None or missing:
        return expected is None and bool(missing)
    if isinstance(found, bool) or expected in ("true", "false"):
        return str(found).lower() == expected
    try:
        return abs(float(expected) - float(found)) <= 1e-9 * max(1.0, abs(float(expected)))
    except (TypeError, ValueError):
        return str(found).removesuffix(" 00:00:00") == expected


def case_differences(case: SpecCase, result: SpecResult) -> list[str]:
    """Everything in which a result is not what the case promises: cases, values and refused rows."""
    faults = _listed_differences(case, {row["case_id"]: row for row in result.cases.to_dict("records")})
    faults += _row_differences("value", case.values, result.values.to_dict("records"), ("facility_id", "month"))
    faults += _row_differences(
        "refused row", case.quarantined, result.quarantined.to_dict("records"), ("encounter_id", "reason")
    )
    if len(result.quarantined) != len(case.quarantined):
        faults.append(f"{len(case.quarantined)} reasons to refuse rows expected, got {len(result.quarantined)}")
    return faults


def _listed_differences(case: SpecCase, found: dict[str, Any]) -> list[str]:
    expected = {str(row["case_id"]): row for row in case.cases}
    faults = [f"case {case_id} is not listed" for case_id in sorted(expected.keys() - found.keys())]
    faults += [f"case {case_id} is listed, and must not be" for case_id in sorted(found.keys() - expected.keys())]
    for case_id in sorted(expected.keys() & found.keys()):
        row = {"exclusion_reason": None, **expected[case_id]}
        faults += [f"case {case_id}: {wrong} ({row['comment']})" for wrong in differences(row, found[case_id])]
    return faults


def _row_differences(
    noun: str, expected: list[TextRow], found: list[dict[Any, Any]], key: tuple[str, str]
) -> list[str]:
    by_key = {tuple(row[column] for column in key): row for row in found}
    faults = []
    for row in expected:
        at = tuple(row[column] for column in key)
        if at not in by_key:
            faults.append(f"{noun} {at} is missing")
        else:
            faults += [f"{noun} {at}: {wrong}" for wrong in differences(row, by_key[at])]
    return faults
