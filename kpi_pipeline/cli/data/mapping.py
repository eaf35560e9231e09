"""`kpi map`: proposes a column mapping for files; prints it, and applies nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import say


def map_files(
    files: Annotated[list[Path], typer.Argument(help="The files to look at: CSV, Excel or Parquet.")],
    table: Annotated[str | None, typer.Option("--table", help="Which table they are; default: by their names.")] = None,
) -> None:
    """Proposes how a file's columns become ours. Text for landing.yaml; marks what it is unsure of."""
    from kpi_pipeline.pipeline.checking.map_files import propose_mapping

    say(propose_mapping(files, table=table).rstrip("\n"))
