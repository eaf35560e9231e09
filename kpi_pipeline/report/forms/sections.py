"""The report cut into sections, each with its template and the pages it is meant to fill, and their HTML.

Not here: how they come onto pages (`layout`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import jinja2
from markupsafe import Markup

from kpi_pipeline import __version__
from kpi_pipeline.core.errors import Fault, RenderError
from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.drawing.logo import read_logo
from kpi_pipeline.report.drawing.palette import build_palette
from kpi_pipeline.report.forms.renderer import renderer
from kpi_pipeline.report.model import ExceptionPage, Report

_BEHIND_PAGE_1 = ("changes_since_last_issue", "said_before")
"""What somebody who was there last month asks first."""
_ROWS_WITH_AIR = 30
"""A scorecard of more rows is set with less air: it is two pages or more, and looked things up in."""

_OF_ROWS = frozenset({"totals", "budget", "barriers", "fairness", "benchmarks"})
"""Further sections without a drawing (report.css lets their tables break)."""


@dataclass(frozen=True, slots=True)
class Section:
    """What begins a page. pages_meant None: as many as it needs.

    is_tight: set with less air. follows: begins where the section before it ends, on the same page. has_annex: whether
    the document it is printed in ends with the annex, where each value's id stands.
    """

    name: str
    template: str
    content: Any = None
    pages_meant: int | None = None
    is_tight: bool = False
    follows: bool = False
    has_annex: bool = True

    @property
    def may_break(self) -> bool:
        """Whether it is rows alone, which may go on over the page."""
        return self.name in _OF_ROWS

    def tightened(self) -> Section:
        """The same with less air."""
        return replace(self, is_tight=True)

    def alone(self) -> Section:
        """The same as it is set where it has a page to itself."""
        return replace(self, template="exception") if self.template == "improvement" else self

    def following(self) -> Section:
        """The same, on the page of the section before it."""
        return replace(self, follows=True)


def sections_of(report: Report) -> list[Section]:
    """The sections in the order of the pages."""
    meant = {"drivers": 2, "hospitals": 1} | dict.fromkeys(_OF_ROWS, 1)
    further = [Section(one.name, "further", one, meant.get(one.name)) for one in report.further_sections]
    n_rows = sum(len(group.rows) for group in report.scorecard.groups)
    found = [Section("front", "front", pages_meant=1)]
    found += [one for one in further if one.name in _BEHIND_PAGE_1]
    found.append(Section("scorecard", "scorecard", is_tight=n_rows > _ROWS_WITH_AIR))
    found += _exception_sections(report.exceptions)
    found += [one for one in further if one.name not in _BEHIND_PAGE_1]
    if report.small_multiples:
        found.append(Section("small_multiples", "small_multiples"))
    return [*found, Section("appendix", "appendix", follows=bool(report.small_multiples))]


def _exception_sections(pages: Sequence[ExceptionPage]) -> Iterator[Section]:
    """A page for what needs attention; about half a page for each improvement, so that two can share one."""
    for page in pages:
        template = "improvement" if page.kind == "improvement" else "exception"
        yield Section(f"exception-{page.metric}", template, page, 1)


def sections_html(report: Report, sections: Sequence[Section], look: ReportSettings) -> str:
    """A whole HTML document of these sections."""
    has_annex = all(one.has_annex for one in sections)
    ids = {one.metric: one.figure_id for one in report.appendix.definitions if one.figure_id} if has_annex else {}
    return _render("report.html.j2", report=report, sections=sections, look=look, figure_ids=ids)


def page_html(report: Report, sections: Sequence[Section], look: ReportSettings, **more: Any) -> str:
    """The same sections as one page for a browser, with links. more: what only that page has."""
    return _render("page.html.j2", report=report, sections=sections, look=look, web=True, **more)


def running_heads_html(report: Report, n_pages: int, look: ReportSettings) -> str:
    """A document of that many empty pages, each with its running head, foot and number."""
    return _render("running_heads.html.j2", report=report, n_pages=n_pages, look=look)


def _render(template: str, *, report: Report, look: ReportSettings, **more: Any) -> str:
    try:
        html: str = (
            renderer()
            .environment.get_template(template)
            .render(
                report=report,
                palette=build_palette(look.colours),
                logo=Markup(read_logo(look.logo)) if look.logo else "",  # base64: nothing to escape, nothing to break
                stamp=report.stamped_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                generator=f"kpi-pipeline {__version__}",
                **more,
            )
        )
    except (jinja2.TemplateError, jinja2.exceptions.SecurityError) as error:
        raise RenderError(
            Fault("report_templates/", f"{type(error).__name__}: {error}", "Mend the template.")
        ) from error
    return html
