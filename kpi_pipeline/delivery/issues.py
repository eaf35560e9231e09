"""The register of issues: draft → in review → approved → publishing → issued → superseded, or withdrawn.

Every step is one transaction with its event. Approval names the SHA-256 of the PDF that was looked at; a number is
given when an issue is published, never before, and stays with it when the process dies half-way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.delivery.claims import record_claims
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, as_stored, as_utc, read_events
from kpi_pipeline.state.models import ApprovalEntry, ArchiveEntry, IssueEntry, OutboxEntry

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


def record_draft(
    database: Database,
    *,
    month: str,
    scope: str,
    audience: str,
    profile: str,
    pdf_sha256: str,
    basis: Mapping[str, Any],
    is_ready: bool,
    replaces_id: int | None,
    by: str,
    at: datetime,
    why: str = "",
) -> Issue:
    """Records a draft in place of an earlier one of the same month, scope and audience.

    The same bytes keep their approval; other bytes lose it. is_ready: nothing stands in the way of an approval.
    replaces_id: the issue that stood when the draft was begun, and that it says it replaces; another one may have been
    published meanwhile, and everybody would get a second report that says nothing of the first.
    """
    with database.writing() as session:
        replaced = _newest_issued(session, month, scope, audience)
        if replaced is not None and replaced.id != replaces_id:
            what = f"number {replaced.number} was issued while this draft was made."
            raise _refused(_issue(replaced), what, "Say --why it is replaced, or leave it.")
        entry = _open_entry(session, month, scope, audience)
        if entry is not None and entry.state == "publishing":
            raise _refused(_issue(entry), "is being published.", "Finish with kpi issue publish, then draft anew.")
        if entry is None:
            entry = IssueEntry(month=month, scope=scope, audience=audience, state="draft")
            session.add(entry)
        keeps = entry.state == "approved" and entry.pdf_sha256 == pdf_sha256 and is_ready
        entry.state = "approved" if keeps else "in_review" if is_ready else "draft"
        entry.profile, entry.pdf_sha256, entry.why = profile, pdf_sha256, why
        entry.basis = json.dumps(basis, sort_keys=True, ensure_ascii=False)
        entry.drafted_by, entry.drafted_at = by, as_stored(at)
        entry.supersedes_id = None if replaced is None else replaced.id
        session.flush()
        issue = _issue(entry)
        body = {"sha256": pdf_sha256, "state": entry.state, "why": why}
        append_event(session, "drafted", issue.name, by=by, at=at, body=body)
        reached("draft.recorded")
    reached("draft.committed")
    return issue


def approve(
    database: Database,
    issue_id: int,
    *,
    pdf_sha256: str,
    by: str,
    at: datetime,
    comment: str,
    two_person: bool,
    is_listed: bool = False,
) -> Issue:
    """Approves the bytes of this hash; refuses other bytes, a draft that may not pass, and the one who drafted it.

    is_listed: whether a list of approvers was in force and has the name; the event says so.
    """
    with database.writing() as session:
        entry = _entry(session, issue_id)
        issue = _issue(entry)
        if entry.state == "draft":
            raise _refused(issue, "may not be approved yet.", "kpi issue show says what stands in the way.")
        if entry.state not in ("in_review", "approved"):
            raise _refused(issue, f"is {entry.state}.", "Only a report in review can be approved.")
        if entry.pdf_sha256 != pdf_sha256:
            raise _refused(issue, "was made anew since you looked at it.", "Look at it again, then approve it.")
        if two_person and is_same_person(by, entry.drafted_by):
            raise _refused(issue, f"was drafted by {entry.drafted_by}.", "A second person has to approve it.")
        session.add(
            ApprovalEntry(
                issue_id=issue_id, pdf_sha256=pdf_sha256, approved_by=by, approved_at=as_stored(at), comment=comment
            )
        )
        entry.state = "approved"
        body = {"sha256": pdf_sha256, "comment": comment, "by_list": is_listed}
        append_event(session, "approved", issue.name, by=by, at=at, body=body)
        return _issue(entry)


def reserve_number(database: Database, issue_id: int, *, by: str, at: datetime) -> Issue:
    """Gives an approved issue its number. One that has it already keeps it: its publication broke off, or another
    process published it meanwhile."""
    with database.writing() as session:
        entry = _entry(session, issue_id)
        issue = _issue(entry)
        if entry.state == "issued":
            return issue
        if entry.state not in ("approved", "publishing") or not _is_approved(session, entry):
            raise _refused(issue, f"is {entry.state.replace('_', ' ')}, not approved.", "Approve it first.")
        if entry.state == "publishing":
            return issue
        highest = session.scalar(
            select(func.max(IssueEntry.number)).where(
                IssueEntry.scope == entry.scope, IssueEntry.audience == entry.audience
            )
        )
        entry.number, entry.state = (highest or 0) + 1, "publishing"
        append_event(
            session, "numbered", issue.name, by=by, at=at, body={"number": entry.number, "sha256": entry.pdf_sha256}
        )
        reached("publish.numbered")
        return _issue(entry)


def seal_publication(database: Database, issue_id: int, *, manifest_sha256: str, by: str, at: datetime) -> None:
    """Writes into the chain what a numbered issue's manifest will be, before it lies in the archive: what breaks off
    after that can be finished from the archive alone, and from nothing else that lies there."""
    with database.writing() as session:
        issue = _issue(_entry(session, issue_id))
        if _sealed(session, issue) != manifest_sha256:
            body = {"number": issue.number, "manifest_sha256": manifest_sha256}
            append_event(session, "sealed", issue.name, by=by, at=at, body=body)


def sealed_manifest(database: Database, issue: Issue) -> str | None:
    """The SHA-256 of the manifest under which a numbered issue went to the archive; None when it did not get so far."""
    with database.reading() as session:
        return _sealed(session, issue)


def finish_publication(
    database: Database,
    issue_id: int,
    *,
    path: str,
    manifest_sha256: str,
    mails: list[OutboxEntry],
    claims: Sequence[Claim] = (),
    by: str,
    at: datetime,
) -> Issue:
    """Issues what lies in the archive, replaces the issue before, keeps its claims, queues its mails: all at once."""
    with database.writing() as session:
        entry = _entry(session, issue_id)
        if entry.state == "issued":
            return _issue(entry)
        if entry.state != "publishing":
            raise _refused(_issue(entry), f"is {entry.state}, not being published.", "Publish it again.")
        if not _is_approved(session, entry):
            raise _refused(_issue(entry), "is not approved.", "Withdraw it, then draft it anew.")
        before = _newest_issued(session, entry.month, entry.scope, entry.audience)
        if before is not None:
            before.state = "superseded"
            _stop_mails(session, before.id, at, "replaced by a newer issue")
            append_event(session, "superseded", _issue(before).name, by=by, at=at, body={"number": before.number})
        entry.supersedes_id = None if before is None else before.id
        entry.state = "issued"
        session.add(
            ArchiveEntry(issue_id=issue_id, path=path, manifest_sha256=manifest_sha256, archived_at=as_stored(at))
        )
        session.add_all(mails)
        record_claims(session, issue_id, claims)
        issue = _issue(entry)
        body = {"number": entry.number, "manifest_sha256": manifest_sha256, "mails": len(mails), "path": path}
        append_event(session, "issued", issue.name, by=by, at=at, body=body)
        reached("publish.issued")
    reached("publish.committed")
    return issue


def withdraw(
    database: Database, issue_id: int, *, why: str, by: str, at: datetime, is_listed: bool = False
) -> tuple[Issue, int]:
    """Takes an approved or issued report back; mails that have not left are stopped. Returns how many.

    is_listed: as for `approve`.
    """
    with database.writing() as session:
        entry = _entry(session, issue_id)
        if entry.state not in ("approved", "publishing", "issued"):
            what = f"is {entry.state.replace('_', ' ')}"
            raise _refused(_issue(entry), f"{what}.", "Only an approved or issued report can be withdrawn.")
        was, entry.state = entry.state, "withdrawn"
        stopped = _stop_mails(session, issue_id, at, "withdrawn")
        issue = _issue(entry)
        body = {"number": entry.number, "was": was, "why": why, "mails_stopped": stopped, "by_list": is_listed}
        append_event(session, "withdrawn", issue.name, by=by, at=at, body=body)
        return issue, stopped


def read_issue(database: Database, issue_id: int) -> Issue:
    """One issue, as it is now."""
    with database.reading() as session:
        return _issue(_entry(session, issue_id))


def list_issues(database: Database, *, month: str = "") -> list[Issue]:
    """Every issue, or those of one month: by month, scope, audience and in the order they came to be."""
    asked = select(IssueEntry).order_by(IssueEntry.month, IssueEntry.scope, IssueEntry.audience, IssueEntry.id)
    if month:
        asked = asked.where(IssueEntry.month == month)
    with database.reading() as session:
        return [_issue(entry) for entry in session.scalars(asked)]


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
        return None if entry is None else _issue(entry)


def newest_issued(database: Database, month: str, scope: str, audience: str) -> Issue | None:
    """The issue that stands for a month, scope and audience."""
    with database.reading() as session:
        entry = _newest_issued(session, month, scope, audience)
        return None if entry is None else _issue(entry)


def _is_approved(session: Session, entry: IssueEntry) -> bool:
    hashes = session.scalars(select(ApprovalEntry.pdf_sha256).where(ApprovalEntry.issue_id == entry.id)).all()
    return entry.pdf_sha256 in hashes


def _sealed(session: Session, issue: Issue) -> str | None:
    sealed = [one.body for one in read_events(session, subject=issue.name, kind="sealed")]
    return next((str(one["manifest_sha256"]) for one in reversed(sealed) if one["number"] == issue.number), None)


def _stop_mails(session: Session, issue_id: int, at: datetime, why: str) -> int:
    queued = select(OutboxEntry).where(OutboxEntry.issue_id == issue_id, OutboxEntry.state == "queued")
    mails = session.scalars(queued).all()
    for mail in mails:
        mail.state, mail.reply, mail.done_at = "stopped", why, as_stored(at)
    return len(mails)


def _open_entry(session: Session, month: str, scope: str, audience: str) -> IssueEntry | None:
    return session.scalars(_same(month, scope, audience).where(IssueEntry.state.in_(OPEN))).first()


def _newest_issued(session: Session, month: str, scope: str, audience: str) -> IssueEntry | None:
    asked = _same(month, scope, audience).where(IssueEntry.state == "issued").order_by(IssueEntry.number.desc())
    return session.scalars(asked).first()


def _same(month: str, scope: str, audience: str) -> Any:
    return select(IssueEntry).where(
        IssueEntry.month == month, IssueEntry.scope == scope, IssueEntry.audience == audience
    )


def _entry(session: Session, issue_id: int) -> IssueEntry:
    entry = session.get(IssueEntry, issue_id)
    if entry is None:
        raise DeliveryError(Fault("issue", "is not in the register.", "kpi issue list shows those that are."))
    return entry


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, however they are spaced or capitalised."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _refused(issue: Issue, what: str, cure: str) -> DeliveryError:
    return DeliveryError(Fault(f"issue {issue.name}", what, cure))


def _issue(entry: IssueEntry) -> Issue:
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
