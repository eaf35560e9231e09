"""What a report says of what was said before, held against the register of claims."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.claims.follow import FollowUp
from kpi_pipeline.report.licence.book import Book, printed
from kpi_pipeline.report.licence.rules import Excess
from kpi_pipeline.report.model import FurtherSection

_OF_LINE = {
    "No longer said": frozenset({"faded", "reversed", "withdrawn", "settled"}),
    "Not confirmed this month": frozenset({"unconfirmed", "waiting"}),
    "Still so": frozenset({"continuing", "sustained"}),
}
_OF_OUTCOME = {
    "Still so": frozenset({"continuing", "sustained"}),
    "Not confirmed": frozenset({"unconfirmed"}),
    "Cannot be judged": frozenset({"waiting"}),
    "Faded": frozenset({"faded"}),
    "Reversed": frozenset({"reversed"}),
    "Withdrawn": frozenset({"withdrawn"}),
    "Settled": frozenset({"settled"}),
}
_CLAIM = re.compile("\ue000(\\d+)\ue001 (?:is|are|was|were) (?:unusually )?(up|down|high|low)")


def check_register(said: FurtherSection | str, book: Book) -> Iterator[tuple[str, Excess]]:
    """A line of page 1, or the whole page: each claim was made, stands as is said, and began as was dated."""
    if isinstance(said, str):
        heading = said.partition(":")[0]
        yield from _claims("front.said_before", said, _OF_LINE.get(heading, frozenset()), book)
        return
    for row in (row for table in said.tables for row in table.rows):
        title, _, outcome, onset = (str(cell) for cell in row)
        states = next((found for words, found in _OF_OUTCOME.items() if outcome.startswith(words)), frozenset())
        yield from _claims("said_before", title, states, book, onset=onset)


def _claims(
    where: str, text: str, states: frozenset[str], book: Book, *, onset: str | None = None
) -> Iterator[tuple[str, Excess]]:
    marked = book.marked(text)
    for match in _CLAIM.finditer(marked):
        name, side = book.names[int(match[1])], "high" if match[2] in ("up", "high") else "low"
        place = re.match(r"(?: in \w+ \d{4})? at ([^.:;,(]+)", marked[match.end() :])
        known = [one for one in book.judged.claims if one.before is not None and one.claim.metric in _alike(name, book)]
        of_side = [one for one in known if one.claim.side == side]
        if not of_side:
            yield f"{where}: “{text}”", Excess("direction", "what no earlier issue said")
            continue
        there = [one for one in of_side if _is_at(one, place[1].strip() if place else None, book)]
        if not there:
            yield f"{where}: “{text}”", Excess("place", "what no earlier issue said of that place")
        elif not any(one.claim.state in states for one in there):
            yield f"{where}: “{text}”", Excess("direction", "another outcome than the claim has")
        elif onset and not any(_is_dated(one, onset) for one in there):
            yield f"{where}: “{text}”", Excess("period", f"{onset}, which is not how it was dated")


def _alike(name: str, book: Book) -> set[str]:
    """The measures that share a title with this one."""
    metric = book.judged.system[name].metric
    titles = {metric.title, metric.headline_title}
    return {
        other for other, one in book.judged.system.items() if {one.metric.title, one.metric.headline_title} & titles
    }


def _is_at(one: FollowUp, place: str | None, book: Book) -> bool:
    scope = book.judged.scope
    if place is None:
        return one.claim.facility_id == scope.facility_id
    return printed(scope.facility_names.get(one.claim.facility_id, one.claim.facility_id)) == place


def _is_dated(one: FollowUp, onset: str) -> bool:
    """`December 2025 (July 2025 to May 2026)`, or a dash."""
    said = re.findall(r"[A-Z][a-z]+ \d{4}", onset.partition(";")[0])
    return said == [month.name for month in _shown(one.claim.onset)]


def _shown(onset: tuple[Month, ...]) -> list[Month]:
    return list(onset[:1] if onset and onset[1] == onset[2] else onset)
