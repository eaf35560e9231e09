"""Encounters whose id stands for two stays: numbers given out again, or stays written in parts over several files.

A row of the same id takes the place of the earlier one, so that one of the two stays would be lost. Few are told; many
stop the build.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.errors import CheckError, Fault
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.staged.one_row_each import FEWEST_KEYS


def count_reused_ids(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """(rows replaced by one that is another stay, encounters).

    Another stay: the days of the two do not overlap, or both person and day of admission differ.
    """
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'older_encounters'").fetchall():
        return 0, 0
    n_reused = connection.execute(
        """SELECT COUNT(*) FROM all_encounters AS rows
        INNER JOIN older_encounters AS older USING (file_number, file_row_number)
        INNER JOIN staged_encounters AS latest ON rows.encounter_id = latest.encounter_id
        WHERE older.fate = 'superseded' AND (
            rows.discharged_at <= latest.admitted_at
            OR latest.discharged_at <= rows.admitted_at
            OR (
                rows.person_id <> latest.person_id
                AND CAST(rows.admitted_at AS DATE) <> CAST(latest.admitted_at AS DATE)
            )
        ) AND rows.admitted_at <> latest.admitted_at"""
    ).fetchall()[0][0]
    n_encounters = connection.execute("SELECT COUNT(*) FROM staged_encounters").fetchall()[0][0]
    return int(n_reused), int(n_encounters)


def refuse_reused_ids(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """CheckError where so many stays would be lost that it is no slip."""
    n_reused, n_encounters = count_reused_ids(connection)
    if n_reused < FEWEST_KEYS or 100 * n_reused <= settings.parts_limit_pct * n_encounters:
        return
    what = (
        f"{n_reused:,} rows would be replaced by a row of the same encounter_id that is another stay (other days, or "
        "another person): the numbers are given out again, or a stay is written in parts."
    )
    cure = (
        "Make the ids unique (columns in landing.yaml can join two of yours), or write one row per stay; if these are "
        "corrections, raise parts_limit_pct in kpi.yaml."
    )
    raise CheckError(Fault("encounters", what, cure))
