"""Reads CMS's files of one federal fiscal year: IPPS Table 5 (MS-DRGs) and the readmissions program's results.

Not here: reading text and checking shapes (`source_files.py`), writing to the store (`importer.py`).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.reference import source_files as shapes
from kpi_pipeline.reference.dataset import Dataset, Reading, repeats
from kpi_pipeline.reference.source_files import Column, SourceRows, read_source_rows, without_repeats

_TABLE5_COLUMNS = (
    Column("ms_drg", ("ms_drg",), shapes.MS_DRG),
    Column("title", ("title", "ms_drg_title")),
    Column("mdc", ("mdc",)),
    Column("type", ("type",)),
    # Since FY 2023 CMS prints two weights; the capped one is the one that pays.
    Column("weight", ("weight", "weights", "weights_10_cap_applied"), shapes.NUMBER_OR_NONE),
    Column("gmlos", ("gmlos", "geometric_mean_los"), shapes.NUMBER_OR_NONE),
    Column("amlos", ("amlos", "arithmetic_mean_los"), shapes.NUMBER_OR_NONE),
)
_TABLE5_FIGURES = ("weight", "gmlos", "amlos")


def read_ms_drg_table5(path: Path, fiscal_year: int | None) -> Reading:
    """CMS IPPS Table 5 of one federal fiscal year: weight, GMLOS and AMLOS of every MS-DRG."""
    rows = read_source_rows(path, _TABLE5_COLUMNS)
    frame, repeated = without_repeats(path.name, rows.frame, ["ms_drg"])
    year, unclear = _fiscal_year(path.name, rows, fiscal_year)
    faults = [*rows.faults, *repeated, *unclear]
    if not rows.faults:
        figures = {name: pd.to_numeric(frame[name].where(~frame[name].isin(["", "."]))) for name in _TABLE5_FIGURES}
        frame = frame.assign(mdc=frame["mdc"].where(frame["mdc"] != ""), **figures)
        faults += _implausible_drgs(path.name, frame)
    if faults or year is None:
        return Reading(faults=tuple(faults))
    dataset = Dataset(
        f"ms_drg_fy{year}",
        "reference_ms_drg",
        frame.assign(fiscal_year=year),
        (path,),
        f"MS-DRG weights and mean lengths of stay, IPPS Table 5, fiscal year {year}",
        version=f"FY {year} (MS-DRG v{year - 1983})",
        publisher="Centers for Medicare & Medicaid Services (CMS)",
        effective_from=date(year - 1, 10, 1),
        effective_to=date(year, 9, 30),
    )
    return Reading((dataset,), repeats(path.name, len(rows.frame), len(frame)))


_HRRP_COLUMNS = (
    Column("hospital_name", ("facility_name", "hospital_name")),
    Column("cms_certification_number", ("facility_id", "provider_number"), shapes.CCN),
    Column("state", ("state",)),
    Column("measure", ("measure_name",), shapes.TEXT),
    Column("n_discharges", ("number_of_discharges",), shapes.WHOLE_OR_NONE),
    Column("footnote", ("footnote",)),
    Column("excess_readmission_ratio", ("excess_readmission_ratio",), shapes.FIGURE_OR_NONE),
    Column("predicted_readmission_pct", ("predicted_readmission_rate",), shapes.FIGURE_OR_NONE),
    Column("expected_readmission_pct", ("expected_readmission_rate",), shapes.FIGURE_OR_NONE),
    Column("n_readmissions_text", ("number_of_readmissions",), shapes.COUNT_OR_NONE),
    Column("starts_on", ("start_date",), shapes.US_DATE),
    Column("ends_on", ("end_date",), shapes.US_DATE),
)
_HRRP_FIGURES = (
    "n_discharges",
    "excess_readmission_ratio",
    "predicted_readmission_pct",
    "expected_readmission_pct",
)


def read_hrrp_benchmarks(path: Path, fiscal_year: int | None) -> Reading:
    """CMS's hospital file of the Hospital Readmissions Reduction Program; figures withheld stay null.

    Where the number of readmissions is withheld, `n_readmissions_text` keeps the published words.
    """
    rows = read_source_rows(path, _HRRP_COLUMNS)
    frame, repeated = without_repeats(path.name, rows.frame, ["cms_certification_number", "measure"])
    year, unclear = _fiscal_year(path.name, rows, fiscal_year)
    dates = {name: pd.to_datetime(frame[name], format="%m/%d/%Y", errors="coerce") for name in ("starts_on", "ends_on")}
    faults = [*rows.faults, *repeated, *unclear]
    if not rows.faults and any(days.isna().any() for days in dates.values()):
        faults.append(Fault(path.name, "holds a date that no calendar has.", "Use the file as published."))
    if faults or year is None:
        return Reading(faults=tuple(faults))
    counted = frame["n_readmissions_text"].str.isdigit()
    frame = frame.assign(
        fiscal_year=year,
        n_readmissions=pd.to_numeric(frame["n_readmissions_text"].where(counted)),
        n_readmissions_text=frame["n_readmissions_text"].where(~counted),
        footnote=frame["footnote"].where(frame["footnote"] != ""),
        **{name: pd.to_numeric(frame[name].where(frame[name] != "N/A")) for name in _HRRP_FIGURES},
        **dates,
    )
    dataset = Dataset(
        f"benchmarks_hrrp_fy{year}",
        "reference_benchmarks_hrrp",
        frame,
        (path,),
        f"Hospital Readmissions Reduction Program, hospital results, fiscal year {year}",
        version=f"FY {year}",
        publisher="Centers for Medicare & Medicaid Services (CMS)",
        effective_from=date(year - 1, 10, 1),
        effective_to=date(year, 9, 30),
    )
    return Reading((dataset,), repeats(path.name, len(rows.frame), len(frame)))


def _fiscal_year(file_name: str, rows: SourceRows, asked: int | None) -> tuple[int | None, list[Fault]]:
    """The year asked for, or in the file's name, or in its header; a fault when they disagree or say none."""
    if not rows.was_read:
        return None, []
    texts = (file_name, *rows.header)
    found = {int(year) for text in texts for year in re.findall(r"FY[ _-]?(20\d\d)", text, re.IGNORECASE)}
    years = found | ({asked} if asked is not None else set())
    if len(years) == 1:
        return years.pop(), []
    if not years:
        cure = "Give the fiscal year, or put it in the file's name: fy2026."
        return None, [Fault(file_name, "does not say its fiscal year.", cure)]
    said = " and ".join(map(str, sorted(years)))
    return None, [Fault(file_name, f"has more than one fiscal year: {said}.", "Give the year that the file is of.")]


def _implausible_drgs(where: str, frame: pd.DataFrame) -> list[Fault]:
    # 998 and 999 are no groups, and CMS prints no figures for them.
    groups = frame[~frame["ms_drg"].isin(["998", "999"])]
    faults = []
    blank = groups[groups[list(_TABLE5_FIGURES)].isna().any(axis=1)]["ms_drg"]
    if not blank.empty:
        what = f"MS-DRG {', '.join(blank.head(3))} has no weight, GMLOS or AMLOS ({len(blank)} such)."
        faults.append(Fault(where, what, "Use the table as published."))
    # A geometric mean is never above the arithmetic mean of the same stays.
    swapped = groups[groups["gmlos"] > groups["amlos"]]["ms_drg"]
    if not swapped.empty:
        what = f"MS-DRG {', '.join(swapped.head(3))} has a GMLOS above its AMLOS ({len(swapped)} such)."
        faults.append(Fault(where, what, "Check that the two columns are not exchanged."))
    return faults
