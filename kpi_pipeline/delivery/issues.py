"""The life of an issue: draft → in review → approved → publishing → issued → superseded, or withdrawn.

Every step is one transaction with its event. Approval names the SHA-256 of the PDF that was looked at; a number is
given when an issue is published, never before, and stays with it when the process dies half-way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.delivery.claims import record_claims
from kpi_pipeline.delivery.outsiders import refuse_unknown_to
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.delivery.register import Issue, entry_of, issue_of, manifest_in_chain, newest_issued_entry, open_entry
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, as_stored
from kpi_pipeline.state.models import ApprovalEntry, ArchiveEntry, IssueEntry, OutboxEntry


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
        replaced = newest_issued_entry(session, month, scope, audience)
        if replaced is not None and replaced.id != replaces_id:
            what = f"number {replaced.number} was issued while this draft was made."
            raise _refused(issue_of(replaced), what, "Say --why it is replaced, or leave it.")
        entry = open_entry(session, month, scope, audience)
        if entry is not None and entry.state == "publishing":
            raise _refused(issue_of(entry), "is being published.", "Finish with kpi issue publish, then draft anew.")
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
        issue = issue_of(entry)
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
        entry = entry_of(session, issue_id)
        issue = issue_of(entry)
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
        return issue_of(entry)


def reserve_number(database: Database, issue_id: int, *, by: str, at: datetime) -> Issue:
    """Gives an approved issue its number. One that has it already keeps it: its publication broke off, or another
    process published it meanwhile."""
    with database.writing() as session:
        entry = entry_of(session, issue_id)
        issue = issue_of(entry)
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
        return issue_of(entry)


def seal_publication(
    database: Database, issue_id: int, *, known: Collection[str], manifest_sha256: str, cure: str, by: str, at: datetime
) -> None:
    """Writes into the chain what a numbered issue's manifest will be, before it lies in the archive: what breaks off
    after that can be finished from the archive alone, and from nothing else that lies there.

    known, cure: as for `refuse_unknown_to`: of two that do not know each other one is sealed, whoever is faster.
    """
    with database.writing() as session:
        issue = issue_of(entry_of(session, issue_id))
        refuse_unknown_to(session, issue, known, cure=cure)
        if manifest_in_chain(session, issue) != manifest_sha256:
            body = {"number": issue.number, "manifest_sha256": manifest_sha256}
            append_event(session, "sealed", issue.name, by=by, at=at, body=body)


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
        entry = entry_of(session, issue_id)
        if entry.state == "issued":
            return issue_of(entry)
        if entry.state != "publishing":
            raise _refused(issue_of(entry), f"is {entry.state}, not being published.", "Publish it again.")
        if not _is_approved(session, entry):
            raise _refused(issue_of(entry), "is not approved.", "Withdraw it, then draft it anew.")
        before = newest_issued_entry(session, entry.month, entry.scope, entry.audience)
        if before is not None:
            before.state = "superseded"
            _stop_mails(session, before.id, at, "replaced by a newer issue")
            append_event(session, "superseded", issue_of(before).name, by=by, at=at, body={"number": before.number})
        entry.supersedes_id = None if before is None else before.id
        entry.state = "issued"
        session.add(
            ArchiveEntry(issue_id=issue_id, path=path, manifest_sha256=manifest_sha256, archived_at=as_stored(at))
        )
        session.add_all(mails)
        record_claims(session, issue_id, claims)
        issue = issue_of(entry)
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
        entry = entry_of(session, issue_id)
        if entry.state not in ("approved", "publishing", "issued"):
            what = f"is {entry.state.replace('_', ' ')}"
            raise _refused(issue_of(entry), f"{what}.", "Only an approved or issued report can be withdrawn.")
        was, entry.state = entry.state, "withdrawn"
        stopped = _stop_mails(session, issue_id, at, "withdrawn")
        issue = issue_of(entry)
        body = {"number": entry.number, "was": was, "why": why, "mails_stopped": stopped, "by_list": is_listed}
        append_event(session, "withdrawn", issue.name, by=by, at=at, body=body)
        return issue, stopped


def _is_approved(session: Session, entry: IssueEntry) -> bool:
    hashes = session.scalars(select(ApprovalEntry.pdf_sha256).where(ApprovalEntry.issue_id == entry.id)).all()
    return entry.pdf_sha256 in hashes


def _stop_mails(session: Session, issue_id: int, at: datetime, why: str) -> int:
    queued = select(OutboxEntry).where(OutboxEntry.issue_id == issue_id, OutboxEntry.state == "queued")
    mails = session.scalars(queued).all()
    for mail in mails:
        mail.state, mail.reply, mail.done_at = "stopped", why, as_stored(at)
    return len(mails)


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, however they are spaced or capitalised."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _refused(issue: Issue, what: str, cure: str) -> DeliveryError:
    return DeliveryError(Fault(f"issue {issue.name}", what, cure))
