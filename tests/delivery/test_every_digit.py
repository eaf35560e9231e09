"""No digit of a report can be changed without a word of it: in the text of its pages, and in its attached figures."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pypdfium2
import pytest

from kpi_pipeline.pipeline.tracing.verified_files import changed_rows
from kpi_pipeline.pipeline.tracing.verified_issue import words_of_page
from kpi_pipeline.pipeline.tracing.verified_pages import changed_words
from kpi_pipeline.report.build import build_whole
from kpi_pipeline.report.forms.pdf import render_brief, render_pdf
from tests.report.invented_report import report_inputs
from tests.support.sample_report import build_sample_report

DIGIT = re.compile(r"\d")


def with_one_digit_changed(text: str) -> Iterator[str]:
    """The text once for each of its digits, which is another one."""
    for found in DIGIT.finditer(text):
        yield f"{text[: found.start()]}{(int(found[0]) + 1) % 10}{text[found.end() :]}"


def named_and_tried(pdf: bytes) -> tuple[int, int]:
    """How many changed digits were named, and how many there were."""
    document = pypdfium2.PdfDocument(pdf)
    named = tried = 0
    for page in range(len(document)):
        true = words_of_page(document, page)
        for place, word in enumerate(true):
            for forged in with_one_digit_changed(word):
                told = list(changed_words(page, [*true[:place], forged, *true[place + 1 :]], true))
                tried += 1
                named += len(told) == 1 and f"page {page + 1}: “{forged}” stands" in told[0] and f"“{word}”" in told[0]
    return named, tried


def test_every_changed_digit_of_the_brief_is_named_with_what_stood_there() -> None:
    named, tried = named_and_tried(render_brief(build_sample_report()))
    assert named == tried
    assert tried > 100


@pytest.mark.long
def test_every_changed_digit_of_every_page_is_named_with_what_stood_there() -> None:
    named, tried = named_and_tried(render_pdf(build_sample_report()))
    assert named == tried
    assert tried > 1_000


def test_every_changed_digit_of_the_attached_figures_is_named_with_its_figure_and_column() -> None:
    table = build_whole(report_inputs(months=14)).tables["figures.csv"]
    columns, *rows = csv.reader(io.StringIO(table, newline=""))
    tried = 0
    for at, row in enumerate(rows[::40]):
        for place in (columns.index(name) for name in ("numerator", "denominator", "value", "target", "month")):
            for forged in with_one_digit_changed(row[place]):
                changed = [list(one) for one in rows]
                changed[at * 40][place] = forged
                text = io.StringIO()
                csv.writer(text, lineterminator="\r\n").writerows([columns, *changed])
                told = list(changed_rows(text.getvalue().encode(), table.encode()))
                tried += 1
                says = f"{columns[place]} {forged} stands in the attachment, {row[place]} was issued"
                assert told == [f"figure {row[0]}: {says}"]
    assert tried > 100
    assert list(changed_rows(table.encode(), table.encode())) == []


def test_a_row_that_was_added_left_out_or_given_another_id_is_named() -> None:
    issued = b"figure_id,value\r\na/all/2026-10,1\r\nb/all/2026-10,2\r\n"
    assert list(changed_rows(b"figure_id,value\r\na/all/2026-10,1\r\n", issued)) == [
        "figure b/all/2026-10: is missing from the attachment"
    ]
    assert list(changed_rows(issued + b"c/all/2026-10,3\r\n", issued)) == ["figure c/all/2026-10: was not issued"]
    assert list(changed_rows(b"\xff\x00nonsense", issued)) == [
        "figure a/all/2026-10: is missing from the attachment",
        "figure b/all/2026-10: is missing from the attachment",
    ]
