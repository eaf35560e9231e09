"""What a published report says in words, in every form it leaves in: small counts of patients that no table shows.

Read are the model, the PDF's text and alternative texts, the offline page, the workbook, provenance.json and the names
of the files. Not here: the figures as a system (`published`, `judgement.disclosure.attack`).
"""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from kpi_pipeline.core.text.language import one_or_many
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.metrics.declaration import Metric

_PATIENTS = (
    "patient patients person persons people stay stays case cases discharge discharges row rows record records "
    "encounter encounters admission admissions return returns death deaths event events denial denials"
).split()
_BOUND = re.compile(r"(?:\b(?:to|than|least|most|under|below|above|within|from)|[–-])\s*$", re.IGNORECASE)
"""What stands before a number that bounds others, and counts nobody."""
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
"""A month in a file's name is no count of what its name says next."""
_LEDGER = ("rows_in", "staged", "quarantined", "duplicate", "superseded")


@dataclass(frozen=True, slots=True)
class Said:
    """A small count in words. file: the form it stands in; words: as printed."""

    file: str
    words: str


def small_counts_said(stem: Path, metrics: Mapping[str, Metric], *, threshold: int) -> list[Said]:
    """Counts of patients below the threshold in any text of a report that withholds them; none for an internal one.

    stem: the path that the report's files share, without their endings.
    """
    model = json.loads(stem.with_name(f"{stem.name}.model.json").read_text(encoding="utf-8"))
    if model.get("privacy") == "internal":
        return []
    pattern = _pattern(metrics, threshold)
    declared = {text for metric in metrics.values() for text in _strings(metric.model_dump(mode="json"))}
    found: dict[Said, None] = {}
    for file, text in _texts(stem, model):
        if text not in declared:
            for match in pattern.finditer(text):
                if not _BOUND.search(text[: match.start()]):
                    found[Said(file, " ".join(match[0].split()))] = None
    return [*found, *_ledger_of(stem)]


def _pattern(metrics: Mapping[str, Metric], threshold: int) -> re.Pattern[str]:
    """A whole number from 1 to threshold − 1 before a word for patients, or for what is counted of them."""
    nouns = set(_PATIENTS)
    for metric in metrics.values():
        if metric.counts_patients:
            nouns |= {metric.denominator_noun, one_or_many(1, metric.denominator_noun)}
    words = "|".join(sorted(map(re.escape, nouns), key=len, reverse=True))
    numbers = "|".join(str(number) for number in reversed(range(1, threshold)))
    return re.compile(rf"(?<![\w.,:/$])(?:{numbers})\s+(?:{words})\b", re.IGNORECASE)


def _texts(stem: Path, model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for text in _strings(model):
        yield "model.json", text
    pdf, brief, page, workbook = (
        stem.with_name(f"{stem.name}{ending}")
        for ending in (".pdf", *(FORM_ENDINGS[form] for form in ("brief", "html", "xlsx")))
    )
    for name, file in (("PDF", pdf), ("brief", brief)):
        if file.is_file():
            yield from ((name, text) for text in _pdf_texts(file))
    if page.is_file():
        reader = _PageReader()
        reader.feed(page.read_text(encoding="utf-8"))
        yield from (("HTML", text) for text in reader.texts)
    if workbook.is_file():
        yield from (("XLSX", text) for text in _workbook_texts(workbook))
    for file in stem.parent.glob(f"{stem.name}.*"):
        yield "file name", re.sub(r"[\W_]+", " ", _DATE.sub(" ", file.name))


def _strings(value: object) -> Iterator[str]:
    """Every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _pdf_texts(pdf: Path) -> Iterator[str]:
    """The text of each page, and the alternative texts of its structure."""
    import pypdfium2  # type: ignore[import-untyped]

    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            yield page.get_textpage().get_text_bounded()
            tree = pypdfium2.raw.FPDF_StructTree_GetForPage(page)
            for at in range(pypdfium2.raw.FPDF_StructTree_CountChildren(tree)):
                yield from _alternatives(pypdfium2.raw, pypdfium2.raw.FPDF_StructTree_GetChildAtIndex(tree, at))
            pypdfium2.raw.FPDF_StructTree_Close(tree)
    finally:
        document.close()


def _alternatives(raw: Any, element: Any) -> Iterator[str]:
    n_bytes = raw.FPDF_StructElement_GetAltText(element, None, 0)
    if n_bytes > 2:
        buffer = ctypes.create_string_buffer(n_bytes)
        raw.FPDF_StructElement_GetAltText(element, buffer, n_bytes)
        yield buffer.raw[: n_bytes - 2].decode("utf-16-le")
    for at in range(max(raw.FPDF_StructElement_CountChildren(element), 0)):
        child = raw.FPDF_StructElement_GetChildAtIndex(element, at)
        if child:
            yield from _alternatives(raw, child)


class _PageReader(HTMLParser):
    """Collects what an HTML page shows or reads aloud: text, and the attributes that are read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes that are read aloud or shown."""
        self._skipped += tag in ("style", "script")
        self.texts += [value for name, value in attrs if name in ("alt", "title", "aria-label") and value]

    def handle_endtag(self, tag: str) -> None:
        """The end of what is not shown."""
        self._skipped -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        """Text of the page."""
        if not self._skipped and data.strip():
            self.texts.append(data)


def _workbook_texts(workbook: Path) -> Iterator[str]:
    import openpyxl

    book = openpyxl.load_workbook(workbook, read_only=True)
    try:
        for sheet in book.worksheets:
            for row in sheet.iter_rows(values_only=True):
                yield from (one for one in row if isinstance(one, str))
    finally:
        book.close()


def _ledger_of(stem: Path) -> list[Said]:
    """Row counts of landing files: beside the page that withholds them they tell them."""
    file = stem.with_name(f"{stem.name}.provenance.json")
    if not file.is_file():
        return []
    files = json.loads(file.read_text(encoding="utf-8")).get("input_files", [])
    return [
        Said("provenance.json", f"{name} of {one['table']}: {one[name]}")
        for one in files
        for name in _LEDGER
        if name in one
    ]
