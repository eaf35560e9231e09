"""The register of claims: what each issue said, kept with the issue, read by the next one of the same audience."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.models import ClaimEntry


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


def claims_of(database: Database, issue_id: int) -> tuple[Claim, ...]:
    """The open claims as an issue left them."""
    asked = select(ClaimEntry).where(ClaimEntry.issue_id == issue_id).order_by(ClaimEntry.id)
    with database.reading() as session:
        found = [Claim.model_validate_json(one.body) for one in session.scalars(asked)]
    return tuple(one for one in found if one.is_open)
