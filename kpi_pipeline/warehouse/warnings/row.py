"""Rows that are read but cannot be believed as they stand: children of no encounter, unknown kinds, strangers under
one number, versions nobody dated, procedures that say nothing; and what the stays show. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.intake.contract import CANONICAL, load_contracts
from kpi_pipeline.intake.ingest import IntakeResult

ENCOUNTER_TYPES = (
    "acute inpatient",
    "observation",
    "emergency department",
    "inpatient rehabilitation",
    "inpatient psychiatric",
    "skilled nursing",
    "outpatient",
    "voided",
)
"""The kinds of encounter the layout knows; only the first makes stays. A voided one was entered by mistake."""

ROWS_TO_NAME = 11
"""A value is printed only where so many rows share it: a number of one patient in the wrong column never is."""

_TYPES_NAMED = 6

_SOME_UNMAPPED = 0.05
"""Above this share it is said that some planned returns are not known as such."""

PROCEDURES_UNMAPPED = 0.2
"""Above this share of procedure codes in no map, planned care cannot be told from unplanned."""


def find_row_warnings(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """The warnings about rows of this build; needs the views of staged rows and the warehouse tables."""
    return [
        *_unmatched_rows(connection, intake),
        *(_unknown_types(connection) if intake.source.name == CANONICAL else []),
        *_unknown_persons(connection),
        *_undated_versions(connection, intake),
        *_silent_procedures(connection, intake),
        *_invalid_dispositions(connection),
    ]


def parent_of(table: str) -> tuple[str, str] | None:
    """The table whose rows a table's rows belong to, and the column that says to which; None where it stands alone."""
    columns = load_contracts()[table].columns
    if table != "encounters" and "encounter_id" in columns:
        return "encounters", "encounter_id"
    if table != "cm_cases" and "cm_case_id" in columns:
        return "cm_cases", "cm_case_id"
    return None


def create_unmatched(connection: duckdb.DuckDBPyConnection) -> None:
    """Counts for `count_unmatched` the rows of every table that belongs to another, against each parent once."""
    by_parent: dict[tuple[str, str], list[str]] = {}
    for table in load_contracts():
        if parent := parent_of(table):
            by_parent.setdefault(parent, []).append(table)
    counts = []
    for (name, column), tables in by_parent.items():
        rows = " UNION ALL ".join(f"SELECT {literal(one)} AS table_name, {column} FROM staged_{one}" for one in tables)
        counts.append(
            "SELECT table_name, COUNT(*) AS n_rows, COUNT(*) FILTER (WHERE parents.parent IS NULL) AS n_unmatched "
            f"FROM ({rows}) AS children LEFT JOIN (SELECT {column} AS parent FROM staged_{name}) AS parents "
            f"ON children.{column} = parents.parent GROUP BY table_name"
        )
    connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE unmatched_rows AS {' UNION ALL '.join(counts)}")


def count_unmatched(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """(rows of a table that belong to nothing, its rows); (0, 0) for a table that stands alone, or is empty."""
    found = connection.execute(
        "SELECT n_unmatched, n_rows FROM unmatched_rows WHERE table_name = ?", [table]
    ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _unmatched_rows(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    warnings = []
    for table in load_contracts():
        files, parent = intake.of_table(table), parent_of(table)
        if not files or parent is None or not count_unmatched(connection, table)[0]:
            continue
        name, column = parent
        counts = connection.execute(
            f"SELECT children.file_number, COUNT(*), COUNT(*) FILTER (WHERE parents.{column} IS NULL) "
            f"FROM all_{table} AS children ANTI JOIN older_{table} AS older USING (file_number, file_row_number) "
            f"LEFT JOIN staged_{name} AS parents ON children.{column} = parents.{column} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        warnings += [
            Notice(
                "rows_unmatched",
                file=files[number].file_name,
                table=table,
                columns=(column,),
                counts={"rows": unmatched, "of_rows": rows},
                details={"parent": name},
            )
            for number, rows, unmatched in counts
            if unmatched
        ]
    return warnings


def _unknown_types(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    known = ", ".join(literal(name) for name in ENCOUNTER_TYPES)
    rows = connection.execute(
        f"SELECT encounter_type, COUNT(*) FROM encounters WHERE encounter_type NOT IN ({known}) "
        "GROUP BY ALL ORDER BY COUNT(*) DESC, encounter_type"
    ).fetchall()
    if not rows:
        return []
    named = {name: n for name, n in rows if n >= ROWS_TO_NAME}
    shown = tuple(named)[:_TYPES_NAMED]
    return [
        Notice(
            "encounter_types_unknown",
            columns=shown,
            counts={"rows": sum(n for _, n in rows), **{f"rows of {name}": named[name] for name in shown}},
            details={"known": str(len(ENCOUNTER_TYPES))},
        )
    ]


def _unknown_persons(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n = connection.execute(
        # As `timed_encounters` names them.
        "SELECT COUNT(*) FROM encounters WHERE person_id = CONCAT('unknown person of ', encounter_id)"
    ).fetchall()[0][0]
    return [Notice("persons_unknown", counts={"rows": n})] if n else []


def _undated_versions(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    warnings = []
    for contract in load_contracts().values():
        files = intake.of_table(contract.table)
        if not files:
            continue
        ties = connection.execute(f"SELECT COUNT(*) FROM older_{contract.table} WHERE is_tie").fetchall()[0][0]
        if ties:
            key = tuple(contract.key)
            warnings.append(Notice("versions_undated", table=contract.table, columns=key, counts={"rows": ties}))
    return warnings


def count_unmapped_procedures(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """(procedure rows whose code is in no loaded map, procedure rows)."""
    rows, mapped = connection.execute(
        "SELECT COUNT(*), COUNT(categories.ccs) FROM staged_procedures AS procedures LEFT JOIN procedure_categories AS "
        "categories ON UPPER(REPLACE(procedures.procedure_code, '.', '')) = categories.code"
    ).fetchall()[0]
    return int(rows - mapped), int(rows)


def _silent_procedures(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    if not connection.execute("SELECT COUNT(primary_diagnosis_ccs) FROM stays").fetchall()[0][0]:
        return []  # readmissions cannot be computed at all, which is said elsewhere
    required = intake.options.procedures_required
    declared = {"declared": "" if required is None else str(required).lower()}
    unmapped, rows = count_unmapped_procedures(connection)
    if not rows:
        return [Notice("procedures_not_supplied", details=declared)]
    if unmapped / rows > PROCEDURES_UNMAPPED:
        return [Notice("procedures_unmapped", counts={"codes": unmapped, "of_codes": rows}, details=declared)]
    if unmapped / rows > _SOME_UNMAPPED:
        return [Notice("procedures_partly_unmapped", counts={"codes": unmapped, "of_codes": rows})]
    return []


def _invalid_dispositions(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    wrong, short = connection.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE LENGTH(discharge_disposition_code) = 1) FROM stays "
        "ANTI JOIN (SELECT code FROM reference_value_sets WHERE value_set = 'disposition_valid') AS valid "
        "ON stays.discharge_disposition_code = valid.code WHERE discharge_disposition_code IS NOT NULL"
    ).fetchall()[0]
    return [Notice("dispositions_invalid", counts={"stays": wrong, "one_digit": short})] if wrong else []
