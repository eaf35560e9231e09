"""`kpi initiative …`: the improvement programme, recorded in the journal with who and when.

Every command is a few lines: read arguments, call one library function, print.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, say, warn
from kpi_pipeline.cli.options import By, OutputFormat, SettingsFile, StateUrl, Warehouse, journal_url
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import read_settings

if TYPE_CHECKING:
    from kpi_pipeline.declared.initiatives import Registry

initiative_app = typer.Typer(
    help="The improvement programme: what is tried, and how it will be judged.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The initiative's id.")]
On = Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day, YYYY-MM-DD.")]


CycleDecision = Literal["adopt", "adapt", "abandon"]
"""What was decided at the end of a plan-do-study-act cycle."""


@initiative_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A YAML list of initiatives.")],
    by: By,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Records the initiatives of a file; those that are on record and differ get a new version."""
    from kpi_pipeline.declared.initiative_file import read_initiatives
    from kpi_pipeline.journal import declared_initiatives, initiative_history, open_journal, record_initiatives
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.pipeline.build import utc_now

    settings = read_settings(settings_file)
    if not file.is_file():
        raise InputError(Fault(str(file), "there is no such initiatives file.", "Check the path."))
    registry = read_initiatives(file, metrics=load_metrics(), facilities=_known_facilities(warehouse))
    with open_journal(journal_url(warehouse, state, settings)) as journal:
        written = record_initiatives(journal, registry, by=by, at=utc_now())
        declared = {one.id: one for one in declared_initiatives(journal, time_zone=ZoneInfo(settings.time_zone))}
        changed = {version.key: initiative_history(journal, version.key)[-1][1] for version in written}
    for version in written:
        what = f", changed {', '.join(changed[version.key])}" if changed[version.key] else ""
        say(f"{version.key}: recorded, version {version.version}{what}")
    say(f"{len(registry.initiatives) - len(written)} of {len(registry.initiatives)} were on record as they are.")
    for one in registry.initiatives:
        if one.is_declared_beforehand and not declared[one.id].is_declared_beforehand:
            warn(
                f"{one.id} says it was declared on {one.declared_on}, before it started on {one.starts_on}; the "
                f"journal shows that only since {declared[one.id].declared_on}: it is not declared beforehand."
            )


