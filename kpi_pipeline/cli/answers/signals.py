"""`kpi signals`: statistical process control on any series in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format
from kpi_pipeline.cli.options import OutputFormat


def signals(
    file: Annotated[Path, typer.Argument(help="CSV with columns period and value, or numerator and denominator, …")],
    chart: Annotated[
        str, typer.Option("--chart", help="xmr, p, p_prime, u, u_prime, c, g, t, xbar, s, i_prime, ewma, run.")
    ],
    better: Annotated[str, typer.Option("--better", help="lower, higher or neither.")] = "neither",
    rules: Annotated[
        str, typer.Option("--rules", help="nhs-2024, frozen-2026, nhs-classic, ihi or anhoej.")
    ] = "nhs-2024",
    target: Annotated[
        float | None, typer.Option("--target", help="A target, if the file has no target column.")
    ] = None,
    chart_file: Annotated[
        Path | None, typer.Option("--chart-file", help="Also draw the chart into this .svg or .png file.")
    ] = None,
    output: OutputFormat = Format.table,
) -> None:
    """Statistical process control on any series. Limits, signals and the verdict in words."""
    from kpi_pipeline.cli.answers.series_table import print_series
    from kpi_pipeline.pipeline.series_file import check_chart_file, evaluate_series_file, write_chart

    check_chart_file(chart_file)
    result = evaluate_series_file(file, chart=chart, better=better, rules=rules, target=target)
    if chart_file is not None:
        write_chart(result, chart_file, title=file.stem)
    print_series(result, output=output, title=file.name)
