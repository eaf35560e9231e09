"""`kpi explain` for the figures of the further pages (drivers, totals, budget …), whose ids name no month.

Such a figure is of a report: its place and month come from the issues that printed it, or are given. It has no case
list of its own. Not here: monthly figures (`explain`), words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.delivery.register import archive_of, list_issues
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.pipeline.report import judge_page_figures
from kpi_pipeline.pipeline.tracing.explain import without_breaks
from kpi_pipeline.report.words.page_figures import PAGES
from kpi_pipeline.report.words.phrases import WITHHELD
from kpi_pipeline.state.database import Database


@dataclass(frozen=True, slots=True)
class PageValue:
    """A figure as printed. value: a number, the word `withheld`, or None. lower, upper: its 95 % interval."""

    value: float | str | None
    unit: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class PageInIssue:
    """What one issue printed."""

    number: int
    audience: str
    scope: str
    month: str
    state: str
    shown: PageValue


@dataclass(frozen=True, slots=True)
class ExplainedPage:
    """A page's figure: what issues of the place said, oldest first, and what the month's report would print now."""

    figure_id: str
    place: str
    month: Month
    issues: tuple[PageInIssue, ...]
    now: PageValue | None


def is_page_figure(figure: str) -> bool:
    """Whether an id is of one of those pages."""
    return without_breaks(figure).partition("/")[0] in PAGES


def explain_page_figure(
    figure: str,
    warehouse: Path,
    *,
    archive: Path,
    database: Database | None,
    settings: Settings,
    month: Month | None = None,
    facility: str | None = None,
) -> ExplainedPage:
    """All that is known of such a figure. month None: that of the newest issue which printed it.

    Raises InputError without any month, and for an id that neither an issue nor the report of that month has.
    """
    figure_id, place = without_breaks(figure), facility or WHOLE_SYSTEM
    issues = tuple(_in_issues(figure_id, place, archive, database))
    if month is None and not issues:
        raise InputError(Fault("--month", "no issue has printed this figure.", "Say of which report: --month YYYY-MM."))
    asked = month or Month.parse(issues[-1].month)
    found = judge_page_figures(warehouse, asked, facility=facility, settings=settings)
    now = next((one for one in found if one.figure_id == figure_id), None)
    if now is None and not issues:
        what = f"the report of {asked} has no figure {figure_id}."
        raise InputError(Fault("figure", what, "Copy an id from figures.csv, the workbook or the page."))
    shown = None
    if now is not None:
        value = WITHHELD if isinstance(now.value, Withheld) else now.value
        shown = PageValue(value, now.unit, now.lower, now.upper)
    return ExplainedPage(figure_id, place, asked, issues, shown)


def _in_issues(figure_id: str, place: str, archive: Path, database: Database | None) -> Iterator[PageInIssue]:
    for issue in list_issues(database) if database is not None else []:
        entry = archive_of(database, issue.id) if database is not None else None
        file = next((archive / entry[0]).glob("*.figures.csv"), None) if entry is not None else None
        if file is None or issue.number is None or issue.scope != place:
            continue
        with file.open(encoding="utf-8", newline="") as lines:
            row = next((one for one in csv.DictReader(lines) if unguarded(one["figure_id"]) == figure_id), None)
        if row is not None:
            shown = PageValue(_number(row["value"]), row["unit"], _end(row.get("lower")), _end(row.get("upper")))
            yield PageInIssue(issue.number, issue.audience, issue.scope, issue.month, issue.state, shown)


def _number(text: str) -> float | str | None:
    return _end(text) if text != WITHHELD else text


def _end(text: str | None) -> float | None:
    return float(text) if text else None
