"""What a build notices while the staged rows are still at hand, in sentences for its reader. No patient's data."""

from __future__ import annotations

import duckdb

_LONGEST_SILENCE_DAYS = 92
"""A feed that says nothing for longer than a quarter has stopped, or its declared last day is a slip of the pen."""


def find_build_warnings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Everything that is likely a mistake in the files or in `landing.yaml`, though the figures can be computed."""
    return [
        *_unknown_facilities(connection),
        *_declared_far_ahead(connection),
        *_stopped_feeds(connection),
        *_ids_of_several_facilities(connection),
    ]


def _unknown_facilities(connection: duckdb.DuckDBPyConnection) -> list[str]:
    unknown = connection.execute(
        "SELECT facility_id FROM declared_watermarks ANTI JOIN facilities USING (facility_id) "
        "WHERE facility_id IS NOT NULL ORDER BY facility_id"
    ).fetchall()
    return [
        f"landing.yaml: complete_through names the facility {facility_id!r}, which has no encounters."
        for (facility_id,) in unknown
    ]


def _declared_far_ahead(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A mistyped year makes every month final and every future date plausible."""
    declared, last_seen = connection.execute(
        "SELECT (SELECT MAX(complete_through) FROM declared_watermarks), "
        "CAST(MAX(GREATEST(admitted_on, COALESCE(discharged_on, admitted_on))) AS DATE) FROM timed_encounters"
    ).fetchall()[0]
    if declared is None or last_seen is None or (declared - last_seen).days <= _LONGEST_SILENCE_DAYS:
        return []
    return [f"landing.yaml: complete_through is {declared}, but the last day seen in the data is {last_seen}."]


def _stopped_feeds(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A feed that stops before the day it is said to be complete through: what it feeds is judged no further."""
    stopped = connection.execute(
        "SELECT feed_ends.table_name, feed_ends.facility_id, feed_ends.complete_through, claimed.complete_through "
        "FROM feed_ends INNER JOIN claimed_watermarks AS claimed USING (facility_id) "
        "WHERE feed_ends.is_held_back ORDER BY ALL"
    ).fetchall()
    return [
        f"{table}: facility {facility!r} sent hardly a row since {supported}, far fewer than usual, though it counts "
        f"as complete through {claimed}. Its figures are held back to {supported}. Send the missing rows, or declare "
        f"complete_through: {{{facility}: {supported}}} in landing.yaml; give a closed facility its closed_on."
        for table, facility, supported, claimed in stopped
    ]


def _ids_of_several_facilities(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Numbers that two facilities both use would take each other for corrected versions, and stays would vanish."""
    replaced = connection.execute(
        "SELECT COUNT(*) FROM all_encounters AS rows "
        "INNER JOIN older_encounters AS older USING (file_number, file_row_number) "
        "INNER JOIN staged_encounters AS latest ON rows.encounter_id = latest.encounter_id "
        "WHERE older.fate = 'superseded' AND rows.facility_id <> latest.facility_id"
    ).fetchall()[0][0]
    if not replaced:
        return []
    which = "1 row was" if replaced == 1 else f"{replaced:,} rows were"
    return [
        f"encounters: {which} replaced by a row of another facility with the same encounter_id. "
        "Unless they moved, make the ids unique across facilities."
    ]
