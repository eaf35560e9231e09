"""Approving and publishing a month's drafts: numbers them, freezes them, fills the outbox. All of them, or none.

What `kpi issue` and Dagster both call. Sending is `mailing`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import ReportForm
from kpi_pipeline.declared.audiences import Audience
from kpi_pipeline.delivery.archive import Archived, archived_models, highest_number, issue_path, write_issue
from kpi_pipeline.delivery.files import name_of_pdf, sha256_of
from kpi_pipeline.delivery.issues import approve, finish_publication, is_same_person, reserve_number, seal_publication
from kpi_pipeline.delivery.outbox import mails_of
from kpi_pipeline.delivery.outsiders import refuse_unknown_to
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.delivery.register import Issue, list_issues, open_issues, read_issue, sealed_manifest
from kpi_pipeline.delivery.rights import check_right
from kpi_pipeline.delivery.signing import read_signing_key
from kpi_pipeline.journal import ReportDecisions
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.pipeline.history.issue_basis import Basis, claims_file, read_basis, refuse_another_basis
from kpi_pipeline.pipeline.history.issue_before import evidence_of
from kpi_pipeline.pipeline.history.shown_before import ShownIssue, issues_shown, newest_shown
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk, Progress, check_texts
from kpi_pipeline.pipeline.issuing.issue_files import build_files, claims_of, pdf_of, said_sha256, words_of
from kpi_pipeline.pipeline.report import IssueWords


@dataclass(frozen=True, slots=True)
class Published:
    """One issue: where it lies in the archive, and how many mails wait in the outbox."""

    issue: Issue
    folder: Path
    n_mails: int


def approve_month(
    desk: IssueDesk, month: Month, *, by: str, at: datetime, comment: str = "", audience: str | None = None
) -> list[Issue]:
    """Approves the drafts of a month that lie there now, each by the hash of its PDF. All of them, or none."""
    check_texts(("--by", by), *([("--comment", comment)] if comment else []))
    approvers = desk.settings.delivery.approvers
    check_right(approvers, by, "approve")
    waiting = [one for one in open_issues(desk.database, str(month)) if audience in (None, one.audience)]
    if not waiting:
        raise DeliveryError(Fault(str(month), "has no draft.", "Make one: kpi issue draft YYYY-MM."))
    lying = {one.id: _draft_hash(desk, one) for one in waiting}
    faults = [
        Fault(f"issue {one.name}", "what lies there is not what was drafted.", "Draft it anew.")
        for one in waiting
        if lying[one.id] != one.pdf_sha256
    ]
    faults += [
        Fault(f"issue {one.name}", "may not be approved yet.", "kpi issue show says what stands in the way.")
        for one in waiting
        if one.state == "draft"
    ]
    two_person = desk.settings.delivery.two_person
    faults += [
        Fault(f"issue {one.name}", f"was drafted by {one.drafted_by}.", "A second person has to approve it.")
        for one in waiting
        if two_person and is_same_person(by, one.drafted_by)
    ]
    if faults:
        raise DeliveryError(faults)
    return [
        approve(
            desk.database, one.id, pdf_sha256=one.pdf_sha256, by=by, at=at, comment=comment, two_person=two_person,
            is_listed=bool(approvers),
        )
        for one in waiting
        if one.state != "publishing"
    ]  # fmt: skip


def publish_month(
    desk: IssueDesk,
    month: Month,
    *,
    by: str,
    at: datetime,
    audience: str | None = None,
    progress: Progress = lambda _: None,
) -> list[Published]:
    """Publishes the approved drafts of a month: numbers them, freezes them, fills the outbox. All of them, or none.

    Again after it broke off, it goes on where it stopped: an issue that lies in the archive is issued as it lies there,
    whatever changed since. With nothing to publish it changes nothing.
    """
    check_texts(("--by", by))
    waiting = [one for one in open_issues(desk.database, str(month)) if audience in (None, one.audience)]
    faults = [
        Fault(
            f"issue {one.name}", f"is {one.state.replace('_', ' ')}, not approved.", "Approve it, or name --audience."
        )
        for one in waiting
        if one.state not in ("approved", "publishing")
    ]
    if faults:
        raise DeliveryError(faults)
    if not waiting and not list_issues(desk.database, month=str(month)):
        raise DeliveryError(Fault(str(month), "has no draft.", "Make one: kpi issue draft YYYY-MM."))
    published = [done for one in waiting if (done := _finish_archived(desk, one, by=by, at=at))]
    finished = {one.issue.id for one in published}
    waiting = [one for one in waiting if one.id not in finished]
    if not waiting:
        return published
    decided = desk.decided()
    basis = read_basis(desk.warehouse, settings=desk.settings, decided=decided, reference=desk.reference)
    for one in waiting:
        refuse_another_basis(one.name, one.basis["made_from"], basis.hashes, cure=_begin_again(one))
    key = read_signing_key(desk.settings.delivery.signing_key, environment=os.environ)  # before a number is given
    for one in waiting:
        if read_issue(desk.database, one.id).state == "issued":
            continue  # by another process, meanwhile
        progress(f"{one.audience}, {one.scope}")
        published.append(_publish(desk, one, month, decided=decided, basis=basis, key=key, by=by, at=at))
    return published


def _publish(
    desk: IssueDesk,
    issue: Issue,
    month: Month,
    *,
    decided: ReportDecisions,
    basis: Basis,
    key: Ed25519PrivateKey | None,
    by: str,
    at: datetime,
) -> Published:
    audience = _audience_of(desk, issue)
    words = words_of(desk, issue.month, issue.scope, audience, made_from=basis.hashes, replaces=issue.basis["replaces"])
    known = _refuse_unknown(desk, issue, words.shown)
    words = replace(words, gate_overrides=tuple(issue.basis["gate_overrides"]))
    again = build_files(desk, month, issue.scope, audience.profile, words, decided)
    if sha256_of(pdf_of(again)[1]) != issue.pdf_sha256:
        what = "made again, it is not the report that was approved."
        raise DeliveryError(Fault(f"issue {issue.name}", what, _begin_again(issue)))
    _refuse_lost_state(desk, issue)
    numbered = reserve_number(desk.database, issue.id, by=by, at=at)
    assert numbered.number is not None
    reached("publish.reserved")
    numbered_words, forms = replace(words, number=numbered.number), _forms_of(issue)
    files = build_files(desk, month, issue.scope, audience.profile, numbered_words, decided, forms)
    if said_sha256(files) != issue.basis["model_sha256"]:
        what = "with its number it says something else than what was approved."
        raise DeliveryError(Fault(f"issue {issue.name}", what, _begin_again(numbered)))
    evidence = evidence_of(desk.warehouse.resolve(), issue.scope, desk.facts.snapshot_id)
    files |= {**evidence, **claims_file(words.said), **basis.files}
    path = issue_path(scope=issue.scope, month=issue.month, number=numbered.number, audience=issue.audience)
    reached("publish.built")

    def seal(sha256: str) -> None:
        seal_publication(
            desk.database, issue.id, known=known, manifest_sha256=sha256, cure=_begin_again(numbered), by=by, at=at
        )
        reached("publish.sealed")

    about = _about(numbered, basis, words)
    archived = write_issue(desk.archive, path, files, about=about, signing_key=key, seal=seal)
    reached("publish.archived")
    return _finish(desk, numbered, audience, archived, claims_of(files), by=by, at=at)


def _finish_archived(desk: IssueDesk, issue: Issue, *, by: str, at: datetime) -> Published | None:
    """Finishes a publication that broke off after its archive was written; None when it did not get so far."""
    sealed = sealed_manifest(desk.database, issue) if issue.state == "publishing" and issue.number is not None else None
    if sealed is None or issue.number is None:
        return None
    path = issue_path(scope=issue.scope, month=issue.month, number=issue.number, audience=issue.audience)
    models = archived_models(desk.archive, path, manifest_sha256=sealed)
    if models is None:
        return None
    audience = _audience_of(desk, issue)
    if issue.profile != "internal":
        _refuse_unknown(
            desk,
            issue,
            issues_shown(desk.archive, desk.database, Month.parse(issue.month), issue.basis["made_from"]),
        )
    return _finish(desk, issue, audience, Archived(path, sealed), claims_of(models), by=by, at=at)


def _finish(
    desk: IssueDesk,
    issue: Issue,
    audience: Audience,
    archived: Archived,
    claims: Sequence[Claim],
    *,
    by: str,
    at: datetime,
) -> Published:
    mails = mails_of(issue, audience, mail=desk.settings.delivery.mail, at=at)
    done = finish_publication(
        desk.database,
        issue.id,
        path=archived.path,
        manifest_sha256=archived.manifest_sha256,
        mails=mails,
        claims=claims,
        by=by,
        at=at,
    )
    return Published(done, desk.archive / archived.path, len(mails))


def _refuse_unknown(desk: IssueDesk, issue: Issue, shown: Sequence[ShownIssue]) -> frozenset[str]:
    """Where those lie that outsiders have, if it was drafted knowing just these; else raises DeliveryError."""
    if newest_shown(shown) != issue.basis.get("shown", []):
        what = "a report was issued to outsiders since it was drafted, whose readers may lay the two side by side."
        raise DeliveryError(Fault(f"issue {issue.name}", what, _begin_again(issue)))
    known = frozenset(one.path for one in shown)
    with desk.database.reading() as session:
        refuse_unknown_to(session, issue, known, cure=_begin_again(issue))
    return known


def _audience_of(desk: IssueDesk, issue: Issue) -> Audience:
    audience = desk.audiences.find(issue.audience)
    if audience is None or issue.scope not in audience.scopes or issue.profile != audience.profile:
        what = "its audience was changed since it was drafted."
        raise DeliveryError(Fault(f"issue {issue.name}", what, _begin_again(issue)))
    return audience


def _begin_again(issue: Issue) -> str:
    """What to do with an issue that cannot be published any more. A numbered one is not drafted over."""
    anew = "Draft it anew and have it approved."
    if issue.state != "publishing":
        return anew
    withdraw = f"kpi issue withdraw {issue.month} --audience {issue.audience} --scope {issue.scope}"
    return f"It has number {issue.number}, and nobody got it: {withdraw} --why …. {anew}"


def _about(issue: Issue, basis: Basis, words: IssueWords) -> dict[str, object]:
    return {
        "follows": None if words.before is None else words.before.follows,
        "shown": newest_shown(words.shown),
        "month": issue.month,
        "scope": issue.scope,
        "audience": issue.audience,
        "profile": issue.profile,
        "forms": list(_forms_of(issue)),
        "number": issue.number,
        "approved_pdf_sha256": issue.pdf_sha256,
        "replaces": issue.basis["replaces"],
        "gate_overrides": issue.basis["gate_overrides"],
        "made_from": dict(basis.hashes),
        "built_at": basis.built_at,
        "source": basis.source,
        "landing_files": [dict(one) for one in basis.landing],
    }


def _forms_of(issue: Issue) -> tuple[ReportForm, ...]:
    """The forms it was drafted in; none where a release before there were any drafted it."""
    return tuple(issue.basis.get("forms", ()))


def _draft_hash(desk: IssueDesk, issue: Issue) -> str | None:
    folder = desk.draft_folder(issue)
    name = name_of_pdf(file.name for file in folder.glob("*.pdf"))
    return None if name is None else sha256_of(folder / name)


def _refuse_lost_state(desk: IssueDesk, issue: Issue) -> None:
    """Numbers would begin again at 1 over issues that were sent already."""
    same = [one for one in list_issues(desk.database) if (one.scope, one.audience) == (issue.scope, issue.audience)]
    known = max((one.number or 0 for one in same), default=0)
    kept = highest_number(desk.archive, scope=issue.scope, audience=issue.audience)
    if kept > known:
        what = f"the archive holds issue {kept}, the state knows {known or 'none'}."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Restore the state from the backup."))
