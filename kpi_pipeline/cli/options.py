"""Options that commands share, and where those on decisions lead: to the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format
from kpi_pipeline.core.settings import Settings

Warehouse = Annotated[
    Path | None, typer.Option("--warehouse", dir_okay=False, help="The warehouse; the journal is the file beside it.")
]
WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
StateUrl = Annotated[
    str | None, typer.Option("--state", help="The journal's database URL; default: `state_url` of the settings.")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; default $KPI_SETTINGS or ./kpi.yaml.")
]
By = Annotated[str, typer.Option("--by", help="Who decided or recorded this; kept in the history.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print.")]


def journal_url(warehouse: Path | None, state: str | None, settings: Settings) -> str:
    """Where the journal is: --state, else the settings, else beside the warehouse."""
    from kpi_pipeline.journal import find_state_url

    return find_state_url(warehouse, settings=settings, given=state)
