"""What was judged, by measure and place, as the rules look it up: sides, states, numbers, months, denominators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter

from kpi_pipeline.core.text.texts import printable_name
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import ChangeSize, size_of_change
from kpi_pipeline.report.model.texts import Words

_WORDS: TypeAdapter[str] = TypeAdapter(Words)
_MARK = re.compile("\ue000(\\d+)\ue001")
"""A measure's title in a text, once it is replaced by the measure's number: two letters that no text holds."""


@dataclass(frozen=True)
class Book:
    """The judged report as the rules read it."""

    judged: Judged

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The measures; a mark in a text holds the place of one."""
        return tuple(self.judged.system)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        """Title as it stands in a sentence, in small letters → the measure's number."""
        found: dict[str, int] = {}
        for number, name in enumerate(self.names):
            metric = self.judged.system[name].metric
            for title in (metric.title, metric.headline_title):
                main, _, rest = title.partition(", ")
                found.setdefault((f"{main} ({rest})" if rest else title).lower(), number)
        return found

    @cached_property
    def _titles(self) -> re.Pattern[str]:
        longest_first = sorted(self._numbers, key=lambda title: (-len(title), title))
        return re.compile(rf"(?<!\w)(?<!\d )(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def marked(self, text: str) -> str:
        """The text with each measure's title replaced by its mark; a unit or what was counted (`12 discharges`) is no
        title."""
        return self._titles.sub(lambda found: f"\ue000{self._numbers[found[0].lower()]}\ue001", text)

    def subjects(self, before: str) -> list[Measure]:
        """The measures that a marked text ends with: `⟨length of stay⟩ and ⟨cost per case⟩`."""
        found: list[Measure] = []
        ending = re.search("(?:\ue000\\d+\ue001(?:, and |, | and )?)+\\s*:?\\s*$", before)
        for number in _MARK.findall(ending[0]) if ending else ():
            found.append(self.judged.system[self.names[int(number)]])
        return found

    def at(self, measure: Measure, place: str) -> Measure | None:
        """The same measure at a hospital, by its printed name; None for a place that was not judged."""
        for facility, name in self.judged.scope.facility_names.items():
            if printed(name) == place or facility == place:
                if facility == self.judged.scope.facility_id:
                    return measure
                return self.judged.by_facility.get(facility, {}).get(measure.metric.name)
        return None

    def band_ends(self, measure: Measure) -> tuple[float, ...]:
        """Where the measure's own month is expected to end."""
        band = self.judged.band_of(measure.metric.name)
        return () if band is None else (band.lower, band.upper)

    def size(self, measure: Measure) -> ChangeSize | None:
        """How large the change of a measure is."""
        drivers = self.judged.drivers
        return size_of_change(measure, drivers.opportunity if drivers else None)


def printed(name: str) -> str:
    """A name of a place as the report's model holds it: shortened, and without what looks like a patient's number."""
    return _WORDS.validate_python(printable_name(name))


def plain(text: str, book: Book) -> str:
    """A marked text with the titles back, for a message."""
    return _MARK.sub(lambda found: book.judged.system[book.names[int(found[1])]].metric.title, text)


def numbers_of(measure: Measure, size: ChangeSize | None) -> Iterator[float]:
    """Every number in the measure's own unit that was judged: figures, their intervals, lines, targets, the change."""
    for figure in measure.figures.values():
        yield from (one for one in (figure.number, figure.lower, figure.upper) if one is not None)
        target = measure.targets.get(figure.month)
        if target is not None:
            yield target.value
            if figure.number is not None:
                yield abs(figure.number - target.value)
    for point in measure.result.points if measure.result else ():
        yield from (one for one in (point.centre, point.lower, point.upper) if one is not None)
    for target in measure.targets.values():
        if target is not None:
            yield target.value
    if size is not None:
        yield from (size.before, size.since)
