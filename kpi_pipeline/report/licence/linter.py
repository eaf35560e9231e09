"""The linter over a whole report: which text is about which measure, and what stands in tiles, rows and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kpi_pipeline.core.errors import CheckError, Fault
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.licence.book import Book, plain, printed
from kpi_pipeline.report.licence.places import check_hospitals, check_programme
from kpi_pipeline.report.licence.register import check_register
from kpi_pipeline.report.licence.rules import Excess, check_phrases, check_sentence, prints, sentences_of
from kpi_pipeline.report.model import ExceptionPage, Reading, Report, Scorecard

_CURE = "Nothing was written. This is a fault of the program: please report it with this message."
_PAGES = {"hospitals": check_hospitals, "said_before": check_register, "improvement_programme": check_programme}


def refuse_unlicensed(report: Report, judged: Judged) -> None:
    """Raises CheckError with every sentence of the report that says more than was judged."""
    found = unlicensed(report, judged)
    if found:
        raise CheckError(Fault(where, f"says more than the data: {what}.", _CURE) for where, what in found)


def unlicensed(report: Report, judged: Judged) -> list[tuple[str, str]]:
    """(where it stands, what is said too much), for every such sentence."""
    book = Book(judged)
    found = [(where, one) for where, one in _excesses(report, book)]
    return [(where, f"{one.way}: {plain(one.what, book)}") for where, one in dict.fromkeys(found)]


def _excesses(report: Report, book: Book) -> Iterator[tuple[str, Excess]]:
    for where, text, own in _texts(report, book):
        marked = book.marked(text)
        for excess in check_phrases(re.sub("“[^”]*”", "", marked), own, book):
            yield f"{where}: “{text}”", excess
        about = own
        for sentence in sentences_of(marked):
            about = _named(sentence, book) or about
            if about is not None:
                for excess in check_sentence(_without_others(sentence, about, book), about, book):
                    yield f"{where}: “{text}”", excess
    yield from _front(report, book)
    yield from _rows(report.scorecard, book)
    for page in report.exceptions:
        yield from _place_of(page, book)
    for section in report.further_sections:
        if check := _PAGES.get(section.name):
            yield from check(section, book)
    for line in report.front.said_before:
        yield from check_register(line, book)


def _texts(report: Report, book: Book) -> Iterator[tuple[str, str, Measure | None]]:
    """(where, text, the measure it is about if its place says so). The director's own words are none of them."""
    system, front = book.judged.system, report.front
    for clause in front.title.split("; "):
        yield "front.title", clause, None
    for name, items in (("improved", front.improved.items), ("attention", front.attention.items)):
        for item in items:
            yield f"front.{name}", item, None
    for tile in front.tiles:
        for text in filter(None, (tile.so_far, tile.caution)):
            yield f"front.tiles.{tile.metric}", text, system[tile.metric]
    for page in report.exceptions:
        own = system[page.metric]
        for text in (page.kind_words, page.heading, *page.tells, page.chart.alt):
            yield f"exceptions.{page.metric}", text, own
        if page.balancing is not None:
            for text in (page.balancing.text, page.balancing.chart.alt):
                yield f"exceptions.{page.metric}.balancing", text, system.get(page.balancing.chart.metric)
    for panel in report.small_multiples.panels if report.small_multiples else ():
        yield f"small_multiples.{panel.metric}", panel.chart.alt, system[panel.metric]
    for section in report.further_sections:
        if section.name == "decisions":
            for table in section.tables:
                if table.columns[-1].heading.startswith("What its measure"):
                    for row in table.rows:
                        yield "decisions", str(row[-1]), None
        if section.name == "questions":
            for table in section.tables:
                about = _named(book.marked(table.caption), book)
                for row in table.rows:
                    yield "questions", str(row[1]), about


def _named(sentence: str, book: Book) -> Measure | None:
    """The measure a marked sentence begins with."""
    first = re.match("\ue000\\d+\ue001", sentence)
    return book.subjects(first[0])[0] if first else None


def _without_others(sentence: str, about: Measure, book: Book) -> str:
    """A marked sentence without what it says in brackets of other measures, and without titles."""

    def own(match: re.Match[str]) -> str:
        return match[0] if book.subjects(match[1])[0].metric.name == about.metric.name else ""

    return re.sub("(\ue000\\d+\ue001) \\([^)]*\\)", own, sentence)


