"""Where mails are made: the archive their letters come from, the audiences as they are now, the mail server."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DefinitionError, DeliveryError, Fault
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.audiences import Audiences, read_audiences
from kpi_pipeline.delivery.archive import read_manifest
from kpi_pipeline.delivery.files import name_of_pdf, sha256_of
from kpi_pipeline.delivery.message import (
    Letter,
    Recipient,
    build_message,
    write_letter,
)
from kpi_pipeline.delivery.outbox import NO_DOMAIN, Mail
from kpi_pipeline.delivery.register import Issue, archive_of
from kpi_pipeline.state.database import Database

_NOBODY = MailSettings(host=NO_DOMAIN, sender=f"sender@{NO_DOMAIN}")
"""What stands for the mail server and the sender where mails are only looked at and none is set."""


class Mailroom:
    """The outbox, the archive its letters are made from, the audiences as they are now, and the mail server."""

    def __init__(self, database: Database, archive: Path, audiences: Audiences, mail: MailSettings):
        self.database, self.archive, self.audiences, self.mail = database, archive, audiences, mail
        self._letters: dict[tuple[int, str], Letter] = {}

    @property
    def is_nobodys(self) -> bool:
        """Whether no mail server is set: mails can be looked at, not sent."""
        return self.mail is _NOBODY

    @property
    def sender(self) -> Recipient:
        """Who the mails come from."""
        return Recipient(self.mail.sender_name, self.mail.sender)

    def letter(self, issue: Issue, form: str, *, test: bool = False) -> Letter:
        """The letter of an issue, from its archive, whose hashes are checked first."""
        key = (issue.id, form)
        if test or key not in self._letters:
            made = self._write(issue, form, test=test)
            if test:
                return made
            self._letters[key] = made
        return self._letters[key]

    def message(self, mail: Mail, issue: Issue) -> bytes:
        """The bytes of one mail of the outbox."""
        return build_message(
            self.letter(issue, self.form_of(mail, issue)),
            sender=self.sender,
            to=Recipient(mail.name, mail.recipient),
            message_id=mail.message_id,
            date=mail.queued_at,
            max_bytes=self.max_bytes,
        )

    @property
    def max_bytes(self) -> int:
        """The largest mail we send."""
        return int(self.mail.max_message_mb * 1_000_000)

    def form_of(self, mail: Mail, issue: Issue) -> str:
        """The form a recipient gets now: whoever was given the notice after a mail was too large gets the notice."""
        audience = self.audiences.find(issue.audience)
        people = () if audience is None else audience.people
        return next((one.form for one in people if one.address.lower() == mail.recipient.lower()), mail.form)

    def still_gets(self, mail: Mail, issue: Issue) -> bool:
        """Whether a recipient still belongs to the audience, in a domain that is allowed."""
        audience = self.audiences.find(issue.audience)
        return audience is not None and mail.recipient.lower() in audience.addresses

    def _write(self, issue: Issue, form: str, *, test: bool) -> Letter:
        archived = archive_of(self.database, issue.id)
        if archived is None or issue.number is None or issue.state != "issued":
            what = f"is {issue.state}, not issued: it is not sent."
            raise DeliveryError(Fault(f"issue {issue.name}", what, "Publish it first."))
        path, manifest_sha256 = archived
        hashes = read_manifest(self.archive, path, sha256=manifest_sha256)["files"]
        contents = {}
        for ending in (".pdf", ".model.json"):
            name = name_of_pdf(hashes) if ending == ".pdf" else next(one for one in hashes if one.endswith(ending))
            assert name is not None
            content = (self.archive / path / name).read_bytes()
            if sha256_of(content) != hashes[name]:
                raise DeliveryError(Fault("archive", f"{path}/{name} was changed.", "Restore it from the backup."))
            contents[ending] = content
        return write_letter(
            contents[".model.json"], contents[".pdf"], number=issue.number, form=form,
            public_url=self.mail.public_url, test=test,
        )  # fmt: skip


def open_mailroom(database: Database, archive: Path, settings: Settings, *, only_to_look: bool = False) -> Mailroom:
    """The mail room as set. Where no mail server is, DefinitionError; only_to_look: a sender that is nobody."""
    mail = settings.delivery.mail or (_NOBODY if only_to_look else None)
    if mail is None:
        cure = "Write it into kpi.yaml, delivery: {mail: {host: …, sender: …}} (docs/guide/operations.md)."
        raise DefinitionError(Fault("settings", "no mail server is set: nothing can be sent.", cure))
    return Mailroom(database, archive, read_audiences(settings.delivery.audiences), mail)
