"""`kpi new-metric`: the skeleton of a measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import say


def new_metric(name: Annotated[str, typer.Argument(help="The measure's name in lower_case words.")]) -> None:
    """Writes the skeleton of a measure. And of its proof; both are to be filled in."""
    from kpi_pipeline.core.project import project_in_force
    from kpi_pipeline.pipeline.checking.new_metric import write_metric_skeleton

    for path in write_metric_skeleton(name, checkout=Path.cwd(), project=project_in_force()):
        say(f"Wrote {path}")
