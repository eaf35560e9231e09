"""`kpi report`: the month's report, or every month of a stretch side by side."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import typer

from kpi_pipeline.cli.console import progress, say
from kpi_pipeline.cli.options import SettingsFile, WarehouseFile
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.vocabulary import Privacy, ReportForm


class FormChoice(StrEnum):
    """What --form takes: a form of the report, or all of them."""

    html = "html"
    xlsx = "xlsx"
    brief = "brief"
    all = "all"


def report(
    month: Annotated[str, typer.Argument(help="The reporting month, YYYY-MM.")],
    warehouse: WarehouseFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report's files.")],
    facility: Annotated[str | None, typer.Option("--facility", help="One facility; default: the whole system.")] = None,
    privacy: Annotated[Privacy, typer.Option("--privacy", help="Who reads it.")] = "internal",
    first_month: Annotated[
        str | None, typer.Option("--from", help="YYYY-MM: also every month from this one on, side by side.")
    ] = None,
    form: Annotated[
        list[FormChoice] | None,
        typer.Option("--form", help="Also as html, xlsx, brief (one page), or all of them; give it again for more."),
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Writes the month's PDF, model and figures. And the other forms asked for."""
    from kpi_pipeline.core.periods import Month, month_range
    from kpi_pipeline.pipeline.reports import write_reports

    settings, last = read_settings(settings_file), Month.parse(month)
    first = last if first_month is None else Month.parse(first_month)
    if first > last:
        cure = "Give the earlier month to --from."
        raise InputError(Fault("--from", f"{first} is after the reporting month {last}.", cure))
    with progress("Writing the report"):
        months = list(month_range(first, last))
        written_reports = write_reports(
            warehouse, months, out, facility=facility, privacy=privacy, settings=settings, forms=_forms(form or ())
        )
        done = [written for _, written in written_reports]
    for written in done:
        for path in (written.pdf, *written.forms, *((written.model, written.figures) if first == last else ())):
            say(str(path))
    if done[-1].owed:
        say("Before this is issued, please answer in the commentary file:")
        for question in done[-1].owed:
            say(f"  {question}")


def _forms(asked: Sequence[FormChoice]) -> tuple[ReportForm, ...]:
    """The forms asked for, each once, in a fixed order."""
    return tuple(one for one in get_args(ReportForm) if {one, FormChoice.all} & set(asked))
