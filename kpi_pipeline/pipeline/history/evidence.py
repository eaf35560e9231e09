"""The evidence behind an issue's figures: its case lists, a trace of the rows behind the cases, what else they rest on.

The trace holds no row of a patient, only how many rows each encounter has in each table, and a short hash of each
column: enough to tell a new row from a corrected one, and to name the columns. Private files all the same.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline import __version__
from kpi_pipeline.core.sql.sql_text import identifier, literal
from kpi_pipeline.delivery.archive import ABOUT, CASES, TRACE
from kpi_pipeline.metrics.cases import cases_sql
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.pipeline.history.issue_basis import code_sha256
from kpi_pipeline.pipeline.history.roots import salt_of
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.tables import tables_behind

__all__ = ["ABOUT", "CASES", "TRACE", "build_evidence"]

_UNIT_DAY = "rows.facility_id || '|' || COALESCE(rows.unit_id, '') || '|' || CAST(rows.{day} AS VARCHAR)"
_ENTITIES = {
    **dict.fromkeys(
        ("encounters", "diagnoses", "procedures", "cm_cases", "avoidable_days", "denials", "notices", "reviews"),
        "rows.encounter_id",
    ),
    "cm_tasks": "cm_cases.encounter_id",
    "census": _UNIT_DAY.format(day="census_on"),
    "staffing": _UNIT_DAY.format(day="shift_on"),
    "budget": "rows.facility_id || '|' || CAST(rows.month AS VARCHAR) || '|' || rows.account",
    "surveys": "rows.facility_id || '|' || CAST(rows.month AS VARCHAR) || '|' || LOWER(rows.item)",
    "training": "rows.case_manager_id || '|' || rows.course || '|' || CAST(rows.due_on AS VARCHAR)",
    "licences": "rows.case_manager_id || '|' || rows.licence",
    "facilities": "rows.facility_id",
    "yearly_costs_per_weight": "STRFTIME(rows.month_starts_on, '%Y-%m')",
}
"""Table → what its rows belong to: an encounter, or a unit's day, as the cases of the measures name them."""
COMPARED = frozenset({"yearly_costs_per_weight"})
"""Tables of the warehouse that say what the cases of a month are compared with: made of the rows of other cases."""
_JOINS = {
    "encounters": "LEFT JOIN stay_encounters ON rows.encounter_id = stay_encounters.encounter_id",
    "cm_tasks": "INNER JOIN cm_cases ON rows.cm_case_id = cm_cases.cm_case_id",
}
_BELONGS = {
    "cm_cases": "SELECT cm_case_id AS case_key, encounter_id FROM cm_cases",
    "cm_tasks": "SELECT rows.task_id AS case_key, cm_cases.encounter_id FROM cm_tasks AS rows "
    "INNER JOIN cm_cases ON rows.cm_case_id = cm_cases.cm_case_id",
    "denials": "SELECT denial_id AS case_key, encounter_id FROM denials",
    "reviews": "SELECT review_id AS case_key, encounter_id FROM reviews",
}
"""Cases that bear a name of their own, and the encounter behind each."""
BELONGS = "belongs"
"""The table name under which the trace says so; the case's own name stands in the column `stay_id`."""
_DERIVED = {
    "encounter_id",
    "stay_id",
    "person_id",
    "primary_diagnosis_ccs",
    "primary_diagnosis_system",
    "encounter_status",
    "has_admission_time",
    "has_discharge_time",
    "first_assessed_on_some_time",
    "reasons",
}
"""Columns that are not sent, but follow from others and from reference tables; or say whose row it is."""
_OF_THE_STAY = {"cm_cases": {"facility_id", "unit_id"}, "cm_tasks": {"facility_id", "unit_id"}}


def build_evidence(
    warehouse: Path, *, facility: str | None, only: str | None = None, trace: bytes | None = None
) -> dict[str, bytes]:
    """The evidence of a warehouse's figures by file name. facility None: of the whole system. only: one measure's.

    trace: that of this snapshot, where it was made already.
    """
    metrics = {name: metric for name, metric in load_metrics().items() if only in (None, name)}
    with open_warehouse(warehouse) as connection:
        cases = _cases(connection, metrics.values(), facility)
        return {
            CASES: cases,
            TRACE: _trace(connection, _traced(metrics.values())) if trace is None else trace,
            ABOUT: _about(connection, metrics.values(), salt_of(cases)),
        }


def build_trace(warehouse: Path) -> bytes:
    """The trace of every measure, of the whole system."""
    with open_warehouse(warehouse) as connection:
        return _trace(connection, _traced(load_metrics().values()))


