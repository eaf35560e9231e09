"""Drafting and publishing a month: builds what each audience gets, asks the gate, freezes it, fills the outbox.

What `kpi issue` and Dagster both call. Sending is `pipeline.mailing`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.files import working_folder
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy
from kpi_pipeline.declared.audiences import Audience, Audiences, read_audiences
from kpi_pipeline.declared.commentary import read_commentary
from kpi_pipeline.delivery.archive import highest_number, issue_path, write_issue
from kpi_pipeline.delivery.claims import claims_of
from kpi_pipeline.delivery.files import safe_name, sha256_of, write_folder
from kpi_pipeline.delivery.gate import Obstacle, Override, find_obstacles, override_words, overrides_of, record_override
from kpi_pipeline.delivery.issues import (
    Issue,
    approve,
    finish_publication,
    is_same_person,
    issue_before,
    list_issues,
    newest_issued,
    open_issues,
    record_draft,
    reserve_number,
)
from kpi_pipeline.delivery.outbox import mails_of
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.journal import ReportDecisions, find_state_url, read_report_decisions, text_faults
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.issue_basis import Basis, claims_file, read_basis, refuse_another_basis
from kpi_pipeline.pipeline.issue_before import IssueBefore, evidence_of, open_issue_before
from kpi_pipeline.pipeline.report import IssueWords, write_report
from kpi_pipeline.state.database import Database
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import BuildFacts, read_build_facts

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Drafted:
    """One draft: where it lies, what stands in its way, and what of that was set aside by name."""

    issue: Issue
    folder: Path
    pdf: Path
    obstacles: tuple[Obstacle, ...]
    set_aside: tuple[Override, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """One issue: where it lies in the archive, and how many mails wait in the outbox."""

    issue: Issue
    folder: Path
    n_mails: int


class IssueDesk:
    """What drafting and publishing need: one warehouse, its state, its audiences, and where drafts and issues lie."""

    def __init__(self, warehouse: Path, *, settings: Settings, state: str | None = None, reference: Path | None = None):
        self.warehouse, self.settings, self.reference = warehouse, settings, reference
        with open_warehouse(warehouse) as connection:
            self.facts: BuildFacts = read_build_facts(connection)
        facilities = [one.facility_id for one in self.facts.watermarks]
        self.audiences: Audiences = read_audiences(settings.delivery.audiences, facilities=facilities)
        self.database = Database(find_state_url(warehouse, settings=settings, given=state))
        self.archive = archive_folder(warehouse, settings)
        self.drafts = warehouse.with_suffix(".drafts")

    def chosen(self, name: str | None) -> list[tuple[Audience, str]]:
        """Every audience with each of its scopes, or those of one audience."""
        if name is not None and self.audiences.find(name) is None:
            known = ", ".join(one.name for one in self.audiences.audiences)
            raise InputError(Fault("--audience", f"{name!r} is not in the audiences file.", f"Known: {known}."))
        return [(one, scope) for one in self.audiences.audiences if name in (None, one.name) for scope in one.scopes]

    def draft_folder(self, issue: Issue) -> Path:
        """Where a draft lies."""
        return self.drafts / safe_name(issue.month) / f"{safe_name(issue.scope)}-{safe_name(issue.audience)}"

    def decided(self) -> ReportDecisions:
        """The decisions on record."""
        return read_report_decisions(self.warehouse, settings=self.settings)

    def close(self) -> None:
        """Gives the state's files back."""
        self.database.close()


@contextmanager
def open_desk(
    warehouse: Path, *, settings: Settings, state: str | None = None, reference: Path | None = None
) -> Iterator[IssueDesk]:
    """Opens the desk for one warehouse, and closes it again. reference: as the warehouse was built with."""
    desk = IssueDesk(warehouse, settings=settings, state=state, reference=reference)
    try:
        yield desk
    finally:
        desk.close()


def archive_folder(warehouse: Path, settings: Settings) -> Path:
    """Where issued reports are kept: as set, else beside the warehouse."""
    return settings.delivery.archive or warehouse.with_suffix(".archive")


def draft_month(
    desk: IssueDesk,
    month: Month,
    *,
    by: str,
    at: datetime,
    why: str = "",
    audience: str | None = None,
    progress: Progress = lambda _: None,
) -> list[Drafted]:
    """Builds what every audience gets, asks the gate, and records the drafts.

    why: required where an issue of the month stands already; printed on page 1. Raises InputError or DeliveryError.
    """
    _check_texts(("--by", by), *([("--why", why)] if why else []))
    chosen = desk.chosen(audience)
    replaced = {(one.name, scope): newest_issued(desk.database, str(month), scope, one.name) for one, scope in chosen}
    if not why and (standing := [found for found in replaced.values() if found is not None]):
        faults = [
            Fault(f"issue {one.name}", f"number {one.number} stands.", "Say --why it is replaced.") for one in standing
        ]
        raise DeliveryError(faults)
    decided = desk.decided()
    basis = read_basis(desk.warehouse, settings=desk.settings, decided=decided, reference=desk.reference)
    drafted = []
    for one, scope in chosen:
        progress(f"{one.name}, {scope}")
        before = replaced[one.name, scope]
        replaces = f"It replaces issue {before.number}: {why.rstrip('.')}." if before is not None else ""
        drafted.append(
            _draft(desk, month, one, scope, replaces=replaces, decided=decided, basis=basis, by=by, at=at, why=why)
        )
    return drafted


