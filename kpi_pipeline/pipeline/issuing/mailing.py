"""Sending what was issued: letters from the archive, the outbox drained, previews and tests, notices to operators."""

from __future__ import annotations

import smtplib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DeliveryError, Fault, InputError, KpiError
from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.audiences import read_audiences
from kpi_pipeline.delivery.files import safe_name
from kpi_pipeline.delivery.letter_picture import draw_letter
from kpi_pipeline.delivery.message import (
    Recipient,
    build_message,
    build_notice,
    pdf_name,
)
from kpi_pipeline.delivery.outbox import Mail, claim, list_mails, postpone, settle
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.delivery.register import list_issues, read_issue
from kpi_pipeline.delivery.smtp import RefusedError, UncertainError, UnreachableError, deliver, open_connection
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.events import append_event

Clock = Callable[[], datetime]


@dataclass
class Sent:
    """What a run did: how many mails ended how. problem: the first thing that a person must mend, if any."""

    counts: Counter[str] = field(default_factory=Counter)
    problem: str = ""


def drain_outbox(
    room: Mailroom,
    *,
    clock: Clock,
    connect: Callable[[MailSettings], smtplib.SMTP] = open_connection,
    only: str | None = None,
) -> Sent:
    """Sends every mail that is due, one after the other, over one connection. Sends nothing twice.

    Stops at the first sign that the server cannot be used at all: what waits stays queued. A mail that cannot be made
    (too large, its archive is away) waits alone, and the others go.
    """
    sent = Sent()
    line = _Line(room.mail, connect)
    try:
        while not line.is_dead and (mail := claim(room.database, now=clock(), only=only)) is not None:
            reached("send.claimed")
            outcome = _send_one(room, mail, line, clock, sent)
            if outcome:
                sent.counts[outcome] += 1
            reached("send.settled")
    finally:
        line.close()
    return sent


