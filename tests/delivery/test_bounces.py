"""Non-delivery reports find their mail; anything else in the folder does not."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.delivery.bounces import collect_bounces, read_bounces
from kpi_pipeline.delivery.outbox import claim, counts, settle
from tests.support.delivery import NOON, StubDesk, issue_month

REPORT = """From: MAILER-DAEMON@mx.example.org
To: reports@hospital.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: {kind}

Message-ID: {message_id}
Subject: x

--b--
"""


def report(recipient: str, message_id: str, action: str = "failed", kind: str = "text/rfc822-headers") -> bytes:
    text = REPORT.format(recipient=recipient, message_id=message_id, action=action, kind=kind)
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_report_names_recipient_status_and_mail(kind: str) -> None:
    (one,) = read_bounces(report("gone@hospital.example", "<a1@hospital.example>", kind=kind))
    assert (one.recipient, one.status, one.message_id) == ("gone@hospital.example", "5.1.1", "<a1@hospital.example>")
    assert one.why == "smtp; 550 5.1.1 no such user"


@pytest.mark.parametrize(
    "content", [b"", b"From: x\r\n\r\nhello", report("a@b", "<x@y>", action="delayed"), b"\xff" * 99]
)
def test_what_is_no_failure_is_none(content: bytes) -> None:
    assert read_bounces(content) == []


def test_a_bounce_is_written_back_to_its_mail_once(desk: StubDesk, tmp_path: Path) -> None:
    issue_month(desk)
    mail = claim(desk.database, now=NOON)
    assert mail is not None
    settle(desk.database, mail, "sent", "250 ok", now=NOON)
    box = mailbox.Maildir(tmp_path / "bounces")
    box.add(report(mail.recipient.upper(), mail.message_id))
    box.add(report(mail.recipient, "<forged@evil.example>"))
    box.add(report("other@hospital.example", mail.message_id))
    assert collect_bounces(desk.database, str(tmp_path / "bounces"), at=NOON) == (1, 2)
    assert collect_bounces(desk.database, str(tmp_path / "bounces"), at=NOON) == (0, 3)
    assert counts(desk.database) == {"bounced": 1, "queued": 2}
    with pytest.raises(DeliveryError, match="is no Maildir"):
        collect_bounces(desk.database, str(tmp_path / "nowhere"), at=NOON)
