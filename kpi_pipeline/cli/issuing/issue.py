"""`kpi issue …`: the life of a report: drafted, approved by a second person, published, kept, made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, say, warn
from kpi_pipeline.cli.options import By, OutputFormat, SettingsFile, StateUrl
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.text.language import counted

issue_app = typer.Typer(help="The life of a report: draft, approve, publish, keep.", no_args_is_help=True)

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
MonthText = Annotated[str, typer.Argument(help="The reporting month, YYYY-MM.")]
OneAudience = Annotated[str | None, typer.Option("--audience", help="Only this audience; default: all.")]
OneScope = Annotated[str, typer.Option("--scope", help="`all`, or the facility the report is about.")]


@issue_app.command()
def draft(
    month: MonthText,
    warehouse: WarehouseFile,
    by: By,
    audience: OneAudience = None,
    why: Annotated[str, typer.Option("--why", help="Why an issued report is replaced; printed on page 1.")] = "",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Builds what every audience gets, and says what stands in the way."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_draft import draft_month

    settings = read_settings(settings_file)
    asked = Month.parse(month)
    with open_desk(warehouse, settings=settings, state=state) as desk, progress("Drafting") as step:
        drafted = draft_month(desk, asked, by=by, at=utc_now(), why=why, audience=audience, progress=step)
    for one in drafted:
        say(f"{one.issue.name}: {one.issue.state.replace('_', ' ')}, {one.pdf}")
        aside = {override.gate for override in one.set_aside}
        for obstacle in one.obstacles:
            note = "set aside; printed in the report" if obstacle.gate in aside else f"gate {obstacle.gate}"
            warn(f"{obstacle.what} ({note})")
    if any(one.issue.state == "draft" for one in drafted):
        say("Mend what stands in the way, or set it aside by name: kpi issue override MONTH GATE --by NAME --why TEXT.")
    elif any(one.issue.state == "in_review" for one in drafted):
        say(f"Look at the PDF, then: kpi issue approve {asked} --by NAME")


@issue_app.command()
def override(
    month: MonthText,
    gate: Annotated[str, typer.Argument(help="feeds_complete, rows_conserved, coded, costed or commentary.")],
    warehouse: WarehouseFile,
    by: By,
    why: Annotated[str, typer.Option("--why", help="The reason; printed in the report with the name.")],
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Sets a gate aside by name, for this month of this snapshot. Draft again afterwards."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_draft import override_gate

    asked = Month.parse(month)
    with open_desk(warehouse, settings=read_settings(settings_file), state=state) as desk:
        override_gate(desk, asked, gate, by=by, why=why, at=utc_now())
    say(f"Recorded. Now draft again: kpi issue draft {asked}. The report will print it.")


@issue_app.command()
def approve(
    month: MonthText,
    warehouse: WarehouseFile,
    by: By,
    comment: Annotated[str, typer.Option("--comment", help="Kept in the audit trail.")] = "",
    audience: OneAudience = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Approves the drafts that lie there now. A draft made anew needs a new approval."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_publication import approve_month

    asked = Month.parse(month)
    with open_desk(warehouse, settings=read_settings(settings_file), state=state) as desk:
        approved = approve_month(desk, asked, by=by, at=utc_now(), comment=comment, audience=audience)
    for one in approved:
        say(f"{one.name}: approved by {by}, PDF {one.pdf_sha256[:12]}…")


@issue_app.command()
def publish(
    month: MonthText,
    warehouse: WarehouseFile,
    by: By,
    audience: OneAudience = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Numbers and freezes the approved drafts, and fills the outbox."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_publication import publish_month

    asked = Month.parse(month)
    settings = read_settings(settings_file)
    with open_desk(warehouse, settings=settings, state=state) as desk, progress("Publishing") as step:
        published = publish_month(desk, asked, by=by, at=utc_now(), audience=audience, progress=step)
    for one in published:
        say(f"{one.issue.name}: issue {one.issue.number}, {counted(one.n_mails, 'mails')} queued, {one.folder}")
    if not published:
        say(f"Nothing to publish: everything drafted for {asked} is issued.")


@issue_app.command("list")
def list_all(
    warehouse: WarehouseFile,
    month: Annotated[str, typer.Option("--month", help="Only this month.")] = "",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Lists every issue and where it is in its life."""
    from kpi_pipeline.delivery.register import list_issues
    from kpi_pipeline.journal.opening import open_state

    with open_state(warehouse, settings=read_settings(settings_file), given=state) as database:
        found = list_issues(database, month=month)
    columns = ("month", "scope", "audience", "profile", "state", "number", "drafted_by", "pdf")
    rows = [
        (one.month, one.scope, one.audience, one.profile, one.state.replace("_", " "),
         "" if one.number is None else str(one.number), one.drafted_by, one.pdf_sha256[:12])
        for one in found
    ]  # fmt: skip
    if not rows and output is Format.table:
        say(f"Nothing is drafted yet{f' for {month}' if month else ''}. Begin with kpi issue draft YYYY-MM --by NAME.")
        return
    print_frame(pd.DataFrame(rows, columns=list(columns)), output=output, title=f"{len(rows)} issues")


