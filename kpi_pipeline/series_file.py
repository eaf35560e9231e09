"""`kpi signals FILE.csv`: reads a series from a file, prints its verdict and draws it.

The statistics are in `signals`, the drawing in `report`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import get_args

import pandas as pd

from kpi_pipeline.console import Format, print_frame, say
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals import Better, Chart, ChartResult
from kpi_pipeline.signals.result_tables import result_as_dict, result_rows
from kpi_pipeline.signals.series_table import evaluate_table

_SHOWN = ("period", "value", "denominator", "centre", "lower", "upper", "target", "phase", "rules", "point_class")


def evaluate_series_file(
    file: Path, *, chart: str, better: str = "neither", rules: str = "nhs-2024", target: float | None = None
) -> ChartResult:
    """Evaluates a CSV file with a header row as one chart; every fault of file and arguments is an InputError."""
    faults = [
        Fault(name, f"must be one of {', '.join(allowed)}; got {given!r}.")
        for name, given, allowed in (("--chart", chart, get_args(Chart)), ("--better", better, get_args(Better)))
        if given not in allowed
    ]
    if not file.is_file():
        faults.append(Fault(str(file), "there is no such file.", "Check the path."))
    if faults:
        raise InputError(faults)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = [{(key or "").strip().lower(): cell for key, cell in row.items()} for row in csv.DictReader(stream)]
    except UnicodeDecodeError as error:
        raise InputError(Fault(str(file), "is not UTF-8 text.", "Save it as UTF-8.")) from error
    options = {} if target is None else {"target": target}
    try:
        return evaluate_table(rows, chart=chart, better=better, rules=rules, **options)  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(
            Fault(f"{file.name}, {fault.where}", fault.what, fault.cure) for fault in error.faults
        ) from error


def check_chart_file(file: Path | None) -> None:
    """Refuses a file of a kind that cannot be drawn, before anything is computed."""
    if file is not None and file.suffix.lower() not in (".svg", ".png"):
        raise InputError(Fault("--chart-file", f"must end in .svg or .png; got {file.name!r}."))


def write_chart(result: ChartResult, file: Path, *, title: str) -> None:
    """Draws the series as the report draws its charts, and writes it as SVG or PNG by the file's ending."""
    from kpi_pipeline.report.chart_files import render_chart_png, render_chart_svg
    from kpi_pipeline.report.series_chart import draw_series

    drawing = draw_series(result, title=title)
    is_svg = file.suffix.lower() == ".svg"
    file.write_bytes(render_chart_svg(drawing).encode() if is_svg else render_chart_png(drawing))


def print_series(result: ChartResult, *, output: Format, title: str) -> None:
    """Prints a result: the points as a table with the verdict below it, as CSV, or the whole result as JSON."""
    if output is Format.json:
        say(json.dumps(result_as_dict(result), indent=1, ensure_ascii=False))
        return
    frame = pd.DataFrame(result_rows(result))
    if output is Format.csv:
        print_frame(frame, output=output, title=title)
        return
    shown = [name for name in _SHOWN if frame[name].notna().any() and (frame[name] != "").any()]
    heading = f"{title}: {result.chart} chart, rules {result.rule_set.name}"
    print_frame(frame, output=output, title=heading, columns=shown)
    say(f"Variation: {result.variation.replace('_', ' ')}: {result.reason}.")
    if result.assurance != "none":
        say(f"Assurance: {result.assurance.replace('_', ' ')}: {result.assurance_reason}.")
    for words in (result.chart_reason, *result.warnings):
        if words:
            say(f"Note: {words}")
