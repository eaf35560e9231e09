"""Compares the evidence of two issues: every case that changed, its one cause, and every figure it moved.

The causes are asked in a fixed order. First the case's own rows; then whether the person behind it is another one;
then the other rows of the same person, which make a return appear or go; then what stands above all cases. Rows can
only have changed with a file that landed: where the files of a table are the same, its rows explain nothing.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.connections import connect
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.spreadsheets import unguarded
from kpi_pipeline.core.sql_text import identifier, literal, path_literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.restated.ledger import Cause, Restated, RestatedFigure
from kpi_pipeline.judgement.restated.split import ChangedCase, Side, Sums, split_change, value_of
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.pipeline.case_sums import cases_of_file, sums_of
from kpi_pipeline.pipeline.evidence import ABOUT, CASES, TRACE

_OF_STAYS = ("encounters", "diagnoses", "procedures")
"""Tables that every stay is made of; those of the measure itself come beside them."""
_CODING = ("diagnoses", "procedures")
"""New rows of an encounter that was there are its coding, not a late arrival."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as an issue printed it. value None: none was printed."""

    version: int
    value: float | None
    is_final: bool


def read_shown(figures_csv: str) -> dict[tuple[str, str, Month], Shown]:
    """The figures of an issue's figures.csv: (measure, place, month) → as printed. Withheld numbers are not there."""
    shown = {}
    for row in csv.DictReader(io.StringIO(figures_csv)):
        if not row["month"] or not row["metric"]:  # a measure without figures; a figure that is no measure's
            continue
        try:
            value = float(row["value"]) if row["value"] else None
        except ValueError:  # a withheld figure was not shown
            continue
        key = (row["metric"], unguarded(row["facility_id"]), Month.parse(row["month"]))
        shown[key] = Shown(int(row["version"]), value, row["maturity"] == "final")
    return shown


def compare_evidence(
    then: Path,
    now: Path,
    *,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    number: int,
    month: Month,
) -> Restated:
    """The ledger of the figures an issue showed. then, now: folders of evidence. number, month: of the earlier one."""
    before, after = (json.loads((folder / ABOUT).read_bytes()) for folder in (then, now))
    with connect(folders=[then, now]) as connection:
        _find_changed_cases(connection, then, now, sorted(metrics))
        _find_changed_rows(connection, then, now, before["files"], after["files"])
        figures = list(_figures(connection, shown, metrics, before, after))
    rules = {
        name: (before["metrics"][name][0], after["metrics"][name][0])
        for name in sorted(before["metrics"].keys() & after["metrics"].keys())
        if before["metrics"][name] != after["metrics"][name]
    }
    n_compared = sum(1 for name, _, _ in shown if name in metrics)
    releases = tuple(f"{one['program'][0]} ({one['program'][1][:6]})" for one in (before, after))
    return Restated(
        number=number,
        month=month,
        n_compared=n_compared,
        figures=tuple(figures),
        defined_anew=rules,
        releases=(releases[0], releases[1]),
    )


def _find_changed_cases(connection: duckdb.DuckDBPyConnection, then: Path, now: Path, metrics: list[str]) -> None:
    """Creates the views `cases_then` and `cases_now`, and `changed_cases`: those that count elsewhere or otherwise."""
    for name, folder in (("then", then), ("now", now)):
        connection.execute(f"CREATE VIEW cases_{name} AS {cases_of_file(folder / CASES)}")
    fields = ("facility_id", "month", "numerator", "denominator", "exclusion_reason")
    differs = " OR ".join(f"a.{one} IS DISTINCT FROM b.{one}" for one in fields)
    columns = ", ".join(f"a.{one} AS {one}_then, b.{one} AS {one}_now" for one in fields)
    connection.execute(
        f"""CREATE TABLE changed_cases AS
        SELECT COALESCE(a.metric, b.metric) AS metric, COALESCE(a.case_id, b.case_id) AS case_id, {columns}
        FROM (FROM cases_then WHERE metric IN (SELECT UNNEST(?))) AS a
        FULL OUTER JOIN (FROM cases_now WHERE metric IN (SELECT UNNEST(?))) AS b
            ON a.metric = b.metric AND a.case_id = b.case_id
        WHERE {differs}""",
        [metrics, metrics],
    )