@initiative_app.command("list")
def list_(
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Lists the initiatives: status, start, since when declared, measures, cycles."""
    from kpi_pipeline.journal import declared_initiatives, open_journal

    settings = read_settings(settings_file)
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        declared = declared_initiatives(journal, time_zone=ZoneInfo(settings.time_zone))
    rows = [
        {
            "id": one.id,
            "title": one.title,
            "status": one.status,
            "starts_on": one.starts_on,
            "declared": f"{one.declared_on}, {'beforehand' if one.is_declared_beforehand else 'after the start'}",
            "outcomes": ", ".join(one.outcomes),
            "cycles": len(one.cycles),
            "owner": one.owner,
        }
        for one in declared
    ]
    columns = ("id", "title", "status", "starts_on", "declared", "outcomes", "cycles", "owner")
    print_frame(pd.DataFrame(rows, columns=list(columns)), output=output, title=f"{len(rows)} initiatives")


@initiative_app.command()
def show(id_: Id, warehouse: Warehouse = None, state: StateUrl = None, settings_file: SettingsFile = None) -> None:
    """Prints one initiative as YAML, and its history: which version, when, who, what changed."""
    from kpi_pipeline.declared.initiative_file import render_initiatives
    from kpi_pipeline.declared.initiatives import Registry
    from kpi_pipeline.journal import current_initiatives, declared_initiatives, initiative_history, open_journal

    settings = read_settings(settings_file)
    zone = ZoneInfo(settings.time_zone)
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        one = current_initiatives(journal).find(id_)
        declared = Registry(declared_initiatives(journal, time_zone=zone)).find(id_)
        history = initiative_history(journal, id_)
    say(render_initiatives(Registry((one,))).rstrip())
    when = "beforehand" if declared.is_declared_beforehand else "after its start"
    say(f"\nDeclared {when}: its declaration stands since {declared.declared_on}, it started on {one.starts_on}.")
    for version, changed in history:
        what = f"changed {', '.join(changed)}" if changed else "recorded"
        moment = version.recorded_at.astimezone(zone)
        say(f"Version {version.version}, {moment:%Y-%m-%d %H:%M}, {version.recorded_by}: {what}")


@initiative_app.command("add-cycle")
def add_cycle(
    id_: Id,
    plan: Annotated[str, typer.Option("--plan", help="What was planned, and what was expected.")],
    on: On,
    by: By,
    did: Annotated[str | None, typer.Option("--did", help="What was done.")] = None,
    learned: Annotated[str | None, typer.Option("--learned", help="What was learned from it.")] = None,
    acted: Annotated[str | None, typer.Option("--next", help="What is done next.")] = None,
    decision: Annotated[CycleDecision | None, typer.Option("--decision", help="adopt, adapt or abandon.")] = None,
    began: Annotated[
        datetime | None, typer.Option("--began", formats=["%Y-%m-%d"], help="Its first day, if that is not --on.")
    ] = None,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Adds a plan-do-study-act cycle. --on is the day of its decision; without a decision, the day it began."""
    from pydantic import ValidationError

    from kpi_pipeline.core.sql.front_matter import faults_of
    from kpi_pipeline.declared.initiatives import Cycle

    given = {
        "began_on": (began or on).date(),
        "plan": plan,
        "do": did,
        "study": learned,
        "act": acted,
        "decision": None if decision is None else decision,
        "decided_on": None if decision is None else on.date(),
    }
    try:
        cycle = Cycle.model_validate(given)
    except ValidationError as error:
        raise InputError(faults_of("cycle", error)) from error
    _change(
        lambda registry: registry.add_cycle(id_, cycle),
        id_,
        warehouse=warehouse,
        state=state,
        settings_file=settings_file,
        by=by,
    )
    say(f"{id_}: cycle recorded")


@initiative_app.command("finish-cycle")
def finish_cycle(
    id_: Id,
    number: Annotated[int, typer.Argument(help="Which cycle, from 1.")],
    decision: Annotated[CycleDecision, typer.Option("--decision", help="adopt, adapt or abandon.")],
    on: On,
    by: By,
    did: Annotated[str | None, typer.Option("--did", help="What was done.")] = None,
    learned: Annotated[str | None, typer.Option("--learned", help="What was learned from it.")] = None,
    acted: Annotated[str | None, typer.Option("--next", help="What is done next.")] = None,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Records what a running cycle did and taught, and what was decided on that day."""
    found = {"do": did, "study": learned, "act": acted, "decision": decision, "decided_on": on.date()}
    findings = {name: value for name, value in found.items() if value is not None}
    _change(
        lambda registry: registry.record_cycle(id_, number, **findings),
        id_,
        warehouse=warehouse,
        state=state,
        settings_file=settings_file,
        by=by,
    )
    say(f"{id_}: cycle {number} recorded")


@initiative_app.command()
def close(
    id_: Id,
    on: On,
    by: By,
    conclusion: Annotated[str, typer.Option("--conclusion", help="What was concluded, in a sentence.")],
    abandoned: Annotated[bool, typer.Option("--abandoned", help="It was given up, not completed.")] = False,
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Closes an initiative. Every cycle must have its decision."""
    status: Literal["abandoned", "completed"] = "abandoned" if abandoned else "completed"
    _change(
        lambda registry: registry.close(id_, status=status, closed_on=on.date(), conclusion=conclusion),
        id_,
        warehouse=warehouse,
        state=state,
        settings_file=settings_file,
        by=by,
    )
    say(f"{id_}: {status} on {on.date()}")


@initiative_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write the YAML; a file there is replaced.")],
    warehouse: Warehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Writes every initiative as YAML, to be edited and imported again."""
    from kpi_pipeline.declared.initiative_file import write_initiatives
    from kpi_pipeline.journal import current_initiatives, open_journal

    settings = read_settings(settings_file)
    with open_journal(journal_url(warehouse, state, settings), must_exist=True) as journal:
        registry = current_initiatives(journal)
    write_initiatives(file, registry)
    say(f"{len(registry.initiatives)} initiatives are in {file}")


def _change(
    edit: Callable[[Registry], Registry],
    id_: str,
    *,
    warehouse: Path | None,
    state: str | None,
    settings_file: Path | None,
    by: str,
) -> None:
    """Reads the registry, edits it, and records the initiative, unless someone else changed it meanwhile."""
    from kpi_pipeline.declared.initiatives import Registry
    from kpi_pipeline.journal import current_initiatives, open_journal, record_initiatives, seen_versions
    from kpi_pipeline.pipeline.build import utc_now

    url = journal_url(warehouse, state, read_settings(settings_file))
    with open_journal(url, must_exist=True) as journal:
        seen = seen_versions(journal)
        changed = edit(current_initiatives(journal)).find(id_)
        record_initiatives(journal, Registry((changed,)), by=by, at=utc_now(), seen=seen)


def _known_facilities(warehouse: Path | None) -> list[str] | None:
    """The facilities of the warehouse; None when there is none to ask."""
    from kpi_pipeline.warehouse.connection import open_warehouse
    from kpi_pipeline.warehouse.facts import read_build_facts

    if warehouse is None or not warehouse.is_file():
        return None
    with open_warehouse(warehouse) as connection:
        return [mark.facility_id for mark in read_build_facts(connection).watermarks]
