"""`kpi definitions …`: measures of the same thing laid side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat
from kpi_pipeline.core.periods import Month

definitions_app = typer.Typer(help="Measures of the same thing side by side.", no_args_is_help=True)


@definitions_app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A measure, such as readmission_30d.")],
    second: Annotated[str, typer.Argument(help="Another, such as readmission_pcr_like_30d.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    month: Annotated[str | None, typer.Option("--month", help="One month, YYYY-MM; default: all months.")] = None,
    first_month: Annotated[str | None, typer.Option("--from", help="First of several months, YYYY-MM.")] = None,
    last_month: Annotated[str | None, typer.Option("--to", help="Last of them, YYYY-MM.")] = None,
    facility: Annotated[str | None, typer.Option("--facility", help="One facility; default: all.")] = None,
    output: OutputFormat = Format.table,
) -> None:
    """Explains the difference of two figures rule by rule: every case in one step, the steps add up exactly."""
    from kpi_pipeline.metrics.cases import find_metric, missing_inputs
    from kpi_pipeline.metrics.definition_diff import compare_definitions
    from kpi_pipeline.report.words.reasons import refuse
    from kpi_pipeline.warehouse.connection import open_warehouse

    one, other = find_metric(first), find_metric(second)
    months = _months(month, first_month, last_month)
    with open_warehouse(warehouse) as connection:
        for metric in (one, other):
            refuse(metric, missing_inputs(connection, metric), "Supply it, or compare others.")
        steps = compare_definitions(connection, one, other, months=months, facility=facility)
    decimals = max(one.decimals, other.decimals) + 1
    print_frame(steps.assign(value=steps["value"].round(decimals)), title=f"{first} and {second}", output=output)
    if output is Format.table:
        say("Each case is in one row between the first and the last; the first and these rows add up to the last.")


def _months(month: str | None, first: str | None, last: str | None) -> tuple[Month, Month] | None:
    if month is not None and (first is not None or last is not None):
        raise typer.BadParameter("give --month, or --from and --to, not both")
    if month is not None:
        return Month.parse(month), Month.parse(month)
    if (first is None) != (last is None):
        raise typer.BadParameter("give --from and --to together")
    return None if first is None or last is None else (Month.parse(first), Month.parse(last))
