"""Runs one corruption of a clean hospital end to end and says what became of every figure the report prints.

A figure is right (that of the clean hospital), held back (not printed, or not as final), or wrong; a wrong one is told
where the report's own words name the fault. What is wrong and not told is what the bench looks for.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.model import Report
from kpi_pipeline.synthetic.hospital import generate_hospital
from kpi_pipeline.synthetic.truth import Truth
from kpi_pipeline.warehouse.connection import open_warehouse, store_folder
from kpi_pipeline.warehouse.facts import read_build_facts

LAST = Month(2026, 10)
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
SETTINGS = Settings()

Rows = pd.DataFrame
Place = tuple[str, str, str]
"""Metric, facility and month of a printed figure."""


@dataclass(frozen=True)
class Corruption:
    """One named corruption. spoil: changes a landing. told: what the report's words must name it by, as a regular
    expression. n: of how much, in words."""

    name: str
    extent: str
    spoil: Callable[[Landing], None] = field(repr=False)
    told: str = ""

    @property
    def title(self) -> str:
        """Its name with its extent."""
        return f"{self.name}: {self.extent}"


@dataclass
class Landing:
    """A landing folder to spoil: tables as text, and the folder they are written into when they were changed."""

    folder: Path
    rng: np.random.Generator

    def read(self, file: str) -> Rows:
        """A file's rows, every cell as text."""
        return pd.read_csv(self.folder / file, dtype=str, keep_default_na=False)

    def write(self, file: str, rows: Rows, **how: object) -> None:
        """Puts rows in the place of a file; the clean one, to which it may be a link, stays."""
        (self.folder / file).unlink(missing_ok=True)
        rows.to_csv(self.folder / file, index=False, lineterminator="\n", **how)  # type: ignore[call-overload]

    def files(self, table: str) -> list[str]:
        """The files of a table, by name."""
        return sorted(path.name for path in self.folder.glob(f"{table}*.csv"))


@dataclass(frozen=True)
class Outcome:
    """What became of the figures of one run. refused: why there was no report. words: what the report says of its
    data."""

    corruption: Corruption
    n_right: int = 0
    n_held_back: int = 0
    wrong: tuple[str, ...] = ()
    refused: str = ""
    words: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """The words that name the fault."""
        pattern = self.corruption.told
        return tuple(one for one in self.words if pattern and re.search(pattern, one, re.IGNORECASE))

    @property
    def verdict(self) -> str:
        """`refused`, `right`, `held back`, `told` or `WRONG AND SILENT`."""
        if self.refused:
            return "refused"
        if self.wrong:
            return "told" if self.said else "WRONG AND SILENT"
        return "held back" if self.n_held_back else "right"


@dataclass(frozen=True)
class CleanHospital:
    """The hospital before anything is spoilt: what its report prints, and every value there is, which a report that
    shows another month would print."""

    folder: Path
    truth: Truth
    figures: Mapping[Place, tuple[str, str]]
    known: Mapping[Place, float]
    words: tuple[str, ...]

    @cached_property
    def landing(self) -> Path:
        """Its landing folder."""
        return self.folder / "landing"

    def run(self, corruption: Corruption) -> Outcome:
        """Spoils a copy, builds and judges it, and compares what is printed."""
        scratch = self.folder / "run"
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(self.landing, scratch / "landing", copy_function=os.link)
        staged = store_folder(self.folder / "clean.duckdb") / "staged"
        shutil.copytree(staged, store_folder(scratch / "kpi.duckdb") / "staged", copy_function=os.link)
        seed = int.from_bytes(corruption.title.encode()[-8:], "little")
        corruption.spoil(Landing(scratch / "landing", np.random.default_rng(seed)))
        try:
            printed, words = print_figures(scratch / "landing", scratch / "kpi.duckdb")
        except KpiError as error:
            return Outcome(corruption, refused=str(error.faults[0]))
        finally:
            shutil.rmtree(scratch)
        return self._compare(corruption, printed, tuple(one for one in words if one not in self.words))

    def _compare(
        self, corruption: Corruption, printed: Mapping[Place, tuple[str, str]], words: tuple[str, ...]
    ) -> Outcome:
        n_right = n_held_back = 0
        wrong = []
        for place, (value, maturity) in self.figures.items():
            found, how = printed.get(place, ("", ""))
            if not found or (how != maturity and maturity == "final"):
                n_held_back += 1
            elif _is_same(float(found), float(value)):
                n_right += 1
            else:
                wrong.append(f"{'/'.join(place)}: {value} → {found}")
        wrong += [
            f"{'/'.join(place)}: {self.known.get(place, 'nothing')} → {value}"
            for place, (value, _) in printed.items()
            if place not in self.figures and not _is_same(float(value), self.known.get(place))
        ]
        # A sentence that the clean report has too, with another number in it, names no fault.
        known = {re.sub(r"[0-9,]+", "", one) for one in self.words}
        new = tuple(one for one in words if re.sub(r"[0-9,]+", "", one) not in known)
        return Outcome(corruption, n_right, n_held_back, tuple(wrong), words=new)


def _is_same(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) <= 1e-6 * max(1.0, abs(other))


def make_clean_hospital(folder: Path, *, scale: float = 0.2, months: int = 18) -> CleanHospital:
    """Three facilities, some 750 discharges a month; its report must print the generator's truth."""
    truth = generate_hospital(
        folder / "landing", seed=20261101, months=months, last_month=LAST, scale=scale, changes=False, faults=False
    )
    figures, words = print_figures(folder / "landing", folder / "clean.duckdb")
    for month in truth.months:
        known = figures.get(("discharges", month.facility_id, month.month))
        assert known is None or float(known[0]) == month.discharges, f"the clean report is wrong: {month}"
    values = read_values(folder / "clean.duckdb").values
    known = {
        (str(metric), str(facility), str(month)): float(value)
        for metric, facility, month, value in values[["metric", "facility_id", "month", "value"]].itertuples(
            index=False
        )
        if value == value and value is not None
    }
    return CleanHospital(folder, truth, figures, known, words)


def print_figures(landing: Path, warehouse: Path) -> tuple[dict[Place, tuple[str, str]], tuple[str, ...]]:
    """Builds a landing folder and judges its last month: value and maturity of every figure that is printed, and all
    that the report says about its data. Raises KpiError where there is no report."""
    build_warehouse(landing, warehouse, settings=SETTINGS, clock=lambda: NOW)
    metrics = load_metrics()
    read = read_values(warehouse)
    with open_warehouse(warehouse) as connection:
        facts = read_build_facts(connection)
    report, tables = build_report_and_tables(
        ReportInputs(
            metrics=metrics,
            values=read.values,
            exclusions=read.exclusions,
            facts=facts,
            settings=SETTINGS,
            month=LAST,
        )
    )
    figures = {
        (row["metric"], row["facility_id"], row["month"]): (row["value"], row["maturity"])
        for row in csv.DictReader(io.StringIO(tables["figures.csv"]))
        if row["value"] and row["status"] == "ok" and row["maturity"] != "open"
    }
    return figures, tuple(_words(report))


def _words(report: Report) -> list[str]:
    quality = report.appendix.data_quality
    refused = [f"{row.rows} rows of {row.table} refused: {row.reason}" for row in quality.quarantine_reasons]
    return [*quality.warnings, *refused]
