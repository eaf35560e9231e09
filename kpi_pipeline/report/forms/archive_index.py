"""The index of the archive as one HTML page without script, with links to the files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from markupsafe import Markup
from pydantic import Field

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.report.drawing.fonts import check_characters
from kpi_pipeline.report.forms.html import page_style, with_fonts
from kpi_pipeline.report.forms.renderer import LOCK, renderer
from kpi_pipeline.report.model.chart import Frozen
from kpi_pipeline.report.model.texts import Label

_SHA256 = r"([0-9a-f]{64})?"


class ArchivedFile(Frozen):
    """A file of an issue. href: below the archive, quoted; sha256: '' where it has none of its own."""

    word: Label
    href: str
    sha256: Annotated[str, Field(pattern=_SHA256)]


class IndexedIssue(Frozen):
    """One issue. fault: what is wrong with it in the archive, '' where nothing is."""

    month: Label
    place: Label
    audience: Label
    profile: Label
    number: Label
    state: Label
    files: tuple[ArchivedFile, ...]
    manifest_sha256: Annotated[str, Field(pattern=_SHA256)]
    fault: str


def render_index(issues: Sequence[IndexedIssue], *, hospital_name: str, at: datetime, look: ReportSettings) -> str:
    """The page. at: the moment that it is of. The same arguments give the same text."""
    moment = at.astimezone(UTC)
    with LOCK:
        html: str = (
            renderer()
            .environment.get_template("archive_index.html.j2")
            .render(
                issues=issues,
                title=look.title,
                language=look.language,
                hospital_name=hospital_name,
                as_of=f"{date_words(moment.date())}, {moment:%H:%M} UTC",
                style=Markup(page_style(look)),  # our own sheets: nobody's text is in them
            )
        )
        check_characters(html, renderer().folder / "fonts")
    return with_fonts(html)
