"""What differs between the evidence of two issues, as tables: cases that count otherwise, rows that are others, and
whose they are. Not here: which of them explains a case (`pipeline.restatement_causes`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.sql.sql_text import literal, path_literal
from kpi_pipeline.pipeline.history.case_sums import cases_of_file
from kpi_pipeline.pipeline.history.evidence import CASES, COMPARED, TRACE

_CODING = ("diagnoses", "procedures")
"""New rows of an encounter that was there are its coding, not a late arrival."""


def find_changed_cases(connection: duckdb.DuckDBPyConnection, then: Path, now: Path, metrics: list[str]) -> None:
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


def find_moved_on(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Measures that list cases of one month alone, the newest, and of a later one now: what a file knows of the present
    (licences) replaces what it knew, and nothing that was shown has changed. After `find_changed_cases`."""
    months = "SELECT metric, MIN(month) AS first, MAX(month) AS last FROM {} GROUP BY metric"
    rows = connection.execute(
        f"""SELECT a.metric
        FROM ({months.format("cases_then")}) AS a INNER JOIN ({months.format("cases_now")}) AS b ON a.metric = b.metric
        WHERE a.first = a.last AND b.first = b.last AND b.first > a.first"""
    ).fetchall()
    return frozenset(name for (name,) in rows)


def find_changed_rows(
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
        if table in COMPARED or sorted(files_then.get(table, [])) != sorted(files_now.get(table, [])):
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
