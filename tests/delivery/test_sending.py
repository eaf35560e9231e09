"""The outbox against a real mail server that does what servers do: nothing lost, nothing sent twice."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DefinitionError, DeliveryError, InputError, WarehouseError
from kpi_pipeline.declared.audiences import Person
from kpi_pipeline.delivery.outbox import LEASE, Mail, claim, counts, list_mails, resolve, retry, settle
from kpi_pipeline.delivery.register import Issue, list_issues
from kpi_pipeline.delivery.smtp import UnreachableError, open_connection
from kpi_pipeline.pipeline.issuing.issue_story import withdraw_issue
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox, plan_of_mails, preview_mails, send_test
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom, open_mailroom
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import chain_faults
from tests.support.delivery import NOON, OCTOBER, StubDesk, issue_month
from tests.support.smtp_sink import PASSWORD, Sink, settings_for, start_sink

CEO, CFO, CHAIR = (f"{who}@hospital.example" for who in ("ceo", "cfo", "chair"))


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    started = start_sink(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def room(desk: StubDesk, sink: Sink, tmp_path: Path) -> Mailroom:
    """Two audiences' reports issued, three mails waiting."""
    issue_month(desk)
    return room_of(desk, settings_for(sink, tmp_path))


def room_of(desk: StubDesk, mail: MailSettings, database: Database | None = None) -> Mailroom:
    return Mailroom(database or desk.database, desk.archive, desk.audiences, mail)


def send(room: Mailroom, after: timedelta = timedelta()) -> dict[str, int]:
    return dict(drain_outbox(room, clock=lambda: NOON + after).counts)


def states(room: Mailroom) -> dict[str, str]:
    return {mail.recipient: mail.state for mail in list_mails(room.database)}


def test_every_recipient_gets_one_mail_over_tls_and_nothing_goes_twice(room: Mailroom, sink: Sink) -> None:
    assert send(room) == {"sent": 3}
    assert send(room) == {}
    assert sink.taken() == {CEO: 1, CFO: 1, CHAIR: 1}
    assert all(over_tls for _, _, over_tls in sink.messages)
    assert counts(room.database) == {"sent": 3}
    with room.database.reading() as session:
        assert chain_faults(session) == []


@pytest.mark.parametrize(
    ("what", "first", "later", "taken"),
    [
        ("grey", "queued", "sent", 1),
        ("soft", "queued", "queued", 0),
        ("nouser", "refused", "refused", 0),
        ("body4", "queued", "queued", 0),
        ("body5", "refused", "refused", 0),
        ("drop_during", "uncertain", "uncertain", 0),
        ("drop_after", "uncertain", "uncertain", 1),
        ("drop_forget", "uncertain", "uncertain", 0),
        ("drop_before", "queued", "queued", 0),
        ("drop_rcpt", "queued", "queued", 0),
        ("drop_reply", "uncertain", "uncertain", 1),
    ],
)
def test_each_way_a_mail_can_end_is_in_the_outbox(
    room: Mailroom, sink: Sink, what: str, first: str, later: str, taken: int
) -> None:
    sink.script[CEO] = what
    send(room)
    assert states(room)[CEO] == first
    send(room, timedelta(minutes=2))
    assert states(room)[CEO] == later
    assert sink.taken()[CEO] == taken
    send(room, timedelta(hours=5))
    assert sink.taken()[CEO] == taken
    assert sink.taken()[CHAIR] == 1


def test_a_soft_refusal_is_tried_again_later_each_time_and_given_up_in_the_end(room: Mailroom, sink: Sink) -> None:
    sink.script[CEO] = "soft"
    for hours in range(0, 60, 5):
        send(room, timedelta(hours=hours))
    (mail,) = [one for one in list_mails(room.database) if one.recipient == CEO]
    assert (mail.state, mail.attempts) == ("refused", room.mail.max_attempts)
    assert "gave up after 8 attempts: 451" in mail.reply
    sink.script.clear()
    retry(room.database, mail.id, by="Operator", at=NOON)
    send(room, timedelta(hours=60))
    assert sink.taken()[CEO] == 1


