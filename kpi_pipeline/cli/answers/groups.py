"""`kpi groups` and `kpi fairness`: a measure by group of patients, and how groups differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
Facility = Annotated[str | None, typer.Option("--facility", help="A facility; default: the whole system.")]


def add_groups(app: typer.Typer) -> None:
    """Registers the commands."""
    app.command()(groups)
    app.command()(fairness)


def groups(
    metric: Annotated[str, typer.Argument(help="A measure.")],
    month: Annotated[str, typer.Argument(help="The last month, YYYY-MM.")],
    warehouse: WarehouseFile,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="facility, unit, service_line, payer, cohort, condition, age_band, sex, language, race, "
            "ethnicity or reason_code.",
        ),
    ],
    facility: Facility = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """A measure by group of cases, as ratios of sums; where a month has too few, over 3, 6 or 12 months."""
    from kpi_pipeline.pipeline.groups import read_groups
    from kpi_pipeline.report.words.reasons import reason_words

    settings = read_settings(settings_file)
    found = read_groups(warehouse, metric, by, Month.parse(month), settings=settings, facility=facility)
    rounded = found.round({"value": 3, "lower": 3, "upper": 3})
    rounded["status"] = rounded["status"].map(reason_words)
    rounded["group"] = rounded["group"].replace("", "not recorded")
    shown = ("group", "months", "first_month", "value", "lower", "upper", "cases", "status")
    print_frame(rounded, title=f"{metric} by {by.replace('_', ' ')} up to {month}", output=output, columns=shown)
    if output is Format.table:
        say("Each group over the shortest span with enough cases, beside the whole of the same months. Not adjusted.")


def fairness(
    month: Annotated[str, typer.Argument(help="The last month, YYYY-MM.")],
    warehouse: WarehouseFile,
    facility: Facility = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Each headline measure by sex, age band, payer, language and race: the difference from all others, in a year."""
    from kpi_pipeline.pipeline.groups import read_fairness

    settings = read_settings(settings_file)
    found = read_fairness(warehouse, Month.parse(month), settings=settings, facility=facility)
    print_frame(
        found.frame.round({"value": 3, "others": 3, "difference": 3, "lower": 3, "upper": 3}),
        title=f"Differences between groups of patients, twelve months up to {month}",
        output=output,
    )
    if output is Format.table:
        say(found.warning)