@issue_app.command()
def show(
    month: MonthText,
    warehouse: WarehouseFile,
    audience: OneAudience = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Says where a month's reports are: what stands in the way, who approved, where they lie, who got them."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_story import tell_month

    with open_desk(warehouse, settings=read_settings(settings_file), state=state) as desk:
        for line in tell_month(desk, Month.parse(month), audience=audience):
            say(line)


@issue_app.command()
def withdraw(
    month: MonthText,
    audience: Annotated[str, typer.Option("--audience", help="Whose report.")],
    warehouse: WarehouseFile,
    by: By,
    why: Annotated[str, typer.Option("--why", help="The reason; kept in the audit trail.")],
    scope: OneScope = "all",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Takes an approved or issued report back. Mails that have not left are stopped."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.delivery.register import archive_of
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_story import withdraw_issue

    with open_desk(warehouse, settings=read_settings(settings_file), state=state) as desk:
        issue, stopped = withdraw_issue(desk, Month.parse(month), audience, scope, by=by, why=why, at=utc_now())
        was_issued = archive_of(desk.database, issue.id) is not None
    sent = (
        "What was sent cannot be called back: tell its readers." if was_issued else "It was not issued: nobody got it."
    )
    say(f"{issue.name}: withdrawn; {counted(stopped, 'mails')} stopped. {sent}")


@issue_app.command()
def reproduce(
    month: MonthText,
    audience: Annotated[str, typer.Option("--audience", help="Whose report.")],
    warehouse: WarehouseFile,
    landing: Annotated[Path, typer.Option("--landing", help="Where its landing files lie, also among newer ones.")],
    scope: OneScope = "all",
    number: Annotated[int | None, typer.Option("--number", help="Which issue; default: the newest.")] = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Makes an archived issue again and says whether every byte agrees."""
    from kpi_pipeline.core.errors import DeliveryError, Fault
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.delivery.register import archive_of
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.issuing.issue_story import find_archived
    from kpi_pipeline.pipeline.tracing.reproduce import reproduce_issue

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database:
        issue = find_archived(database, Month.parse(month), audience, scope, number)
        archived = archive_of(database, issue.id)
    if archived is None:
        raise DeliveryError(Fault(f"issue {issue.name}", "is not in the archive.", "Publish it first."))
    with progress("Making it again") as step:
        made = reproduce_issue(
            archive_folder(warehouse, settings),
            archived[0],
            landing=landing,
            manifest_sha256=archived[1],
            progress=step,
        )
    for name in made.agree:
        say(f"same bytes: {name}")
    if made.differ:
        raise DeliveryError([Fault(name, "differs from what was issued.") for name in made.differ])
    say(f"Issue {issue.number} of {issue.name} was made again: all {len(made.agree)} files agree, byte for byte.")


@issue_app.command()
def index(warehouse: WarehouseFile, state: StateUrl = None, settings_file: SettingsFile = None) -> None:
    """Writes index.html into the archive: every issue with its state, links to its files, and hashes."""
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.issuing.issue_index import write_index

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database:
        file, n_listed = write_index(database, archive_folder(warehouse, settings), settings=settings, at=utc_now())
    say(f"{n_listed} issues are listed in {file}")


@issue_app.command()
def key(file: Annotated[Path, typer.Argument(help="The private key; the public one is written beside it.")]) -> None:
    """Makes a key to sign issues with: delivery: {signing_key: FILE} in kpi.yaml."""
    from kpi_pipeline.delivery.signing import make_key

    public = make_key(file)
    say(f"The private key is {file}, for its owner alone. Give {public} to whoever checks: kpi verify --public-key.")
