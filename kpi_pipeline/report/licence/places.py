"""What a report says of single hospitals, and of what was tried, held against their charts and estimates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.licence.book import Book, printed
from kpi_pipeline.report.licence.rules import SMALL, Excess, check_sentence, prints
from kpi_pipeline.report.model import FurtherSection

_ALL = "All hospitals"


def check_hospitals(section: FurtherSection, book: Book) -> Iterator[tuple[str, Excess]]:
    """The title counts what the charts show; each row is that hospital's value, out of its cases, and its chart."""
    yield from _title(section.title, book)
    places = list(book.judged.by_facility)
    for table in section.tables:
        measure = _of_caption(table.caption, book)
        if measure is None:
            continue
        for row, place in zip(table.rows, [*places, ""], strict=False):
            name, value, _, cases, says = (str(cell) for cell in row)
            where = f"hospitals, {table.caption}, {name}"
            there = book.judged.by_facility[place].get(measure.metric.name) if place else measure
            if there is None or name != _name(place, book):
                yield where, Excess("place", "a hospital that was not judged")
            else:
                yield from ((where, one) for one in _row(value, cases, says, there, measure, book))
    for (name, cells), place in zip(section.grid.rows if section.grid else (), [*places, ""], strict=False):
        parts = book.judged.by_facility[place] if place else book.judged.system
        if name != _name(place, book):
            yield f"hospitals, {name}", Excess("place", "a hospital that was not judged")
        for cell, metric in zip(cells, _shown(book), strict=False):
            result = parts[metric].result
            if cell.mark and (result is None or cell.mark.icon != result.variation):
                yield f"hospitals, {name}", Excess("direction", f"an icon for {metric} that its chart does not show")


def check_programme(section: FurtherSection, book: Book) -> Iterator[tuple[str, Excess]]:
    """An effect is claimed only where the estimate's interval leaves out zero, on its side and over its months."""
    results = [result for one in book.judged.programme for result in one.effects.values() if result is not None]
    verdicts = {result.verdict for result in results}
    for text in (text for block in section.blocks for text in block.paragraphs):
        match = re.search(
            r"is on average \S+.*? (lower|higher) than expected without the initiative, over (\d+) months since "
            r"\w+ \d{4} .*: (an improvement|a change for the worse|a change)\.$",
            text,
        )
        if match is None:
            continue
        kinds = {"an improvement": "improvement", "a change for the worse": "worsening", "a change": "change"}
        fitting = [
            one
            for one in results
            if one.verdict == kinds[match[3]]
            and one.effects is not None
            and (one.effects.average_effect.value < 0) == (match[1] == "lower")
            and one.effects.average_effect.excludes_zero
        ]
        if not fitting:
            yield f"improvement_programme: “{text}”", Excess("direction", "an effect that no estimate shows")
        elif all(one.n_after != int(match[2]) for one in fitting):
            yield f"improvement_programme: “{text}”", Excess("period", f"{match[2]} months, where there are other")
    if re.search(r"\bshows? an improvement\b", section.title) and "improvement" not in verdicts:
        yield f"improvement_programme: “{section.title}”", Excess("direction", "an improvement that no estimate shows")


def _title(title: str, book: Book) -> Iterator[tuple[str, Excess]]:
    match = re.search(r"changed for the (worse|better) at (\w+) of (\w+) hospitals", title)
    state = None if match is None else "concern" if match[1] == "worse" else "improvement"
    places = {
        place for place, parts in book.judged.by_facility.items() for name in _shown(book) if parts[name].state == state
    }
    if match is not None and _count(match[2]) != len(places):
        yield f"hospitals: “{title}”", Excess("size", f"{match[2]} hospitals, where {len(places)} show it")
    if "No headline measure changed" in title and any(
        parts[name].has_signal
        for parts in book.judged.by_facility.values()
        for name in _shown(book)
        if parts[name].state in ("concern", "improvement")
    ):
        yield f"hospitals: “{title}”", Excess("direction", "that nothing changed")
    n_signals = sum(parts[name].has_signal for parts in book.judged.by_facility.values() for name in _shown(book))
    chance = book.judged.chance_at_facilities(_shown(book))
    if "no more than chance" in title and (chance is None or n_signals > chance.icons):
        yield f"hospitals: “{title}”", Excess("size", f"chance, of which there is less than {n_signals} signals")


def _row(value: str, cases: str, says: str, there: Measure, system: Measure, book: Book) -> Iterator[Excess]:
    month = system.headline.month if system.headline else system.report_month
    figure = there.figures.get(month)
    digits = re.sub(r"[^\d.]", "", value) if re.search(r"\d", value) and "fewer" not in value else ""
    if digits and figure is not None and figure.number is not None and not prints(abs(figure.number), digits):
        yield Excess("size", f"{value}, which is not its value for {month.name}")
    denominator = figure.denominator if figure is not None else None
    if isinstance(denominator, float) and re.fullmatch(r"[\d,]+", cases) and not prints(denominator, cases):
        yield Excess("denominator", f"{cases}, where there were another number")
    for word in ("improvement", "concern"):
        if says.startswith(word) and there.state != word:
            yield Excess("direction", f"{word}; its chart does not show it")
    side = re.match(r"(?:improvement, |concern, |unusually )(high|low)", says)
    if side and there.is_high != (side[1] == "high"):
        yield Excess("direction", f"{side[1]}; its chart shows the other side")
    if says.startswith("no evidence") and there.has_signal:
        yield Excess("direction", "that nothing changed")
    if there.has_signal:
        yield from check_sentence(says, there, book)


def _of_caption(caption: str, book: Book) -> Measure | None:
    named = re.match("\ue000\\d+\ue001", book.marked(caption))
    return book.subjects(named[0])[0] if named else None


def _shown(book: Book) -> list[str]:
    return [name for name in book.judged.headlines if book.judged.system[name].headline is not None]


def _name(place: str, book: Book) -> str:
    return printed(book.judged.scope.facility_names.get(place, place)) if place else _ALL


def _count(text: str) -> int:
    return SMALL.index(text) if text in SMALL else int(text.replace(",", "")) if text[0].isdigit() else -1
