"""The one cause of each case that counts otherwise than before, from the tables of `pipeline.changed_rows`.

The causes are asked in a fixed order. First the case's own rows; then whether the person behind it is another one;
then what its month is compared with; then the other rows of the same person, which make a return appear or go; then
what stands above all cases; last, whether any other rows changed that its measure rests on. Rows can only have changed
with a file that landed: where the files of a table are the same, its rows explain nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.judgement.restated.ledger import Cause
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.pipeline.history.evidence import COMPARED
from kpi_pipeline.warehouse.tables import tables_behind

_OF_STAYS = ("encounters", "diagnoses", "procedures")
"""Tables that every stay is made of; those of the measure itself come beside them."""
_FRAME = ("facilities", "watermarks", *COMPARED)
"""Tables made of every row there is: behind them lies no row of a case's own."""


@dataclass(frozen=True, slots=True)
class KnownCauses:
    """All that can explain a case. above: measure → the cause above all cases, where one holds. rests: measure → the
    tables whose rows may be a case's own. compared: measure → the months that are compared with something else now.
    elsewhere: measures some rows behind which changed, whosever they are."""

    own: Mapping[str, list[tuple[str, str, list[str]]]]
    related: Mapping[str, list[tuple[str, str, list[str]]]]
    moved: frozenset[str]
    above: Mapping[str, Cause]
    rests: Mapping[str, frozenset[str]]
    compared: Mapping[str, frozenset[str]]
    elsewhere: frozenset[str]

    def cause_of(
        self, case_id: str, metric: Metric, reasons: tuple[str | None, str | None], months: Collection[str | None]
    ) -> tuple[Cause, tuple[str, ...]]:
        """The one cause of a case, and the columns that were sent again otherwise. reasons, months: then and now."""
        if INSUFFICIENT_FOLLOWUP in reasons:
            return "follow_up", ()
        tables = self.rests[metric.name]
        own = [one for one in self.own.get(case_id, ()) if one[0] in tables]
        if cause := _of_rows(own):
            columns = {column for _, kind, named in own if kind == "correction" for column in named}
            return cause, tuple(sorted(columns)) if cause == "correction" else ()
        if case_id in self.moved:
            return "identity", ()
        above = self.above[metric.name]
        if above in ("reference", "definition"):
            return above, ()
        if not self.compared[metric.name].isdisjoint(months):
            return "comparison", ()
        related = [one for one in self.related.get(case_id, ()) if one[0] in tables]
        if cause := _of_rows(related):
            return cause, ()
        return "elsewhere" if above == "unexplained" and metric.name in self.elsewhere else above, ()


_KINDS: tuple[tuple[str, Cause], ...] = (
    ("late", "late"), ("correction", "correction"), ("removal", "removal"), ("coded", "follow_up")
)  # fmt: skip


def _of_rows(rows: Sequence[tuple[str, str, list[str]]]) -> Cause | None:
    kinds = {kind for _, kind, _ in rows}
    return next((cause for kind, cause in _KINDS if kind in kinds), None)


def read_known_causes(
    connection: duckdb.DuckDBPyConnection,
    metrics: Mapping[str, Metric],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> KnownCauses:
    """All that can explain the changed cases; before, after: what the two folders of evidence say of themselves."""
    moved = connection.execute(
        """
        WITH touched AS (
            SELECT entity FROM moved_people
            UNION SELECT people.entity FROM people
            INNER JOIN moved_people ON people.person IN (moved_people.person_then, moved_people.person_now)
        )
        SELECT DISTINCT case_id FROM case_entities INNER JOIN touched ON case_entities.entity = touched.entity
        """
    ).fetchall()
    above: dict[str, Cause] = {}
    for name in metrics:
        if before["metrics"].get(name) != after["metrics"].get(name):
            above[name] = "definition"
        elif before["reference"] != after["reference"]:
            above[name] = "reference"
        elif before["options"] != after["options"]:
            above[name] = "settings"
        else:
            above[name] = "program" if before["program"] != after["program"] else "unexplained"
    changed: dict[str, set[str]] = defaultdict(set)
    for table, entity in connection.execute("SELECT table_name, entity FROM changed_rows").fetchall():
        changed[table].add(entity)
    behind = {name: _rows_behind(metric.tables) for name, metric in metrics.items()}
    elsewhere = frozenset(name for name, tables in behind.items() if not tables.isdisjoint(changed.keys() - COMPARED))
    return KnownCauses(
        own=_rows_of_cases(connection, "case_entities"),
        related=_rows_of_cases(connection, "related_entities"),
        moved=frozenset(row[0] for row in moved),
        above=above,
        rests={name: _rows_behind(metric.tables, short_of=_FRAME) for name, metric in metrics.items()},
        compared={
            name: frozenset().union(*(changed[table] for table in metric.tables & COMPARED if name in elsewhere))
            for name, metric in metrics.items()
        },
        elsewhere=elsewhere,
    )


def _rows_behind(tables: frozenset[str], *, short_of: Collection[str] = ()) -> frozenset[str]:
    """The tables as they are sent whose rows these are made of; those of every stay always among them."""
    found = tables_behind(tables, short_of=short_of)
    return frozenset({*_OF_STAYS, *tables, *(name.removeprefix("staged_") for name in found)})


def _rows_of_cases(connection: duckdb.DuckDBPyConnection, entities: str) -> dict[str, list[tuple[str, str, list[str]]]]:
    """Changed rows by case: (table, kind, columns)."""
    found: dict[str, list[tuple[str, str, list[str]]]] = defaultdict(list)
    for case_id, table, kind, columns in connection.execute(
        f"""SELECT entities.case_id, rows.table_name, rows.kind, rows.columns
        FROM {identifier(entities)} AS entities INNER JOIN changed_rows AS rows ON entities.entity = rows.entity
        ORDER BY ALL"""
    ).fetchall():
        found[case_id].append((table, kind, columns))
    return found
