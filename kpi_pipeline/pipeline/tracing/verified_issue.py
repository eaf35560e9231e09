"""The issue that a PDF is, or claims to be, among those of an archive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.delivery.archive import MANIFEST
from kpi_pipeline.delivery.files import name_of_pdf, sha256_of
from kpi_pipeline.delivery.register import Issue, archive_of, list_issues
from kpi_pipeline.state.database import Database


@dataclass(frozen=True, slots=True)
class Archived:
    """An archived issue. pdf: which of its files the given one is held against: the report, or its board brief."""

    issue: Issue
    folder: Path
    manifest_sha256: str
    manifest: Mapping[str, Any]
    pdf: Path

    @property
    def is_brief(self) -> bool:
        """Whether it is the board brief, which has no attached files."""
        return self.pdf.name.endswith(FORM_ENDINGS["brief"])


def attachments_of(document: Any) -> tuple[dict[str, bytes], list[str]]:
    """The attached files by name, and a fault for each name that is there twice: a reader may open either."""
    attached: dict[str, bytes] = {}
    twice = []
    for one in (document.get_attachment(at) for at in range(document.count_attachments())):
        if one.get_name() in attached:
            twice.append(f"attachment {one.get_name()}: is there twice")
        attached[one.get_name()] = bytes(one.get_data())
    return attached, twice


def archived_issues(archive: Path, database: Database) -> Iterator[Archived]:
    """The issues of the register that have a folder with a manifest and a PDF."""
    for issue in list_issues(database):
        entry = archive_of(database, issue.id)
        if entry is None or not (archive / entry[0] / MANIFEST).is_file():
            continue
        folder = archive / entry[0]
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if "files" in manifest and (pdf := name_of_pdf(manifest["files"])):
            yield Archived(issue, folder, entry[1], manifest, folder / pdf)


def find_issues(
    content: bytes, given: Any, attached: Mapping[str, bytes], archived: Sequence[Archived]
) -> list[Archived]:
    """The issues whose PDF these bytes are: more than one where audiences were given the same. Else the one that it
    claims to be, by its attached files or the words of its first page; none of them where it is like none."""
    sha256 = sha256_of(content)
    same = [
        replace(one, pdf=one.folder / name)
        for one in archived
        for name, known in one.manifest["files"].items()
        if known == sha256 and (one.folder / name).is_file()
    ]
    claimed = None if same else _claimed_issue(given, attached, archived)
    return same if claimed is None else [claimed]


def _claimed_issue(given: Any, attached: Mapping[str, bytes], archived: Sequence[Archived]) -> Archived | None:
    hashes = {sha256_of(one) for one in attached.values()}
    first = words_of_page(given, 0) if len(given) else []

    def likeness(one: Archived) -> tuple[int, bool]:
        files = one.manifest["files"]
        named = f"Issue {one.issue.number}" in " ".join(first) and Month.parse(one.issue.month).name in " ".join(first)
        return sum(1 for name, value in files.items() if value in hashes and not name.startswith("inputs/")), named

    best = max(map(likeness, archived), default=(0, False))
    if not any(best):
        return None
    alike = [
        replace(one, pdf=pdf)
        for one in archived
        if likeness(one) == best
        for pdf in {one.pdf, *one.folder.glob("*.pdf")}
    ]
    return max(sorted(alike, key=lambda one: one.pdf), key=lambda one: _n_common(first, one.pdf), default=None)


def _n_common(words: list[str], pdf: Path) -> int:
    """How many words of a first page stand on that of an archived PDF: several audiences have issues of a month."""
    try:
        document = pypdfium2.PdfDocument(pdf.read_bytes())
    except (OSError, pypdfium2.PdfiumError):  # missing or damaged: named by the archive's own check
        return 0
    return (Counter(words) & Counter(words_of_page(document, 0))).total()


def words_of_page(document: Any, page: int) -> list[str]:
    """The words of a page in reading order."""
    text = document[page].get_textpage()
    return str(text.get_text_bounded()).split()
