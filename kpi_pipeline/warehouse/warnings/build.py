"""What a build notices while the staged rows are still at hand. No patient's data."""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.warehouse.warnings.reused_ids import count_reused_ids

_LONGEST_SILENCE_DAYS = 92
"""A feed that says nothing for longer than a quarter has stopped, or its declared last day is a slip of the pen."""


def find_build_warnings(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Everything that is likely a mistake in the files or in `landing.yaml`, though the figures can be computed."""
    return [
        *_unknown_facilities(connection),
        *_declared_far_ahead(connection),
        *_stopped_feeds(connection),
        *_silent_feeds(connection),
        *_ids_of_several_facilities(connection),
        *_ids_of_two_stays(connection),
        *_removed(connection),
    ]


def _unknown_facilities(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    unknown = connection.execute(
        "SELECT facility_id FROM (SELECT facility_id FROM declared_watermarks UNION SELECT facility_id FROM "
        "declared_closures) ANTI JOIN facilities USING (facility_id) WHERE facility_id IS NOT NULL ORDER BY facility_id"
    ).fetchall()
    return [Notice("declared_facility_unknown", facility_id=facility_id) for (facility_id,) in unknown]


def _declared_far_ahead(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """A mistyped year makes every month final and every future date plausible."""
    declared, last_seen = connection.execute(
        "SELECT (SELECT MAX(complete_through) FROM declared_watermarks), "
        "CAST(MAX(GREATEST(admitted_on, COALESCE(discharged_on, admitted_on))) AS DATE) FROM encounters"
    ).fetchall()[0]
    if declared is None or last_seen is None or (declared - last_seen).days <= _LONGEST_SILENCE_DAYS:
        return []
    return [Notice("declared_far_ahead", details={"declared": str(declared), "last_seen": str(last_seen)})]


def _stopped_feeds(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Feeds that stop before the day they are said to be complete through: what they feed is judged no further. One
    notice for each facility, since a quiet end of a month shows in every table."""
    stopped = connection.execute(
        "SELECT claimed.facility_id, claimed.complete_through, "
        "LIST(feed_ends.table_name ORDER BY feed_ends.table_name), "
        "LIST(feed_ends.complete_through ORDER BY feed_ends.table_name) "
        "FROM feed_ends INNER JOIN claimed_watermarks AS claimed USING (facility_id) "
        "WHERE feed_ends.is_held_back GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Notice(
            "feed_stopped",
            facility_id=facility,
            columns=tuple(tables),
            details={"supported": " ".join(str(day) for day in supported), "claimed": str(claimed)},
        )
        for facility, claimed, tables, supported in stopped
    ]


def _silent_feeds(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Days between others on which a feed sent nothing: a file that is missing, which would print as a quiet month."""
    silent = connection.execute(
        "SELECT table_name, facility_id, starts_on, CAST(ends_before - INTERVAL 1 DAY AS DATE), "
        "is_material, of_what FROM feed_gaps INNER JOIN watermarks USING (facility_id) ORDER BY ALL"
    ).fetchall()
    return [
        Notice(
            "feed_silent",
            table=table,
            facility_id=facility,
            details={"of": of_what, "first": str(first), "last": str(last), "whole": "too" if is_material else ""},
        )
        for table, facility, first, last, is_material, of_what in silent
    ]


def _ids_of_several_facilities(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Numbers that two facilities both use would take each other for corrected versions, and stays would vanish."""
    replaced = connection.execute(
        "SELECT COUNT(*) FROM all_encounters AS rows "
        "INNER JOIN older_encounters AS older USING (file_number, file_row_number) "
        "INNER JOIN staged_encounters AS latest ON rows.encounter_id = latest.encounter_id "
        "WHERE older.fate = 'superseded' AND rows.facility_id <> latest.facility_id"
    ).fetchall()[0][0]
    return [Notice("ids_of_several_facilities", counts={"rows": replaced})] if replaced else []


def _ids_of_two_stays(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n_reused, _ = count_reused_ids(connection)
    return [Notice("ids_of_two_stays", counts={"rows": n_reused})] if n_reused else []


def _removed(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    removed = connection.execute(
        "SELECT table_name, removed FROM removed_rows WHERE removed > 0 ORDER BY ALL"
    ).fetchall()
    return [Notice("rows_removed", table=table, counts={"rows": int(n)}) for table, n in removed]
