"""The index of the archive: one HTML page beside the issues, with their states, files and hashes.

Written when it is asked for, of the register as it is then; it says of what moment it is. Each manifest is held against
the hash that the register remembers. Not here: what an issue holds (`delivery.archive`), what the page looks like.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import FORM_ENDINGS, WHOLE_SYSTEM
from kpi_pipeline.delivery.archive import MANIFEST, read_manifest
from kpi_pipeline.delivery.files import name_of_pdf, one_writer
from kpi_pipeline.delivery.register import Issue, archive_of, list_issues
from kpi_pipeline.report.forms.archive_index import ArchivedFile, IndexedIssue, render_index
from kpi_pipeline.report.words.archive_index import state_words
from kpi_pipeline.state.database import Database

INDEX = "index.html"
_FORMS = {"html": "page", "xlsx": "workbook", "brief": "brief"}


def write_index(database: Database, archive: Path, *, settings: Settings, at: datetime) -> tuple[Path, int]:
    """Writes index.html into the archive; returns it and how many issues it lists. DeliveryError with none."""
    issues = [one for one in list_issues(database) if one.number is not None]
    replaced = {one.supersedes_id: one for one in issues if one.supersedes_id is not None}
    listed = [
        _indexed(database, archive, one, replaced.get(one.id))
        for one in sorted(issues, key=lambda one: (one.month, one.scope, one.audience, one.number or 0), reverse=True)
        if archive_of(database, one.id) is not None
    ]
    if not listed:
        raise DeliveryError(Fault("archive", "nothing is issued yet.", "kpi issue publish YYYY-MM."))
    page = render_index(listed, hospital_name=settings.hospital_name, at=at, look=settings.report)
    with one_writer(archive):
        write_private(archive / INDEX, page)
    return archive / INDEX, len(listed)


def _indexed(database: Database, archive: Path, issue: Issue, later: Issue | None) -> IndexedIssue:
    entry = archive_of(database, issue.id)
    assert entry is not None
    path, sha256 = entry
    try:
        files = tuple(_files(path, read_manifest(archive, path, sha256=sha256)["files"]))
        fault = ""
    except DeliveryError as error:
        files, fault = (), error.faults[0].what
    return IndexedIssue(
        month=issue.month,
        place="All hospitals" if issue.scope == WHOLE_SYSTEM else issue.scope,
        audience=issue.audience,
        profile=issue.profile,
        number=f"Issue {issue.number}",
        state=state_words(issue.state, None if later is None else later.number),
        files=files,
        manifest_sha256=sha256,
        fault=fault,
    )


def _files(path: str, hashes: dict[str, str]) -> Iterator[ArchivedFile]:
    """What readers open, the PDF first, and the manifest, which has the hashes of all the rest."""
    wanted = [("report", name_of_pdf(hashes))]
    wanted += [
        (_FORMS[form], next((name for name in hashes if name.endswith(ending)), None))
        for form, ending in FORM_ENDINGS.items()
    ]
    wanted += [
        (word, next((name for name in hashes if name.endswith(ending)), None))
        for word, ending in (("figures", ".figures.csv"), ("changes", ".restated.csv"))
    ]
    for word, name in wanted:
        if name is not None:
            yield ArchivedFile(word=word, href=quote(f"{path}/{name}"), sha256=hashes[name])
    yield ArchivedFile(word="manifest", href=quote(f"{path}/{MANIFEST}"), sha256="")
