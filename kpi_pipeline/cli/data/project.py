"""`--project DIR`: every command takes it, and runs with that hospital's settings, mappings and measures.

The option is put on all commands in one place. Without it, the project is the one that $KPI_PROJECT or `project:` of
the settings names; it is in force while the command runs.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from kpi_pipeline.core.project import PROJECT_VARIABLE, in_force
from kpi_pipeline.core.settings import project_of

_HELP = "Folder of your own settings, mappings and measures; default: $KPI_PROJECT, or project: of the settings."
_PARAMETER = inspect.Parameter(
    "project",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[Path | None, typer.Option("--project", file_okay=False, help=_HELP)],
)


def add_project_option(app: typer.Typer) -> None:
    """Gives every command of an app, and of the apps within it, the option `--project`."""
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _in_its_project(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            add_project_option(group.typer_instance)


def _in_its_project(command: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(*arguments: Any, project: Path | None = None, **options: Any) -> Any:
        with in_force(_folder_of(project, options.get("settings_file"))):
            return command(*arguments, **options)

    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), _PARAMETER]
    )
    return run


def _folder_of(asked: Path | None, settings_file: Path | None) -> Path | None:
    """The project of a command: as asked, else of the environment, else as the settings name it."""
    if asked is not None:
        return asked
    named = os.environ.get(PROJECT_VARIABLE)
    return Path(named) if named else project_of(settings_file)
