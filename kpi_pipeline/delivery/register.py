"""The register of issues as it is read: what is being prepared, what was issued, who approved it, where it lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import as_utc, read_events
from kpi_pipeline.state.models import ApprovalEntry, ArchiveEntry, IssueEntry

OPEN = ("draft", "in_review", "approved", "publishing")
"""States of an issue that is being prepared: at most one for a month, scope and audience."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One report for one audience. basis: what it was made from; number None until it is published."""

    id: int
    month: str
    scope: str
    audience: str
    profile: str
    state: str
    number: int | None
    pdf_sha256: str
    basis: Mapping[str, Any]
    drafted_by: str
    drafted_at: datetime
    supersedes_id: int | None
    why: str

    @property
    def name(self) -> str:
        """How it is named in events and messages: `2026-10 all executives`."""
        return f"{self.month} {self.scope} {self.audience}"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which bytes, and when."""

    pdf_sha256: str
    by: str
    at: datetime
    comment: str


def sealed_manifest(database: Database, issue: Issue) -> str | None:
    """The SHA-256 of the manifest under which a numbered issue went to the archive; None when it did not get so far."""
    with database.reading() as session:
        return manifest_in_chain(session, issue)


def read_issue(database: Database, issue_id: int) -> Issue:
    """One issue, as it is now."""
    with database.reading() as session:
        return issue_of(entry_of(session, issue_id))


def list_issues(database: Database, *, month: str = "") -> list[Issue]:
    """Every issue, or those of one month: by month, scope, audience and in the order they came to be."""
    asked = select(IssueEntry).order_by(IssueEntry.month, IssueEntry.scope, IssueEntry.audience, IssueEntry.id)
    if month:
        asked = asked.where(IssueEntry.month == month)
    with database.reading() as session:
        return [issue_of(entry) for entry in session.scalars(asked)]


def open_issues(database: Database, month: str) -> list[Issue]:
    """What is being prepared for a month."""
    return [one for one in list_issues(database, month=month) if one.state in OPEN]


def approvals_of(database: Database, issue_id: int) -> list[Approval]:
    """Who approved an issue, oldest first; also bytes that were replaced since."""
    asked = select(ApprovalEntry).where(ApprovalEntry.issue_id == issue_id).order_by(ApprovalEntry.id)
    with database.reading() as session:
        return [
            Approval(one.pdf_sha256, one.approved_by, as_utc(one.approved_at), one.comment)
            for one in session.scalars(asked)
        ]


def archive_of(database: Database, issue_id: int) -> tuple[str, str] | None:
    """Where an issue lies below the archive folder, and the hash of its manifest; None for one never issued."""
    with database.reading() as session:
        entry = session.scalars(select(ArchiveEntry).where(ArchiveEntry.issue_id == issue_id)).first()
        return None if entry is None else (entry.path, entry.manifest_sha256)


def issue_before(database: Database, *, month: str, scope: str, audience: str) -> Issue | None:
    """The newest issue of this scope and audience for this month or an earlier one; one that was replaced or taken back
    has been read, too. None when there is none."""
    with database.reading() as session:
        was_issued = exists().where(ArchiveEntry.issue_id == IssueEntry.id)
        entry = session.scalars(
            select(IssueEntry)
            .where(IssueEntry.scope == scope, IssueEntry.audience == audience, IssueEntry.month <= month, was_issued)
            .order_by(IssueEntry.month.desc(), IssueEntry.number.desc())
        ).first()
        return None if entry is None else issue_of(entry)


def newest_issued(database: Database, month: str, scope: str, audience: str) -> Issue | None:
    """The issue that stands for a month, scope and audience."""
    with database.reading() as session:
        entry = newest_issued_entry(session, month, scope, audience)
        return None if entry is None else issue_of(entry)


def manifest_in_chain(session: Session, issue: Issue) -> str | None:
    """As `sealed_manifest`, within a transaction."""
    sealed = [one.body for one in read_events(session, subject=issue.name, kind="sealed")]
    return next((str(one["manifest_sha256"]) for one in reversed(sealed) if one["number"] == issue.number), None)


def open_entry(session: Session, month: str, scope: str, audience: str) -> IssueEntry | None:
    """The entry that is being prepared for a month, scope and audience; None without one."""
    return session.scalars(_same(month, scope, audience).where(IssueEntry.state.in_(OPEN))).first()


def newest_issued_entry(session: Session, month: str, scope: str, audience: str) -> IssueEntry | None:
    """As `newest_issued`, within a transaction."""
    asked = _same(month, scope, audience).where(IssueEntry.state == "issued").order_by(IssueEntry.number.desc())
    return session.scalars(asked).first()


def _same(month: str, scope: str, audience: str) -> Any:
    return select(IssueEntry).where(
        IssueEntry.month == month, IssueEntry.scope == scope, IssueEntry.audience == audience
    )


def entry_of(session: Session, issue_id: int) -> IssueEntry:
    """The entry of an id. Raises DeliveryError where the register has none."""
    entry = session.get(IssueEntry, issue_id)
    if entry is None:
        raise DeliveryError(Fault("issue", "is not in the register.", "kpi issue list shows those that are."))
    return entry


def issue_of(entry: IssueEntry) -> Issue:
    """An entry as it is now, free of its session."""
    return Issue(
        entry.id,
        entry.month,
        entry.scope,
        entry.audience,
        entry.profile,
        entry.state,
        entry.number,
        entry.pdf_sha256,
        json.loads(entry.basis),
        entry.drafted_by,
        as_utc(entry.drafted_at),
        entry.supersedes_id,
        entry.why,
    )
