"""The outbox: one row per issue and recipient, unique in the database, so that nobody gets a report twice.

queued → sending (leased before the connection is made) → sent | refused | queued again, later | uncertain. A mail whose
fate nobody knows (the connection was lost after its body, or its sender died) is uncertain and held for a person: it
is never sent again by itself. Every change asks for the state it starts from.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.declared.audiences import Audience
from kpi_pipeline.delivery.register import Issue
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, as_stored, as_utc
from kpi_pipeline.state.models import IssueEntry, OutboxEntry

LEASE = timedelta(minutes=15)
"""How long a mail may take before its sender counts as dead; longer than any connection's time limit."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
NO_DOMAIN = "kpi.invalid"
"""The Message-ID's domain while no mail server is set (RFC 2606: a name that is nobody's)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One row of the outbox. lease: the token of the sender that holds it. Moments are UTC."""

    id: int
    issue_id: int
    recipient: str
    name: str
    form: str
    message_id: str
    state: str
    attempts: int
    next_try_at: datetime
    queued_at: datetime
    lease: str
    reply: str


def mails_of(issue: Issue, audience: Audience, *, mail: MailSettings | None, at: datetime) -> list[OutboxEntry]:
    """The rows of an issue, one for each of its audience's people."""
    domain = mail.sender.rsplit("@", 1)[-1] if mail is not None else NO_DOMAIN
    return [
        OutboxEntry(
            issue_id=issue.id,
            recipient=person.address,
            name=person.name,
            form=person.form,
            message_id=f"<{_digest(issue, person.address)}@{domain}>",
            state="queued",
            attempts=0,
            queued_at=as_stored(at),
            next_try_at=as_stored(at),
            lease="",
            reply="",
        )
        for person in audience.people
    ]


def claim(database: Database, *, now: datetime, only: str | None = None) -> Mail | None:
    """Leases the next mail that is due; the lease is committed before anything is sent. None when none is due.

    Mails whose sender died are set aside as uncertain first. A next try further away than the longest wait was set
    by a clock that has been set back since: it is due.
    """
    moment = as_stored(now)
    with database.writing() as session:
        dead = session.scalars(
            select(OutboxEntry).where(OutboxEntry.state == "sending", OutboxEntry.lease_until < moment)
        ).all()
        for one in dead:
            one.state, one.reply, one.lease_until = "uncertain", "its sender died while sending", None
            append_event(session, "mail uncertain", _subject(one), by="kpi send", at=now)
        due = or_(OutboxEntry.next_try_at <= moment, OutboxEntry.next_try_at > moment + LONGEST_WAIT)
        asked = (
            select(OutboxEntry)
            .join(IssueEntry, IssueEntry.id == OutboxEntry.issue_id)
            .where(OutboxEntry.state == "queued", due, IssueEntry.state == "issued")
            .order_by(OutboxEntry.id)
            .limit(1)
        )
        if only is not None:
            asked = asked.where(OutboxEntry.recipient == only)
        entry = session.scalars(asked).first()
        if entry is None:
            return None
        entry.state, entry.lease, entry.lease_until = "sending", secrets.token_hex(8), moment + LEASE
        entry.attempts += 1
        return _mail(entry)


def settle(database: Database, mail: Mail, state: str, reply: str, *, now: datetime, by: str = "kpi send") -> bool:
    """Ends a lease with what became of the mail; False, and nothing changes, when the lease was lost meanwhile."""
    with database.writing() as session:
        changed = session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id == mail.id, OutboxEntry.state == "sending", OutboxEntry.lease == mail.lease)
            .values(state=state, reply=_one_line(reply), lease="", lease_until=None, done_at=as_stored(now))
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            return False
        body = {"reply": _one_line(reply), "message_id": mail.message_id}
        append_event(session, f"mail {state}", f"{mail.issue_id} {mail.recipient}", by=by, at=now, body=body)
        return True


