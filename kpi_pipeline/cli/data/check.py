"""`kpi check`: are the definitions sound, and what would a build make of this landing folder?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import progress, rows_line, say, warn
from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.core.files import own_temporary_folder, working_folder
from kpi_pipeline.core.settings import read_settings


def check(
    landing: Annotated[Path | None, typer.Option("--landing", help="Also try this landing folder.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Kind of landing folder; default: its landing.yaml.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", help="Imported reference files; default: reference/ beside the warehouse."),
    ] = None,
    warehouse: Annotated[
        Path | None, typer.Option("--warehouse", help="The warehouse that is to be built; only read.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Settings file; default $KPI_SETTINGS or ./kpi.yaml.")
    ] = None,
) -> None:
    """Checks every definition, and proves your own measures. With --landing, also tries a build and keeps nothing."""
    from kpi_pipeline.pipeline.checking.check import check_definitions

    settings = read_settings(settings_file)
    counts = check_definitions(settings)
    say(f"Definitions are sound: {rows_line(counts.items())}")
    _check_project()
    if landing is None:
        return
    from kpi_pipeline.pipeline.checking.check_landing import try_landing
    from kpi_pipeline.report.words.notices import notice_sentence

    with working_folder(own_temporary_folder()) as scratch, progress("Trying the landing folder") as step:
        tried = try_landing(
            landing,
            scratch,
            source=source,
            settings=settings,
            reference=reference,
            warehouse=warehouse,
            progress=step,
        )
    for warning in tried.warnings:
        warn(notice_sentence(warning))
    for lost in tried.lost:
        warn(lost.sentence)
    for line in tried.lines:
        say(line)
    for table, columns in tried.columns.items():
        say(f"Columns of {table}:")
        for one in columns:
            say(f"  {one.line}")
    if tried.measures:
        say("Measures that would not be computed:")
        for line in tried.measures:
            say(f"  {line}")
    if tried.refusals:
        raise CheckError(tried.refusals)


def _check_project() -> None:
    """Proves the measures of the project in force, if there is one."""
    from kpi_pipeline.core.project import project_in_force
    from kpi_pipeline.pipeline.checking.check_project import check_project

    project = project_in_force()
    if project is None:
        return
    with progress("Proving your measures") as step:
        checked = check_project(project, progress=step)
    say(f"Project {project.folder}")
    for noun, names in (("sources", checked.sources), ("measures", checked.metrics)):
        say(f"  {noun}: {', '.join(names) or 'none'}")
    if checked.metrics:
        say(f"  proofs: {rows_line([('specs as promised', checked.n_proved)])}")
