"""How sections come onto pages: each once, tighter where it runs over, together where a page would stand half empty."""

from __future__ import annotations

import weakref
from functools import cache

import pytest

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.forms import layout
from kpi_pipeline.report.forms.layout import lay_out_report
from kpi_pipeline.report.forms.pdf import render_pdf
from kpi_pipeline.report.forms.renderer import draw_page, renderer
from kpi_pipeline.report.forms.sections import Section, sections_of
from kpi_pipeline.report.model import Block, Column, ExceptionPage, FurtherSection, Report, Table
from tests.report.test_render_pdf import pages_of
from tests.support.page_fill import half_empty_pages, page_fills
from tests.support.sample_further import build_further_sections
from tests.support.sample_report import build_sample_report

LOOK = ReportSettings()


@cache
def sample() -> Report:
    return build_sample_report()


def with_improvements(n: int) -> Report:
    """The sample with as many improvements as asked, and nothing that needs attention."""
    page = next(one for one in sample().exceptions if one.kind == "improvement")
    rows = [row.metric for group in sample().scorecard.groups for row in group.rows]
    pages = tuple(page.model_copy(update={"metric": metric}) for metric in rows[:n])
    return sample().model_copy(update={"exceptions": pages})


def rows(name: str, n: int) -> FurtherSection:
    """A section of one table."""
    columns = (Column(heading="Measure"), Column(heading="Value", numeric=True))
    table = Table(caption="Rows", columns=columns, rows=tuple((f"Row {at}", "1") for at in range(n)))
    return FurtherSection(name=name, title=f"{n} rows of {name}", blocks=(Block(heading="All", tables=(table,)),))


def laid_out(report: Report, monkeypatch: pytest.MonkeyPatch) -> list[list[Section]]:
    """The sections of every layout that was made, in order."""
    made: list[list[Section]] = []
    lay_out = layout._lay_out

    def noted(report: Report, look: ReportSettings, sections: list[Section]) -> object:
        made.append(list(sections))
        return lay_out(report, look, sections)

    monkeypatch.setattr(layout, "_lay_out", noted)
    renderer()
    lay_out_report(report, LOOK)
    return made


def test_a_section_that_fits_is_laid_out_once_and_one_that_runs_over_again_with_less_air(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = laid_out(sample(), monkeypatch)
    names = [one.name for sections in made for one in sections if len(sections) == 1]
    placed = {one.name for sections in made for one in sections}
    assert placed == {one.name for one in sections_of(sample())}
    for name in set(names):
        tight = [sections[0].is_tight for sections in made if sections[0].name == name and len(sections) == 1]
        assert tight in ([False], [False, True])
    assert sum(one.name == "appendix" for sections in made for one in sections) <= 2  # the annex is long


@pytest.mark.parametrize(("few", "n_layouts"), [(0.0, 1), (1.1, 2)])
def test_two_layouts_of_the_annex_are_not_held_at_once(
    monkeypatch: pytest.MonkeyPatch, few: float, n_layouts: int
) -> None:
    """few: which last page calls for a second layout: none, any."""
    lay_out = layout._lay_out
    made: list[weakref.ref[object]] = []
    alive: list[int] = []

    def noted(report: Report, look: ReportSettings, sections: list[Section]) -> layout._Placed:
        of_annex = sections[-1].name == "appendix"
        alive.extend([sum(one() is not None for one in made)] if of_annex else [])
        placed = lay_out(report, look, sections)
        made.extend([weakref.ref(placed.document)] if of_annex else [])
        return placed

    monkeypatch.setattr(layout, "_lay_out", noted)
    monkeypatch.setattr(layout, "_LONG", 1)
    monkeypatch.setattr(layout, "_FEW_LINES", few)
    lay_out_report(sample(), LOOK)
    assert alive == [0] * n_layouts


@pytest.mark.parametrize("long", [1, 100])
def test_what_less_air_does_not_mend_keeps_its_air(monkeypatch: pytest.MonkeyPatch, long: int) -> None:
    """long: whether the first layout is kept meanwhile, or made again."""
    monkeypatch.setattr(layout, "_LONG", long)
    section = Section("hospitals", "further", rows("hospitals", 60), pages_meant=1)
    placed = layout._place(sample(), LOOK, [section])
    assert placed.n_pages > 1
    assert [one.is_tight for one in placed.sections] == [False]


@pytest.mark.parametrize(("n", "n_pages"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_two_improvements_share_a_page_and_an_odd_one_fills_its_own(n: int, n_pages: int) -> None:
    report = with_improvements(n)
    pages = pages_of(render_pdf(report))
    words = report.exceptions[0].kind_words.upper()
    assert [page.upper().count(words) for page in pages if words in page.upper()] == [2] * (n // 2) + [1] * (n % 2)
    assert sum(words in page.upper() for page in pages) == n_pages


def test_a_measure_that_needs_attention_never_shares_its_page() -> None:
    attention = next(one for one in sample().exceptions if one.kind != "improvement")
    again = ExceptionPage.model_validate(attention.model_copy(update={"metric": "discharges"}).model_dump())
    report = sample().model_copy(update={"exceptions": (attention, again)})
    words = attention.kind_words.upper()
    counts = [page.upper().count(words) for page in pages_of(render_pdf(report))]
    assert max(counts) == 1
    assert sum(counts) >= 2


def test_a_short_section_shares_its_page_with_what_comes_next() -> None:
    short = FurtherSection(name="hospitals", title="A short section", paragraphs=("One line.",))
    other = short.model_copy(update={"name": "improvement_programme", "title": "Another short section"})
    pages = pages_of(render_pdf(sample().model_copy(update={"further_sections": (short, other)})))
    assert [number for number, page in enumerate(pages) if "A short section" in page] == [
        number for number, page in enumerate(pages) if "Another short section" in page
    ]


def test_a_short_page_of_rows_goes_on_with_the_next_one_although_that_saves_no_page() -> None:
    """Totals of 9 rows and groups of 40 make two pages either way; the first is not left half empty."""

    sections = (rows("totals", 9), rows("fairness", 40))
    content = render_pdf(sample().model_copy(update={"exceptions": (), "further_sections": sections}))
    assert half_empty_pages(content) == []
    pages = pages_of(content)
    assert [at for at, page in enumerate(pages) if "9 rows of totals" in page] == [
        at for at, page in enumerate(pages) if "40 rows of fairness" in page
    ]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_no_page_of_improvements_is_more_than_half_empty(n: int) -> None:
    content = render_pdf(with_improvements(n))
    assert half_empty_pages(content) == []


def test_the_measuring_of_pages_sees_an_empty_half() -> None:
    """Proof of the proof: of three pages the one with a single line is found; the last one may be as empty."""
    full, few = "<p style='height: 9in; border: 1px solid'>Full</p>", "<p>One line</p>"
    later = "<div style='break-before: page'>"
    style = "@page { size: letter; margin: .82in .66in .72in }"
    content = draw_page(f"{full}{later}{few}</div>{later}{full}</div>{later}{few}</div>", style=style)
    assert half_empty_pages(content) == [2]
    assert page_fills(content)[0] > 0.9


def test_the_page_numbers_run_on_over_the_sections() -> None:
    report = sample().model_copy(update={"further_sections": build_further_sections()})
    pages = pages_of(render_pdf(report))
    assert [f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)
    heads = ["CASE MANAGEMENT PERFORMANCE October 2026" in page for page in pages]
    assert heads == [False] + [True] * (len(pages) - 1)