def _find_changed_rows(
    connection: duckdb.DuckDBPyConnection,
    then: Path,
    now: Path,
    files_then: Mapping[str, Any],
    files_now: Mapping[str, Any],
) -> None:
    """Creates `changed_rows` (table_name, entity, kind, columns), and whose encounters they are (`_PEOPLE_SQL`)."""
    names = {}
    for name, folder in (("then", then), ("now", now)):
        connection.execute(f"CREATE VIEW trace_{name} AS SELECT * FROM READ_PARQUET({path_literal(folder / TRACE)})")
        names[name] = json.loads(pq.read_schema(folder / TRACE).metadata[b"columns"])
    connection.execute(
        """
        CREATE TABLE changed_rows (table_name VARCHAR, entity VARCHAR, kind VARCHAR, columns VARCHAR[]);
        CREATE TABLE encounters_then AS FROM trace_then WHERE table_name = 'encounters';
        CREATE TABLE encounters_now AS FROM trace_now WHERE table_name = 'encounters';
        """
    )
    for table in sorted(names["then"].keys() & names["now"].keys()):
        if sorted(files_then.get(table, [])) != sorted(files_now.get(table, [])):
            connection.execute(_changed_rows_sql(table, names["then"][table], names["now"][table]))
    connection.execute(_PEOPLE_SQL)


def _changed_rows_sql(table: str, then: Sequence[str], now: Sequence[str]) -> str:
    """The entities of a table whose rows are others: late, removal, coded (what was empty is filled) or correction."""
    common = [name for name in then if name in now]
    pairs = [(f"a.columns[{then.index(name) + 1}]", f"b.columns[{now.index(name) + 1}]", name) for name in common]
    if list(then) == list(now):
        last = len(then) + 1
        pairs.append((f"a.columns[{last}]", f"b.columns[{last}]", ""))
    changed = ", ".join(f"CASE WHEN {a} <> {b} THEN {literal(name)} END" for a, b, name in pairs)
    named = [(a, b) for a, b, name in pairs if name]
    is_filled = " AND ".join(f"({a} = {b} OR {a} = 0)" for a, b in named) or "FALSE"
    is_coding = "b.entity IN (SELECT entity FROM encounters_then)" if table in _CODING else "FALSE"
    return f"""
    INSERT INTO changed_rows
    WITH compared AS (
        SELECT
            COALESCE(a.entity, b.entity) AS entity,
            CASE
                WHEN a.entity IS NULL OR b.n_rows > a.n_rows THEN CASE WHEN {is_coding} THEN 'coded' ELSE 'late' END
                WHEN b.entity IS NULL OR b.n_rows < a.n_rows THEN 'removal'
                WHEN {is_filled} THEN 'coded'
                ELSE 'correction'
            END AS kind,
            CASE WHEN a.entity IS NULL OR b.entity IS NULL THEN []
                ELSE LIST_FILTER([{changed}], lambda one: one IS NOT NULL) END AS columns,
            a.entity IS NULL OR b.entity IS NULL OR a.n_rows <> b.n_rows AS is_counted
        FROM (FROM trace_then WHERE table_name = {literal(table)}) AS a
        FULL OUTER JOIN (FROM trace_now WHERE table_name = {literal(table)}) AS b ON a.entity = b.entity
    )
    SELECT {literal(table)}, entity, kind,
        LIST_TRANSFORM(LIST_FILTER(columns, lambda one: one <> ''), lambda one: {literal(table + ".")} || one)
    FROM compared
    WHERE is_counted OR LEN(columns) > 0
    """


_PEOPLE_SQL = """
CREATE TABLE stay_entities AS
    SELECT stay_id, entity FROM trace_then WHERE stay_id IS NOT NULL
    UNION SELECT stay_id, entity FROM trace_now WHERE stay_id IS NOT NULL;
CREATE TABLE people AS
    SELECT entity, person FROM encounters_then UNION SELECT entity, person FROM encounters_now;
CREATE TABLE moved_people AS
    SELECT a.entity, a.person AS person_then, b.person AS person_now
    FROM encounters_then AS a INNER JOIN encounters_now AS b ON a.entity = b.entity
    WHERE a.person IS DISTINCT FROM b.person;
CREATE TABLE case_entities AS
    WITH ids AS (
        SELECT DISTINCT case_id, case_id AS case_key FROM changed_cases
        UNION SELECT case_id, REGEXP_REPLACE(case_id, '[|][^|]*$', '') FROM changed_cases
        UNION SELECT case_id, REGEXP_REPLACE(case_id, '^[a-z]+ ', '') FROM changed_cases
    )
    SELECT ids.case_id, stays.entity FROM ids INNER JOIN stay_entities AS stays ON ids.case_key = stays.stay_id
    UNION SELECT case_id, case_key FROM ids;
CREATE TABLE related_entities AS
    SELECT DISTINCT own.case_id, others.entity
    FROM case_entities AS own
    INNER JOIN people AS who ON own.entity = who.entity
    INNER JOIN people AS others ON who.person = others.person
    ANTI JOIN case_entities AS already ON own.case_id = already.case_id AND others.entity = already.entity;
"""
"""Which encounters a case is made of, then or now (a case may be named `stay|month end` or `observation encounter`);
which further ones its person has; and those that changed hands."""


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


