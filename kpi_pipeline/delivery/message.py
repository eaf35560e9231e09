"""One mail: text, HTML with page one as a picture, and the PDF. Holds no patient's data.

mixed[alternative[text, related[html, picture]], PDF]; the same input gives the same bytes. Control characters and
`=?` are refused in every header, and the finished bytes are parsed again: no text becomes a header or a recipient.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from kpi_pipeline.core.errors import DeliveryError, Fault

_POLICY = email.policy.SMTP.clone(max_line_length=78, cte_type="7bit")
"""Seven bits: every server takes it, also one that does not offer 8BITMIME."""
_PICTURE = "page-one"
_PICTURE_WIDTH = 1200
"""Pixels: twice the width at which mail programs show it, so that its small print can be read on a phone."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. lines: five short ones. pdf None: the report is not attached, only where to find it is said."""

    subject: str
    lines: tuple[str, ...]
    picture: bytes
    picture_words: str
    pdf: bytes | None
    file_name: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A name and an address."""

    name: str
    address: str


def write_letter(
    model: bytes, pdf: bytes, *, number: int, form: str, public_url: str = "", test: bool = False
) -> Letter:
    """The letter of an issue, from its model: nothing in it that the report does not say."""
    said = json.loads(model)
    front = said["front"]
    n_decisions = len(front["decisions"])
    counts = [
        (len(front["improved"]["items"]), "improved"),
        (len(front["attention"]["items"]), "in need of attention"),
        (n_decisions, "decision asked for" if n_decisions == 1 else "decisions asked for"),
    ]
    where = "The full report is attached." if form == "pdf" else ""
    if public_url:
        where = f"{where} Issued reports: {public_url}".strip()
    place = said["facility_name"] or said["hospital_name"]
    lines = (
        f"{said['title']}, {place}, {said['month_words']}, issue {number}.",
        front["title"],
        "; ".join(f"{count} {words}" for count, words in counts) + ".",
        front["status_words"],
        where or "Ask the sender for the full report.",
    )
    return Letter(
        subject=f"{'TEST: ' if test else ''}{said['title']}, {said['month_words']}, issue {number}",
        lines=lines,
        picture=draw_first_page(pdf),
        picture_words=f"Page one of the report: {front['title']}",
        pdf=pdf if form == "pdf" else None,
        file_name=pdf_name(said["month"], number),
    )


def pdf_name(month: str, number: int | None) -> str:
    """What the attached report is called."""
    return f"report-{month}-issue-{number}.pdf"


def build_message(
    letter: Letter, *, sender: Recipient, to: Recipient, message_id: str, date: datetime, max_bytes: int
) -> bytes:
    """The bytes of a mail. Raises DeliveryError for an unsafe header, or a mail too large."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, "sender")
    message["To"] = _address(to, "recipient")
    message["Subject"] = _one_line(letter.subject, "subject")
    message["Date"] = format_datetime(date)
    message["Message-ID"] = _one_line(message_id, "message id")
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content("\n\n".join(_one_line(line, "text") for line in letter.lines) + "\n")
    message.add_alternative(letter_html(letter), subtype="html")
    body = next(part for part in message.iter_parts() if part.get_content_type() == "text/html")
    assert isinstance(body, EmailMessage)
    body.add_related(
        letter.picture, maintype="image", subtype="png", cid=f"<{_PICTURE}>", disposition="inline",
        filename=f"{_PICTURE}.png",
    )  # fmt: skip
    if letter.pdf is not None:
        name = _one_line(letter.file_name, "file name")
        message.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=name)
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:24]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest}_{number}")  # else random, and no two builds alike
    content = message.as_bytes()
    _check_headers(message, content)
    if len(content) > max_bytes:
        what = f"the mail to {to.address} has {len(content):,} bytes, more than the limit of {max_bytes:,}."
        raise DeliveryError(Fault("mail", what, "Give this person `form: notice`, or raise max_message_mb."))
    return content


def letter_html(letter: Letter, *, picture_source: str = f"cid:{_PICTURE}") -> str:
    """The HTML body: one column that fits a phone, colours that a dark mode may change, the picture with its words."""
    title, *others = (
        html.escape(_one_line(line, "text")) for line in (letter.lines[1], letter.lines[0], *letter.lines[2:])
    )
    paragraphs = "".join(f'<p style="margin:0 0 10px">{line}</p>' for line in others)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{html.escape(_one_line(letter.subject, 'subject'))}</title>"
        "<style>:root{color-scheme:light dark}</style></head>"
        "<body style=\"margin:0;padding:16px;font:16px/1.45 'Source Sans 3',Arial,Helvetica,sans-serif\">"
        '<div style="max-width:600px;margin:0 auto">'
        f'<h1 style="font-size:20px;line-height:1.3;margin:0 0 12px">{title}</h1>{paragraphs}'
        f'<img src="{picture_source}" alt="{html.escape(_one_line(letter.picture_words, "picture"))}" width="600" '
        'style="width:100%;max-width:600px;height:auto;border:1px solid #888"></div></body></html>'
    )


def build_notice(*, sender: Recipient, to: Sequence[str], subject: str, lines: Sequence[str], date: datetime) -> bytes:
    """A plain mail to operators."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, "sender")
    message["To"] = tuple(_address(Recipient("", one), "operator") for one in to)
    message["Subject"] = _one_line(subject, "subject")
    message["Date"] = format_datetime(date)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_one_line(line, "text") for line in lines) + "\n")
    content = message.as_bytes()
    _check_headers(message, content)
    return content


def draw_first_page(pdf: bytes, *, width: int = _PICTURE_WIDTH) -> bytes:
    """Page one as a PNG, so many pixels wide."""
    import pypdfium2  # type: ignore[import-untyped]

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        picture = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
        stream = io.BytesIO()
        picture.save(stream, format="PNG", optimize=True)
        return stream.getvalue()
    finally:
        document.close()


def _one_line(text: str, what: str) -> str:
    if any(ord(c) < 32 or ord(c) in (127, 0x85, 0x2028, 0x2029) for c in text):
        raise DeliveryError(Fault("mail", f"there is a control character in the {what}.", "Remove it."))
    if "=?" in text:  # CVE-2024-6923: some Pythons decode it and fold the newline inside into the headers
        raise DeliveryError(Fault("mail", f"there is `=?` in the {what}.", "Write it otherwise."))
    return text


def _address(one: Recipient, what: str) -> Address:
    try:
        return Address(display_name=_one_line(one.name, f"{what}'s name"), addr_spec=_one_line(one.address, what))
    except (ValueError, IndexError, email.errors.MessageError) as error:
        raise DeliveryError(Fault("mail", f"the {what} is no mail address.", "Mend it.")) from error


def _check_headers(message: EmailMessage, content: bytes) -> None:
    """The last wall: what was written has the headers that were meant, and no others."""
    read = email.message_from_bytes(content)
    if sorted(name.lower() for name in read) != sorted(name.lower() for name in message):
        raise DeliveryError(Fault("mail", "its headers changed while being written.", "Report this fault."))
