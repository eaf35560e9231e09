"""What a build notices to be impossible though each value by itself can be read: delays outside their stay, more hours
than a day has. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import literal

_DAYS_ASIDE = 1
_DAYS_BEFORE = 365
"""A claim can be denied before an admission that was planned; not a year before."""
_HOURS_OF_A_DAY = 24


def find_implausible(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """All of them, in the order to print."""
    return [
        *_rows_outside_stays(connection),
        *_impossible_hours(connection),
    ]


_SEEN = """
    SELECT
        encounters.encounter_id,
        LEAST(stays.admitted_on, encounters.admitted_on) AS admitted_on,
        GREATEST(stays.discharged_on, encounters.discharged_on) AS discharged_on
    FROM (SELECT encounter_id, stay_id FROM avoidable_days UNION SELECT encounter_id, stay_id FROM denials) AS told
    INNER JOIN encounters USING (encounter_id)
    LEFT JOIN stays USING (stay_id)
"""
"""The days of those encounters alone that have rows to look at."""


def _rows_outside_stays(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Rows dated outside the stay they belong to; outside their encounter where that is part of no stay."""
    aside, before = literal(_DAYS_ASIDE), literal(_DAYS_BEFORE)
    outside = {
        "avoidable_days": f"rows.starts_on < seen.admitted_on - {aside} OR rows.ends_on > seen.discharged_on + {aside}",
        "denials": f"rows.denied_on < seen.admitted_on - {before}",
    }
    # In one statement: the days of all encounters are put together once.
    each = " UNION ALL ".join(
        f"SELECT {literal(table)}, COUNT(*) FROM staged_{table} AS rows INNER JOIN seen USING (encounter_id) "
        f"WHERE {condition}"
        for table, condition in outside.items()
    )
    found = dict(connection.execute(f"WITH seen AS MATERIALIZED ({_SEEN}) {each}").fetchall())
    return [
        Notice("rows_outside_stays", table=table, counts={"rows": found[table]}) for table in outside if found[table]
    ]


def _impossible_hours(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n = connection.execute(
        f"SELECT COUNT(*) FROM staged_staffing WHERE paid_hours > {literal(_HOURS_OF_A_DAY)} OR paid_hours < 0"
    ).fetchall()[0][0]
    return [Notice("hours_impossible", table="staffing", counts={"rows": int(n)})] if n else []
