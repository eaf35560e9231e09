"""What a build notices of rows that are there twice under different numbers: sent again, or by two systems. No
patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal
from kpi_pipeline.intake.contract import Contract, load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.warehouse.warnings.row import ROWS_TO_NAME, parent_of

_MANY_ALIKE = 0.05
"""Two denials of one stay on one day may be alike; a twentieth of a table is not."""
_FEWEST_OF_A_MONTH, _MANY_OF_A_MONTH = 5, 0.1
"""Nor is a tenth of what a place sent for a month."""
_FEWEST_STRANGERS = 5
"""Two strangers of one birth date may come and go in the same minute, as newborn twins do."""
_KINDS = (
    "acute inpatient",
    "observation",
    "emergency department",
    "inpatient rehabilitation",
    "inpatient psychiatric",
    "skilled nursing",
)
"""Kinds of encounter of which a person has one at a time. Several visits of one day without times are no fault."""


def find_twins(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """Encounters, then the tables whose rows have a number of their own; needs the views of staged rows."""
    # Two numbers are grouped cheaply, and few rows share them: only those are looked at with all they say.
    connection.execute(
        "CREATE OR REPLACE TEMPORARY TABLE shared_moments AS SELECT admitted_at, discharged_at FROM staged_encounters "
        "WHERE discharged_at IS NOT NULL GROUP BY ALL HAVING COUNT(*) > 1"
    )
    notices = [*_encounters_of_one_person(connection), *_encounters_of_strangers(connection)]
    connection.execute("DROP TABLE shared_moments")
    for contract in load_contracts().values():
        if contract.table != "encounters" and len(contract.key) == 1 and intake.of_table(contract.table):
            notices += _rows_alike(connection, contract)
    return notices


_TWINS = """
    SELECT facility_id, LOWER(encounter_type) AS encounter_type, COUNT(*) - 1 AS n_twins
    FROM staged_encounters SEMI JOIN shared_moments USING (admitted_at, discharged_at)
    WHERE LOWER(encounter_type) IN (SELECT UNNEST({kinds})) AND discharged_at IS NOT NULL
        AND {where}
    GROUP BY facility_id, LOWER(encounter_type), admitted_at, discharged_at, {by}
    HAVING COUNT(*) > 1 AND {having}
"""
_COUNTED = "SELECT facility_id, LIST(DISTINCT encounter_type ORDER BY encounter_type), CAST(SUM(n_twins) AS BIGINT)"


def _encounters_of_one_person(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Encounters of one person, kind and place with the same beginning and end; of days alone where a night lies
    between them. A beginning and an end at midnight are days whose time nobody wrote. Of acute rows one is counted,
    which is right, and nothing need be told."""
    has_times = (
        "(admitted_at_kind <> 'date' AND discharged_at_kind <> 'date' AND NOT "
        "(admitted_at = DATE_TRUNC('day', admitted_at) AND discharged_at = DATE_TRUNC('day', discharged_at)))"
    )
    nights = "CAST(discharged_at AS DATE) > CAST(admitted_at AS DATE)"
    twins = _TWINS.format(
        kinds=list_literal(_KINDS[1:]), where=f"({has_times} OR {nights})", by="person_id", having="TRUE"
    )
    rows = connection.execute(f"{_COUNTED} FROM ({twins}) GROUP BY facility_id ORDER BY ALL").fetchall()
    return [
        Notice("encounters_alike", facility_id=place, columns=tuple(kinds), counts={"rows": n})
        for place, kinds, n in rows
    ]


def _encounters_of_strangers(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """The same minutes of coming and going, birth date and diagnosis under two numbers of people."""
    twins = _TWINS.format(
        kinds=list_literal(_KINDS),
        where="admitted_at_kind <> 'date' AND discharged_at_kind <> 'date' AND birth_date IS NOT NULL "
        "AND primary_diagnosis_code IS NOT NULL AND NOT STARTS_WITH(primary_diagnosis_code, 'Z38')",
        by="birth_date, primary_diagnosis_code",
        having="COUNT(DISTINCT person_id) = COUNT(*)",
    )
    rows = connection.execute(
        f"{_COUNTED} FROM ({twins}) GROUP BY facility_id HAVING SUM(n_twins) >= {_FEWEST_STRANGERS} ORDER BY ALL"
    ).fetchall()
    return [
        Notice("encounters_alike_of_strangers", facility_id=place, columns=tuple(kinds), counts={"rows": n})
        for place, kinds, n in rows
    ]


def _rows_alike(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[Notice]:
    """Rows that differ from another one in their own number alone: many of a table, or of a place's month."""
    parent = parent_of(contract.table)
    if parent is None or contract.key == (parent[1],):
        return []
    columns = ", ".join(identifier(name) for name in contract.columns if name not in (*contract.key, "updated_at"))
    alike, n = connection.execute(
        f"SELECT SUM(n) - COUNT(*), SUM(n) FROM (SELECT COUNT(*) AS n FROM staged_{contract.table} GROUP BY {columns})"
    ).fetchall()[0]
    if not alike or alike < _FEWEST_OF_A_MONTH:
        return []
    of_place = (
        "INNER JOIN staged_encounters AS encounters USING (encounter_id)"
        if parent[1] == "encounter_id"
        else "INNER JOIN staged_cm_cases AS cases USING (cm_case_id) "
        "INNER JOIN staged_encounters AS encounters ON cases.encounter_id = encounters.encounter_id"
    )
    is_many = (
        alike >= max(ROWS_TO_NAME, _MANY_ALIKE * n)
        or connection.execute(
            f"""
        WITH numbered AS (
            SELECT
                {identifier(parent[1])},
                ROW_NUMBER() OVER (PARTITION BY {columns} ORDER BY {identifier(contract.key[0])}) > 1 AS is_twin
            FROM staged_{contract.table}
        )
        SELECT 1 FROM numbered AS rows {of_place}
        GROUP BY encounters.facility_id, DATE_TRUNC('month', COALESCE(encounters.discharged_at, encounters.admitted_at))
        HAVING COUNT(*) FILTER (WHERE is_twin) >= GREATEST({_FEWEST_OF_A_MONTH}, {_MANY_OF_A_MONTH} * COUNT(*)) LIMIT 1
        """
        ).fetchone()
    )
    if not is_many:
        return []
    counts = {"rows": int(alike), "of_rows": int(n)}
    return [Notice("rows_alike", table=contract.table, columns=contract.key, counts=counts)]
