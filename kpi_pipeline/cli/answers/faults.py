"""`kpi faults`: what the faults in the data can do to the figures, and which are worth mending first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat
from kpi_pipeline.core.periods import Month

_SHOWN = ("fault", "where", "rows", "measures", "metric", "hidden_pct", "value", "lowest", "highest")


def faults(
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    metric: Annotated[str | None, typer.Option("--metric", help="What can move this measure; default: all.")] = None,
    month: Annotated[str | None, typer.Option("--month", help="Last month, YYYY-MM; default: the newest.")] = None,
    months: Annotated[int, typer.Option("--months", min=1, help="How many months up to it.")] = 12,
    output: OutputFormat = Format.table,
) -> None:
    """Ranks the faults in the data by how far they could move a measure, whatever the hidden cases are."""
    from kpi_pipeline.metrics.blast_radius import blast_radius, worst_first
    from kpi_pipeline.metrics.cases import find_metric
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.warehouse.connection import open_warehouse

    metrics = load_metrics() if metric is None else {metric: find_metric(metric)}
    stored = read_values(warehouse, list(metrics))
    last = Month.parse(month) if month else Month.parse(max(stored.values["month"]))
    with open_warehouse(warehouse) as connection:
        radius = blast_radius(
            connection, metrics, stored.values, stored.exclusions, months=(last.plus(1 - months), last)
        )
    found = worst_first(radius) if metric is None and output is Format.table else radius
    title = f"Faults from {last.plus(1 - months)} to {last}"
    columns = [name for name in _SHOWN if name in found]
    rounded = found.round({"hidden_pct": 3, "value": 3, "lowest": 3, "highest": 3})
    print_frame(rounded, title=title, output=output, columns=columns)
    if output is Format.table:
        say("lowest and highest: where a proportion lies if none, or all, of the hidden cases had the event.")
        say("The rows themselves: kpi quarantine, and kpi cases METRIC for cases left out.")