class _Line:
    """The connection of one run, made when the first mail needs it."""

    def __init__(self, mail: MailSettings, connect: Callable[[MailSettings], smtplib.SMTP]):
        self._mail, self._connect = mail, connect
        self._server: smtplib.SMTP | None = None
        self.is_dead = False

    def server(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect(self._mail)
        return self._server

    def close(self) -> None:
        _close(self._server)
        self._server = None


def _send_one(room: Mailroom, mail: Mail, line: _Line, clock: Clock, sent: Sent) -> str:
    """Sends one leased mail and settles it; returns what became of it, '' where it waits for a person."""
    issue = read_issue(room.database, mail.issue_id)
    if not room.still_gets(mail, issue):
        settle(room.database, mail, "stopped", "no longer in the audience", now=clock())
        return "stopped"
    try:
        content = room.message(mail, issue)
    except (OSError, KpiError) as error:
        return _postpone(room, mail, error, clock, sent)
    try:
        server = line.server()
        reached("send.connected")
        reply = deliver(
            server, room.mail.sender, mail.recipient, content,
            envelope_id=mail.message_id.strip("<>").split("@")[0], seconds=2 * room.mail.timeout_seconds,
        )  # fmt: skip
    except UncertainError as error:
        line.close()
        settle(room.database, mail, "uncertain", str(error), now=clock())
        return "uncertain"
    except RefusedError as error:
        if error.is_for_now:
            return postpone(room.database, mail, str(error), now=clock(), max_attempts=room.mail.max_attempts)
        settle(room.database, mail, "refused", str(error), now=clock())
        return "refused"
    except (UnreachableError, smtplib.SMTPException, OSError, KpiError) as error:
        line.close()
        line.is_dead = True
        return _postpone(room, mail, error, clock, sent)
    reached("send.accepted")
    is_ours = settle(room.database, mail, "sent", reply, now=clock())
    return "sent" if is_ours else "uncertain"  # another machine, by its clock, gave us up meanwhile


def _postpone(room: Mailroom, mail: Mail, error: Exception, clock: Clock, sent: Sent) -> str:
    postpone(room.database, mail, str(error), now=clock(), max_attempts=None)
    sent.problem = sent.problem or str(error).rstrip(".") or type(error).__name__
    return ""


def plan_of_mails(room: Mailroom) -> list[tuple[str, str, str, str, str]]:
    """What waits, and for whom: recipient, issue, what they get of it, state, message id. Sends nothing."""
    issues = {one.id: one for one in list_issues(room.database)}
    rows = []
    for mail in list_mails(room.database, states=("queued", "sending", "uncertain")):
        issue = issues[mail.issue_id]
        state = mail.state if room.still_gets(mail, issue) else "will be stopped: no longer in the audience"
        has_pdf = room.form_of(mail, issue) == "pdf"
        gets = f"page one, {pdf_name(issue.month, issue.number)}" if has_pdf else "page one, no PDF"
        rows.append((mail.recipient, f"{issue.name}, issue {issue.number}", gets, state, mail.message_id))
    return rows


def send_test(room: Mailroom, address: str, *, by: str, at: datetime) -> list[str]:
    """Sends the newest issued letters to one address, marked TEST, outside the outbox. Returns the subjects."""
    domain = address.rsplit("@", 1)[-1].lower()
    if domain not in room.audiences.allowed_domains:
        what = f"{address} is outside the allowed domains."
        raise InputError(Fault("--to", what, f"Allowed: {', '.join(room.audiences.allowed_domains)}."))
    issued = [one for one in list_issues(room.database) if one.state == "issued"]
    newest = [one for one in issued if one.month == max(other.month for other in issued)]
    if not newest:
        raise DeliveryError(Fault("mail", "nothing is issued yet.", "kpi issue publish YYYY-MM."))
    subjects = []
    server = _connected(room.mail)
    try:
        for issue in newest:
            letter = room.letter(issue, "pdf", test=True)
            message_id = f"<test-{issue.pdf_sha256[:16]}-{int(at.timestamp())}@{room.mail.sender.rsplit('@', 1)[-1]}>"
            content = build_message(
                letter, sender=room.sender, to=Recipient("", address), message_id=message_id, date=at,
                max_bytes=room.max_bytes,
            )  # fmt: skip
            deliver(
                server, room.mail.sender, address, content, envelope_id="test", seconds=2 * room.mail.timeout_seconds
            )
            subjects.append(letter.subject)
            with room.database.writing() as session:
                append_event(session, "test mail sent", f"{issue.name} {address}", by=by, at=at)
    except (RefusedError, UncertainError, smtplib.SMTPException, OSError) as error:
        raise DeliveryError(
            Fault("mail", f"the test mail was not sent: {error}.", "Mend the cause, try again.")
        ) from error
    finally:
        _close(server)
    return subjects


def preview_mails(room: Mailroom, folder: Path) -> list[Path]:
    """Writes each waiting mail as an .eml file, and its body as a picture; sends nothing."""
    issues = {one.id: one for one in list_issues(room.database)}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for mail in list_mails(room.database, states=("queued",)):
        stem = folder / f"{mail.id}-{safe_name(mail.recipient.split('@')[0].lower())}"
        issue = issues[mail.issue_id]
        files = {".eml": room.message(mail, issue), ".png": draw_letter(room.letter(issue, room.form_of(mail, issue)))}
        for ending, content in files.items():
            file = stem.with_suffix(ending)
            write_private(file, content)
            written.append(file)
    return written


def tell_operators(settings: Settings, subject: str, lines: list[str], *, at: datetime) -> int:
    """Mails the operators; returns how many were told: 0 where no mail server or no operator is set."""
    mail = settings.delivery.mail
    if mail is None or settings.delivery.audiences is None:
        return 0
    operators = read_audiences(settings.delivery.audiences).operators
    if not operators:
        return 0
    sender = Recipient(mail.sender_name, mail.sender)
    server = _connected(mail)
    try:
        for address in operators:
            content = build_notice(sender=sender, to=[address], subject=subject, lines=lines, date=at)
            deliver(server, mail.sender, address, content, envelope_id="notice", seconds=2 * mail.timeout_seconds)
    except (RefusedError, UncertainError, smtplib.SMTPException, OSError) as error:
        raise DeliveryError(
            Fault("mail", f"operators could not be told: {error}.", "Look at the mail server.")
        ) from error
    finally:
        _close(server)
    return len(operators)


def _connected(mail: MailSettings) -> smtplib.SMTP:
    try:
        return open_connection(mail)
    except UnreachableError as error:
        raise DeliveryError(Fault("mail", f"{error}.", "kpi doctor looks at the mail server.")) from error


def _close(server: smtplib.SMTP | None) -> None:
    if server is None:
        return
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()  # it was gone before we said goodbye; nothing depends on it
