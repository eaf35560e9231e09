"""Looking at issues: a month's story in lines, finding one, taking one back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.delivery.files import name_of_pdf, sha256_of
from kpi_pipeline.delivery.gate import overrides_of
from kpi_pipeline.delivery.issues import withdraw
from kpi_pipeline.delivery.outbox import list_mails
from kpi_pipeline.delivery.register import OPEN, Issue, approvals_of, archive_of, list_issues
from kpi_pipeline.delivery.rights import check_right
from kpi_pipeline.journal import text_faults
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk
from kpi_pipeline.pipeline.issuing.issue_draft import obstacles_of
from kpi_pipeline.pipeline.issuing.issue_files import exceptions_of
from kpi_pipeline.state.database import Database


def tell_month(desk: IssueDesk, month: Month, *, audience: str | None = None) -> list[str]:
    """A month's reports: state, what stands in the way, approvals, archive, mails."""
    found = [one for one in list_issues(desk.database, month=str(month)) if audience in (None, one.audience)]
    if not found:
        return [f"Nothing is drafted for {month}: kpi issue draft {month}"]
    return [line for one in found for line in _tell(desk, one)]


def withdraw_issue(
    desk: IssueDesk, month: Month, audience: str, scope: str, *, by: str, why: str, at: datetime
) -> tuple[Issue, int]:
    """Takes back the report that stands, or the one that is approved; returns it and how many mails were stopped."""
    if faults := [*text_faults("--by", by), *text_faults("--why", why)]:
        raise InputError(faults)
    approvers = desk.settings.delivery.approvers
    check_right(approvers, by, "withdraw")
    same = _same(desk.database, month, audience, scope)
    standing = [one for one in same if one.state in ("issued", "approved", "publishing")]
    if not standing:
        what = "has no approved or issued report."
        raise DeliveryError(Fault(f"{month} {scope} {audience}", what, "kpi issue list shows what there is."))
    return withdraw(desk.database, standing[-1].id, why=why, by=by, at=at, is_listed=bool(approvers))


def find_archived(database: Database, month: Month, audience: str, scope: str, number: int | None) -> Issue:
    """The issue of this number, or the newest that was ever issued."""
    same = _same(database, month, audience, scope)
    numbered = [one for one in same if archive_of(database, one.id) is not None]  # a number alone was never read
    chosen = [one for one in numbered if number in (None, one.number)]
    if not chosen:
        what = "was never issued." if number is None else f"has no issue {number}."
        raise DeliveryError(Fault(f"{month} {scope} {audience}", what, "kpi issue list shows what there is."))
    return max(chosen, key=lambda one: one.number or 0)


def _tell(desk: IssueDesk, issue: Issue) -> list[str]:
    number = f" {issue.number}" if issue.number is not None else ""
    lines = [f"{issue.name}: {issue.state.replace('_', ' ')}{number}; drafted by {issue.drafted_by}"]
    if issue.state in OPEN:
        lines += [f"  {line}" for line in _tell_draft(desk, issue)]
    for one in approvals_of(desk.database, issue.id):
        stale = "" if one.pdf_sha256 == issue.pdf_sha256 else ", of an earlier draft"
        comment = f": {one.comment}" if one.comment else ""
        lines.append(f"  approved by {one.by} on {one.at:%Y-%m-%d %H:%M} UTC{stale}{comment}")
    if (archived := archive_of(desk.database, issue.id)) is not None:
        lines.append(f"  archived in {desk.archive / archived[0]}")
        lines += [f"    {line}" for line in _tell_files(desk.archive / archived[0])]
    for mail in list_mails(desk.database, issue_id=issue.id):
        lines.append(f"  mail {mail.id} to {mail.recipient}: {mail.state}{f' ({mail.reply})' if mail.reply else ''}")
    return lines


def _tell_draft(desk: IssueDesk, issue: Issue) -> list[str]:
    folder = desk.draft_folder(issue)
    files = {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()} if folder.is_dir() else {}
    pdf = name_of_pdf(files)
    if pdf is None or sha256_of(files[pdf]) != issue.pdf_sha256:
        return ["what lies there is not what was drafted: draft it anew"]
    month = Month.parse(issue.month)
    aside = overrides_of(desk.database, month, desk.facts.snapshot_id)
    return [
        f"{folder / pdf}",
        *(f"{folder / name}" for name in sorted(files) if name != pdf),
        *(
            f"{one.what} ({f'set aside by {aside[one.gate].by}' if one.gate in aside else f'gate {one.gate}'})"
            for one in obstacles_of(desk, month, issue.scope, exceptions_of(files))
        ),
    ]


def _tell_files(folder: Path) -> list[str]:
    """Everything that was issued, by name: the PDF first, then the other forms, then what they rest on."""
    if not folder.is_dir():
        return ["it is not there: restore the archive from the backup"]
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    pdf, forms = name_of_pdf(names), tuple(FORM_ENDINGS.values())
    return sorted(names, key=lambda name: (name != pdf, not name.endswith(forms), name))


def _same(database: Database, month: Month, audience: str, scope: str) -> list[Issue]:
    return [one for one in list_issues(database, month=str(month)) if (one.audience, one.scope) == (audience, scope)]
