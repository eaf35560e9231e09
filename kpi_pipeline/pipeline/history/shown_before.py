"""What outsiders were shown before a report is made: which issues, what they printed, and what changed since.

Outsiders are all who get a copy that withholds, whatever its place and audience. Copies made side by side, of one month
and from the same data, withhold alike and are no forerunners of each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.delivery.archive import MANIFEST
from kpi_pipeline.delivery.outsiders import archived_for_outsiders
from kpi_pipeline.judgement.disclosure.earlier import Behind
from kpi_pipeline.judgement.disclosure.publication import Publication
from kpi_pipeline.judgement.disclosure.shown import Shown, shown_in
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.issue_before import IssueBefore, behind_since, read_issue_before
from kpi_pipeline.pipeline.history.published import read_published
from kpi_pipeline.state.database import Database


@dataclass(frozen=True, slots=True)
class ShownIssue:
    """An archived issue that outsiders have. manifest: as the archive keeps it."""

    issue: IssueBefore
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def path(self) -> str:
        """Where it lies below the archive."""
        return str(self.issue.follows["path"])

    def is_copy_of(self, other: ShownIssue) -> bool:
        """Whether both are of one month and place, made from the same data."""
        return all(self.manifest[name] == other.manifest[name] for name in ("month", "scope", "made_from"))

    @property
    def forerunners(self) -> list[dict[str, Any]]:
        """Those shown before it, as its manifest names them: the newest, from which the others are found. A release
        before this one named the issue before for the same readers alone."""
        if "shown" in self.manifest:
            return list(self.manifest["shown"])
        return [self.manifest["follows"]] if self.manifest["follows"] else []


def issues_shown(
    archive: Path, database: Database, month: Month, made_from: Mapping[str, str]
) -> tuple[ShownIssue, ...]:
    """What outsiders have, oldest first, but for the copies made side by side with those of this month."""
    issued = [
        _read(archive, {"path": path, "manifest_sha256": sha256}) for path, sha256 in archived_for_outsiders(database)
    ]
    beside = [one for one in issued if one.issue.month == month and one.manifest["made_from"] == dict(made_from)]
    known = [one for one in issued if one not in beside]
    while late := [one for one in beside if _paths(one.forerunners) != _paths(newest_shown(known))]:
        known.append(late[0])  # it was made when others had been shown than now
        beside.remove(late[0])
    return _oldest_first(known)


def newest_shown(issues: Iterable[ShownIssue]) -> list[dict[str, Any]]:
    """Those of the issues from which all others are found, as a manifest names them."""
    issues = list(issues)
    older = {path for one in issues for path in _paths(one.forerunners)}
    return sorted(
        (dict(one.issue.follows) for one in issues if one.path not in older), key=lambda one: str(one["path"])
    )


def read_issues_shown(archive: Path, newest: Iterable[Mapping[str, Any]]) -> tuple[ShownIssue, ...]:
    """The issues a manifest says outsiders had, oldest first. Raises DeliveryError where one is gone or changed."""
    found: dict[str, ShownIssue] = {}
    waiting = [dict(one) for one in newest]
    while waiting:
        named = waiting.pop()
        if named["path"] not in found:
            one = _read(archive, named)
            if one.manifest["profile"] != "internal":
                found[one.path] = one
                waiting += one.forerunners
    return _oldest_first(found.values())


def what_was_shown(issues: Sequence[ShownIssue]) -> Shown:
    """The numbers those issues printed and withheld."""
    return _shown(tuple((one.issue.folder, str(one.issue.follows["manifest_sha256"])) for one in issues))


def behind_each(
    issues: Sequence[ShownIssue], warehouse: Path, snapshot_id: str, before: IssueBefore | None = None
) -> Callable[[int], Behind]:
    """What changed since each of them, by its place; each is compared once, and only if it is asked.

    before: is compared anyway, and so stands for the copies that other audiences have of it.
    """
    own = next((one for one in issues if before is not None and one.issue.folder == before.folder), None)

    @cache
    def behind(at: int) -> Behind:
        one = own if own is not None and own.is_copy_of(issues[at]) else issues[at]
        return behind_since(one.issue, warehouse, scope=str(one.manifest["scope"]), snapshot_id=snapshot_id)

    return behind


def is_newest_shown(issues: Sequence[ShownIssue], before: IssueBefore | None) -> bool:
    """Whether outsiders were shown nothing of other data since the issue before."""
    own = next((one for one in issues if before is not None and one.issue.folder == before.folder), None)
    return own is not None and own.manifest["made_from"]["warehouse"] == issues[-1].manifest["made_from"]["warehouse"]


def _read(archive: Path, named: Mapping[str, Any]) -> ShownIssue:
    issue = read_issue_before(archive, dict(named))
    assert issue is not None
    return ShownIssue(issue, json.loads((issue.folder / MANIFEST).read_bytes()))


def _oldest_first(issues: Iterable[ShownIssue]) -> tuple[ShownIssue, ...]:
    """By the data they were made from; of one snapshot the copies of the whole last, which hold the others' numbers."""

    def key(one: ShownIssue) -> tuple[str, Month, bool, str]:
        return str(one.manifest["built_at"]), one.issue.month, one.manifest["scope"] == WHOLE_SYSTEM, one.path

    return tuple(sorted(issues, key=key))


def _paths(named: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(one["path"]) for one in named}


@lru_cache(maxsize=2)
def _shown(issues: tuple[tuple[Path, str], ...]) -> Shown:
    """Several copies of a month ask for the same issues, each several times."""
    return shown_in(map(published_in, (folder for folder, _ in issues)))


def published_in(folder: Path) -> Publication:
    """What an archived issue printed."""
    (figures,) = folder.glob("*.figures.csv")
    stem = figures.with_name(figures.name.removesuffix(".figures.csv"))
    return read_published(stem, load_metrics(), may_be_older=True).publication