@dataclass(frozen=True, slots=True)
class _Known:
    """All that can explain a case. above: measure → the cause above all cases, where one holds."""

    own: Mapping[str, list[tuple[str, str, list[str]]]]
    related: Mapping[str, list[tuple[str, str, list[str]]]]
    moved: frozenset[str]
    above: Mapping[str, Cause]

    def cause_of(
        self, case_id: str, metric: Metric, reasons: tuple[str | None, str | None]
    ) -> tuple[Cause, tuple[str, ...]]:
        """The one cause of a case, and the columns that were sent again otherwise."""
        if INSUFFICIENT_FOLLOWUP in reasons:
            return "follow_up", ()
        tables = {*_OF_STAYS, *metric.tables}
        own = [one for one in self.own.get(case_id, ()) if one[0] in tables]
        if cause := _of_rows(own):
            columns = {column for _, kind, named in own if kind == "correction" for column in named}
            return cause, tuple(sorted(columns)) if cause == "correction" else ()
        if case_id in self.moved:
            return "identity", ()
        above = self.above[metric.name]
        related = [one for one in self.related.get(case_id, ()) if one[0] in tables]
        if above not in ("reference", "definition") and (cause := _of_rows(related)):
            return cause, ()
        return above, ()


_KINDS: tuple[tuple[str, Cause], ...] = (
    ("late", "late"), ("correction", "correction"), ("removal", "removal"), ("coded", "follow_up")
)  # fmt: skip


def _of_rows(rows: Sequence[tuple[str, str, list[str]]]) -> Cause | None:
    kinds = {kind for _, kind, _ in rows}
    return next((cause for kind, cause in _KINDS if kind in kinds), None)


def _known(
    connection: duckdb.DuckDBPyConnection,
    metrics: Mapping[str, Metric],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> _Known:
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
    return _Known(
        _rows_of_cases(connection, "case_entities"),
        _rows_of_cases(connection, "related_entities"),
        frozenset(row[0] for row in moved),
        above,
    )


def _figures(
    connection: duckdb.DuckDBPyConnection,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Iterator[RestatedFigure]:
    """The figures that are others now, in the order in which they were shown."""
    changed = _changed_by_figure(connection, shown, metrics, _known(connection, metrics, before, after))
    touched = {name: metric for name, metric in metrics.items() if any(key[0] == name for key in changed)}
    sums = sums_of(connection, "cases_then", touched)
    for key in shown:
        metric = metrics.get(key[0])
        if metric is None or key not in changed:
            continue
        then = sums.get((key[0], key[1], str(key[2])), Sums(0.0, 0.0, 0))
        now, parts = split_change(then, changed[key], metric)
        yield RestatedFigure(
            metric=key[0],
            facility_id=key[1],
            month=key[2],
            was_final=shown[key].is_final,
            version_then=shown[key].version,
            version_now=metric.version,
            numerator_then=then.numerator,
            numerator_now=now.numerator,
            denominator_then=then.denominator,
            denominator_now=now.denominator,
            value_then=shown[key].value,
            value_now=value_of(now, metric),
            parts=parts,
        )


def _changed_by_figure(
    connection: duckdb.DuckDBPyConnection,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    known: _Known,
) -> dict[tuple[str, str, Month], list[ChangedCase]]:
    found: dict[tuple[str, str, Month], list[ChangedCase]] = defaultdict(list)
    rows = connection.execute(
        """SELECT metric, case_id,
            facility_id_then, month_then, numerator_then, denominator_then, exclusion_reason_then,
            facility_id_now, month_now, numerator_now, denominator_now, exclusion_reason_now
        FROM changed_cases ORDER BY ALL"""
    ).fetchall()
    for name, case_id, *sides in rows:
        metric = metrics.get(name)
        if metric is None:
            continue
        cause, columns = known.cause_of(case_id, metric, (sides[4], sides[9]))
        places = [_places(sides[0], sides[1]), _places(sides[5], sides[6])]
        counted = [_side(*sides[2:5]), _side(*sides[7:10])]
        for place in dict.fromkeys([*places[0], *places[1]]):
            then = counted[0] if place in places[0] else None
            now = counted[1] if place in places[1] else None
            key = (name, place[0], Month.parse(place[1]))
            if then != now and key in shown:
                found[key].append(ChangedCase(cause, then, now, columns))
    return found


def _places(facility: str | None, month: str | None) -> list[tuple[str, str]]:
    return [] if facility is None or month is None else [(WHOLE_SYSTEM, month), (facility, month)]


def _side(numerator: float | None, denominator: float | None, reason: str | None) -> Side | None:
    if reason is not None or numerator is None or denominator is None:
        return None
    return Side(float(numerator), float(denominator))
