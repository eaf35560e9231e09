"""What the issues before showed outsiders: every board and everyone outside, of the whole system and of each place.

Copies are handed on: whoever has that of one place may have that of the whole, another month's, another audience's. So
no copy is looked at for its own readers alone. Kept small: years of issues print most numbers again as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from kpi_pipeline.judgement.disclosure.counts import is_small
from kpi_pipeline.judgement.disclosure.page_cells import begins, is_of_table
from kpi_pipeline.judgement.disclosure.publication import Cell, Publication


@dataclass(frozen=True, slots=True)
class ShownTables:
    """The numbers in the tables of one issue. places: those it has figures of. newest: its newest month."""

    numbers: Mapping[Cell, float | None]
    places: frozenset[str]
    newest: str


@dataclass(frozen=True, slots=True)
class Shown:
    """printed: cell → the numbers printed for it → the place of the newest issue that did, among all, oldest first.

    withheld: cells that an issue withheld. valued: figures with a value in any. tables: of each issue.
    """

    printed: Mapping[Cell, Mapping[float, int]] = field(default_factory=dict)
    withheld: frozenset[Cell] = frozenset()
    valued: frozenset[tuple[str, str, str]] = frozenset()
    tables: tuple[ShownTables, ...] = ()


def shown_in(issues: Iterable[Publication]) -> Shown:
    """What these issues showed. issues: oldest first."""
    printed: dict[Cell, dict[float, int]] = defaultdict(dict)
    withheld: set[Cell] = set()
    valued: set[tuple[str, str, str]] = set()
    tables = []
    for at, issue in enumerate(issues):
        valued |= {place for place, value in issue.values.items() if value is not None}
        for cell, number in issue.numbers.items():
            if number is None:
                withheld.add(cell)
            else:
                printed[cell][number] = at
        of_tables = {cell: number for cell, number in issue.numbers.items() if is_of_table(cell)}
        places = frozenset(place for _, place, _ in issue.values) | {cell.facility_id for cell in of_tables}
        tables.append(ShownTables(of_tables, places, max((month for *_, month in issue.values), default="")))
    return Shown(dict(printed), frozenset(withheld), frozenset(valued), tuple(tables))


def was_left_out(shown: Shown, cell: Cell, newest: str) -> bool:
    """Whether an issue left a row of a table out that prints no row it withholds: one of the report's own newest month,
    or one that printed other rows over the same months. A copy of another place has no such tables."""
    for issue in shown.tables:
        if cell in issue.numbers or cell.facility_id not in issue.places:
            continue
        if newest == issue.newest or any(own[:3] == cell[:3] for own in issue.numbers):
            return True
    return False


def moved_little(shown: Shown, counts: Mapping[Hashable, tuple[Cell, float]], *, threshold: int) -> set[Hashable]:
    """Rows that may not be printed for what issues before printed: fewer patients than the threshold came or went since
    in a table that begins in the same month, or an issue withheld the row of the same months."""
    rows: dict[Cell, list[Hashable]] = defaultdict(list)
    for key, (cell, _) in counts.items():
        rows[begins(cell)].append(key)
    found: set[Hashable] = set()
    for issue in shown.tables:
        for cell, then in issue.numbers.items():
            for key in rows.get(begins(cell), ()):
                own, now = counts[key]
                if (then is None and own == cell and now > 0) or (
                    then is not None and is_small(abs(now - then), threshold)
                ):
                    found.add(key)
    return found


NOTHING_SHOWN = Shown()
