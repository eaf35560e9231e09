"""`kpi signals FILE.csv`: reads a series from a file, judges it and draws it.

The statistics are in `signals`, the drawing in `report`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals import Better, Chart, ChartResult
from kpi_pipeline.signals.series_table import evaluate_table


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
    from kpi_pipeline.report.drawing.series_chart import draw_series
    from kpi_pipeline.report.forms.chart_files import render_chart_png, render_chart_svg

    drawing = draw_series(result, title=title)
    is_svg = file.suffix.lower() == ".svg"
    file.write_bytes(render_chart_svg(drawing).encode() if is_svg else render_chart_png(drawing))