def standing_issues(desk: IssueDesk, month: Month) -> list[Issue]:
    """The issues of a month that stand, or that were taken back by a person: no machine drafts over them."""
    return [one for one in list_issues(desk.database, month=str(month)) if one.state in ("issued", "withdrawn")]


def obstacles_of(desk: IssueDesk, month: Month, scope: str, exceptions: Sequence[str]) -> list[Obstacle]:
    """What stands in the way of a month's report on a scope, set aside or not."""
    commentary = read_commentary(desk.settings.report.commentary, load_metrics()).of(month)
    with open_warehouse(desk.warehouse) as connection:
        return find_obstacles(
            connection,
            desk.facts,
            month,
            scope=scope,
            settings=desk.settings.delivery.gate,
            exceptions=exceptions,
            commentary=commentary,
        )


def approve_month(
    desk: IssueDesk, month: Month, *, by: str, at: datetime, comment: str = "", audience: str | None = None
) -> list[Issue]:
    """Approves the drafts of a month that lie there now, each by the hash of its PDF. All of them, or none."""
    _check_texts(("--by", by), *([("--comment", comment)] if comment else []))
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
        approve(desk.database, one.id, pdf_sha256=one.pdf_sha256, by=by, at=at, comment=comment, two_person=two_person)
        for one in waiting
        if one.state != "publishing"
    ]


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

    Again after it broke off, it goes on where it stopped; with nothing to publish it changes nothing.
    """
    _check_texts(("--by", by))
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
    decided = desk.decided()
    basis = read_basis(desk.warehouse, settings=desk.settings, decided=decided, reference=desk.reference)
    for one in waiting:
        refuse_another_basis(one.name, one.basis["made_from"], basis.hashes)
    published = []
    for one in waiting:
        progress(f"{one.audience}, {one.scope}")
        published.append(_publish(desk, one, month, decided=decided, basis=basis, by=by, at=at))
    return published


def override_gate(desk: IssueDesk, month: Month, gate: str, *, by: str, why: str, at: datetime) -> None:
    """Sets a gate aside by name, for a month of the present snapshot."""
    _check_texts(("--by", by), ("--why", why))
    record_override(desk.database, month, gate, snapshot_id=desk.facts.snapshot_id, reason=why, by=by, at=at)


def _draft(
    desk: IssueDesk,
    month: Month,
    audience: Audience,
    scope: str,
    *,
    replaces: str,
    decided: ReportDecisions,
    basis: Basis,
    by: str,
    at: datetime,
    why: str,
) -> Drafted:
    set_aside = overrides_of(desk.database, month, desk.facts.snapshot_id)
    words = _words_of(desk, str(month), scope, audience.name, replaces=replaces)
    obstacles = obstacles_of(desk, month, scope, ())
    if desk.settings.delivery.gate.commentary_required:
        built = build_files(desk, month, scope, audience.profile, words, decided)
        obstacles = obstacles_of(desk, month, scope, exceptions_of(built))
    aside = override_words(obstacles, set_aside, withholds=audience.profile != "internal")
    words = replace(words, gate_overrides=aside)
    files = build_files(desk, month, scope, audience.profile, words, decided)
    name, pdf = _pdf_of(files)
    reached("draft.built")
    folder = desk.drafts / safe_name(str(month)) / f"{safe_name(scope)}-{safe_name(audience.name)}"
    write_folder(folder, files, read_only=False)
    issue = record_draft(
        desk.database,
        month=str(month),
        scope=scope,
        audience=audience.name,
        profile=audience.profile,
        pdf_sha256=sha256_of(pdf),
        basis={
            "made_from": dict(basis.hashes),
            "replaces": replaces,
            "gate_overrides": list(words.gate_overrides),
            "model_sha256": _said_sha256(files),
        },
        is_ready=all(one.gate in set_aside for one in obstacles),
        by=by,
        at=at,
        why=why,
    )
    used = tuple(set_aside[gate] for gate in sorted({one.gate for one in obstacles} & set_aside.keys()))
    return Drafted(issue, folder, folder / name, tuple(obstacles), used)


def _publish(
    desk: IssueDesk, issue: Issue, month: Month, *, decided: ReportDecisions, basis: Basis, by: str, at: datetime
) -> Published:
    audience = desk.audiences.find(issue.audience)
    if audience is None or issue.scope not in audience.scopes or issue.profile != audience.profile:
        what = "its audience was changed since it was drafted."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Draft it anew and have it approved."))
    words = _words_of(desk, issue.month, issue.scope, issue.audience, replaces=issue.basis["replaces"])
    words = replace(words, gate_overrides=tuple(issue.basis["gate_overrides"]))
    again = build_files(desk, month, issue.scope, audience.profile, words, decided)
    if sha256_of(_pdf_of(again)[1]) != issue.pdf_sha256:
        what = "made again, it is not the report that was approved."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Draft it anew and have it approved."))
    _refuse_lost_state(desk, issue)
    numbered = reserve_number(desk.database, issue.id, by=by, at=at)
    assert numbered.number is not None
    reached("publish.reserved")
    files = build_files(desk, month, issue.scope, audience.profile, replace(words, number=numbered.number), decided)
    if _said_sha256(files) != issue.basis["model_sha256"]:
        what = "with its number it says something else than what was approved."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Draft it anew and have it approved."))
    evidence = evidence_of(desk.warehouse.resolve(), issue.scope, desk.facts.snapshot_id)
    files |= {**evidence, **claims_file(words.said), **basis.files}
    path = issue_path(scope=issue.scope, month=issue.month, number=numbered.number, audience=issue.audience)
    reached("publish.built")
    archived = write_issue(desk.archive, path, files, about=_about(numbered, basis, words.before))
    reached("publish.archived")
    mails = mails_of(numbered, audience, mail=desk.settings.delivery.mail, at=at)
    done = finish_publication(
        desk.database,
        issue.id,
        path=archived.path,
        manifest_sha256=archived.manifest_sha256,
        mails=mails,
        claims=_claims_of(files),
        by=by,
        at=at,
    )
    return Published(done, desk.archive / path, len(mails))


def _words_of(desk: IssueDesk, month: str, scope: str, audience: str, *, replaces: str) -> IssueWords:
    """What a report says of itself before it has a number; what it replaces, what the issue before said and showed."""
    before = issue_before(desk.database, month=month, scope=scope, audience=audience)
    if before is None:
        return IssueWords(None, replaces, with_roots=True)
    said, lies = claims_of(desk.database, before.id), open_issue_before(desk.archive, desk.database, before)
    return IssueWords(None, replaces, with_roots=True, said=said, before=lies)


def _about(issue: Issue, basis: Basis, before: IssueBefore | None) -> dict[str, object]:
    return {
        "follows": None if before is None else before.follows,
        "month": issue.month,
        "scope": issue.scope,
        "audience": issue.audience,
        "profile": issue.profile,
        "number": issue.number,
        "approved_pdf_sha256": issue.pdf_sha256,
        "replaces": issue.basis["replaces"],
        "gate_overrides": issue.basis["gate_overrides"],
        "made_from": dict(basis.hashes),
        "built_at": basis.built_at,
        "source": basis.source,
        "landing_files": [dict(one) for one in basis.landing],
    }


def build_files(
    desk: IssueDesk, month: Month, scope: str, profile: Privacy, words: IssueWords, decided: ReportDecisions
) -> dict[str, bytes]:
    """Every file of a report by name, made in a private folder that is gone afterwards."""
    with working_folder(desk.drafts) as folder:
        write_report(
            desk.warehouse,
            month,
            folder,
            facility=None if scope == WHOLE_SYSTEM else scope,
            privacy=profile,
            settings=desk.settings,
            issue=words,
            decided=decided,
        )
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def exceptions_of(files: dict[str, bytes]) -> list[str]:
    """The measures that have a page of their own in a report."""
    return [page["metric"] for page in json.loads(_model_of(files))["exceptions"]]


def _said_sha256(files: dict[str, bytes]) -> str:
    """A hash of all a report says, but for its own number."""
    model = json.loads(_model_of(files))
    model.pop("issue_number")
    model["front"].pop("issue")
    model["source_words"] = model["source_words"].split(". ", 1)[1]
    return hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()


def _claims_of(files: dict[str, bytes]) -> list[Claim]:
    return [Claim.model_validate(one) for one in json.loads(_model_of(files)).get("claims", ())]


def _pdf_of(files: dict[str, bytes]) -> tuple[str, bytes]:
    return next((name, content) for name, content in files.items() if name.endswith(".pdf"))


def _model_of(files: dict[str, bytes]) -> bytes:
    return next(content for name, content in files.items() if name.endswith(".model.json"))


def _draft_hash(desk: IssueDesk, issue: Issue) -> str | None:
    pdf = next(iter(desk.draft_folder(issue).glob("*.pdf")), None)
    return None if pdf is None else sha256_of(pdf)


def _refuse_lost_state(desk: IssueDesk, issue: Issue) -> None:
    """Numbers would begin again at 1 over issues that were sent already."""
    same = [one for one in list_issues(desk.database) if (one.scope, one.audience) == (issue.scope, issue.audience)]
    known = max((one.number or 0 for one in same), default=0)
    kept = highest_number(desk.archive, scope=issue.scope, audience=issue.audience)
    if kept > known:
        what = f"the archive holds issue {kept}, the state knows {known or 'none'}."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Restore the state from the backup."))


def _check_texts(*given: tuple[str, str]) -> None:
    if faults := [fault for option, text in given for fault in text_faults(option, text)]:
        raise InputError(faults)
