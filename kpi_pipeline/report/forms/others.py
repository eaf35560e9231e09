"""The forms a report may have beside its PDF, of one report and its tables. Not here: the forms themselves."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.core.vocabulary import FORM_ENDINGS, ReportForm
from kpi_pipeline.report.build import Whole
from kpi_pipeline.report.forms.html import render_page
from kpi_pipeline.report.forms.pdf import render_brief
from kpi_pipeline.report.forms.xlsx import render_workbook


def render_forms(whole: Whole, forms: Iterable[ReportForm], *, look: ReportSettings) -> dict[str, bytes]:
    """The wanted forms by ending. The same report gives the same bytes."""
    wanted = set(forms)
    made = {}
    if "html" in wanted:
        made[FORM_ENDINGS["html"]] = render_page(whole.report, explained=whole.explained, look=look)
    if "xlsx" in wanted:
        made[FORM_ENDINGS["xlsx"]] = render_workbook(whole.report, whole.tables, headings=whole.headings)
    if "brief" in wanted:
        made[FORM_ENDINGS["brief"]] = render_brief(whole.report, look=look)
    return made
