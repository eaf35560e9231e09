"""`kpi drivers` and `kpi effects`: the figures of the report's pages on drivers and on the improvement programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, say
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.vocabulary import Privacy

ReportMonth = Annotated[str, typer.Argument(help="The reporting month, YYYY-MM.")]
Warehouse = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
Facility = Annotated[str | None, typer.Option("--facility", help="One facility; default: the whole system.")]
Reader = Annotated[Privacy, typer.Option("--privacy", help="Who reads it.")]
Output = Annotated[Format, typer.Option("--format", help="How to print.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; default $KPI_SETTINGS or ./kpi.yaml.")
]


def add_figures(app: typer.Typer) -> None:
    """Adds both commands."""
    app.command("drivers")(print_drivers)
    app.command("effects")(print_effects)


def print_drivers(
    month: ReportMonth,
    warehouse: Warehouse,
    facility: Facility = None,
    privacy: Reader = "internal",
    output: Output = Format.table,
    settings_file: SettingsFile = None,
) -> None:
    """Prints what drives days and dollars. Every figure of the report's page on drivers, as printed there."""
    _print("drivers", month, warehouse, facility, privacy, output, settings_file)


def print_effects(
    month: ReportMonth,
    warehouse: Warehouse,
    facility: Facility = None,
    privacy: Reader = "internal",
    output: Output = Format.table,
    settings_file: SettingsFile = None,
) -> None:
    """Prints the estimated effects of initiatives. With their intervals, in bed-days and in dollars."""
    _print("improvement", month, warehouse, facility, privacy, output, settings_file)


def _print(
    page: str,
    month: str,
    warehouse: Path,
    facility: str | None,
    privacy: Privacy,
    output: Format,
    settings_file: Path | None,
) -> None:
    from kpi_pipeline.judgement.disclosure import Withheld
    from kpi_pipeline.pipeline.report import judge_page_figures

    with progress("Judging the month"):
        found = judge_page_figures(
            warehouse, Month.parse(month), facility=facility, privacy=privacy, settings=read_settings(settings_file)
        )
    rows = [
        (
            one.part,
            one.item,
            one.name,
            "withheld" if isinstance(one.value, Withheld) else one.value,
            one.lower,
            one.upper,
            one.unit,
        )
        for one in found
        if one.page == page
    ]
    if not rows and output is Format.table:
        say(f"The report of {month} has no figures on this page.")
        return
    frame = pd.DataFrame(rows, columns=["part", "item", "figure", "value", "lower", "upper", "unit"])
    print_frame(frame, output=output, title=f"{page.capitalize()}, {month}: 95% intervals from lower to upper")
