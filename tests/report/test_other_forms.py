"""The other forms of a report: the same words, nothing that runs or reaches out, the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import cache
from html import unescape
from html.parser import HTMLParser

import openpyxl
import pypdfium2
import pytest

from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_whole
from kpi_pipeline.report.forms.html import render_page
from kpi_pipeline.report.forms.others import render_forms
from kpi_pipeline.report.forms.pdf import render_brief, render_html
from kpi_pipeline.report.forms.xlsx import render_workbook
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.pages.followed.explained import ExplainedFigure, build_explained
from tests.report.invented_report import report_inputs
from tests.support.hostile_report import poisoned
from tests.support.html_checks import read_html
from tests.support.pdf_checks import pdf_faults
from tests.support.sample_further import build_further_sections
from tests.support.sample_report import build_sample_report

NUMBERS = ("numerator", "denominator", "value", "lower", "upper", "target")
HOSTILE = (
    """<script>alert(1)</script><img src=x onerror=alert(1)>""",
    """"' onload="alert(1)" style='x' href='javascript:alert(1)'""",
    """</style></title></svg></table><iframe src="https://example.org/x">""",
    """{{ 7*7 }}{% include 'x' %}&#60;script&#62; /* the fonts */ ]]>--><!--""",
    """=HYPERLINK("https://example.org/","x")""",
)


@cache
def sample() -> Report:
    return build_sample_report().model_copy(update={"further_sections": build_further_sections()})


def explained_of(report: Report) -> tuple[ExplainedFigure, ...]:
    metric = report.front.tiles[0].metric
    return (
        ExplainedFigure(metric=metric, figure_id=f"{metric}/all/2026-10", title="Counted", lines=("1,204 counted",)),
    )


@cache
def sample_page() -> str:
    return render_page(sample(), explained=explained_of(sample())).decode()


