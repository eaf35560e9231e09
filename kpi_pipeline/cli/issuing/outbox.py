"""`kpi send` and `kpi outbox …`: mails that wait, go, were refused, or need a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, rows_line, say, warn
from kpi_pipeline.cli.options import By, OutputFormat, SettingsFile, StateUrl
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.text.language import counted

if TYPE_CHECKING:
    from kpi_pipeline.pipeline.issuing.mailroom import Mailroom

outbox_app = typer.Typer(help="Mails: what waits, what was refused, what needs a person.", invoke_without_command=True)

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
OptionalWarehouse = Annotated[
    Path | None, typer.Option("--warehouse", dir_okay=False, help="The warehouse file; its state lies beside it.")
]
_NOTHING_WAITS = "No mail waits."
MailId = Annotated[int, typer.Argument(help="The mail's number, as kpi outbox prints it.")]


def add_send(app: typer.Typer) -> None:
    """Registers `kpi send`."""
    app.command()(send)


def send(
    warehouse: WarehouseFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print recipients and reports; send nothing.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="Send the newest reports to this address only, marked TEST.")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option("--preview", help="Write waiting mails as .eml and .png into this folder.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who asks for a test mail; kept in the audit trail.")] = "kpi send",
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Sends the mails that are due. Sends nothing twice."""
    from kpi_pipeline.core.errors import DeliveryError, Fault
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.mailing import drain_outbox, plan_of_mails, preview_mails, send_test

    with _mailroom(warehouse, state, settings_file, only_to_look=dry_run or preview is not None) as room:
        if room.is_nobodys:
            warn("No mail server is set: nothing can be sent yet, and the sender is left open.")
        if dry_run:
            rows = plan_of_mails(room)
            if not rows:
                say(_NOTHING_WAITS)
                return
            title = f"{counted(len(rows), 'mails')}; nothing is sent"
            columns = ["recipient", "report", "gets", "state", "message_id"]
            print_frame(
                pd.DataFrame(rows, columns=columns), output=Format.table, title=title,
                columns=columns[:-1],
            )  # fmt: skip
            return
        if preview is not None:
            written = [str(path) for path in preview_mails(room, preview)]
            say("\n".join(written) or _NOTHING_WAITS)
            return
        if to is not None:
            for subject in send_test(room, to, by=by, at=utc_now()):
                say(f"sent to {to}: {subject}")
            return
        with progress("Sending"):
            sent = drain_outbox(room, clock=utc_now)
    say(rows_line(sorted(sent.counts.items())) if sent.counts else "No mail was due.")
    if sent.problem:
        raise DeliveryError(Fault("mail", f"{sent.problem}.", "What waits stays queued and is tried again later."))
    if sent.counts["uncertain"]:
        warn("Nobody knows whether some mails arrived. kpi outbox lists them; ask, then kpi outbox resolve.")


@outbox_app.callback()
def outbox(
    context: typer.Context,
    warehouse: OptionalWarehouse = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    every: Annotated[bool, typer.Option("--all", help="Also mails that were sent.")] = False,
    output: OutputFormat = Format.table,
) -> None:
    """Lists the mails that wait or need a person; --all lists every one."""
    if context.invoked_subcommand is not None:
        return
    from kpi_pipeline.delivery.outbox import list_mails
    from kpi_pipeline.journal.opening import open_state

    with open_state(warehouse, settings=read_settings(settings_file), given=state) as database:
        mails = [one for one in list_mails(database) if every or one.state != "sent"]
    if not mails and output is Format.table:
        say("No mail." if every else "No mail waits or needs a person. --all also lists those that were sent.")
        return
    columns = ["id", "issue", "recipient", "state", "attempts", "next_try", "reply"]
    rows = [
        (one.id, one.issue_id, one.recipient, one.state, one.attempts,
         f"{one.next_try_at:%Y-%m-%d %H:%M}" if one.state == "queued" else "", one.reply[:70])
        for one in mails
    ]  # fmt: skip
    print_frame(pd.DataFrame(rows, columns=columns), output=output, title=counted(len(rows), "mails"))


@outbox_app.command()
def retry(
    mail: MailId, warehouse: WarehouseFile, by: By, state: StateUrl = None, settings_file: SettingsFile = None
) -> None:
    """Queues a refused or bounced mail again, after its cause was mended."""
    from kpi_pipeline.delivery.outbox import retry as queue_again
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now

    with open_state(warehouse, settings=read_settings(settings_file), given=state) as database:
        queued = queue_again(database, mail, by=by, at=utc_now())
    say(f"mail {mail} to {queued.recipient}: {queued.state}")


@outbox_app.command()
def resolve(
    mail: MailId,
    warehouse: WarehouseFile,
    by: By,
    was_sent: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether the recipient has it: ask.")],
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Says what became of an uncertain mail; one that was not sent is queued again."""
    from kpi_pipeline.delivery.outbox import resolve as decide
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.build import utc_now

    with open_state(warehouse, settings=read_settings(settings_file), given=state) as database:
        decided = decide(database, mail, was_sent=was_sent, by=by, at=utc_now())
    say(f"mail {mail} to {decided.recipient}: {decided.state}")


@outbox_app.command()
def bounces(warehouse: WarehouseFile, state: StateUrl = None, settings_file: SettingsFile = None) -> None:
    """Reads non-delivery reports from the folder of the settings back to the mails they are about."""
    from kpi_pipeline.delivery.bounces import collect_bounces
    from kpi_pipeline.pipeline.build import utc_now

    with _mailroom(warehouse, state, settings_file) as room:
        mail = room.mail
        ours, others = collect_bounces(room.database, mail.bounces, at=utc_now(), ca_file=mail.ca_file)
    say(f"{counted(ours, 'mails')} bounced; {others} further reports were known already or are about other mails")


@contextmanager
def _mailroom(
    warehouse: Path, state: str | None, settings_file: Path | None, *, only_to_look: bool = False
) -> Iterator[Mailroom]:
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.issuing.mailroom import open_mailroom

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database:
        yield open_mailroom(database, archive_folder(warehouse, settings), settings, only_to_look=only_to_look)
