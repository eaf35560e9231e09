"""Draws the report: model → HTML → PDF, and writes the files of an issue. Says nothing the model does not say.

The renderer is built once per process (fonts, parsed CSS, templates) and used by one thread at a time.
Determinism: the only clock is the model's `stamped_at`, fonts are the shipped ones, attachments carry that date.
"""

from __future__ import annotations

import atexit
import io
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import jinja2

from kpi_pipeline import __version__
from kpi_pipeline.core.errors import Fault, RenderError
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.drawing.fonts import check_characters, check_fonts, only_shipped_fonts
from kpi_pipeline.report.drawing.funnel import draw_funnel
from kpi_pipeline.report.drawing.logo import read_logo
from kpi_pipeline.report.drawing.palette import Palette, build_palette, stylesheet
from kpi_pipeline.report.drawing.small import draw_bars, draw_sparkline
from kpi_pipeline.report.forms.finish import finish_pdf
from kpi_pipeline.report.forms.secure import WarningGate, resource_fetcher, template_environment
from kpi_pipeline.report.forms.typesetting import balanced_lines
from kpi_pipeline.report.model import Report

_DEFAULT_LOOK = ReportSettings()
_LOCK = threading.RLock()
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*\.[a-z]{2,5}")
_FONT_FACE = re.compile(r"@font-face \{[^}]*\}\n")
_FEW_LINES = 0.28
"""A last page filled to less than this share of its height is avoided when setting the appendix tighter can."""


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


def render_report(
    report: Report,
    out_dir: Path,
    *,
    look: ReportSettings = _DEFAULT_LOOK,
    attachments: Sequence[Attachment] = (),
) -> RenderedReport:
    """Writes PDF, model and attachments to a folder. Either all are written, or, on an error, none is changed."""
    pdf, n_pages = _draw(report, look, attachments)
    stem = report_file_stem(report)
    model = report.model_dump_json(indent=1).encode() + b"\n"
    files = [
        (out_dir / f"{stem}.pdf", pdf),
        (out_dir / f"{stem}.model.json", model),
        *((out_dir / f"{stem}.{attachment.name}", attachment.content) for attachment in attachments),
    ]
    out_dir.mkdir(parents=True, exist_ok=True)
    _write_all(files)
    paths = [path for path, _ in files]
    return RenderedReport(pdf=paths[0], model=paths[1], attachments=tuple(paths[2:]), n_pages=n_pages)


def render_pdf(
    report: Report, *, look: ReportSettings = _DEFAULT_LOOK, attachments: Sequence[Attachment] = ()
) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1 in one file. The same arguments give the same bytes."""
    return _draw(report, look, attachments)[0]


def render_html(report: Report, *, look: ReportSettings = _DEFAULT_LOOK) -> str:
    """The report's HTML as the PDF is made from it, without its style sheets."""
    with _LOCK:
        return _html(report, look)


def template_module(name: str, **context: Any) -> Any:
    """The macros of one template, for a caller that draws a piece of its own."""
    with _LOCK:
        return _renderer().environment.get_template(name).make_module(context)


def draw_page(body: str, *, style: str) -> bytes:
    """A PDF of one piece of markup, with the shipped fonts and a style of its own instead of the report's."""
    from weasyprint import CSS  # type: ignore[import-untyped]

    faces = "".join(_FONT_FACE.findall((resource_folder("report_templates") / "report.css").read_text("utf-8")))
    with _LOCK:
        renderer = _renderer()
        with WarningGate():
            sheet = CSS(
                string=faces + style,
                base_url=(renderer.folder / "report.css").as_uri(),
                url_fetcher=renderer.fetcher,
                font_config=renderer.font_configuration,
            )
        document = _lay_out(f"<!doctype html><html lang=en><title>Chart</title><body>{body}", {"stylesheets": [sheet]})
        pdf: bytes = document.write_pdf()
    return pdf


def report_file_stem(report: Report) -> str:
    """The name its files share: `kpi-report-2026-10`, with the facility when it is about one."""
    facility = "" if report.facility_id == WHOLE_SYSTEM else f"-{report.facility_id.replace(':', '_')}"
    return f"kpi-report-{report.month}{facility}"


@dataclass(frozen=True)
class _Renderer:
    """What is costly to make and made once: sandboxed templates, fonts, fetcher."""

    environment: Any
    font_configuration: Any
    fetcher: Any
    folder: Path


@cache
def _renderer() -> _Renderer:
    folder = resource_folder("report_templates")
    check_fonts(folder / "fonts")
    with only_shipped_fonts(folder / "fonts"), WarningGate():
        from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]

        font_configuration = FontConfiguration()
    environment = template_environment(folder)
    environment.globals.update(
        draw_control_chart=draw_control_chart,
        draw_sparkline=draw_sparkline,
        draw_bars=draw_bars,
        draw_funnel=draw_funnel,
        balanced_lines=balanced_lines,
    )
    return _Renderer(environment, font_configuration, resource_fetcher(folder), folder)