def _front(report: Report, book: Book) -> Iterator[tuple[str, Excess]]:
    """Tiles, the status of the month, and the silences of page 1."""
    system, front = book.judged.system, report.front
    for tile in front.tiles:
        where = f"front.tiles.{tile.metric}"
        measure = system[tile.metric]
        yield from ((where, one) for one in _reading(tile.reading, measure))
        yield from ((where, one) for one in _icon(tile.variation.icon if tile.variation else None, measure))
        figure = measure.headline
        if tile.basis and figure is not None and isinstance(figure.denominator, float):
            number, _, noun = tile.basis.partition(" ")
            if noun and not noun.startswith("withheld") and not is_printed_as(figure.denominator, number):
                yield where, Excess("denominator", f"{tile.basis}, where there were another number")
    is_open = any(one.current is not None and not one.current.is_final for one in system.values())
    if is_open != (front.status == "provisional"):
        yield "front.status", Excess("maturity", f"that the month is {front.status}")
    states = {one.state for one in system.values()}
    for items, state in ((front.improved.items, "improvement"), (front.attention.items, "concern")):
        if not items and state in states:
            yield "front", Excess("direction", f"nothing of a measure that shows {state}")
    if re.search(r"\b(?<!un)wanted direction\b", _claims(front.lede)) and "improvement" not in states:
        yield "front.lede", Excess("direction", "that something changed in the wanted direction")
    if "unwanted direction" in _claims(front.lede) and "concern" not in states:
        yield "front.lede", Excess("direction", "that something changed in the unwanted direction")


def _claims(lede: str) -> str:
    return re.sub("“[^”]*”", "", lede)


def is_printed_as(number: float, text: str) -> bool:
    """As `prints`; False for what is no number."""
    return re.fullmatch(r"[\d,]+(?:\.\d+)?", text) is not None and prints(number, text)


def _rows(table: Scorecard, book: Book) -> Iterator[tuple[str, Excess]]:
    for row in (row for group in table.groups for row in group.rows):
        where, measure = f"scorecard.{row.metric}", book.judged.system[row.metric]
        yield from ((where, one) for one in _reading(row.reading, measure))
        yield from ((where, one) for one in _icon(row.variation.icon if row.variation else None, measure))
        figure = measure.headline
        said = row.denominator or ""
        if said[:1].isdigit() and figure is not None and isinstance(figure.denominator, float):
            if is_printed_as(figure.denominator, said):
                continue
            yield where, Excess("denominator", f"{said}, where there were another number")


def _reading(reading: Reading, measure: Measure) -> Iterator[Excess]:
    """A value alone: of the newest defensible month, as final as it is."""
    figure = measure.headline
    if reading.value is None:
        return
    if figure is None or figure.number is None:
        yield Excess("size", f"{reading.value}, which was not judged")
        return
    if not prints(abs(figure.number), re.sub(r"[^\d.]", "", reading.value)):
        yield Excess("size", f"{reading.value}, which is not its newest value")
    if (reading.maturity == "final") != figure.is_final:
        yield Excess("maturity", f"{reading.maturity}, which {figure.month.name} is not")
    if reading.maturity_words and reading.maturity_words.lower().startswith("final") != figure.is_final:
        yield Excess("maturity", f"{reading.maturity_words}, which {figure.month.name} is not")
    if (reading.period_words is None) != (figure.month == measure.report_month) or (
        reading.period_words is not None and reading.period_words != figure.month.name
    ):
        yield Excess("period", f"{reading.period_words or measure.report_month.name} for {figure.month.name}")


def _icon(icon: str | None, measure: Measure) -> Iterator[Excess]:
    """The icon beside a measure: what its chart says."""
    said = (icon or "empty").replace("common_cause", "common cause")
    shown = measure.result.variation if measure.result is not None else "empty"
    if icon is not None and said != shown.replace("common_cause", "common cause"):
        yield Excess("direction", f"the icon {said}, where the chart shows {shown}")


def _place_of(page: ExceptionPage, book: Book) -> Iterator[tuple[str, Excess]]:
    """A chart is of the report's own place, and says so."""
    scope = book.judged.scope
    if page.chart.facility_id != scope.facility_id:
        yield f"exceptions.{page.metric}", Excess("place", f"a chart of {page.chart.facility_id}")
    if scope.place is not None and not page.chart_title.endswith(f", {printed(scope.place)}"):
        yield f"exceptions.{page.metric}", Excess("place", f"“{page.chart_title}” without its place")
