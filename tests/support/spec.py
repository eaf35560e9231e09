"""Reads metric specs (`tests/metrics/<metric>.spec.yaml`) and builds all cases of a file in one warehouse.

A case is a few rows in, the metric's cases out. To build once per file, every id of case 7 gets the prefix `c07_`
(so cases share no person and no facility), and the prefix is taken off again before results are compared.
What a spec may say is described in the docstrings of `SpecCase` and `read_table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TextRow = dict[str, str | None]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


ID_COLUMNS = _words("encounter_id person_id facility_id unit_id case_manager_id cm_case_id task_id denial_id review_id")
TABLES = _words(
    "encounters diagnoses procedures facilities units cm_cases cm_tasks avoidable_days reviews denials notices"
    " staffing budget census training licences"
)
CASE_KEYS = _words("name because landing time_zones cases values quarantined")
LANDING_KEYS = _words("complete_through disposition_required icd9 plausible_until")
FILE_KEYS = _words("metric oracle landing defaults specs")
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
    """All promises about one metric. oracle: the plain-Python second opinion, as `tests.support.oracles` names it."""

    path: Path
    metric: str
    oracle: str
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


def read_spec_file(path: Path) -> SpecFile:
    """Reads and judges one spec file: an unknown word in it is an error, not a promise that is never tested."""
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  all text, no objects
    _refuse_unknown(path, raw, FILE_KEYS)
    metric = path.name.removesuffix(".spec.yaml")
    if raw["metric"] != metric:
        raise ValueError(f"{path.name}: metric must be {metric!r}, got {raw['metric']!r}")
    cases = [_read_case(path, raw, number, case) for number, case in enumerate(raw["specs"], start=1)]
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise ValueError(f"{path.name}: two specs have the same name")
    return SpecFile(path, metric, raw.get("oracle", ""), tuple(cases))


def _read_case(path: Path, raw: Mapping[str, Any], number: int, case: Mapping[str, Any]) -> SpecCase:
    _refuse_unknown(path, case, CASE_KEYS | TABLES)
    defaults: Mapping[str, Mapping[str, str]] = raw.get("defaults", {})
    tables = {
        name: [{**defaults.get(name, {}), **row} for row in read_table(case[name])] for name in case if name in TABLES
    }
    landing = {**raw.get("landing", {}), **case.get("landing", {})}
    _refuse_unknown(path, landing, LANDING_KEYS)
    spec = SpecCase(
        metric=raw["metric"],
        number=number,
        name=case["name"],
        tables=tables,
        landing=landing,
        time_zones=case.get("time_zones", {}),
        cases=read_table(case["cases"]),
        values=read_table(case.get("values", "")),
        quarantined=read_table(case.get("quarantined", "")),
    )
    if not all(row.get("comment") for row in spec.cases):
        raise ValueError(f"{path.name}: {spec.name!r} has an expected case without a comment")
    return spec


def _refuse_unknown(path: Path, found: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(found) - known):
        raise ValueError(f"{path.name}: unknown words {unknown}; known are {sorted(known)}")


def read_table(text: str) -> list[TextRow]:
    """A text table: header, then rows; cells part at ` | ` (a bar between spaces); an empty cell is absent."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    header, *rows = [[cell.strip() for cell in re.split(r"(?<!\S)\|(?!\S)", line)] for line in lines]
    for cells in rows:
        if len(cells) != len(header):
            raise ValueError(f"a row has {len(cells)} cells, the header {len(header)}: {cells}")
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