def test_an_uncertain_mail_waits_for_a_person(room: Mailroom, sink: Sink) -> None:
    sink.script[CEO] = "drop_forget"
    send(room)
    (mail,) = list_mails(room.database, states=("uncertain",))
    sink.script.clear()
    assert send(room, timedelta(days=3)) == {}
    resolve(room.database, mail.id, was_sent=False, by="Operator", at=NOON)
    assert send(room, timedelta(days=3)) == {"sent": 1}
    with pytest.raises(DeliveryError, match="is sent, not uncertain"):
        resolve(room.database, mail.id, was_sent=False, by="Operator", at=NOON)
    assert sink.taken()[CEO] == 1


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("options", "changes", "told"),
    [
        ({"days": -1}, {}, "certificate is not accepted"),
        ({"name": "elsewhere.example"}, {}, "certificate is not accepted"),
        ({}, {"ca_file": None}, "certificate is not accepted"),
        ({"implicit": True}, {"tls": "implicit", "ca_file": None}, "certificate is not accepted"),
        ({"offers_starttls": False}, {}, "offers no STARTTLS"),
        ({"greeting": "554 go away"}, {}, "no connection"),
        ({"greeting": "slow"}, {"timeout_seconds": 1.0}, "no connection"),
        ({}, {"port": 1}, "no connection"),
    ],
)
def test_a_server_that_cannot_be_trusted_or_used_gets_nothing_and_all_mails_wait(
    desk: StubDesk, tmp_path: Path, options: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    issue_month(desk)
    sink = start_sink(tmp_path, **options)
    room = room_of(desk, settings_for(sink, tmp_path, **changes))
    started = time.monotonic()
    sent = drain_outbox(room, clock=lambda: NOON)
    assert told in sent.problem
    assert time.monotonic() - started < 8
    assert counts(room.database) == {"queued": 3}
    assert sink.messages == []
    sink.stop()


def test_a_wrong_password_sends_nothing(
    desk: StubDesk, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreachableError, match=r"refuses our login \(535\)"):
        open_connection(settings_for(sink, tmp_path), environment={"KPI_SMTP_PASSWORD": "wrong"})
    with pytest.raises(DeliveryError, match=r"Set \$KPI_SMTP_PASSWORD"):
        open_connection(settings_for(sink, tmp_path), environment={})
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    open_connection(settings_for(sink, tmp_path), environment={"KPI_SMTP_PASSWORD_FILE": str(secret)}).quit()


def test_implicit_tls_works_and_clear_text_is_for_loopback_only(tmp_path: Path) -> None:
    implicit = start_sink(tmp_path, implicit=True)
    open_connection(
        settings_for(implicit, tmp_path, tls="implicit"), environment={"KPI_SMTP_PASSWORD": PASSWORD}
    ).quit()
    implicit.stop()
    with pytest.raises(DefinitionError, match="clear text"):
        open_connection(MailSettings(host="mx.hospital.example", sender="a@b.example", tls="none"))
    bare = start_sink(tmp_path, offers_starttls=False)
    connection = open_connection(settings_for(bare, tmp_path, tls="none", user=""))
    assert type(connection) is smtplib.SMTP
    connection.quit()
    bare.stop()


def test_a_server_that_is_slow_after_the_body_is_left_and_its_mail_held(
    desk: StubDesk, tmp_path: Path, sink: Sink
) -> None:
    issue_month(desk)
    sink.script[CHAIR] = "slow"
    room = room_of(desk, settings_for(sink, tmp_path, timeout_seconds=0.7))
    assert send(room) == {"uncertain": 1, "sent": 2}


def test_two_senders_at_once_send_each_mail_once(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    people = tuple(Person(address=f"p{n}@hospital.example", name=f"P {n}") for n in range(12))
    board = desk.audiences.audiences[1].model_copy(update={"people": people})
    desk.audiences = desk.audiences.model_copy(update={"audiences": (desk.audiences.audiences[0], board)})
    issue_month(desk, why="More people.")

    def work(_: int) -> int:
        own = Database(desk.url)
        try:
            return drain_outbox(room_of(desk, room.mail, own), clock=lambda: NOON).counts["sent"]
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 14
    assert set(sink.taken().values()) == {1}


def test_a_recipient_taken_out_of_the_audience_gets_nothing(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    executives = desk.audiences.audiences[0]
    fewer = executives.model_copy(update={"people": executives.people[:1]})
    room.audiences = desk.audiences.model_copy(update={"audiences": (fewer, desk.audiences.audiences[1])})
    assert [row[2:4] for row in plan_of_mails(room)] == [
        ("page one, no PDF", "queued"),
        ("page one, report-2026-10-issue-1.pdf", "queued"),
        ("page one, report-2026-10-issue-1.pdf", "will be stopped: no longer in the audience"),
    ]
    assert send(room) == {"sent": 2, "stopped": 1}
    assert sink.taken() == {CEO: 1, CHAIR: 1}


def test_one_mail_that_cannot_be_made_waits_alone_and_goes_as_a_notice(
    desk: StubDesk, room: Mailroom, sink: Sink, tmp_path: Path
) -> None:
    """Too large for our own limit; and, the same, for what the server says it takes."""
    notice = max(len(room.message(mail, one)) for mail in list_mails(room.database) for one in _issue_of(room, mail)
                 if mail.form == "notice")  # fmt: skip
    room.mail = settings_for(sink, tmp_path, max_message_mb=(notice + 100) / 1e6)
    executives = desk.audiences.audiences[0]
    pdf = executives.people[0].model_copy(update={"form": "pdf"})
    result = drain_outbox(room, clock=lambda: NOON)
    assert dict(result.counts) == {"sent": 1}
    assert "form: notice" in result.problem
    assert states(room) == {CEO: "queued", CFO: "queued", CHAIR: "sent"}
    assert all("more than the limit" in one.reply for one in list_mails(room.database, states=("queued",)))
    people = tuple(one.model_copy(update={"form": "notice"}) for one in (pdf, *executives.people[1:]))
    changed = executives.model_copy(update={"people": people})
    room.audiences = desk.audiences.model_copy(update={"audiences": (changed, desk.audiences.audiences[1])})
    assert send(room, timedelta(minutes=2)) == {"sent": 2}
    assert sink.taken() == {CEO: 1, CFO: 1, CHAIR: 1}


def _issue_of(room: Mailroom, mail: Mail) -> list[Issue]:
    return [one for one in list_issues(room.database) if one.id == mail.issue_id]


def test_a_mail_larger_than_the_server_takes_is_refused_with_the_cure(room: Mailroom, sink: Sink) -> None:
    sink.size = 1000
    assert send(room) == {"refused": 3}
    (first, *_) = list_mails(room.database)
    assert "the server takes 1,000: give this person `form: notice`, then kpi outbox retry" in first.reply
    assert sink.taken() == {}


def test_an_audience_that_is_gone_gets_nothing_and_the_others_do(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    room.audiences = desk.audiences.model_copy(update={"audiences": desk.audiences.audiences[:1]})
    assert send(room) == {"sent": 2, "stopped": 1}
    assert sink.taken() == {CEO: 1, CFO: 1}


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(days=1)])
def test_another_machine_whose_clock_is_ahead_holds_a_mail_and_sends_none_twice(
    desk: StubDesk, room: Mailroom, sink: Sink, ahead: timedelta
) -> None:
    """While one machine sends, the other believes it dead: the mail has gone once, and is held for a person."""
    other = Database(desk.url)
    first = list_mails(room.database)[0].id

    def connect(mail: MailSettings) -> smtplib.SMTP:
        drain_outbox(room_of(desk, room.mail, other), clock=lambda: NOON + ahead)
        return open_connection(mail)

    result = drain_outbox(room, clock=lambda: NOON, connect=connect)
    other.close()
    assert dict(result.counts) == {"uncertain": 1}
    assert [one.state for one in list_mails(room.database) if one.id == first] == ["uncertain"]
    assert sink.taken() == {CEO: 1, CFO: 1, CHAIR: 1}


def test_what_is_not_issued_cannot_be_sent_by_any_door(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    withdraw_issue(desk, OCTOBER, "board", "all", by="Director", why="Wrong.", at=NOON)
    (withdrawn,) = [one for one in list_issues(room.database) if one.state == "withdrawn"]
    with pytest.raises(DeliveryError, match="is withdrawn, not issued"):
        room.letter(withdrawn, "pdf")
    with pytest.raises(DeliveryError, match="is stopped, not refused or bounced"):
        retry(room.database, list_mails(room.database, states=("stopped",))[0].id, by="Mallory", at=NOON)
    assert send(room) == {"sent": 2}
    assert sink.taken()[CHAIR] == 0


def test_an_archive_that_was_changed_is_not_sent(desk: StubDesk, room: Mailroom, sink: Sink) -> None:
    for pdf in desk.archive.rglob("*.pdf"):
        pdf.chmod(0o600)
        pdf.write_bytes(b"%PDF- another")
    sent = drain_outbox(room, clock=lambda: NOON)
    assert "was changed" in sent.problem
    assert sink.messages == []
    assert counts(room.database) == {"queued": 3}


def test_a_clock_set_back_delays_no_mail_and_sends_none_twice(room: Mailroom, sink: Sink) -> None:
    sink.script[CEO] = "grey"
    send(room, timedelta(days=1))
    assert states(room)[CEO] == "queued"
    assert send(room) == {"sent": 1}  # the clock is a day back: it does not wait for tomorrow
    assert sink.taken() == {CEO: 1, CFO: 1, CHAIR: 1}


def test_a_lease_that_ran_out_holds_the_mail_and_a_late_answer_changes_nothing(room: Mailroom, sink: Sink) -> None:
    mail = claim(room.database, now=NOON)
    assert mail is not None
    other = claim(room.database, now=NOON + LEASE + timedelta(seconds=1))
    assert other is not None
    assert other.id != mail.id
    assert states(room)[mail.recipient] == "uncertain"
    assert not settle(room.database, mail, "sent", "250 late", now=NOON)
    assert states(room)[mail.recipient] == "uncertain"


def test_test_mails_are_marked_and_stay_within_the_allowed_domains(room: Mailroom, sink: Sink) -> None:
    with pytest.raises(InputError, match="outside the allowed domains"):
        send_test(room, "me@elsewhere.example", by="Analyst", at=NOON)
    subjects = send_test(room, "me@hospital.example", by="Analyst", at=NOON)
    assert all(subject.startswith("TEST: ") for subject in subjects)
    assert sink.taken() == {"me@hospital.example": 2}
    assert counts(room.database) == {"queued": 3}


def test_the_preview_is_what_would_be_sent(room: Mailroom, sink: Sink, tmp_path: Path) -> None:
    files = preview_mails(room, tmp_path / "preview")
    assert sorted(file.suffix for file in files) == [".eml"] * 3 + [".png"] * 3
    written = {file.read_bytes().replace(b"\r\n", b"\n").strip() for file in files if file.suffix == ".eml"}
    send(room)
    assert {content.replace(b"\r\n", b"\n").strip() for _, content, _ in sink.messages} == written


def test_without_a_mail_server_mails_can_be_looked_at_and_not_sent(
    desk: StubDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_month(desk)
    monkeypatch.setattr("kpi_pipeline.pipeline.issuing.mailroom.read_audiences", lambda *_: desk.audiences)
    with pytest.raises(DefinitionError, match="no mail server is set: nothing can be sent"):
        open_mailroom(desk.database, desk.archive, desk.settings)
    room = open_mailroom(desk.database, desk.archive, desk.settings, only_to_look=True)
    assert room.is_nobodys
    assert [recipient for recipient, *_ in plan_of_mails(room)] != []
    mails = [file.read_bytes() for file in preview_mails(room, tmp_path / "preview") if file.suffix == ".eml"]
    assert len(mails) == 3
    assert all(b"From: Case Management Reports <sender@kpi.invalid>" in mail for mail in mails)
    assert {one.state for one in list_mails(desk.database)} == {"queued"}


@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
def test_a_state_that_goes_away_while_sending_is_said_and_nothing_goes_twice(
    desk: StubDesk, room: Mailroom, sink: Sink, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("state_server")
    clock = iter(range(1000))

    def now() -> datetime:
        if next(clock) == 3:
            server.stop()
        return NOON

    with pytest.raises(WarehouseError, match="cannot be read or written"):
        drain_outbox(room, clock=now)
    server.start()
    desk.reopen()
    again = room_of(desk, room.mail)
    send(again, LEASE + timedelta(minutes=1))
    assert max(sink.taken().values()) == 1
    assert set(states(again).values()) <= {"sent", "uncertain"}
