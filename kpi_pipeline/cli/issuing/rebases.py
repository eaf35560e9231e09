"""`kpi rebase …`: new limits on a chart, recorded in the journal once it is sure that they hide nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, say, warn
from kpi_pipeline.cli.options import By, OutputFormat, SettingsFile, StateUrl, Warehouse, journal_url
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM

rebase_app = typer.Typer(help="New limits on a chart after a lasting change with a known cause.", no_args_is_help=True)

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]


@rebase_app.command()
def add(
    metric: Annotated[str, typer.Argument(help="The measure, such as length_of_stay_days.")],
    first: Annotated[str, typer.Option("--from", help="First month of the new limits, YYYY-MM.")],
    why: Annotated[str, typer.Option("--why", help="The known cause of the change; printed under the chart.")],
    by: Annotated[str, typer.Option("--by", help="Who decided; printed under the chart.")],
    warehouse: WarehouseFile,
    facility: Annotated[
        str, typer.Option("--facility", help="One facility; default: the whole system.")
    ] = WHOLE_SYSTEM,
    trial: Annotated[bool, typer.Option("--trial", help="Allow a new phase that is still short.")] = False,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Records new limits from a month on, unless they would hide something."""
    from kpi_pipeline.delivery.rights import check_right
    from kpi_pipeline.journal import open_journal, propose_rebase, record_rebase
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.report.words.charts.rebases import rebase_cautions

    settings = read_settings(settings_file)
    check_right(settings.delivery.all_deciders, by, "give a chart new limits")
    metrics, values, now = load_metrics(), read_values(warehouse), utc_now()
    asked = propose_rebase(
        metric,
        first,
        why=why,
        by=by,
        decided_on=now.astimezone(ZoneInfo(settings.time_zone)).date(),
        facility_id=facility,
        trial=trial,
        values=values,
        metrics=metrics,
    )
    with open_journal(journal_url(warehouse, state, settings)) as journal:
        checks = record_rebase(
            journal,
            asked,
            values=values,
            metrics=metrics,
            rules=settings.rule_set,
            frozen_months=settings.frozen_months,
            at=now,
        )
    for check in checks:
        for caution in rebase_cautions(check):
            warn(caution)
    say(f"Recorded: {asked.key}")


@rebase_app.command("list")
def list_rebases(
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Lists the rebases on record with reason, owner and date."""
    from kpi_pipeline.journal import current_rebases, open_journal

    settings = read_settings(settings_file)
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        recorded = current_rebases(journal)
    columns = ("key", "reason", "decided_by", "decided_on", "trial")
    rows = [{name: getattr(one, name) for name in columns} for one in recorded]
    print_frame(pd.DataFrame(rows, columns=list(columns)), output=output, title=f"{len(rows)} rebases")


@rebase_app.command()
def withdraw(
    key: Annotated[str, typer.Argument(help="Its name, as `kpi rebase list` prints it.")],
    by: By,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Takes a rebase back; it stays in the history."""
    from kpi_pipeline.delivery.rights import check_right
    from kpi_pipeline.journal import open_journal, withdraw_rebase
    from kpi_pipeline.pipeline.build import utc_now

    settings = read_settings(settings_file)
    check_right(settings.delivery.all_deciders, by, "take back a chart's limits")
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        withdraw_rebase(journal, key, by=by, at=utc_now())
    say(f"Withdrawn: {key}")
