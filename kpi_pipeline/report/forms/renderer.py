"""The one renderer of a process: sandboxed templates, shipped fonts, parsed style sheets, and the way to a layout.

Costly to make and made once; used by one thread at a time (`LOCK`). Not here: which pages there are (`sections`,
`layout`), the files of a report (`pdf`).
"""

from __future__ import annotations

import atexit
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.drawing.fonts import check_characters, check_fonts, only_shipped_fonts
from kpi_pipeline.report.drawing.funnel import draw_funnel
from kpi_pipeline.report.drawing.palette import Palette, build_palette, running_heads, stylesheet
from kpi_pipeline.report.drawing.small import draw_bars, draw_sparkline
from kpi_pipeline.report.forms.drawings import as_images
from kpi_pipeline.report.forms.secure import WarningGate, resource_fetcher, template_environment
from kpi_pipeline.report.forms.typesetting import balanced_lines

LOCK = threading.RLock()
PDF_VARIANT = "pdf/a-3a"
FONT_FACE = re.compile(r"@font-face \{[^}]*\}\n")


@dataclass(frozen=True)
class Renderer:
    """What every drawing needs."""

    environment: Any
    font_configuration: Any
    fetcher: Any
    folder: Path


@cache
def renderer() -> Renderer:
    """The living renderer of this process; RenderError when a font is missing."""
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
        web=False,
        figure_ids={},
    )
    return Renderer(environment, font_configuration, resource_fetcher(folder), folder)


@cache
def style_sheets(palette: Palette, paper: Literal["letter", "a4"], *, with_running_heads: bool) -> tuple[Any, ...]:
    """Parsed once per look; @font-face rules register their fonts in the shared configuration."""
    text = (renderer().folder / "report.css").read_text(encoding="utf-8")
    sheets = [_read_sheet(text), _read_sheet(stylesheet(palette, paper=paper))]
    return (*sheets, _read_sheet(running_heads(palette))) if with_running_heads else tuple(sheets)


def prepare_to_draw(look: ReportSettings) -> None:
    """Loads what every report of this look needs, for a process whose copies draw; RenderError when a font is missing.

    Nothing is laid out: the text engine is not at work yet when the process is copied.
    """
    with LOCK:
        made, palette = renderer(), build_palette(look.colours)
        for with_running_heads in (False, True):
            style_sheets(palette, look.paper, with_running_heads=with_running_heads)
        for name in made.environment.list_templates(extensions=["j2"]):
            made.environment.get_template(name)


def lay_out(html: str, sheets: Sequence[Any]) -> Any:
    """The document laid out on pages; RenderError for a character no shipped font has, or for any warning."""
    from weasyprint import HTML  # type: ignore[import-untyped]

    made = renderer()
    check_characters(html, made.folder / "fonts")
    with WarningGate():
        page = HTML(string=as_images(html), base_url=made.folder.as_uri() + "/", url_fetcher=made.fetcher)
        return page.render(made.font_configuration, stylesheets=list(sheets), pdf_variant=PDF_VARIANT)


def template_module(name: str, **context: Any) -> Any:
    """The macros of one template, for a caller that draws a piece of its own."""
    with LOCK:
        return renderer().environment.get_template(name).make_module(context)


def draw_page(body: str, *, style: str) -> bytes:
    """A PDF of one piece of markup, with the shipped fonts and a style of its own instead of the report's."""
    faces = "".join(FONT_FACE.findall((resource_folder("report_templates") / "report.css").read_text("utf-8")))
    with LOCK:
        html = f"<!doctype html><html lang=en><title>Chart</title><body>{body}"
        document = lay_out(html, [_read_sheet(faces + style)])
        with forgiving_the_colour_profile():
            pdf: bytes = document.write_pdf()
    return pdf


@contextmanager
def forgiving_the_colour_profile() -> Iterator[None]:
    """WeasyPrint 70 reads its colour profile without closing the file; where warnings are errors that would stop us."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"unclosed file .*sRGB2014\.icc", category=ResourceWarning)
        yield


def _read_sheet(text: str) -> Any:
    from weasyprint import CSS

    made = renderer()
    with WarningGate():
        return CSS(
            string=text,
            base_url=(made.folder / "report.css").as_uri(),
            url_fetcher=made.fetcher,
            font_config=made.font_configuration,
        )


@atexit.register
def _let_go() -> None:
    """WeasyPrint's font configuration deletes its folder when collected, which fails once Python is half gone."""
    style_sheets.cache_clear()
    renderer.cache_clear()
