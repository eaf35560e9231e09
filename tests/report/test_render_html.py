"""The HTML of a report: well-formed, escaped, readable without sight, and made by templates that only place things."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jinja2.nodes
import pytest

from kpi_pipeline.core.errors import RenderError
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.report.forms.pdf import render_html
from kpi_pipeline.report.forms.secure import template_environment
from kpi_pipeline.report.model import FindingList, Reading, Report, Statement
from tests.support.html_checks import Checker, read_html
from tests.support.sample_further import build_further_sections
from tests.support.sample_report import build_sample_report

TEMPLATES = sorted(resource_folder("report_templates").rglob("*.html.j2"))


@cache
def sample_html() -> str:
    return render_html(build_sample_report())


def changed(report: Report, **changes: Any) -> Report:
    """A report with fields replaced and checked again."""
    return Report.model_validate(report.model_copy(update=changes).model_dump())


def text_of(checker: Checker) -> str:
    return " ".join("".join(checker.text).split())


def test_the_document_is_well_formed_and_accessible() -> None:
    checker = read_html(sample_html())
    assert checker.faults == []
    assert '<html lang="en-US">' in sample_html()
    assert "<title>Case management performance, October 2026: Example Regional Medical Center</title>" in sample_html()


def test_every_chart_and_icon_has_a_name() -> None:
    titles = re.findall(r"<svg\b[^>]*><title>([^<]*)</title>", sample_html())
    assert len(titles) == sample_html().count("<svg")
    assert all(len(title) > 3 for title in titles)


def test_no_number_that_is_none_reaches_the_markup() -> None:
    attributes = re.findall(r'="([^"]*)"', sample_html())
    assert [value for value in attributes if re.search(r"\b(nan|inf|None|undefined)\b", value)] == []
    assert not re.search(r">\s*(nan|inf|None|undefined)\s*<", sample_html())


def test_every_word_of_the_model_is_printed_or_named() -> None:
    """What the model says and the paper does not show is lost: each text stands in the HTML, once escaped."""
    checker = read_html(render_html(changed(build_sample_report(), further_sections=build_further_sections())))
    shown = text_of(checker)
    report = changed(build_sample_report(), further_sections=build_further_sections()).model_dump(mode="json")
    not_printed = {"schema_version", "month", "facility_id", "privacy", "snapshot_id", "stamped_at", "status", "metric"}
    not_printed |= {"maturity", "icon", "kind", "variation", "assurance", "point_class", "tick_prefix", "tick_suffix"}
    not_printed |= {"better", "unit", "language", "phase_starts", "letter", "name", "issue_number", "empty_words"}
    silent_fallbacks = re.compile(r"none_words$|^no_.*_words$")
    missing = [
        (path, text)
        for path, key, text in _texts(report)
        if key not in not_printed
        and not silent_fallbacks.search(key)
        and not re.search(r"balancing\.chart|panels\.\d+\.chart", path)
        and key not in {"confidentiality", "source_words"}
        and " ".join(text.split()) not in shown
    ]
    assert missing == []


def _texts(part: Any, path: str = "", key: str = "") -> list[tuple[str, str, str]]:
    if isinstance(part, dict):
        return [found for name, item in part.items() for found in _texts(item, f"{path}.{name}", name)]
    if isinstance(part, list):
        return [found for place, item in enumerate(part) for found in _texts(item, f"{path}.{place}", key)]
    return [(path, key, part)] if isinstance(part, str) else []


def test_text_is_printed_literally_and_never_becomes_markup() -> None:
    report = changed(build_sample_report(), hospital_name="""<b>&"x"</b>'{{ 7*7 }}'<script>alert(1)</script>""")
    html = render_html(report)
    assert "<script" not in html
    assert """<b>&"x"</b>'{{ 7*7 }}'<script>alert(1)</script>""" in text_of(read_html(html))
    assert read_html(html).faults == []


def test_quotes_cannot_leave_an_attribute() -> None:
    report = changed(build_sample_report(), prepared_by='Secret" onload="x')
    assert read_html(render_html(report)).faults == []
    assert '<meta name="author" content="Secret&#34; onload=&#34;x">' in render_html(report)


def test_a_month_without_exceptions_says_so() -> None:
    shown = text_of(read_html(render_html(changed(build_sample_report(), exceptions=()))))
    assert "No measure needs a page of its own this month." in shown
    assert "No measure needs a page of its own" not in text_of(read_html(sample_html()))


def test_a_measure_without_value_prints_its_reason_in_place_of_a_number() -> None:
    report = build_sample_report()
    tile = report.front.tiles[0].model_copy(
        update={"reading": Reading(unavailable="not supplied"), "sparkline": None, "variation": None, "assurance": None}
    )
    html = render_html(changed(report, front=report.front.model_copy(update={"tiles": (tile,)})))
    front = html.split('id="scorecard"')[0]
    assert '<p class="tile-none">not supplied</p>' in front
    assert 'class="tile-value"' not in front


def test_empty_findings_print_the_sentence_for_none() -> None:
    report = build_sample_report()
    front = report.front.model_copy(
        update={
            "improved": FindingList(none_words="Nothing improved."),
            "decisions": (),
            "no_decisions_words": "None asked.",
        }
    )
    shown = text_of(read_html(render_html(changed(report, front=front))))
    assert "Nothing improved." in shown
    assert "None asked." in shown


def test_the_directors_own_words_are_marked_as_hers() -> None:
    html = sample_html()
    assert re.search(r'<div class="hers"><p class="by">Director’s commentary, 9 November 2026</p><p>Two skilled', html)


def test_a_part_without_words_leaves_no_heading_behind() -> None:
    report = build_sample_report()
    page = report.exceptions[0].model_copy(
        update={"why": Statement(), "back": Statement(), "doing": (), "doing_statement": Statement()}
    )
    html = render_html(changed(report, exceptions=(page,)))
    for heading in ("Why", "When it will be back", "What we are doing"):
        assert f"<h3>{heading}</h3>" not in html
    assert "<h3>What the chart tells us</h3>" in html


def test_how_charts_are_made_stands_once_in_the_annex() -> None:
    report = build_sample_report()
    for page in report.exceptions:
        for sentence in page.method:
            assert sentence not in text_of(read_html(sample_html())).split("Definitions")[0]
    assert sample_html().count("How each chart is made") == 1


@pytest.mark.parametrize("word", ["W" * 200, "Über" * 60, "a/b_c" * 50])
def test_a_word_wider_than_a_column_may_break_and_says_the_same(word: str) -> None:
    report = build_sample_report()
    html = render_html(changed(report, hospital_name=word[:200]))
    longest = max(html_words(html), key=len)
    assert len(longest) <= 40
    assert word[:200] in text_of(read_html(html)).replace("\u200b", "")


def html_words(html: str) -> list[str]:
    return re.split(r"[\s\u200b]+", "".join(read_html(html).text))


def test_a_character_the_fonts_lack_is_refused_before_it_becomes_a_box() -> None:
    from kpi_pipeline.core.text.glyphs import font_folder
    from kpi_pipeline.report.drawing.fonts import check_characters

    with pytest.raises(RenderError, match=r"U\+6771, U\+4EAC|U\+4EAC, U\+6771"):
        check_characters("東京 Hospital", font_folder())
    check_characters("Größe ≤ 3 σ ′ — Łódź, Αθήνα", font_folder())


ARITHMETIC = (
    jinja2.nodes.Add,
    jinja2.nodes.Sub,
    jinja2.nodes.Mul,
    jinja2.nodes.Div,
    jinja2.nodes.FloorDiv,
    jinja2.nodes.Mod,
    jinja2.nodes.Pow,
)
ALLOWED_FILTERS = {"length", "join", "map", "list", "select", "anchor", "batch", "unbroken", "path", "fragment"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_do_no_sums_and_format_no_numbers(path: Any) -> None:
    tree = template_environment(resource_folder("report_templates")).parse(path.read_text(encoding="utf-8"))
    assert [type(node).__name__ for node in tree.find_all(ARITHMETIC)] == []
    assert {node.name for node in tree.find_all(jinja2.nodes.Filter)} <= ALLOWED_FILTERS


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_put_no_data_into_style_or_links(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"\b(style|on\w+)\s*=", text) is None
    inside = re.compile(
        r'href="(#[a-z-]*({{ [a-z_.]+\|anchor }})?|#{{ [a-z_.\[\]]+\|fragment\|fragment }}|{{ [a-z_.]+\|path }})"'
    )
    assert len(re.findall(r"\bhref\s*=", text)) == len(inside.findall(text))
    assert "|safe" not in text.replace(" ", "")


def test_the_style_sheet_holds_no_colour_of_its_own() -> None:
    css = (resource_folder("report_templates") / "report.css").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b|\brgb\(", css) == []


def test_a_template_with_an_unknown_name_stops_instead_of_printing_nothing() -> None:
    environment = template_environment(resource_folder("report_templates"))
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ unheard_of }}").render()


def test_a_template_cannot_reach_into_python() -> None:
    environment = template_environment(resource_folder("report_templates"))
    with pytest.raises(jinja2.exceptions.SecurityError):
        environment.from_string("{{ ''.__class__.__mro__ }}").render()