def _cases(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], facility: str | None) -> bytes:
    """The case lists, every measure in one table."""
    where = f"WHERE facility_id = {literal(facility)}" if facility is not None else ""
    tables = []
    for metric in sorted(metrics, key=lambda one: one.name):
        found = connection.sql(
            f"""SELECT
                {literal(metric.name)} AS metric, CAST(case_id AS VARCHAR) AS case_id, facility_id, unit_id,
                CAST(event_date AS TIMESTAMP) AS event_date, CAST(numerator AS DOUBLE) AS numerator,
                CAST(denominator AS DOUBLE) AS denominator, exclusion_reason
            FROM ({cases_sql(metric)}) AS cases {where} ORDER BY event_date, case_id"""
        ).to_arrow_table()
        tables.append(found.cast(_CASES))
    return _parquet(pa.concat_tables(tables))


def _trace(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> bytes:
    present = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    parts, columns = [], {}
    for table in tables:
        if table not in present:
            continue
        names = [row[0] for row in connection.execute(f"DESCRIBE {identifier(table)}").fetchall()]
        left_out = _DERIVED | _OF_THE_STAY.get(table, set())
        columns[table] = [name for name in names if name not in left_out and not name.endswith(("_utc", "_kind"))]
        parts.append(connection.sql(_trace_sql(table, columns[table])).to_arrow_table().cast(_TRACE))
        if table in _BELONGS:
            parts.append(connection.sql(_belongs_sql(table)).to_arrow_table().cast(_TRACE))
    return _parquet(pa.concat_tables(parts).replace_schema_metadata({"columns": json.dumps(columns)}))


def _trace_sql(table: str, columns: list[str]) -> str:
    """One row per entity. A column's hash is the sum over its rows, 0 where it is empty in all; the last is of
    whole rows, so that values that changed places are seen, too."""
    texts = [f"CAST(rows.{identifier(name)} AS VARCHAR)" for name in columns]
    hashes = [_hash_sql(text, f"COUNT({text})") for text in texts]
    together = " || '|' || ".join(f"COALESCE({text}, '')" for text in texts)
    is_encounter = table == "encounters"
    stay = "ANY_VALUE(stay_encounters.stay_id)" if is_encounter else "NULL"
    person = "MIN(MD5_NUMBER_LOWER(rows.person_id))" if is_encounter else "NULL"
    entity = _ENTITIES[table]
    return f"""
    SELECT
        {literal(table)} AS table_name, {entity} AS entity, {stay} AS stay_id, CAST({person} AS UBIGINT) AS person,
        CAST(COUNT(*) AS INTEGER) AS n_rows,
        [{", ".join([*hashes, _hash_sql(together, "COUNT(*)")])}] AS columns
    FROM {identifier(table)} AS rows {_JOINS.get(table, "")}
    WHERE {entity} IS NOT NULL
    GROUP BY {entity}
    ORDER BY entity
    """


def _belongs_sql(table: str) -> str:
    return f"""
    SELECT
        {literal(BELONGS)} AS table_name, encounter_id AS entity, case_key AS stay_id,
        CAST(NULL AS UBIGINT) AS person, CAST(1 AS INTEGER) AS n_rows, CAST([] AS USMALLINT[]) AS columns
    FROM ({_BELONGS[table]}) WHERE encounter_id IS NOT NULL AND case_key IS NOT NULL ORDER BY ALL
    """


def _hash_sql(text: str, count: str) -> str:
    total = f"SUM(CAST(MD5_NUMBER_LOWER({text}) AS HUGEINT))"
    return f"CAST(CASE WHEN {count} = 0 THEN 0 ELSE 1 + {total} % 65535 END AS USMALLINT)"


def _about(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], salt: str) -> bytes:
    files: dict[str, list[str]] = {}
    for table, sha256 in connection.execute("SELECT table_name, file_sha256 FROM row_ledger ORDER BY ALL").fetchall():
        files.setdefault(table, []).append(sha256)
    options = connection.execute("SELECT * FROM landing_options ORDER BY ALL").fetchall()
    about = {
        "files": files,
        "reference": dict(connection.execute("SELECT name, sha256 FROM reference_tables ORDER BY ALL").fetchall()),
        "salt": salt,
        "options": [[str(value) for value in row] for row in options],
        "program": [__version__, code_sha256()[:16]],
        "metrics": {one.name: [one.version, one.fingerprint] for one in metrics},
    }
    return (json.dumps(about, indent=1, sort_keys=True) + "\n").encode()


def _traced(metrics: Iterable[Metric]) -> list[str]:
    """The tables whose rows can move a figure: what stays are made of, and what a measure rests on at any depth."""
    read = tables_behind(table for metric in metrics for table in metric.tables)
    return [table for table in _ENTITIES if table in ("encounters", "diagnoses", "procedures") or table in read]


def _parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


_CASES = pa.schema(
    [
        ("metric", pa.string()),
        ("case_id", pa.string()),
        ("facility_id", pa.string()),
        ("unit_id", pa.string()),
        ("event_date", pa.timestamp("us")),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("exclusion_reason", pa.string()),
    ]
)
_TRACE = pa.schema(
    [
        ("table_name", pa.string()),
        ("entity", pa.string()),
        ("stay_id", pa.string()),
        ("person", pa.uint64()),
        ("n_rows", pa.int32()),
        ("columns", pa.list_(pa.uint16())),
    ]
)
