"""`kpi decision …`: what became of the decisions that reports asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile, StateUrl, Warehouse, journal_url
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.text.language import format_count

decision_app = typer.Typer(help="Decisions that reports asked for, and what became of them.", no_args_is_help=True)


@decision_app.command()
def record(
    decision: Annotated[str, typer.Argument(help="The decision, as `kpi decision list` names it: 2026-10/1.")],
    became: Annotated[str, typer.Option("--became", help="granted, refused, postponed, withdrawn or done.")],
    by: Annotated[str, typer.Option("--by", help="Whose answer it is; printed beside it.")],
    note: Annotated[str, typer.Option("--note", help="A sentence about it; printed.")] = "",
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of the answer; default: today.")
    ] = None,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Records what became of a decision; reports from then on print it."""
    from kpi_pipeline.declared.commentary import read_commentary
    from kpi_pipeline.journal import open_journal, record_outcome
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.pipeline.build import utc_now

    settings, now = read_settings(settings_file), utc_now()
    day = on.date() if on else now.astimezone(ZoneInfo(settings.time_zone)).date()
    asked = read_commentary(settings.report.commentary, load_metrics()).asked()
    with open_journal(journal_url(warehouse, state, settings)) as journal:
        found = record_outcome(journal, decision, asked=asked, became=became, by=by, note=note, on=day, at=now)
    say(f"Recorded: {decision} {found.became} on {day}: {asked[decision].what}")


@decision_app.command("list")
def list_decisions(
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Lists every decision that a report asked for, with what became of it."""
    from kpi_pipeline.declared.commentary import read_commentary
    from kpi_pipeline.declared.decisions import newest, read_outcomes
    from kpi_pipeline.journal import current_outcomes, open_journal
    from kpi_pipeline.metrics.declaration import load_metrics

    settings = read_settings(settings_file)
    asked = read_commentary(settings.report.commentary, load_metrics()).asked()
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        outcomes = newest(read_outcomes(settings.report.decisions, asked), current_outcomes(journal))
    rows = [
        {
            "decision": key,
            "what": one.what,
            "owner": one.owner,
            "by": one.by,
            "became": found.became if found else "",
            "on": found.answered_on.isoformat() if found else "",
            "said_by": (found.said_by or "") if found else "",
            "note": (found.note or "") if found else "",
        }
        for key, one in asked.items()
        for found in [outcomes.get(key)]
    ]
    columns = ["decision", "what", "owner", "by", "became", "on", "said_by", "note"]
    title = format_count(len(rows), "decisions")
    print_frame(pd.DataFrame(rows, columns=columns), output=output, title=f"{title} asked for")
