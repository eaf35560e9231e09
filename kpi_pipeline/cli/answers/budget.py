"""`kpi budget`: the department's budget, month and year to date, with its variance in price, volume and mix."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings


def budget(
    month: Annotated[str, typer.Argument(help="The month, YYYY-MM.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    facility: Annotated[str | None, typer.Option("--facility", help="A facility; default: the whole system.")] = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Planned, flexed and actual dollars by account, month and year to date, split in price, volume and mix."""
    from kpi_pipeline.pipeline.budget import read_budget_frame

    asked = Month.parse(month)
    found = read_budget_frame(warehouse, asked, settings=read_settings(settings_file), facility=facility)
    print_frame(found, title=f"Budget up to {asked}, US dollars", output=output)
    if output is Format.table:
        say("actual - planned = price + volume + mix; actual - flexed = price; without planned units all is price.")
