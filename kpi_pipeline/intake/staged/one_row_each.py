"""Rows of one file with one key that say different things: parts of one record, not versions of it.

A file with one row per unit or per diagnosis gives an encounter several rows. Nothing says which of them is later, and
picking one would make a stay of twelve days one of two. Few such rows are told; many stop the intake.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.intake.contract import Contract

FEWEST_KEYS = 5
"""So many keys with several rows are no slip of the hand any more."""
_MOST_SORTED = 20_000_000
"""Rows: 160 MB of hashes."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """keys: how many keys have rows that nothing puts in order, of all `n_keys`; columns: where those rows differ, most
    often first; rows: the numbers of the first such rows. touching: how many of the keys have rows of which one begins
    where another ends."""

    keys: int
    n_keys: int
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    touching: int

    def exceed(self, limit_pct: float) -> bool:
        """Whether they are too many to be slips."""
        return self.keys >= FEWEST_KEYS and 100 * self.keys > limit_pct * self.n_keys


def find_conflicts(connection: duckdb.DuckDBPyConnection, rows_sql: str, contract: Contract) -> Conflicts | None:
    """The conflicts among the rows of one staged file, given by their SELECT; None: there are none.

    Rows with different `updated_at` are versions, unless one begins where the other ends. An encounter that is open
    in one row and ended in another of the same admission is one too.
    """
    key = ", ".join(identifier(column) for column in contract.key)
    n_rows, n_keys = _count_keys(connection, rows_sql, key)
    if n_rows == n_keys:
        return None
    connection.execute(_conflicts_sql(rows_sql, contract))
    keys, touching = connection.execute(
        f"SELECT COUNT(*), COUNT(*) FILTER (WHERE touches) FROM (SELECT BOOL_OR(touches) AS touches FROM conflicts "
        f"GROUP BY {key})"
    ).fetchall()[0]
    if not keys:
        return None
    differing = _differing_columns(connection, contract, key)
    rows = connection.execute(
        "SELECT source_line FROM (SELECT source_line, MIN(source_line) OVER "
        f"(PARTITION BY {key}) AS first_line FROM conflicts) ORDER BY first_line, source_line LIMIT 2"
    ).fetchall()
    return Conflicts(int(keys), int(n_keys), differing, tuple(int(row[0]) for row in rows), int(touching))


def _count_keys(connection: duckdb.DuckDBPyConnection, rows_sql: str, key: str) -> tuple[int, int]:
    """How many rows and how many different keys there are; hashes that are sorted take a third of the time of counting
    them apart, and memory for all of them."""
    n_rows = int(connection.execute(f"SELECT COUNT(*) FROM ({rows_sql})").fetchall()[0][0])
    if n_rows > _MOST_SORTED:
        n_keys = connection.execute(f"SELECT COUNT(DISTINCT HASH({key})) FROM ({rows_sql})").fetchall()[0][0]
        return n_rows, int(n_keys)
    hashes = connection.execute(f"SELECT HASH({key}) AS key_hash FROM ({rows_sql})").fetchnumpy()["key_hash"]
    hashes = np.sort(hashes)
    return n_rows, n_rows - int(np.count_nonzero(hashes[1:] == hashes[:-1]))


def conflict_fault(where: str, conflicts: Conflicts, contract: Contract, lines: list[int]) -> Fault:
    """The fault of a file with too many rows that are no versions of each other."""
    key = ", ".join(contract.key)
    shown = ", ".join(conflicts.columns[:4])
    times = f"{conflicts.keys:,} of {conflicts.n_keys:,} times"
    at = f" (such as lines {' and '.join(f'{line:,}' for line in lines[:2])})" if len(lines) > 1 else ""
    what = (
        f"has several rows for one {key}, {times}. They differ in {shown}{at}, "
        "and nothing says which is later: they are parts of one record, not versions of it."
    )
    if contract.table != "encounters":
        cure = f"Write one row per {key}; or, if they are versions, an updated_at or a file per day with its date."
    elif conflicts.touching:
        cure = (
            "Write one row per encounter, from its first admission to its last discharge (not one per unit); or, if "
            "they are versions, an updated_at in each."
        )
    else:
        cure = (
            "Write one row per encounter, with its principal diagnosis (further ones belong in diagnoses.csv, "
            "procedures in procedures.csv); or, if they are versions, an updated_at in each."
        )
    return Fault(where, what, cure)


def _conflicts_sql(rows_sql: str, contract: Contract) -> str:
    names = [identifier(column) for column in contract.key]
    key = ", ".join(names)
    same_key = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM contested.{name}" for name in names)
    updated_at = "updated_at" if "updated_at" in contract.columns else "CAST(NULL AS TIMESTAMP)"
    is_stay = {"admitted_at", "discharged_at"} <= contract.columns.keys()
    # An open row of the same admission as an ended one is its earlier version.
    is_outdated = (
        f"discharged_at IS NULL AND COUNT(discharged_at) OVER (PARTITION BY {key}, {updated_at}, admitted_at) > 0"
        if is_stay
        else "FALSE"
    )
    touches = (
        "COALESCE(LAG(discharged_at) OVER by_admission = admitted_at AND LAG(admitted_at) OVER by_admission "
        "< admitted_at, FALSE)"
        if is_stay
        else "FALSE"
    )
    by_admission = f"WINDOW by_admission AS (PARTITION BY {key} ORDER BY admitted_at, discharged_at)" if is_stay else ""
    return f"""CREATE OR REPLACE TEMP TABLE conflicts AS
        WITH contested AS (SELECT {key} FROM ({rows_sql}) GROUP BY ALL HAVING COUNT(*) > 1),
        distinct_rows AS (
            SELECT rows.* FROM ({rows_sql}) AS rows INNER JOIN contested ON {same_key}
            QUALIFY ROW_NUMBER() OVER (PARTITION BY {", ".join(f"rows.{name}" for name in names)}, row_hash) = 1
        ),
        told_apart AS (
            SELECT *, {is_outdated} AS is_outdated, {touches} AS touches FROM distinct_rows {by_admission}
        ),
        counted AS (
            SELECT *,
                COUNT(*) FILTER (WHERE NOT is_outdated) OVER (PARTITION BY {key}, {updated_at}) > 1 AND NOT is_outdated
                    AS is_undated,
                BOOL_OR(touches) OVER (PARTITION BY {key}) AS has_touching
            FROM told_apart
        )
        SELECT * FROM counted WHERE is_undated OR has_touching"""


def _differing_columns(connection: duckdb.DuckDBPyConnection, contract: Contract, key: str) -> tuple[str, ...]:
    columns = [name for name in contract.columns if name not in contract.key and name != "updated_at"]
    if not columns:
        return ()
    differs = ", ".join(
        f"COUNT(DISTINCT {identifier(name)}) + MAX(CASE WHEN {identifier(name)} IS NULL THEN 1 ELSE 0 END) > 1 "
        f"AS {identifier(name)}"
        for name in columns
    )
    totals = ", ".join(f"COUNT(*) FILTER (WHERE {identifier(name)})" for name in columns)
    row = connection.execute(f"SELECT {totals} FROM (SELECT {differs} FROM conflicts GROUP BY {key})").fetchall()[0]
    ordered = sorted(zip(columns, row, strict=True), key=lambda item: -item[1])
    return tuple(name for name, n in ordered if n)
