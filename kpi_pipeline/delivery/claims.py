"""The register of claims: what each issue said, kept with the issue, read by the next one of the same audience."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.models import ArchiveEntry, ClaimEntry, IssueEntry


def record_claims(session: Session, issue_id: int, claims: Iterable[Claim]) -> None:
    """Keeps what an issue claims, within the transaction that issues it."""
    session.add_all(
        ClaimEntry(
            issue_id=issue_id,
            metric=one.metric,
            facility_id=one.facility_id,
            side=one.side,
            state=one.state,
            body=one.model_dump_json(),
        )
        for one in claims
    )


def said_before(database: Database, *, month: str, scope: str, audience: str) -> tuple[Claim, ...]:
    """The open claims as the issue before left them: the newest one of this scope and audience for this month or an
    earlier one. An issue that was replaced or taken back has been read, too, and is followed up like any other.
    """
    with database.reading() as session:
        was_issued = exists().where(ArchiveEntry.issue_id == IssueEntry.id)
        before = session.scalars(
            select(IssueEntry)
            .where(IssueEntry.scope == scope, IssueEntry.audience == audience, IssueEntry.month <= month, was_issued)
            .order_by(IssueEntry.month.desc(), IssueEntry.number.desc())
        ).first()
        if before is None:
            return ()
        asked = select(ClaimEntry).where(ClaimEntry.issue_id == before.id).order_by(ClaimEntry.id)
        found = [Claim.model_validate_json(one.body) for one in session.scalars(asked)]
    return tuple(one for one in found if one.is_open)
