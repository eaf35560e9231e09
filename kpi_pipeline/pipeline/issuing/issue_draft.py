"""Drafting a month: builds what each audience gets, asks the gate, records what lies there for a person to look at.

What `kpi issue draft` and Dagster both call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.audiences import Audience
from kpi_pipeline.declared.commentary import read_commentary
from kpi_pipeline.delivery.files import one_writer, safe_name, sha256_of, write_folder
from kpi_pipeline.delivery.gate import Obstacle, Override, find_obstacles, override_words, overrides_of, record_override
from kpi_pipeline.delivery.issues import record_draft
from kpi_pipeline.delivery.points import reached
from kpi_pipeline.delivery.register import Issue, list_issues, newest_issued
from kpi_pipeline.delivery.rights import check_right
from kpi_pipeline.journal import ReportDecisions
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.issue_basis import Basis, read_basis
from kpi_pipeline.pipeline.history.shown_before import newest_shown
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk, Progress, check_texts
from kpi_pipeline.pipeline.issuing.issue_files import build_files, exceptions_of, pdf_of, said_sha256, words_of
from kpi_pipeline.warehouse.connection import open_warehouse


@dataclass(frozen=True, slots=True)
class Drafted:
    """One draft: where it lies, what stands in its way, and what of that was set aside by name."""

    issue: Issue
    folder: Path
    pdf: Path
    obstacles: tuple[Obstacle, ...]
    set_aside: tuple[Override, ...]


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
    check_texts(("--by", by), *([("--why", why)] if why else []))
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
        drafted.append(
            _draft(desk, month, one, scope, before=before, decided=decided, basis=basis, by=by, at=at, why=why)
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


def override_gate(desk: IssueDesk, month: Month, gate: str, *, by: str, why: str, at: datetime) -> None:
    """Sets a gate aside by name, for a month of the present snapshot."""
    check_texts(("--by", by), ("--why", why))
    check_right(desk.settings.delivery.approvers, by, "set a gate aside")
    record_override(desk.database, month, gate, snapshot_id=desk.facts.snapshot_id, reason=why, by=by, at=at)


def _draft(
    desk: IssueDesk,
    month: Month,
    audience: Audience,
    scope: str,
    *,
    before: Issue | None,
    decided: ReportDecisions,
    basis: Basis,
    by: str,
    at: datetime,
    why: str,
) -> Drafted:
    set_aside = overrides_of(desk.database, month, desk.facts.snapshot_id)
    replaces = f"It replaces issue {before.number}: {why.rstrip('.')}." if before is not None else ""
    words = words_of(desk, str(month), scope, audience, made_from=basis.hashes, replaces=replaces)
    obstacles = obstacles_of(desk, month, scope, ())
    if desk.settings.delivery.gate.commentary_required:
        built = build_files(desk, month, scope, audience.profile, words, decided)  # for its words alone
        obstacles = obstacles_of(desk, month, scope, exceptions_of(built))
    aside = override_words(obstacles, set_aside, withholds=audience.profile != "internal")
    words = replace(words, gate_overrides=aside)
    files = build_files(desk, month, scope, audience.profile, words, decided, audience.other_forms)
    name, pdf = pdf_of(files)
    reached("draft.built")
    folder = desk.drafts / safe_name(str(month)) / f"{safe_name(scope)}-{safe_name(audience.name)}"
    with one_writer(desk.drafts):  # what lies there is what the register says, also when two draft at once
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
                "shown": newest_shown(words.shown),
                "replaces": replaces,
                "gate_overrides": list(words.gate_overrides),
                "forms": list(audience.other_forms),
                "model_sha256": said_sha256(files),
            },
            is_ready=all(one.gate in set_aside for one in obstacles),
            replaces_id=None if before is None else before.id,
            by=by,
            at=at,
            why=why,
        )
    used = tuple(set_aside[gate] for gate in sorted({one.gate for one in obstacles} & set_aside.keys()))
    return Drafted(issue, folder, folder / name, tuple(obstacles), used)
