"""The report as one HTML file for a browser: the sections of the PDF with links, their styles and fonts inside.

It opens offline, holds no script and asks for nothing: a content policy in its head forbids both. Not here: the
sections (`sections`), what a figure was counted from (`pages.explained`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.drawing.fonts import check_characters
from kpi_pipeline.report.drawing.palette import build_palette, stylesheet
from kpi_pipeline.report.forms.page_fonts import font_faces
from kpi_pipeline.report.forms.renderer import FONT_FACE, LOCK, renderer, template_module
from kpi_pipeline.report.forms.sections import Section, page_html, sections_of
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.pages.followed.explained import ExplainedFigure

_DEFAULT_LOOK = ReportSettings()
_FONTS_GO_HERE = "/* the fonts */"
_LENGTH = re.compile(r"(?<![\w#.-])(-?\d*\.?\d+)(pt|px|in)\b")
_PIXELS_PER_REM = 40 / 3
"""10 points, the report's body text: 1 rem of the page."""
_PIXELS = {"pt": 4 / 3, "px": 1.0, "in": 96.0}
_DRAWING = re.compile(r'<svg class="(?P<kind>[\w ]+)" (?P<rest>[^>]*)><title>(?P<words>[^<]*)</title>')
_TABLE = re.compile(r'<table class="[^"]*"><caption[^>]*>(?P<words>[^<]*)</caption>.*?</table>', re.DOTALL)
_BARS = re.compile(r'(?P<svg><svg class="chart bars"[^>]* aria-label="(?P<words>[^"]*)"[^>]*>.*?</svg>)', re.DOTALL)
_COLUMN = '<th scope="col"'
_MOST_COLUMNS = 3
"""A table of more columns is moved sideways on a phone."""


def render_page(
    report: Report, *, explained: Sequence[ExplainedFigure] = (), look: ReportSettings = _DEFAULT_LOOK
) -> bytes:
    """The report as one HTML file. The same arguments give the same bytes. RenderError for a letter no font has."""
    with LOCK:
        sections = sections_of(report)
        html = page_html(
            report,
            sections,
            look,
            style=Markup(page_style(look)),  # our own sheets: no text of a report is in them
            contents=list(_contents(report, sections)),
            explained={one.metric: one for one in explained},
        )
        check_characters(html, renderer().folder / "fonts")
        html = _TABLE.sub(_movable, _DRAWING.sub(_named, html))
        html = _BARS.sub(_movable_bars, html)
    return with_fonts(html).encode()


def _contents(report: Report, sections: Sequence[Section]) -> Iterator[tuple[str, str]]:
    """Anchor and title of every section after the first."""
    titles = {"scorecard": report.scorecard.title, "appendix": report.appendix.title}
    if report.small_multiples:
        titles["small_multiples"] = report.small_multiples.title
    for section in sections[1:]:
        content = section.content
        yield section.name, titles.get(section.name) or getattr(content, "heading", None) or content.title


def with_fonts(html: str) -> str:
    """A page whose first style is `page_style`, with the fonts for its letters inside."""
    return html.replace(_FONTS_GO_HERE, font_faces(frozenset(html)), 1)


def page_style(look: ReportSettings) -> str:
    """The paper's sheet in rem, the page's own, and the charts' rules, which on paper stand inside each drawing."""
    folder, palette = renderer().folder, build_palette(look.colours)
    paper = FONT_FACE.sub("", (folder / "report.css").read_text("utf-8"))
    own = (folder / "page.css").read_text("utf-8")
    rules = str(template_module("macros/charts.html.j2", palette=palette).chart_rules()).strip()
    drawings = "".join(f"svg.chart {rule}\n" for rule in rules.splitlines())
    screen = stylesheet(palette, paper=look.paper)
    return f"{_FONTS_GO_HERE}\n{screen}:root{{--side:1.5rem;--air:0rem}}\n{_in_rem(paper)}{drawings}{own}"


def _in_rem(sheet: str) -> str:
    """Every length in rem, so that the page grows with the reader's own text size and keeps its proportions."""

    def rem(length: re.Match[str]) -> str:
        return f"{float(length[1]) * _PIXELS[length[2]] / _PIXELS_PER_REM:.4f}".rstrip("0").rstrip(".") + "rem"

    return _LENGTH.sub(rem, sheet)


def _attribute(words: str) -> str:
    """Text that was escaped for an element, where a quote may stand, as an attribute, where it may not."""
    return words.replace('"', "&quot;")


def _named(drawing: re.Match[str]) -> str:
    """A drawing as one picture with a name, whatever lines and letters it is made of."""
    name = _attribute(drawing["words"])
    return f'<svg class="{drawing["kind"]}" role="img" aria-label="{name}" {drawing["rest"]}>'


def _movable(table: re.Match[str]) -> str:
    """A broad table in a frame that can be moved sideways, also by keyboard; others as they are."""
    if table[0].count(_COLUMN) <= _MOST_COLUMNS:
        return table[0]
    return f'<div class="wide" role="group" tabindex="0" aria-label="{_attribute(table["words"])}">{table[0]}</div>'


def _movable_bars(bars: re.Match[str]) -> str:
    return f'<div class="wide" role="group" tabindex="0" aria-label="{bars["words"]}">{bars["svg"]}</div>'
