"""What changed from one archived issue to another: `kpi diff`. Compares the two archives; no warehouse is read."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.register import Issue, archive_of, list_issues
from kpi_pipeline.judgement.restated.judge import JudgedRestated, hide_few
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.evidence import ABOUT
from kpi_pipeline.pipeline.history.restatement import compare_evidence, read_shown
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
    withholds = "internal" not in (then.profile, now.profile) or then.profile != now.profile
    return hide_few(ledger, ledger.figures, withholds=withholds, threshold=settings.small_number_threshold)


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
