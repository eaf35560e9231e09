"""Issues that outsiders have or are about to get: whoever withholds must know them all, and none may come in between.

An issue is shown from the moment it is issued. One that is sealed can be issued as it lies in the archive, whatever
happened since: until it is finished or taken back, nothing leaves that was made without it.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.delivery.register import Issue, issue_of, manifest_in_chain
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.models import ArchiveEntry, IssueEntry


def archived_for_outsiders(database: Database) -> list[tuple[str, str]]:
    """Where every issue that withholds lies, whatever became of it since, and the hash of its manifest."""
    asked = (
        select(ArchiveEntry.path, ArchiveEntry.manifest_sha256)
        .join(IssueEntry, ArchiveEntry.issue_id == IssueEntry.id)
        .where(IssueEntry.profile != "internal")
        .order_by(ArchiveEntry.path)
    )
    with database.reading() as session:
        return [(path, sha256) for path, sha256 in session.execute(asked)]


def refuse_unknown_to(session: Session, issue: Issue, known: Collection[str], *, cure: str) -> None:
    """Refuses to publish an issue that withholds beside another that it does not know, issued or sealed.

    known: where those lie that it was made knowing. cure: what to do where outsiders have the other one already.
    """
    if issue.profile == "internal":
        return
    asked = (
        select(IssueEntry, ArchiveEntry.path)
        .outerjoin(ArchiveEntry, ArchiveEntry.issue_id == IssueEntry.id)
        .where(IssueEntry.profile != "internal", IssueEntry.id != issue.id)
        .where(or_(ArchiveEntry.id.is_not(None), IssueEntry.state == "publishing"))
        .order_by(IssueEntry.id)
    )
    faults = []
    for entry, path in session.execute(asked):
        other = issue_of(entry)
        if path in known or _is_side_by_side(issue, other):
            continue
        if path is not None:
            what = "a report was issued to outsiders since it was drafted, whose readers may lay the two side by side."
            faults.append(Fault(f"issue {issue.name}", what, cure))
        elif manifest_in_chain(session, other) is not None:
            what = f"number {other.number} is half published; outsiders may lay it beside {issue.name}."
            faults.append(Fault(f"issue {other.name}", what, _finish_or_take_back(other)))
    if faults:
        raise DeliveryError(list(dict.fromkeys(faults)))


def _is_side_by_side(issue: Issue, other: Issue) -> bool:
    """Whether both were drafted of one month from the same data, knowing the same. A release before this one did not
    write down what it knew."""
    shown = issue.basis.get("shown", [])
    return (other.month, other.basis["made_from"], other.basis.get("shown", shown)) == (
        issue.month,
        issue.basis["made_from"],
        shown,
    )


def _finish_or_take_back(issue: Issue) -> str:
    where = f"{issue.month} --audience {issue.audience}"
    return (
        f"Finish it: kpi issue publish {where}; or take it back: "
        f"kpi issue withdraw {where} --scope {issue.scope} --why …."
    )
