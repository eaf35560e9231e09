"""`kpi state …`: the database of decisions, issues and mail: its schema, and a declared new beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import say
from kpi_pipeline.cli.options import By, SettingsFile, StateUrl, Warehouse, journal_url
from kpi_pipeline.core.settings import read_settings

state_app = typer.Typer(help="The database of decisions, issues and mail.", no_args_is_help=True)


@state_app.command()
def show(warehouse: Warehouse = None, state: StateUrl = None, settings_file: SettingsFile = None) -> None:
    """Says where the state is kept, its schema, and how much it holds."""
    from kpi_pipeline.journal.keeping import describe_state

    for line in describe_state(journal_url(warehouse, state, read_settings(settings_file))):
        say(line)


@state_app.command()
def upgrade(warehouse: Warehouse = None, state: StateUrl = None, settings_file: SettingsFile = None) -> None:
    """Brings the state to the schema of this program. Make a backup first."""
    from kpi_pipeline.journal.keeping import upgrade_state

    before, now = upgrade_state(journal_url(warehouse, state, read_settings(settings_file)))
    say(f"The state has schema {now}" + (" already." if before == now else f"; before, {before or 'none'}."))


@state_app.command("declare-new")
def declare_new(
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    by: By,
    why: Annotated[str, typer.Option("--why", help="Why the old one is not restored; kept in the audit trail.")],
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Declares that the journal begins anew, after the one that earlier reports used is lost."""
    from kpi_pipeline.journal.keeping import declare_new_state
    from kpi_pipeline.pipeline.build import utc_now

    settings = read_settings(settings_file)
    declare_new_state(journal_url(warehouse, state, settings), warehouse, by=by, why=why, at=utc_now())
    say("Declared: the next report takes the journal as it is now.")