@cache
def _style_sheets(palette: Palette, paper: Literal["letter", "a4"]) -> tuple[Any, ...]:
    """Parsed once per look; @font-face rules register their fonts in the shared configuration."""
    from weasyprint import CSS

    renderer = _renderer()
    base = (renderer.folder / "report.css").as_uri()
    with WarningGate():
        return tuple(
            CSS(string=text, base_url=base, url_fetcher=renderer.fetcher, font_config=renderer.font_configuration)
            for text in (
                (renderer.folder / "report.css").read_text(encoding="utf-8"),
                stylesheet(palette, paper=paper),
            )
        )


@atexit.register
def _let_go() -> None:
    """WeasyPrint's font configuration deletes its folder when collected, which fails once Python is half gone."""
    _style_sheets.cache_clear()
    _renderer.cache_clear()


def _html(report: Report, look: ReportSettings, *, tight: frozenset[str] = frozenset()) -> str:
    """`tight` names the sections set with less air, because they would otherwise spill onto a second page."""
    environment = _renderer().environment
    try:
        html: str = environment.get_template("report.html.j2").render(
            report=report,
            palette=build_palette(look.colours),
            logo=read_logo(look.logo) if look.logo else "",
            tight=tight,
            stamp=report.stamped_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            generator=f"kpi-pipeline {__version__}",
        )
    except (jinja2.TemplateError, jinja2.exceptions.SecurityError) as error:
        raise RenderError(
            Fault("report_templates/", f"{type(error).__name__}: {error}", "Mend the template.")
        ) from error
    return html


def _draw(report: Report, look: ReportSettings, attachments: Sequence[Attachment]) -> tuple[bytes, int]:
    """The PDF and its number of pages. Lays out again, once, when a one-page section has spilled over."""
    with _LOCK:
        _renderer()
        from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

        stamp = report.stamped_at.astimezone(UTC)
        options: dict[str, Any] = {
            "stylesheets": list(_style_sheets(build_palette(look.colours), look.paper)),
            "attachments": _pdf_attachments(attachments, stamp),
            "pdf_variant": "pdf/a-3a",
        }
        try:
            document = _lay_out(_html(report, look), options)
            if tight := _spilled_sections(document, report):
                document = _lay_out(_html(report, look, tight=tight), options)
            with WarningGate(), _forgiving_the_colour_profile():
                pdf: bytes = document.write_pdf(finisher=finish_pdf, **options)
        except FatalURLFetchingError as error:
            raise RenderError(
                Fault("report", f"{error}.", "A template or style sheet may only use the shipped files.")
            ) from error
    return pdf, len(document.pages)


def _lay_out(html: str, options: dict[str, Any]) -> Any:
    from weasyprint import HTML

    renderer = _renderer()
    check_characters(html, renderer.folder / "fonts")
    with WarningGate():
        page = HTML(string=html, base_url=renderer.folder.as_uri() + "/", url_fetcher=renderer.fetcher)
        return page.render(renderer.font_configuration, **options)


@contextmanager
def _forgiving_the_colour_profile() -> Iterator[None]:
    """WeasyPrint 70 reads its colour profile without closing the file; where warnings are errors that would stop us."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"unclosed file .*sRGB2014\.icc", category=ResourceWarning)
        yield


def _spilled_sections(document: Any, report: Report) -> frozenset[str]:
    """Sections that need less air: longer than they are meant to be, or leaving only a few lines on the last page."""
    starts = {name: number for number, page in reversed(list(enumerate(document.pages))) for name in page.anchors}
    exceptions = [f"exception-{page.metric}" for page in report.exceptions]
    sections = ["front", "scorecard", *exceptions, *(section.name for section in report.further_sections)]
    sections += ["small_multiples", "appendix"] if report.small_multiples else ["appendix"]
    pages_meant = dict.fromkeys(["front", "scorecard", "small_multiples", *exceptions], 1) | {"drivers": 2}
    spilled = {
        name
        for name, following in pairwise(sections)
        if starts[following] - starts[name] > pages_meant.get(name, sys.maxsize)
    }
    last_page = document.pages[-1]
    if starts["end"] > starts["appendix"] and last_page.anchors["end"][1] < _FEW_LINES * last_page.height:
        spilled.add("appendix")
    return frozenset(spilled)


def _pdf_attachments(attachments: Sequence[Attachment], stamp: datetime) -> list[Any]:
    """Fixed dates, and the relationship PDF/A-3 asks for (ISO 19005-3, 6.8)."""
    from weasyprint import Attachment as PdfAttachment

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
    waiting: list[tuple[Path, Path]] = []
    try:
        for path, content in files:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            waiting.append((Path(name), path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o640)  # a confidential report: its owner and group, nobody else
        for written, path in waiting:
            written.replace(path)
    finally:
        for written, _ in waiting:
            written.unlink(missing_ok=True)
