"""What a report that was published says: its figures.csv and its model, read as an outsider reads them.

Not here: what can be worked out of it (`judgement.disclosure.attack`).
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.judgement.disclosure.changes import Change
from kpi_pipeline.judgement.disclosure.page_cells import table_cell, table_months
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    LISTED,
    NUMERATOR,
    Cell,
    Publication,
    excluded,
)
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.pages.appendix import exclusion_words
from kpi_pipeline.report.words.phrases import WITHHELD

SUFFIXES = (".figures.csv", ".model.json", ".pdf")
RESTATED = ".restated.csv"
_READ = ("metric", "facility_id", "month", "numerator", "denominator", "value", "snapshot")
"""The columns of figures.csv that are read."""
_COUNTED_LINE = re.compile(r"(?P<month>\w+ \d{4}): cases listed (?P<listed>[\w,.]+), counted (?P<counted>[\w,.]+)\.")
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Published:
    """One report. snapshot: of the data it was made from; reports of one snapshot are copies of one issue. changes: how
    many cases it says to have changed since the issue before, by cause, None where the number is withheld."""

    publication: Publication
    month: str
    number: int | None
    snapshot: str
    changes: Mapping[Change, int | None] = field(default_factory=dict)

    @property
    def n_changed(self) -> dict[tuple[str, str, str], int]:
        """Figure → cases it says to have changed since the issue before, where every cause prints its number."""
        counts: dict[tuple[str, str, str], list[int | None]] = defaultdict(list)
        for one, n in self.changes.items():
            counts[one[:3]].append(n)
        return {place: sum(filter(None, found)) for place, found in counts.items() if None not in found}


def read_published(stem: Path, metrics: Mapping[str, Metric], *, may_be_older: bool = False) -> Published:
    """A report by the name that its files share. may_be_older: leaves out measures that this version does not know.

    Raises InputError for a report whose figures.csv or model is not there or is none.
    """
    figures, model = (stem.with_name(f"{stem.name}{suffix}") for suffix in SUFFIXES[:2])
    for path in (figures, model):
        if not path.is_file():
            raise InputError(Fault(str(path), "is missing.", "Keep a report's files together in one folder."))
    try:
        with figures.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(Fault(str(figures), "is no table of figures.", "Make the report again.")) from error
    lacking = [name for name in _READ if name not in (reader.fieldnames or ())]
    if lacking:
        what = f"lacks {', '.join(lacking)}."
        raise InputError(Fault(str(figures), what, "Audit it with the version that made it."))
    try:
        printed = json.loads(model.read_text(encoding="utf-8"))
        definitions, facility = printed["appendix"]["definitions"], printed["facility_id"]
        month, number = printed["month"], printed["issue_number"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(Fault(str(model), "is no model of a report.", "Make the report again.")) from error
    named_metrics = {row.get("metric") or "" for row in rows if row.get("metric") or not row.get("figure_id")}
    unknown = sorted(named_metrics - metrics.keys())
    if not named_metrics or (unknown and not may_be_older):
        named = f"names {', '.join(unknown)}, which this version does not know." if unknown else "has no figures."
        raise InputError(Fault(str(figures), named, "Audit it with the version that made it."))
    made = Publication()
    try:
        _read_figures(made, rows, metrics)
    except (ValueError, TypeError) as error:
        what = "holds numbers that are none."
        raise InputError(Fault(str(figures), what, "Make the report again.")) from error
    workbook = stem.with_name(f"{stem.name}{FORM_ENDINGS['xlsx']}")
    if workbook.is_file():
        made = made.merged(_read_workbook(workbook, metrics))
    for definition in definitions:
        if definition["metric"] in metrics:
            _read_definition(made, definition, facility, metrics[definition["metric"]])
    snapshot = next((row["snapshot"] for row in rows if row.get("snapshot")), "")
    restated = stem.with_name(f"{stem.name}{RESTATED}")
    return Published(made, month, number, snapshot, _read_changes(restated) if restated.is_file() else {})


def _read_changes(restated: Path) -> dict[Change, int | None]:
    """How many cases of each figure changed, by cause."""
    with restated.open(encoding="utf-8", newline="") as lines:
        return {
            Change(row["metric"], unguarded(row["facility_id"]), row["month"], row["cause"]): int(row["n_cases"])
            if row["n_cases"].isdecimal()
            else None
            for row in csv.DictReader(lines)
        }


def _read_workbook(workbook: Path, metrics: Mapping[str, Metric]) -> Publication:
    """The figures of the workbook: of every sheet whose first row has the columns of figures.csv."""
    made = Publication()
    book = openpyxl.load_workbook(workbook, read_only=True)
    try:
        for sheet in book.worksheets:
            head, *rows = [
                ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
            ]
            if "figure_id" in head and "numerator" in head:
                _read_figures(made, (dict(zip(head, row, strict=True)) for row in rows), metrics)
    finally:
        book.close()
    return made


def _read_figures(made: Publication, rows: Iterable[Mapping[str, str]], metrics: Mapping[str, Metric]) -> None:
    rows = [row for row in rows if row["month"]]
    charted = [Month.parse(row["month"]) for row in rows if row["metric"]]
    for row in rows:
        if not row["metric"] and charted:
            first, last = row.get("first_month"), row.get("last_month")
            named = (Month.parse(first), Month.parse(last)) if first and last else None
            months = table_months(*(named or (min(charted), Month.parse(row["month"]))))
            cell = table_cell(unguarded(row["figure_id"]), unguarded(row["facility_id"]), months)
            if cell is not None and cell.metric in metrics:
                made.numbers[cell] = None if row["value"] == WITHHELD else _finite(row["value"])
        if row["metric"] not in metrics:
            continue
        place = (row["metric"], unguarded(row["facility_id"]), row["month"])
        for column, name in (("numerator", NUMERATOR), ("denominator", DENOMINATOR)):
            if row[column]:
                made.numbers[Cell(*place, name)] = None if row[column] == WITHHELD else _finite(row[column])
        value = row["value"]
        decimals = metrics[row["metric"]].decimals
        made.values[place] = None if not value or value == WITHHELD else round(_finite(value), decimals)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _read_definition(made: Publication, definition: Mapping[str, object], facility: str, metric: Metric) -> None:
    """The counts printed on the last page beside a measure's definition."""
    line = _COUNTED_LINE.fullmatch(str(definition.get("counted") or ""))
    if line is None:
        return
    name, year = line["month"].split(" ")
    place = (str(definition["metric"]), facility, f"{year}-{_MONTHS.index(name) + 1:02}")
    cells = {LISTED: line["listed"], COUNTED: line["counted"]}
    exclusions = definition.get("exclusions") or ()
    assert isinstance(exclusions, list | tuple)
    reasons = {sentence: reason for reason, sentence in exclusion_words(metric).items()}
    cells |= {excluded(reasons.get(one["text"], one["text"])): one["count"] for one in exclusions}
    for cell, text in cells.items():
        number = text.replace(",", "")
        made.numbers[Cell(*place, cell)] = None if text == WITHHELD else float(number)
