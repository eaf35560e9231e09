"""Draws the report: model → HTML → PDF, and writes the files of an issue. Says nothing the model does not say.

Determinism: the only clock is the model's `stamped_at`, fonts are the shipped ones, attachments carry that date.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.core.errors import Fault, RenderError
from kpi_pipeline.core.files import (
    REPORT_FILE,
    disk_full,
    is_disk_full,
    make_report_folder,
    replace_file,
    working_folder,
)
from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.report.forms.finish import finish_pdf
from kpi_pipeline.report.forms.layout import lay_out_brief, lay_out_report
from kpi_pipeline.report.forms.renderer import LOCK, PDF_VARIANT, forgiving_the_colour_profile, renderer
from kpi_pipeline.report.forms.sections import sections_html, sections_of
from kpi_pipeline.report.forms.secure import WarningGate
from kpi_pipeline.report.model import Report

_DEFAULT_LOOK = ReportSettings()
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*\.[a-z]{2,5}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried inside the PDF and written beside it, byte for byte: `figures.csv`, `provenance.json`."""

    name: str
    content: bytes
    description: str

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError("an attachment's name is a plain file name, such as figures.csv")


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """Where the files of one report are."""

    pdf: Path
    model: Path
    attachments: tuple[Path, ...]
    n_pages: int
    forms: tuple[Path, ...] = ()


def render_report(
    report: Report,
    out_dir: Path,
    *,
    look: ReportSettings = _DEFAULT_LOOK,
    attachments: Sequence[Attachment] = (),
    forms: Mapping[str, bytes] = {},
) -> RenderedReport:
    """Writes PDF, model and attachments to a folder. Either all are written, or, on an error, none is changed.

    forms: the report's other forms, by the ending of their names.
    """
    pdf, n_pages = _draw(report, look, attachments)
    stem = report_file_stem(report)
    model = report.model_dump_json(indent=1).encode() + b"\n"
    files = [
        (out_dir / f"{stem}.pdf", pdf),
        (out_dir / f"{stem}.model.json", model),
        *((out_dir / f"{stem}.{attachment.name}", attachment.content) for attachment in attachments),
        *((out_dir / f"{stem}{ending}", content) for ending, content in forms.items()),
    ]
    make_report_folder(out_dir)
    _write_all(files)
    paths = [path for path, _ in files]
    end = len(paths) - len(forms)
    return RenderedReport(paths[0], paths[1], tuple(paths[2:end]), n_pages, tuple(paths[end:]))


def render_pdf(
    report: Report, *, look: ReportSettings = _DEFAULT_LOOK, attachments: Sequence[Attachment] = ()
) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1 in one file. The same arguments give the same bytes."""
    return _draw(report, look, attachments)[0]


def render_brief(report: Report, *, look: ReportSettings = _DEFAULT_LOOK) -> bytes:
    """The month in one page for a board, as PDF/A-3a and PDF/UA-1. The same arguments give the same bytes."""
    return _draw(report, look, (), lay_out=lay_out_brief)[0]


def render_html(report: Report, *, look: ReportSettings = _DEFAULT_LOOK) -> str:
    """The report's HTML as the PDF is made from it, without its style sheets."""
    with LOCK:
        return sections_html(report, sections_of(report), look)


_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9_.\-]")


def report_file_stem(report: Report) -> str:
    """The name its files share: `kpi-report-2026-10`; a copy for others names its facility (or `all`) and audience.

    No two copies share a name: what a file name cannot hold is written as `~` and its bytes in hexadecimal.
    """
    if (report.facility_id, report.privacy) == (WHOLE_SYSTEM, "internal"):
        return f"kpi-report-{report.month}"
    facility = _NOT_IN_A_FILE_NAME.sub(lambda match: f"~{match[0].encode().hex()}", report.facility_id)
    return f"kpi-report-{report.month}-{facility}-{report.privacy}"


def _draw(
    report: Report,
    look: ReportSettings,
    attachments: Sequence[Attachment],
    *,
    lay_out: Callable[[Report, ReportSettings], Any] = lay_out_report,
) -> tuple[bytes, int]:
    """The PDF and its number of pages."""
    with LOCK:
        renderer()  # before the first import of weasyprint, which would otherwise find the machine's own fonts
        from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

        try:
            document = lay_out(report, look)
            with WarningGate(), forgiving_the_colour_profile():
                pdf: bytes = document.write_pdf(
                    finisher=finish_pdf,
                    attachments=_pdf_attachments(attachments, report.stamped_at.astimezone(UTC)),
                    pdf_variant=PDF_VARIANT,
                )
        except FatalURLFetchingError as error:
            raise RenderError(
                Fault("report", f"{error}.", "A template or style sheet may only use the shipped files.")
            ) from error
    return pdf, len(document.pages)


def _pdf_attachments(attachments: Sequence[Attachment], stamp: datetime) -> list[Any]:
    """Fixed dates, and the relationship PDF/A-3 asks for (ISO 19005-3, 6.8)."""
    from weasyprint import Attachment as PdfAttachment  # type: ignore[import-untyped]

    return [
        PdfAttachment(
            file_obj=io.BytesIO(attachment.content),
            name=attachment.name,
            description=attachment.description,
            created=stamp,
            modified=stamp,
            relationship="Data",
        )
        for attachment in attachments
    ]


def _write_all(files: Sequence[tuple[Path, bytes]]) -> None:
    """Writes beside, then renames: a reader never sees half a file, and a full disk changes nothing."""
    folder = files[0][0].parent
    try:
        with working_folder(folder, own=False) as beside:
            for path, content in files:
                (beside / path.name).write_bytes(content)
            for path, _ in files:
                replace_file(beside / path.name, path, mode=REPORT_FILE)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(str(folder)) from error
        raise