class Structure(HTMLParser):
    """Every element with the names of its attributes, and the values that could run or lead somewhere."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.values: set[str] = set()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[f"{tag}[{' '.join(sorted(name for name, _ in attrs))}]"] += 1
        for name, value in attrs:
            if name in ("src", "href", "action", "srcdoc", "data") or name.startswith("on"):
                self.values.add(f"{name}={value}")
            if name == "href":
                self.links.add((value or "")[1:])
            if name == "id":
                self.ids.add(value or "")


def test_the_page_is_well_formed_and_every_link_leads_to_a_place_in_it() -> None:
    assert read_html(sample_page()).faults == []
    found = Structure(sample_page())
    assert all(value.startswith("href=#") for value in found.values)
    assert found.links <= found.ids
    assert {f"definition-{tile.metric}" for tile in sample().front.tiles} <= found.links
    assert f"figure-{sample().front.tiles[0].metric}" in found.links


def test_the_page_asks_for_nothing_and_holds_no_script() -> None:
    page = sample_page()
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(([a-z]+:[a-z/]+);", page)) == {"data:font/woff"}
    assert "@import" not in page
    assert page.count("@font-face") == 5


def test_the_page_says_every_word_that_the_paper_says() -> None:
    def said(html: str) -> Counter[str]:
        return Counter(" ".join(read_html(html).text).split())

    named = re.compile(r"(<svg[^>]*>)<title>([^<]*)</title>")
    paper = render_html(sample())
    assert said(named.sub(r"\1", paper)) - said(sample_page()) == Counter()
    labels = {unescape(label) for label in re.findall(r'aria-label="([^"]*)"', sample_page())}
    assert {unescape(title) for _, title in named.findall(paper)} <= labels


@cache
def plain_structure() -> Structure:
    plain = poisoned(sample(), "plain words")
    fair = tuple(one.model_copy(update={"title": "plain", "lines": ("plain",)}) for one in explained_of(sample()))
    return Structure(render_page(plain, explained=fair).decode())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_in_every_field_stays_text(text: str) -> None:
    report = poisoned(sample(), text)
    evil = tuple(one.model_copy(update={"title": text, "lines": (text,)}) for one in explained_of(report))
    page = render_page(report, explained=evil).decode()
    built, expected = Structure(page), plain_structure()
    drawn = re.compile(r"^(text|path|polyline|rect|br)\[")  # as many as the words need
    assert {k: n for k, n in built.elements.items() if not drawn.match(k)} == {
        k: n for k, n in expected.elements.items() if not drawn.match(k)
    }
    assert built.values == expected.values
    assert page.count("@font-face") == 5
    assert page.index("@font-face") < page.index("<title>")


def test_a_letter_that_no_font_has_is_refused_before_the_page_is_written() -> None:
    from kpi_pipeline.core.errors import RenderError

    with pytest.raises(RenderError, match=r"U\+6771"):
        render_page(sample(), explained=(explained_of(sample())[0].model_copy(update={"title": "東"}),))


def test_what_figures_were_counted_from_is_told_inside_the_house_alone() -> None:
    inside, board = (judge(report_inputs(months=14, privacy=privacy)) for privacy in ("internal", "board"))
    explained = build_explained(inside)
    assert {one.figure_id for one in explained} == {
        measure.headline.id for measure in inside.system.values() if measure.headline is not None
    }
    assert any("cases listed" in line for one in explained for line in one.lines)
    assert build_explained(board) == ()
    page = render_page(build_whole(report_inputs(months=14, privacy="board")).report).decode()
    assert "figure-" not in re.sub(r"\.figure-id|figure-id", "", page.split("</style>")[1])


def test_every_form_of_a_report_is_made_and_made_again_with_the_same_bytes() -> None:
    whole = build_whole(report_inputs(months=14))
    made = [render_forms(whole, ("html", "xlsx", "brief"), look=report_inputs().settings.report) for _ in range(2)]
    assert set(made[0]) == {".html", ".xlsx", ".brief.pdf"}
    assert made[0] == made[1]
    assert whole.report.appendix.definitions[0].figure_id in made[0][".html"].decode()


def test_the_workbook_holds_the_figures_as_numbers_and_the_rest_as_text() -> None:
    whole = build_whole(report_inputs(months=14, privacy="board"))
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(whole.report, whole.tables, headings=whole.headings)))
    assert book.sheetnames[0] == "About"
    assert book.sheetnames[-1] == "Definitions"
    columns, *rows = csv.reader(io.StringIO(whole.tables["figures.csv"], newline=""))
    shown = []
    for sheet in book.worksheets[1:-1]:
        assert sheet.freeze_panes == "B2"
        assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$1:$1", "landscape")
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert [cell.value for cell in sheet[1]] == columns
        shown += [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert len(shown) == len(rows)
    by_id = {row[0]: row for row in rows}
    for row in shown:
        for name, cell, text in zip(columns, row, by_id[row[0]], strict=True):
            if name in NUMBERS and text not in ("", "withheld"):
                assert isinstance(cell, int | float)
                assert cell == pytest.approx(float(text), rel=1e-12)
            else:
                assert str(cell) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_the_workbook_is_a_formula_or_a_link(text: str) -> None:
    evil = f'''"'{text.replace('"', '""')}"'''
    table = "figure_id,metric,facility_id,month,value,unit\r\n" + f"{evil},,{evil},2026-10,{evil},{evil}\r\n"
    book = openpyxl.load_workbook(
        io.BytesIO(render_workbook(poisoned(sample(), text), {"figures.csv": table}, headings={}))
    )
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))]


def test_the_brief_is_one_page_that_says_what_page_1_says() -> None:
    content = render_brief(build_sample_report())
    assert pdf_faults(content) == []
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    words = " ".join(document[0].get_textpage().get_text_range().split())
    assert "avoidable days now cost us the most" in words
    assert "Avoidable days have run high since two skilled-nursing partners" in words
    assert "Page 1 of 1" in words
    assert "is it changing" not in words
