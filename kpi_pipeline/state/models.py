"""The tables of the state: the journal of decisions, issues with what was done to them and what they claimed, the
outbox, the event chain.

Moments are UTC without a zone, since SQLite keeps none. What a row may say is its own room's matter (`journal`,
`delivery`). How tables come to be and change is in `migrations`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What all tables of the state share."""


class JournalEntry(Base):
    """One version of one recorded decision."""

    __tablename__ = "journal"
    __table_args__ = (UniqueConstraint("kind", "key", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    is_retired: Mapped[bool] = mapped_column(Boolean)
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(DateTime)


class EventEntry(Base):
    """One thing that was done, with the hash of the event before: a changed or missing event breaks the chain."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    actor: Mapped[str] = mapped_column(String(200))
    account: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))


class IssueEntry(Base):
    """One report for one audience: a draft at first, numbered only when it is issued.

    state: draft, in_review, approved, publishing, issued, superseded, withdrawn. basis: JSON of what it was made from.
    """

    __tablename__ = "issues"
    __table_args__ = (
        UniqueConstraint("scope", "audience", "number"),
        Index("ix_issues_month", "month", "scope", "audience"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    scope: Mapped[str] = mapped_column(String(200))
    audience: Mapped[str] = mapped_column(String(60))
    profile: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    number: Mapped[int | None]
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(200))
    drafted_at: Mapped[datetime] = mapped_column(DateTime)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("issues.id"))
    why: Mapped[str] = mapped_column(Text)


class ApprovalEntry(Base):
    """Who approved which bytes."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str] = mapped_column(String(200))
    approved_at: Mapped[datetime] = mapped_column(DateTime)
    comment: Mapped[str] = mapped_column(Text)


class OverrideEntry(Base):
    """A gate that somebody opened by name for one month of one snapshot, and why."""

    __tablename__ = "overrides"
    __table_args__ = (UniqueConstraint("month", "gate", "snapshot_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    gate: Mapped[str] = mapped_column(String(60))
    snapshot_id: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    overridden_by: Mapped[str] = mapped_column(String(200))
    overridden_at: Mapped[datetime] = mapped_column(DateTime)


class ArchiveEntry(Base):
    """Where an issue lies for good, and the hash of its manifest. path: below the archive folder."""

    __tablename__ = "archive_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), unique=True)
    path: Mapped[str] = mapped_column(String(400))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    archived_at: Mapped[datetime] = mapped_column(DateTime)


class ClaimEntry(Base):
    """One claim as an issue left it. state and body: as `judgement.claims` writes them; body is JSON."""

    __tablename__ = "claims"
    __table_args__ = (UniqueConstraint("issue_id", "metric", "facility_id", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"), index=True)
    metric: Mapped[str] = mapped_column(String(200))
    facility_id: Mapped[str] = mapped_column(String(1000))
    side: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)


class OutboxEntry(Base):
    """One mail to one recipient of one issue.

    state: queued, sending (leased), sent, refused, uncertain (held for a person), stopped (taken back before it was
    sent), bounced.
    """

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("issue_id", "recipient"), Index("ix_outbox_due", "state", "next_try_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    recipient: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))
    form: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    queued_at: Mapped[datetime] = mapped_column(DateTime)
    next_try_at: Mapped[datetime] = mapped_column(DateTime)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime)
    lease: Mapped[str] = mapped_column(String(80))
    reply: Mapped[str] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
