"""What a build notices to be impossible though each value by itself can be read: person numbers that two files write in
two ways, delays outside their stay, more hours than a day has. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.intake.ingest import IntakeResult

_ROWS_LOOKED_AT = 10_000
"""Of each file; how a file writes its numbers shows in its first rows."""
_FEWEST_ROWS = 20
_ONE_FORM = 0.9
"""A file writes numbers in one way where nine of ten have it."""
_DAYS_ASIDE = 1
_DAYS_BEFORE = 365
"""A claim can be denied before an admission that was planned; not a year before."""
_HOURS_OF_A_DAY = 24


def find_implausible(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """All of them, in the order to print."""
    return [
        *_persons_in_two_forms(connection, intake),
        *_rows_outside_stays(connection),
        *_impossible_hours(connection),
    ]


def _persons_in_two_forms(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """Files whose person numbers have another form than most files': no return between the two can be seen.

    A form is what stands where: digits, capitals, small letters, signs; of digits alone whether leading zeros are kept.
    """
    files = intake.of_table("encounters")
    if len(files) < 2:
        return []
    shape = "person_id"
    for pattern, sign in (("[0-9]+", "9"), ("[A-Z]+", "A"), ("[a-z]+", "a")):
        shape = f"REGEXP_REPLACE({shape}, {literal(pattern)}, {literal(sign)}, 'g')"
    rows = connection.execute(
        f"""
        WITH looked_at AS (
            SELECT file_number, person_id, {shape} AS shape FROM all_encounters
            WHERE file_row_number < {literal(_ROWS_LOOKED_AT)} AND person_id IS NOT NULL
        ),
        forms AS (
            SELECT
                file_number, MODE(shape) AS shape, COUNT(*) AS n,
                COUNT(*) FILTER (WHERE STARTS_WITH(person_id, '0')) AS n_zeros,
                MIN(LENGTH(person_id)) AS shortest, MAX(LENGTH(person_id)) AS longest
            FROM looked_at GROUP BY file_number
        ),
        clear AS (
            SELECT forms.* FROM forms INNER JOIN looked_at USING (file_number, shape)
            GROUP BY ALL HAVING COUNT(*) >= {literal(_ONE_FORM)} * forms.n AND forms.n >= {literal(_FEWEST_ROWS)}
        ),
        usual AS (SELECT shape FROM clear GROUP BY shape ORDER BY SUM(n) DESC, shape LIMIT 1),
        padded AS (
            SELECT longest FROM clear WHERE shape = '9' AND shortest = longest AND 10 * n_zeros >= n
            GROUP BY longest ORDER BY SUM(n) DESC, longest DESC LIMIT 1
        )
        SELECT clear.file_number FROM clear CROSS JOIN usual LEFT JOIN padded ON TRUE
        WHERE clear.shape <> usual.shape
            OR (clear.shape = '9' AND clear.n_zeros = 0 AND clear.shortest < padded.longest)
        ORDER BY 1
        """
    ).fetchall()
    return [
        Notice("persons_in_another_form", file=files[int(number)].file_name, columns=("person_id",))
        for (number,) in rows
    ]


def _rows_outside_stays(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    aside, before = literal(_DAYS_ASIDE), literal(_DAYS_BEFORE)
    outside = {
        "avoidable_days": f"rows.starts_on < seen.admitted_on - {aside} OR rows.ends_on > seen.discharged_on + {aside}",
        "denials": f"rows.denied_on < seen.admitted_on - {before}",
    }
    notices = []
    for table, condition in outside.items():
        n = connection.execute(
            f"SELECT COUNT(*) FROM staged_{table} AS rows "
            f"INNER JOIN timed_encounters AS seen USING (encounter_id) WHERE {condition}"
        ).fetchall()[0][0]
        notices += [Notice("rows_outside_stays", table=table, counts={"rows": int(n)})] if n else []
    return notices


def _impossible_hours(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n = connection.execute(
        f"SELECT COUNT(*) FROM staged_staffing WHERE paid_hours > {literal(_HOURS_OF_A_DAY)} OR paid_hours < 0"
    ).fetchall()[0][0]
    return [Notice("hours_impossible", table="staffing", counts={"rows": int(n)})] if n else []
