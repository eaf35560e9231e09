"""`kpi doctor`, `kpi audit`, `kpi backup`, `kpi restore`, `kpi retention`: looking after a running installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile, StateUrl
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.text.language import counted

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]


def add_operation(app: typer.Typer) -> None:
    """Registers the commands."""
    for command in (doctor, audit, backup, restore, retention):
        app.command()(command)


def doctor(warehouse: WarehouseFile, settings_file: SettingsFile = None) -> None:
    """Looks at all a month needs: fonts, disk, rights, state, mail server. Changes nothing."""
    from kpi_pipeline.core.errors import DeliveryError, Fault
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.upkeep.doctor import examine

    findings = examine(warehouse, settings=read_settings(settings_file), now=utc_now())
    for one in findings:
        say(f"{'well ' if one.is_well else 'MEND '} {one.what}: {one.found}")
    if ill := [one for one in findings if not one.is_well]:
        raise DeliveryError([Fault(one.what, one.found) for one in ill])


def audit(
    warehouse: WarehouseFile,
    kind: Annotated[str, typer.Option("--kind", help="Only events of this kind, such as approved.")] = "",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Who drafted, approved, published, sent, withdrew. The chain of events is checked first."""
    from kpi_pipeline.core.errors import DeliveryError, Fault
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.state.events import chain_faults, read_events
    from kpi_pipeline.state.journal import journal_faults

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database, database.reading() as session:
        faults = [*chain_faults(session), *journal_faults(session)]
        events = read_events(session, kind=kind)
    columns = ["id", "at", "by", "account", "what", "subject", "details"]
    rows = [
        (one.id, f"{one.at:%Y-%m-%d %H:%M:%S}", one.actor, one.account, one.kind, one.subject,
         "; ".join(f"{name} {value}" for name, value in one.body.items() if value))
        for one in events
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    print_frame(frame, output=output, title=f"{len(rows)} events, UTC", columns=columns[:6])
    if faults:
        cure = "Somebody changed the database. Compare it with the backups."
        raise DeliveryError([Fault("chain of events", f"{fault}.", cure) for fault in faults])
    if output is Format.table:
        say("The chain of events is unbroken.")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    warehouse: WarehouseFile,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Saves what nothing else knows: state, archive, landing register. While everything runs."""
    from kpi_pipeline.journal import find_state_url
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.upkeep.backup import write_backup

    settings = read_settings(settings_file)
    url = find_state_url(warehouse, settings=settings, given=state)
    n = write_backup(file, warehouse=warehouse, state_url=url, archive=archive_folder(warehouse, settings))
    say(f"{n} files are in {file}. It holds patient data. Back up the landing folder and your settings beside it.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that kpi backup wrote.")],
    warehouse: WarehouseFile,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Puts a backup back where nothing is. Then run kpi build and kpi issue reproduce."""
    from kpi_pipeline.journal import find_state_url
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.upkeep.backup import restore_backup

    settings = read_settings(settings_file)
    url = find_state_url(warehouse, settings=settings, given=state)
    n = restore_backup(file, warehouse=warehouse, state_url=url, archive=archive_folder(warehouse, settings))
    say(f"{n} files restored. Now: kpi build, then kpi issue reproduce for one issue, and kpi audit.")


def retention(
    warehouse: WarehouseFile,
    older_than: Annotated[int, typer.Option("--older-than", min=1, help="Months that are kept.")],
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is listed; needs --by.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who decides; kept in the audit trail.")] = "",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Lists, or removes, case lists of old issues and old drafts. Reports, approvals and events stay."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.upkeep.retention import find_old, remove_old

    settings, now = read_settings(settings_file), utc_now()
    archive, drafts = archive_folder(warehouse, settings), warehouse.with_suffix(".drafts")
    found = find_old(archive, drafts, today=Month(now.year, now.month), months=older_than)
    if not found:
        say(f"Nothing is older than {counted(older_than, 'months')}: neither case lists of issues nor drafts.")
        return
    rows = [(str(one.month), one.what, str(one.path), one.n_bytes) for one in found]
    columns = ["month", "what", "path", "bytes"]
    title = f"{len(rows)} older than {counted(older_than, 'months')}" + ("" if remove else "; nothing is removed")
    print_frame(pd.DataFrame(rows, columns=columns), output=Format.table, title=title)
    if remove:
        with open_state(warehouse, settings=settings, given=state) as database:
            remove_old(database, archive, found, by=by, at=now, deciders=settings.delivery.all_deciders)
        say(f"{len(found)} removed; kpi audit keeps who and when.")
