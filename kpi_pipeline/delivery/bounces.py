"""Non-delivery reports (RFC 3464), read from a Maildir or an IMAP folder back to the mails they are about."""

from __future__ import annotations

import email
import imaplib
import mailbox
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.secrets import read_secret
from kpi_pipeline.delivery.outbox import record_bounce
from kpi_pipeline.state.database import Database

LARGEST = 5_000_000
"""No delivery report is longer; what is, is passed over."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient a mail did not reach. status: such as 5.1.1."""

    message_id: str
    recipient: str
    status: str
    why: str


def read_bounces(content: bytes) -> list[Bounce]:
    """The failed recipients a delivery report names; none in any other mail."""
    if len(content) > LARGEST:
        return []
    message = email.message_from_bytes(content, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return []
    failed: list[tuple[str, str, str]] = []
    message_id = ""
    for part in message.walk():
        blocks = list(part.iter_parts()) if part.is_multipart() else []
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failed += [found for block in blocks if (found := _failed(block)) is not None]
        elif kind == "message/rfc822":
            message_id = next((str(block.get("Message-ID", "")).strip() for block in blocks), "")
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            original = email.message_from_string(part.get_content(), policy=policy.default)
            message_id = str(original.get("Message-ID", "")).strip()
    return [Bounce(message_id, *one) for one in failed if message_id]


def collect_bounces(database: Database, where: str, *, at: datetime, ca_file: Path | None = None) -> tuple[int, int]:
    """Reads a Maildir or IMAP folder; returns how many bounces belong to our mails, and how many do not.

    ca_file: certificates to trust beside the system's, as for the mail server.

    Looked at again, a bounce that is recorded already changes nothing; mails are left where they are.
    """
    ours = others = 0
    for content in _messages(where, ca_file):
        for one in read_bounces(content):
            if record_bounce(database, one.message_id, one.recipient, f"{one.status} {one.why}", at=at):
                ours += 1
            else:
                others += 1
    return ours, others


def _failed(block: Message) -> tuple[str, str, str] | None:
    recipient = block.get("Final-Recipient") or block.get("Original-Recipient")
    if recipient is None or str(block.get("Action", "")).strip().lower() != "failed":
        return None
    address = str(recipient).split(";", 1)[-1].strip()
    return address, str(block.get("Status", "")).strip(), str(block.get("Diagnostic-Code", "")).strip()


def _messages(where: str, ca_file: Path | None) -> Iterator[bytes]:
    if where.startswith("imaps://"):
        yield from _imap_messages(where, ca_file)
        return
    folder = Path(where)
    if not (folder / "new").is_dir():
        raise DeliveryError(Fault("bounces", f"{where} is no Maildir.", "Check `bounces` of the mail settings."))
    box = mailbox.Maildir(folder, create=False)
    for key in sorted(box.keys()):
        yield box.get_bytes(key)


def _imap_messages(where: str, ca_file: Path | None) -> Iterator[bytes]:
    url = urlsplit(where)
    user = unquote(url.username or "")
    password = read_secret("KPI_IMAP_PASSWORD", whose=user, environment=os.environ)
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    try:
        with imaplib.IMAP4_SSL(url.hostname or "", url.port or 993, ssl_context=context, timeout=60) as server:
            server.login(user, password)
            server.select(f'"{unquote(url.path.strip("/")) or "INBOX"}"', readonly=True)
            _, found = server.search(None, "ALL")
            for number in found[0].split():
                _, parts = server.fetch(number.decode(), "(BODY.PEEK[])")
                yield from (part[1] for part in parts if isinstance(part, tuple))
    except (imaplib.IMAP4.error, OSError) as error:
        what = f"the IMAP folder cannot be read ({type(error).__name__})."
        raise DeliveryError(Fault("bounces", what, "Check `bounces` and $KPI_IMAP_PASSWORD.")) from error
