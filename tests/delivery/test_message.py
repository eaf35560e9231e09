"""A mail: what it holds, that it is the same twice, and that no text can become a header or a recipient."""

from __future__ import annotations

import email
import json
from dataclasses import replace
from datetime import UTC, datetime
from email import policy

import pytest

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.delivery.letter_picture import draw_letter
from kpi_pipeline.delivery.message import Letter, Recipient, build_message, letter_html, write_letter
from tests.support.delivery import one_page

WHEN = datetime(2026, 11, 9, 6, tzinfo=UTC)
SENDER, CFO = (
    Recipient("Case Management Reports", "reports@hospital.example"),
    Recipient("Lee Novák", "cfo@hospital.example"),
)
MODEL = json.dumps(
    {
        "month": "2026-10",
        "month_words": "October 2026",
        "title": "Case management performance",
        "hospital_name": "Saint <Mary> & Co",
        "facility_name": None,
        "front": {
            "title": "Length of stay holds <b>; payer delays rise",
            "improved": {"items": ["a", "b"]},
            "attention": {"items": ["c"]},
            "decisions": [],
            "status_words": "Provisional: 2 measures.",
        },
    }
).encode()


@pytest.fixture(scope="module")
def letter() -> Letter:
    return write_letter(MODEL, one_page(), number=3, form="pdf", public_url="https://reports.hospital.example")


def built(letter: Letter, sender: Recipient = SENDER, to: Recipient = CFO, message_id: str = "<a1@b.example>") -> bytes:
    return build_message(letter, sender=sender, to=to, message_id=message_id, date=WHEN, max_bytes=10_000_000)


def test_it_holds_five_lines_a_picture_with_words_and_the_pdf_byte_for_byte(letter: Letter) -> None:
    content = built(letter)
    message = email.message_from_bytes(content, policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    assert str(message["To"]) == "Lee Novák <cfo@hospital.example>"
    assert message["Subject"] == "Case management performance, October 2026, issue 3"
    (pdf,) = message.iter_attachments()
    assert pdf.get_payload(decode=True) == one_page()
    assert pdf.get_filename() == "report-2026-10-issue-3.pdf"
    text = message.get_body(("plain",)).get_content()
    assert len([line for line in text.splitlines() if line]) == 5
    assert "2 improved; 1 in need of attention; 0 decisions asked for." in text
    page = message.get_body(("html",)).get_content()
    assert 'src="cid:page-one" alt="Page one of the report: Length of stay holds &lt;b&gt;' in page
    assert "<b>" not in page
    assert built(letter) == content


def test_who_gets_a_notice_gets_no_pdf() -> None:
    notice = write_letter(MODEL, one_page(), number=3, form="notice", public_url="https://reports.hospital.example")
    message = email.message_from_bytes(built(notice), policy=policy.default)
    assert list(message.iter_attachments()) == []
    assert "https://reports.hospital.example" in message.get_body(("plain",)).get_content()


EVIL = (
    "Report\r\nBcc: thief@evil.example", "a\nX: y", "a\rX: y", "a\x00b", "a\u2028Bcc: t@e.example", "a\x85b",
    "=?utf-8?q?Report=0D=0ABcc=3A_t=40evil.example?=",
)  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("field", ["subject", "line", "picture", "file", "name", "address", "sender", "message id"])
def test_no_field_can_add_a_header(letter: Letter, field: str, evil: str) -> None:
    changes = {
        "subject": lambda: built(replace(letter, subject=evil)),
        "line": lambda: built(replace(letter, lines=(evil, *letter.lines[1:]))),
        "picture": lambda: built(replace(letter, picture_words=evil)),
        "file": lambda: built(replace(letter, file_name=f"{evil}.pdf")),
        "name": lambda: built(letter, to=Recipient(evil, "cfo@hospital.example")),
        "address": lambda: built(letter, to=Recipient("x", f"cfo@hospital.example{evil}")),
        "sender": lambda: built(letter, sender=Recipient(evil, "reports@hospital.example")),
        "message id": lambda: built(letter, message_id=f"<{evil}@b>"),
    }
    with pytest.raises(DeliveryError):
        changes[field]()


@pytest.mark.parametrize("address", ["", "cfo", "a@b, c@d.example", "<x> y@z.example", "a b@c.example", "a@"])
def test_an_address_is_one_address(letter: Letter, address: str) -> None:
    with pytest.raises(DeliveryError):
        built(letter, to=Recipient("", address))


def test_a_mail_too_large_is_refused_with_the_cure(letter: Letter) -> None:
    with pytest.raises(DeliveryError, match="form: notice"):
        build_message(letter, sender=SENDER, to=CFO, message_id="<a@b.example>", date=WHEN, max_bytes=1000)


def test_the_preview_is_a_picture_of_the_body(letter: Letter) -> None:
    assert draw_letter(letter).startswith(b"\x89PNG")
    assert 'name="color-scheme" content="light dark"' in letter_html(letter)


def test_every_byte_is_one_that_any_server_takes(letter: Letter) -> None:
    """Names and lines beyond ASCII, and a server without 8BITMIME; lines no longer than SMTP allows."""
    umlauts = replace(letter, lines=("Größte Ängste: −0.3 %", *letter.lines[1:]), subject="Bericht für Köln")
    content = build_message(
        umlauts, sender=Recipient("Fallführung Köln", SENDER.address), to=Recipient("Lee Novák", CFO.address),
        message_id="<a@b.example>", date=WHEN, max_bytes=9_000_000,
    )  # fmt: skip
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    read = email.message_from_bytes(content, policy=email.policy.default)
    body = read.get_body(("plain",))
    assert body is not None
    assert "Größte Ängste: −0.3 %" in body.get_content()
    assert (str(read["Subject"]), read["To"].addresses[0].display_name) == ("Bericht für Köln", "Lee Novák")
