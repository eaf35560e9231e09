"""The issue before: what it showed, and what became of it since. Where it lies is an input of the next issue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.commentary import AskedDecision, Commentary, asked_in, read_commentary
from kpi_pipeline.delivery.archive import MANIFEST
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.delivery.register import Issue, archive_of
from kpi_pipeline.judgement.disclosure.earlier import Behind
from kpi_pipeline.judgement.restated.ledger import Restated
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.pipeline.history.case_sums import FigureKey
from kpi_pipeline.pipeline.history.evidence import ABOUT, CASES, build_evidence, build_trace
from kpi_pipeline.pipeline.history.restatement import compare_evidence, read_shown
from kpi_pipeline.pipeline.history.roots import figure_roots
from kpi_pipeline.state.database import Database

COMMENTARY = "inputs/commentary.yaml"
"""Where an archived issue keeps the director's words."""
MOST_VINTAGES = 60
"""Months of issues that bands look back: enough to have seen what two years of figures became."""


@dataclass(frozen=True, slots=True)
class IssueBefore:
    """An archived issue that the next one follows. follows: how the next one's manifest names it."""

    folder: Path
    number: int
    month: Month
    follows: dict[str, Any]


def open_issue_before(archive: Path, database: Database, issue: Issue) -> IssueBefore | None:
    """Where an issue lies."""
    archived = archive_of(database, issue.id)
    follows = None if archived is None else {"path": archived[0], "manifest_sha256": archived[1]}
    return read_issue_before(archive, follows)


def read_issue_before(archive: Path, follows: dict[str, Any] | None) -> IssueBefore | None:
    """The issue that a manifest says it follows. Raises DeliveryError where it is gone from the archive, or changed."""
    if follows is None:
        return None
    folder = archive / str(follows["path"])
    file = folder / MANIFEST
    if not file.is_file() or sha256_of(file) != follows["manifest_sha256"]:
        what = f"{follows['path']}, which the issue after it was compared with, is missing or was changed."
        raise DeliveryError(Fault("archive", what, "Restore the archive from the backup."))
    manifest = json.loads(file.read_bytes())
    return IssueBefore(folder, int(manifest["number"]), Month.parse(manifest["month"]), dict(follows))


def vintages_before(before: IssueBefore | None, *, scope: str) -> tuple[Vintage, ...]:
    """A place's figures as the issues before showed them to the same readers; of a month issued twice the newest."""
    found: dict[Month, list[Vintage]] = {}
    while before is not None and len(found) < MOST_VINTAGES:
        (figures,) = before.folder.glob("*.figures.csv")
        shown = read_shown(figures.read_text(encoding="utf-8"))
        if before.month not in found:
            found[before.month] = [
                Vintage(metric, one.version, before.month, month, one.value, one.is_final)
                for (metric, place, month), one in shown.items()
                if place == scope and one.value is not None
            ]
        before = issue_before_that(before)
    return tuple(one for vintages in found.values() for one in vintages)


def issue_before_that(issue: IssueBefore) -> IssueBefore | None:
    """The issue that an archived one follows."""
    archive = issue.folder.parents[len(Path(issue.follows["path"]).parts) - 1]
    return read_issue_before(archive, json.loads((issue.folder / MANIFEST).read_bytes())["follows"])


def restated_since(before: IssueBefore, warehouse: Path, *, scope: str, snapshot_id: str) -> Restated | None:
    """What became of the figures an issue showed; None where it kept no trace of its rows."""
    if not (before.folder / ABOUT).is_file():
        return None
    return _restated(before.folder, before.number, before.month, warehouse.resolve(), scope, snapshot_id)


def behind_since(before: IssueBefore, warehouse: Path, *, scope: str, snapshot_id: str) -> Behind:
    """Figure → how many are behind its change since an issue; nothing where it kept no trace of its rows."""
    restated = restated_since(before, warehouse, scope=scope, snapshot_id=snapshot_id)
    return {} if restated is None else restated.n_behind


def decisions_asked(
    commentary: Commentary, before: IssueBefore | None, metrics: Mapping[str, Metric]
) -> dict[str, AskedDecision]:
    """Every decision on record as asked for, by key: what the issue before printed stays asked, whatever became of the
    commentary file since."""
    file = None if before is None else before.folder / COMMENTARY
    printed = read_commentary(file, metrics).asked() if file is not None and file.is_file() else {}
    asked = {**commentary.asked(), **printed}
    return {key: asked[key] for key in sorted(asked, key=lambda key: (asked_in(key), key))}


@lru_cache(maxsize=8)
def _restated(folder: Path, number: int, month: Month, warehouse: Path, scope: str, snapshot_id: str) -> Restated:
    """Several drafts of one snapshot ask for the same comparison."""
    (figures,) = folder.glob("*.figures.csv")
    with private_files(), working_folder(own_temporary_folder()) as scratch:
        now = scratch
        for name, content in evidence_of(warehouse, scope, snapshot_id).items():
            (now / name).write_bytes(content)
        return compare_evidence(
            folder,
            now,
            shown=read_shown(figures.read_text(encoding="utf-8")),
            metrics=load_metrics(),
            number=number,
            month=month,
        )


@lru_cache(maxsize=2)
def evidence_of(warehouse: Path, scope: str, snapshot_id: str) -> dict[str, bytes]:
    """The evidence of a snapshot, made once for its drafts and its publication. snapshot_id: so that it is this one."""
    facility = None if scope == WHOLE_SYSTEM else scope
    return build_evidence(warehouse, facility=facility, trace=_trace_of(warehouse, snapshot_id))


@lru_cache(maxsize=1)
def _trace_of(warehouse: Path, snapshot_id: str) -> bytes:
    """It is the same for every facility."""
    return build_trace(warehouse)


@lru_cache(maxsize=2)
def roots_of(warehouse: Path, scope: str, snapshot_id: str, figures: frozenset[FigureKey]) -> dict[str, str]:
    """The root of every figure, made once for a draft and its publication."""
    evidence = evidence_of(warehouse, scope, snapshot_id)
    return figure_roots(evidence[CASES], json.loads(evidence[ABOUT])["salt"], figures)
