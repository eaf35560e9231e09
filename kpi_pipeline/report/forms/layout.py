"""Brings the sections of a report onto pages: each section is laid out by itself, and again only if it does not fit.

A section that runs over its pages is set with less air. One that leaves more than half of its last page empty shares
that page with what comes next, where that saves a page or where what comes next may break (rows, the annex); so do two
improvements in a row, and a section of few lines goes to the page before it. Running heads and page numbers are laid
out last, once the number of pages is known, and put onto the finished pages.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.drawing.palette import build_palette
from kpi_pipeline.report.forms.renderer import lay_out, style_sheets
from kpi_pipeline.report.forms.sections import Section, running_heads_html, sections_html, sections_of
from kpi_pipeline.report.model import Report

HALF_EMPTY = 0.5
"""A page filled to less than this share is half empty."""
_FEW_LINES = 0.25
"""A page filled to less than this is avoided where less air or another page's room can; also the report's last."""
_FULL = 0.97
_ALMOST_FITS = 1.06
"""What less air can still bring onto one page."""
_LONG = 10
"""Of more pages than these, such as the annex, two layouts are not held at once: a page takes some 4 MB."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """Sections that share a document, and its pages."""

    sections: tuple[Section, ...]
    document: Any

    @property
    def n_pages(self) -> int:
        return len(self.document.pages)

    @property
    def fill(self) -> float:
        """How far down the last page is filled, 0 to 1."""
        page = self.document.pages[-1]
        paper = page._page_box
        return float((page.anchors[f"end-{self.sections[-1].name}"][1] - paper.content_box_y()) / paper.height)


def lay_out_report(report: Report, look: ReportSettings) -> Any:
    """The whole report as one document of finished pages."""
    placed = _share_pages(report, look, sections_of(report))
    placed = [_widened(report, look, one) for one in placed]
    pages = [page for one in placed for page in one.document.pages]
    _put_running_heads(report, look, pages)
    return placed[0].document.copy(pages)


def lay_out_brief(report: Report, look: ReportSettings) -> Any:
    """Page 1 without its matrix, with the first chart that needs attention where both fit on one page.

    One page wherever page 1 of the report is one.
    """
    worst = [page for page in report.exceptions if page.kind in ("concern", "failing")][:1]
    for shown in (tuple(worst), ()):
        placed = _place(report, look, [Section("front", "front", shown, pages_meant=1, has_annex=False)])
        if placed.n_pages == 1:
            break
    pages = list(placed.document.pages)
    _put_running_heads(report, look, pages)
    return placed.document.copy(pages)


def _place(report: Report, look: ReportSettings, sections: Sequence[Section]) -> _Placed:
    """Laid out as given; with less air where the last section runs over its pages or half empties the last one."""
    placed = _lay_out(report, look, sections)
    n_pages, fill = placed.n_pages, placed.fill
    last = sections[-1]
    meant = max((one.pages_meant or 0 for one in sections), default=0)
    runs_over = all(one.pages_meant is not None for one in sections) and n_pages > meant
    least = _FEW_LINES if last.name == "appendix" else HALF_EMPTY
    leaves_half = last.pages_meant is None and n_pages > 1 and fill < least
    if last.is_tight or not (runs_over or leaves_half):
        return placed
    kept = placed if n_pages <= _LONG else None
    del placed
    if kept is None:
        gc.collect()
    tighter = _lay_out(
        report, look, [one.tightened() if runs_over else one for one in sections[:-1]] + [last.tightened()]
    )
    saves_room = leaves_half and tighter.fill < _FEW_LINES  # what comes next finds room above
    if tighter.n_pages < n_pages or saves_room:
        return tighter
    return kept or _lay_out(report, look, sections)


def _lay_out(report: Report, look: ReportSettings, sections: Sequence[Section]) -> _Placed:
    sheets = style_sheets(build_palette(look.colours), look.paper, with_running_heads=False)
    return _Placed(tuple(sections), lay_out(sections_html(report, sections, look), sheets))


def _widened(report: Report, look: ReportSettings, placed: _Placed) -> _Placed:
    """An improvement that found none to share its page with is set as large as what needs attention, if it fits."""
    (section, *others) = placed.sections
    if others or section.alone() == section:
        return placed
    large = _place(report, look, [section.alone()])
    return large if large.n_pages == placed.n_pages else placed


def _share_pages(report: Report, look: ReportSettings, sections: Sequence[Section]) -> list[_Placed]:
    """The sections placed in order; one that follows a half-empty page is put there, where that saves a page.

    A section that may break anywhere always saves one, so it is not laid out by itself first: the annex is long, and
    flows on as one.
    """
    done: list[_Placed] = []
    for run in _runs(sections):
        before = done[-1] if done else None
        if before and before.fill < HALF_EMPTY and run[0].pages_meant is None:
            done[-1] = _place(report, look, _joined(before, run))
            continue
        one = _place(report, look, run)
        if before and _may_share(before, one):
            shared = _place(report, look, _joined(before, run))
            n_apart = before.n_pages + one.n_pages
            is_worth = before.fill < (HALF_EMPTY if run[0].may_break else _FEW_LINES)
            if shared.n_pages < n_apart or (shared.n_pages == n_apart and is_worth):
                done[-1] = shared
                continue
        done.append(one)
    return done


def _runs(sections: Sequence[Section]) -> list[list[Section]]:
    """The sections, those that flow on from the one before them together with it."""
    runs: list[list[Section]] = []
    for section in sections:
        if section.follows:
            runs[-1].append(section)
        else:
            runs.append([section])
    return runs


def _joined(before: _Placed, run: Sequence[Section]) -> list[Section]:
    return [*before.sections, run[0].following(), *run[1:]]


def _may_share(before: _Placed, one: _Placed) -> bool:
    """Whether it is worth trying to put a section where the one before it ends."""
    are_halves = before.fill + one.fill < _ALMOST_FITS and all(
        each.template == "improvement" for each in (*before.sections, *one.sections)
    )
    fits_in = one.n_pages == 1 and one.fill < _FEW_LINES and before.fill + one.fill < _FULL
    return before.fill < HALF_EMPTY or (are_halves and len(before.sections) == 1) or fits_in


def _put_running_heads(report: Report, look: ReportSettings, pages: Sequence[Any]) -> None:
    """The margin boxes of a document of empty pages, moved onto the pages that are to be printed."""
    sheets = style_sheets(build_palette(look.colours), look.paper, with_running_heads=True)
    empty = lay_out(running_heads_html(report, len(pages), look), sheets)
    for page, heads in zip(pages, empty.pages, strict=True):
        page._page_box.children += tuple(_margin_boxes(heads))


def _margin_boxes(page: Any) -> Iterator[Any]:
    from weasyprint.formatting_structure.boxes import MarginBox  # type: ignore[import-untyped]

    return (box for box in page._page_box.children if isinstance(box, MarginBox))
