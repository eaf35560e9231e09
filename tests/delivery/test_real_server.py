"""A month through a real mail server: Postfix takes, greylists, sends back; inboxes and bounces are read over IMAP."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.declared.audiences import Person
from kpi_pipeline.delivery.bounces import collect_bounces, read_bounces
from kpi_pipeline.delivery.outbox import list_mails
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.events import chain_faults
from tests.support.delivery import NOON, StubDesk, issue_month
from tests.support.mail_server import DOMAIN, PASSWORD, MailServer, running_mail_server


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with running_mail_server(["ceo", "chair", "careful", "reports"], bouncing=["gone"], greylisted=["careful"]) as made:
        yield made


@pytest.fixture
def room(desk: StubDesk, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    """Two audiences' reports issued: one of four people has left, one has a server that puts mail off."""
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("KPI_SMTP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("KPI_IMAP_PASSWORD_FILE", str(secret))
    mail = MailSettings(
        host="localhost", port=server.smtp_port, user=f"reports@{DOMAIN}", sender=f"reports@{DOMAIN}",
        ca_file=server.ca_file, bounces=f"imaps://reports%40{DOMAIN}@localhost:{server.imap_port}/INBOX",
    )  # fmt: skip
    people = (("ceo", "gone"), ("chair", "careful"))
    desk.audiences = desk.audiences.model_copy(
        update={
            "audiences": tuple(
                audience.model_copy(
                    update={"people": tuple(Person(address=f"{who}@{DOMAIN}", name=who) for who in own)}
                )
                for audience, own in zip(desk.audiences.audiences, people, strict=True)
            )
        }
    )
    issue_month(desk)
    return Mailroom(desk.database, desk.archive, desk.audiences, mail)


def states(room: Mailroom) -> dict[str, str]:
    return {mail.recipient.split("@")[0]: mail.state for mail in list_mails(room.database)}


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_each_mail_ends_as_the_ledger_says_and_holds_the_archives_pdf(
    desk: StubDesk, room: Mailroom, server: MailServer
) -> None:
    sent = drain_outbox(room, clock=lambda: NOON)
    assert (dict(sent.counts), sent.problem) == ({"sent": 3, "queued": 1}, "")
    assert states(room) == {"ceo": "sent", "gone": "sent", "chair": "sent", "careful": "queued"}
    (put_off,) = list_mails(room.database, states=("queued",))
    assert "greylisted" in put_off.reply

    (returned,) = server.wait_for("reports", 1)
    assert [(one.recipient, one.status) for one in read_bounces(returned)] == [(f"gone@{DOMAIN}", "5.1.1")]
    where = room.mail.bounces
    with pytest.raises(DeliveryError, match="IMAP folder cannot be read"):  # a server nobody vouches for
        collect_bounces(room.database, where, at=NOON)
    assert collect_bounces(room.database, where, at=NOON, ca_file=room.mail.ca_file) == (1, 0)
    assert collect_bounces(room.database, str(server.maildir("reports")), at=NOON) == (0, 1)  # the same, as a Maildir
    assert drain_outbox(room, clock=lambda: NOON + timedelta(minutes=2)).counts == {"sent": 1}
    assert states(room) == {"ceo": "sent", "gone": "bounced", "chair": "sent", "careful": "sent"}
    assert drain_outbox(room, clock=lambda: NOON + timedelta(days=2)).counts == {}
    with room.database.reading() as session:
        assert chain_faults(session) == []

    archived = {one.parent.name.removeprefix("issue-1-"): one.read_bytes() for one in desk.archive.rglob("*.pdf")}
    for user, audience in (("ceo", "executives"), ("chair", "board"), ("careful", "board")):
        (content,) = server.wait_for(user, 1)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        (pdf,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
        assert pdf.get_content() == archived[audience]
        assert "with ESMTPSA" in str(mail["Received"])  # over TLS, logged in
