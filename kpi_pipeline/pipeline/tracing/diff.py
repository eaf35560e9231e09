"""What changed from one archived issue to another: `kpi diff`. Compares the two archives; no warehouse is read."""

from __future__ import annotations

import json
from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.delivery.archive import MANIFEST, folder_faults
from kpi_pipeline.delivery.register import Issue, archive_of, list_issues
from kpi_pipeline.judgement.disclosure.shown import shown_in
from kpi_pipeline.judgement.restated.judge import JudgedRestated, figures_with_sums, hide_few, with_all_numbers
from kpi_pipeline.judgement.restated.ledger import Restated
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.evidence import ABOUT
from kpi_pipeline.pipeline.history.issue_before import read_issue_before
from kpi_pipeline.pipeline.history.restatement import compare_evidence, read_shown
from kpi_pipeline.pipeline.history.shown_before import is_newest_shown, published_in, read_issues_shown
from kpi_pipeline.state.database import Database


def find_issue(database: Database, asked: str, *, scope: str, audience: str) -> Issue:
    """The issue of this number, or the newest of this month (`YYYY-MM`), that was ever issued."""
    same = [
        one
        for one in list_issues(database)
        if (one.scope, one.audience) == (scope, audience) and archive_of(database, one.id) is not None
    ]
    if asked.isdecimal():
        found = [one for one in same if one.number == int(asked)]
    else:
        found = [one for one in same if one.month == str(Month.parse(asked))]
    if not found:
        what = f"{audience} has no issue {asked} of {scope}."
        raise InputError(Fault("issue", what, "kpi issue list shows what there is; name it by number or month."))
    return max(found, key=lambda one: one.number or 0)


def diff_issues(archive: Path, database: Database, then: Issue, now: Issue, *, settings: Settings) -> JudgedRestated:
    """The ledger of what `then` showed, as `now` knows it. For an audience that withholds, small numbers are hidden.

    Raises DeliveryError where an archive was changed or kept no evidence.
    """
    folders = [_sound_folder(archive, database, one) for one in (then, now)]
    (figures,) = folders[0].glob("*.figures.csv")
    ledger = compare_evidence(
        folders[0],
        folders[1],
        shown=read_shown(figures.read_text(encoding="utf-8")),
        metrics=load_metrics(),
        number=then.number or 0,
        month=Month.parse(then.month),
    )
    if then.profile == now.profile == "internal":
        return with_all_numbers(ledger, ledger.figures)
    with_sums = _with_sums(archive, folders, ledger)
    return hide_few(ledger, ledger.figures, threshold=settings.small_number_threshold, with_sums=with_sums)


def _with_sums(archive: Path, folders: list[Path], ledger: Restated) -> set[tuple[str, str, Month]]:
    """The figures whose sums both issues print; none where outsiders were shown something between the two."""
    before, after = (published_in(folder) for folder in folders)
    manifest = json.loads((folders[1] / MANIFEST).read_bytes())
    follows = read_issue_before(archive, manifest["follows"])
    shown = read_issues_shown(archive, manifest.get("shown", ()))
    if follows is None or follows.folder != folders[0] or not is_newest_shown(shown, follows):
        return set()
    return figures_with_sums(ledger, after, shown_in([before]))


def _sound_folder(archive: Path, database: Database, issue: Issue) -> Path:
    archived = archive_of(database, issue.id)
    assert archived is not None
    folder = archive / archived[0]
    if not (folder / ABOUT).is_file():
        what = "kept no evidence of its figures."
        raise DeliveryError(Fault(f"issue {issue.name}", what, "Only issues of this release on can be compared."))
    if faults := folder_faults(folder):
        raise DeliveryError(Fault(archived[0], f"{one}.", "Restore the archive from the backup.") for one in faults)
    return folder
