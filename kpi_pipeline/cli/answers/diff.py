"""`kpi diff`: what changed in the figures of one issue by the time of another, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile, StateUrl
from kpi_pipeline.core.settings import read_settings

_SHOWN = ("figure_id", "value_then", "value_now", "cause", "n_cases", "value_change", "columns")


def diff(
    then: Annotated[str, typer.Argument(help="The earlier issue: its number, or its month, YYYY-MM.")],
    now: Annotated[str, typer.Argument(help="The later issue, likewise.")],
    audience: Annotated[str, typer.Option("--audience", help="Whose reports.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    scope: Annotated[str, typer.Option("--scope", help="`all`, or the facility the reports are about.")] = "all",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Shows every figure of one issue that is another one in a later issue, split by cause."""
    import csv
    import io

    from kpi_pipeline.core.text.spreadsheets import unguarded
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.issuing.issues import archive_folder
    from kpi_pipeline.pipeline.tracing.diff import diff_issues, find_issue
    from kpi_pipeline.report.forms.figures.restated_csv import COLUMNS, write_restated_csv

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database:
        issues = [find_issue(database, one, scope=scope, audience=audience) for one in (then, now)]
        archive = archive_folder(warehouse, settings)
        changed = diff_issues(archive, database, issues[0], issues[1], settings=settings)
    text = write_restated_csv(changed.figures, causes_only=changed.causes_only)
    rows = [{name: unguarded(cell) for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]
    title = (
        f"Issue {issues[0].number} ({issues[0].month}) against issue {issues[1].number} ({issues[1].month}): "
        f"{len(changed.figures)} of {changed.ledger.n_compared} figures changed"
    )
    if output is Format.table and not rows:
        say(f"{title}.")
        return
    print_frame(pd.DataFrame(rows, columns=list(COLUMNS)), output=output, title=title, columns=_SHOWN)