def postpone(database: Database, mail: Mail, reply: str, *, now: datetime, max_attempts: int | None) -> str:
    """Queues a mail again, later each time, or refuses it after the last attempt. Returns its new state.

    max_attempts None: without end, since nothing was sent and the cause is not the mail's.
    """
    if max_attempts is not None and mail.attempts >= max_attempts:
        settle(database, mail, "refused", f"gave up after {mail.attempts} attempts: {reply}", now=now)
        return "refused"
    wait = min(FIRST_WAIT * 2 ** (mail.attempts - 1), LONGEST_WAIT)
    with database.writing() as session:
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id == mail.id, OutboxEntry.state == "sending", OutboxEntry.lease == mail.lease)
            .values(
                state="queued", reply=_one_line(reply), lease="", lease_until=None, next_try_at=as_stored(now + wait)
            )
        )
    return "queued"


def list_mails(database: Database, *, states: Sequence[str] = (), issue_id: int | None = None) -> list[Mail]:
    """The rows of the outbox, oldest first."""
    asked = select(OutboxEntry).order_by(OutboxEntry.id)
    if states:
        asked = asked.where(OutboxEntry.state.in_(states))
    if issue_id is not None:
        asked = asked.where(OutboxEntry.issue_id == issue_id)
    with database.reading() as session:
        return [_mail(entry) for entry in session.scalars(asked)]


def counts(database: Database) -> dict[str, int]:
    """How many mails are in each state."""
    with database.reading() as session:
        rows = session.execute(select(OutboxEntry.state, func.count()).group_by(OutboxEntry.state)).all()
        return {str(state): int(n) for state, n in rows}


def resolve(database: Database, mail_id: int, *, was_sent: bool, by: str, at: datetime) -> Mail:
    """A person says what became of an uncertain mail: sent, or not sent and to be queued again."""
    return _decide(database, mail_id, ("uncertain",), "sent" if was_sent else "queued", by=by, at=at)


def retry(database: Database, mail_id: int, *, by: str, at: datetime) -> Mail:
    """Queues a refused or bounced mail again, after its cause was mended."""
    return _decide(database, mail_id, ("refused", "bounced"), "queued", by=by, at=at)


def record_bounce(database: Database, message_id: str, recipient: str, why: str, *, at: datetime) -> bool:
    """Marks a sent mail as bounced; False when no sent mail of that name and recipient is known."""
    with database.writing() as session:
        entry = session.scalars(
            select(OutboxEntry).where(
                OutboxEntry.message_id == message_id,
                func.lower(OutboxEntry.recipient) == recipient.lower(),
                OutboxEntry.state.in_(("sent", "uncertain")),
            )
        ).first()
        if entry is None:
            return False
        entry.state, entry.reply, entry.done_at = "bounced", _one_line(why), as_stored(at)
        append_event(session, "mail bounced", _subject(entry), by="mail server", at=at, body={"why": _one_line(why)})
        return True


def _decide(database: Database, mail_id: int, states: tuple[str, ...], to: str, *, by: str, at: datetime) -> Mail:
    with database.writing() as session:
        entry = session.get(OutboxEntry, mail_id)
        if entry is None:
            raise DeliveryError(Fault(f"mail {mail_id}", "is not in the outbox.", "kpi outbox lists those that are."))
        if entry.state not in states:
            what = f"is {entry.state}, not {' or '.join(states)}."
            raise DeliveryError(Fault(f"mail {mail_id}", what, "kpi outbox shows where it is."))
        was, entry.state, entry.next_try_at = entry.state, to, as_stored(at)
        entry.attempts = 0 if to == "queued" else entry.attempts
        append_event(session, f"mail {to}", _subject(entry), by=by, at=at, body={"was": was})
        return _mail(entry)


def _digest(issue: Issue, address: str) -> str:
    parts = [issue.month, issue.scope, issue.audience, str(issue.number), issue.pdf_sha256, address.lower()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _subject(entry: OutboxEntry) -> str:
    return f"{entry.issue_id} {entry.recipient}"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _mail(entry: OutboxEntry) -> Mail:
    return Mail(
        entry.id,
        entry.issue_id,
        entry.recipient,
        entry.name,
        entry.form,
        entry.message_id,
        entry.state,
        entry.attempts,
        as_utc(entry.next_try_at),
        as_utc(entry.queued_at),
        entry.lease,
        entry.reply,
    )
