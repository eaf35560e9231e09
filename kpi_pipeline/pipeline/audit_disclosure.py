"""The attacker on reports already published: reads their figures.csv and models. `kpi audit-disclosure`.

What is read is what an outsider reads. Several reports at once are attacked together: months, facilities, audiences.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.judgement.disclosure.attack import Finding, attack
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    LISTED,
    NUMERATOR,
    Cell,
    Publication,
    excluded,
)
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.report.words.phrases import WITHHELD

_SUFFIXES = (".figures.csv", ".model.json", ".pdf")
_COUNTED_LINE = re.compile(r"(?P<month>\w+ \d{4}): cases listed (?P<listed>[\w,.]+), counted (?P<counted>[\w,.]+)\.")
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read and what could be worked out from it."""

    n_reports: int
    n_numbers: int
    n_withheld: int
    findings: tuple[Finding, ...]


def audit_reports(paths: Sequence[Path], *, threshold: int) -> Audit:
    """Attacks the reports together. paths: a PDF, figures.csv or model of each report; their folder holds the others.

    Raises InputError for a report whose figures.csv or model is not there or is none.
    """
    metrics = load_metrics()
    stems = list(dict.fromkeys(_stem(path) for path in paths))
    whole = Publication()
    for stem in sorted(stems, key=str):
        whole = whole.merged(_read_report(stem, metrics))
    findings = attack(whole, metrics, threshold=threshold)
    return Audit(len(stems), len(whole.numbers), len(whole.withheld), tuple(findings))


def _stem(path: Path) -> Path:
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            return path.with_name(path.name.removesuffix(suffix))
    raise InputError(Fault(str(path), "is no report.", f"Give a file ending in {', '.join(_SUFFIXES)}."))


def _read_report(stem: Path, metrics: Mapping[str, Metric]) -> Publication:
    figures, model = (stem.with_name(f"{stem.name}{suffix}") for suffix in _SUFFIXES[:2])
    for path in (figures, model):
        if not path.is_file():
            raise InputError(Fault(str(path), "is missing.", "Keep a report's files together in one folder."))
    with figures.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("metric") or not row.get("figure_id")]
    try:
        printed = json.loads(model.read_text(encoding="utf-8"))
        definitions, facility = printed["appendix"]["definitions"], printed["facility_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(Fault(str(model), "is no model of a report.", "Make the report again.")) from error
    unknown = sorted({row.get("metric") or "" for row in rows} - metrics.keys())
    if not rows or unknown:
        named = f"names {', '.join(unknown)}, which this version does not know." if unknown else "has no figures."
        raise InputError(Fault(str(figures), named, "Audit it with the version that made it."))
    made = Publication()
    _read_figures(made, rows, metrics)
    for definition in definitions:
        _read_definition(made, definition, facility)
    return made


def _read_figures(made: Publication, rows: Iterable[Mapping[str, str]], metrics: Mapping[str, Metric]) -> None:
    for row in rows:
        if not row["month"]:
            continue
        place = (row["metric"], row["facility_id"], row["month"])
        for column, name in (("numerator", NUMERATOR), ("denominator", DENOMINATOR)):
            if row[column]:
                made.numbers[Cell(*place, name)] = None if row[column] == WITHHELD else float(row[column])
        value = row["value"]
        decimals = metrics[row["metric"]].decimals
        made.values[place] = None if not value or value == WITHHELD else round(float(value), decimals)


def _read_definition(made: Publication, definition: Mapping[str, object], facility: str) -> None:
    """The counts printed on the last page beside a measure's definition."""
    line = _COUNTED_LINE.fullmatch(str(definition.get("counted") or ""))
    if line is None:
        return
    name, year = line["month"].split(" ")
    place = (str(definition["metric"]), facility, f"{year}-{_MONTHS.index(name) + 1:02}")
    cells = {LISTED: line["listed"], COUNTED: line["counted"]}
    exclusions = definition.get("exclusions") or ()
    assert isinstance(exclusions, list | tuple)
    cells |= {excluded(one["text"]): one["count"] for one in exclusions}
    for cell, text in cells.items():
        number = text.replace(",", "")
        made.numbers[Cell(*place, cell)] = None if text == WITHHELD else float(number)
