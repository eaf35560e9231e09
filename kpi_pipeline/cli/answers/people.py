"""`kpi people due` and `kpi people appraisal`: files that name case managers, for their manager alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, file_text, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile, StateUrl, WarehouseFile
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings

people_app = typer.Typer(
    help="Files that name case managers, for a declared manager alone; each one is written down.", no_args_is_help=True
)

By = Annotated[str, typer.Option("--by", help="Who asks: a manager named below people in kpi.yaml.")]
OutFile = Annotated[
    Path, typer.Option("--out", dir_okay=False, help="The file to write, readable by you alone. No screen shows it.")
]
Facility = Annotated[str | None, typer.Option("--facility", help="A facility; default: all.")]


@people_app.command()
def due(
    warehouse: WarehouseFile,
    by: By,
    out: OutFile,
    facility: Facility = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.csv,
) -> None:
    """Writes who owes which course or licence: overdue, expired, or due in the 60 days after the last whole month."""
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.people import Asked, n_people, read_staff_due, write_people_file
    from kpi_pipeline.report.words.reasons import reason_words

    settings = read_settings(settings_file)
    asked = Asked(by, utc_now(), out)
    found = read_staff_due(warehouse, asked, settings=settings, facility=facility)
    n_named = n_people(found.frame)
    with open_state(warehouse, settings=settings, given=state) as database:
        write_people_file(
            asked,
            file_text(found.frame, output),
            "list of names",
            n_people=n_named,
            warehouse=warehouse,
            database=database,
        )
    for name, reason in found.not_supplied.items():
        say(f"Not in the list: {name}, {reason_words(reason)}")
    say(f"{len(found.frame):,} lines on {n_named:,} case managers: {out}; written into the audit trail")


@people_app.command()
def appraisal(
    month: Annotated[str, typer.Argument(help="The last month, YYYY-MM.")],
    warehouse: WarehouseFile,
    by: By,
    out: OutFile,
    facility: Facility = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Writes measures of casework by case manager, with intervals and no ranks. Off unless kpi.yaml switches it on."""
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.people import Asked, read_people, write_people_file
    from kpi_pipeline.report.words.appraisal import appraisal_lines, chance_words

    settings = read_settings(settings_file)
    asked = Asked(by, utc_now(), out)
    found = read_people(warehouse, Month.parse(month), asked, settings=settings, facility=facility)
    place = "All hospitals" if facility is None else f"Facility {facility}"
    text = "\n".join(appraisal_lines(found, place=place, by=by)) + "\n"
    n_named = len({person.case_manager_id for one in found for person in one.people})
    with open_state(warehouse, settings=settings, given=state) as database:
        write_people_file(asked, text, "appraisal", n_people=n_named, warehouse=warehouse, database=database)
    say(f"{len(found)} measures of {n_named:,} case managers: {out}; written into the audit trail")
    say(chance_words(found))
