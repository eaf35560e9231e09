"""`kpi verify`: holds a report's PDF against the archive, its case lists and its landing files; names what is not so.

What is looked at: the bytes; every word of every page; the look of pages whose words agree; each attached file; every
figure, computed again from the archived cases, and the root over its case list; the archive against its manifest and
the register; the landing files. A definition that this program knows otherwise is a note, no fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.delivery.archive import MANIFEST, folder_faults
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.delivery.register import Issue
from kpi_pipeline.delivery.signing import SIGNATURE, is_signed_by
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.evidence import ABOUT
from kpi_pipeline.pipeline.tracing.verified_figures import figure_faults
from kpi_pipeline.pipeline.tracing.verified_files import attachment_faults, with_figures
from kpi_pipeline.pipeline.tracing.verified_issue import Archived, archived_issues, attachments_of, find_issues
from kpi_pipeline.pipeline.tracing.verified_pages import pdf_faults
from kpi_pipeline.state.database import Database

_MOST_LETTERS = 400


@dataclass(frozen=True, slots=True)
class Verified:
    """faults: what does not agree, each a sentence that names it. notes: what is worth knowing and no fault. looked_at:
    what was compared and agrees, a line each."""

    issue: Issue
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    looked_at: tuple[str, ...]


def verify_report(
    pdf: Path,
    *,
    archive: Path,
    database: Database,
    landing: Path | None = None,
    public_key: Path | None = None,
    progress: Callable[[str], None] = print,
) -> Verified:
    """Compares a PDF with the issue it says it is; with each, where several audiences were given the same bytes.

    landing: where the landing files lie; public_key: of those who sign. None leaves either aside.
    Raises InputError for a file that is no PDF, and for one that belongs to no issue of this archive.
    """
    content = pdf.read_bytes() if pdf.is_file() else b""
    try:
        given = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        what = "is no readable PDF." if pdf.is_file() else "there is no such file."
        raise InputError(Fault(str(pdf), what, "Name the PDF of an issued report.")) from error
    attached, twice = attachments_of(given)
    issues = find_issues(content, given, attached, list(archived_issues(archive, database)))
    if not issues:
        what = "belongs to no issue in this archive."
        raise InputError(Fault(str(pdf), what, "Check --warehouse: it may be of another archive. A draft is no issue."))
    found, *twins = issues
    changed = [one for one in twins if any(_archive_faults(one))]
    left_aside = [
        what for what, given in (("the landing files", landing), ("the signature", public_key)) if given is None
    ]
    faults: list[str] = []
    looked_at: list[str] = []
    for what, look in (
        ("the archive", lambda: [*_archive_faults(found), *(fault for one in twins for fault in _of_twin(one))]),
        ("the PDF", lambda: pdf_faults(content, given, found)),
        ("the attached files", lambda: [*attachment_faults(attached, found), *twice]),
        ("every figure, from its cases", lambda: _figure_faults(attached, [found, *changed])),
        ("the landing files", lambda: _landing_faults(landing, found)),
        ("the signature", lambda: [fault for one in issues for fault in _signature_faults(public_key, one)]),
    ):
        if what in left_aside:
            continue
        progress(what)
        named = [_shortened(one) for one in look()]
        faults += named
        looked_at += [] if named else [f"{what}: agrees"]
    notes = [f"the same PDF was issued to {one.issue.audience}" for one in twins] + list(_notes(found))
    return Verified(found.issue, tuple(faults), tuple(notes), tuple(looked_at))


def _figure_faults(attached: Mapping[str, bytes], issues: Sequence[Archived]) -> Iterator[str]:
    """Of the first, and of those of the same bytes whose archive is not as it was."""
    for one in issues:
        yield from figure_faults(with_figures(attached, one), one)


def _shortened(said: str) -> str:
    """A forged file may hold a word of any length."""
    return said if len(said) <= _MOST_LETTERS else f"{said[:_MOST_LETTERS]}…"


def _archive_faults(found: Archived) -> Iterator[str]:
    if sha256_of(found.folder / MANIFEST) != found.manifest_sha256:
        yield f"archive: the manifest of issue {found.issue.number} is not the one the register remembers"
    for fault in folder_faults(found.folder):
        yield f"archive: {fault}"


def _of_twin(one: Archived) -> Iterator[str]:
    for fault in _archive_faults(one):
        yield fault.replace("archive:", f"archive of {one.issue.audience}:", 1)


def _signature_faults(public_key: Path | None, found: Archived) -> Iterator[str]:
    if public_key is None:
        return
    file = found.folder / SIGNATURE
    if not file.is_file():
        yield "signature: the issue is not signed"
    elif not is_signed_by((found.folder / MANIFEST).read_bytes(), file.read_bytes(), public_key):
        yield "signature: is not of this manifest and this key"


def _landing_faults(landing: Path | None, found: Archived) -> Iterator[str]:
    if landing is None:
        return
    if not landing.is_dir():
        raise InputError(Fault(str(landing), "there is no such landing folder.", "Check --landing."))
    present = {sha256_of(file) for file in sorted(landing.rglob("*")) if file.is_file()}
    for one in found.manifest["landing_files"]:
        if one["sha256"] not in present:
            yield f"landing file {one['file']} ({one['table']}): is gone or was changed since"


def _notes(found: Archived) -> Iterator[str]:
    """What this program knows otherwise than the one that made the issue."""
    if not (found.folder / ABOUT).is_file():
        return
    about = json.loads((found.folder / ABOUT).read_bytes())
    metrics = load_metrics()
    for name, (version, fingerprint) in sorted(about["metrics"].items()):
        now = metrics.get(name)
        if now is None:
            yield f"measure {name}: is not defined any more"
        elif [now.version, now.fingerprint] != [version, fingerprint]:
            yield (
                f"measure {name}: is defined otherwise now (version {version} then, {now.version} now); its sums were "
                "held against its cases, its values were not"
            )
