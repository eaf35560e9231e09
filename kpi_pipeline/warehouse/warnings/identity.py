"""What a build notices about ids and amounts that are there and readable, and cannot be what they say: one number for
several people, ids that became decimals, places nobody lists, lost discharges, amounts of another scale. No patient's
data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.warehouse.warnings.row import ROWS_TO_NAME

_BEDS_AT_ONCE = 3
"""Two beds at once happen, where a transfer is recorded before the first bed is left; three do not."""

_OTHER_SCALE = 20
"""A typical amount of a file that is so many times that of the others is in another unit: cents, thousands."""
_FEWEST_AMOUNTS = 100
_AMOUNTS = ("total_cost", "direct_cost", "variable_direct_cost", "total_charges")


def find_identity_warnings(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """Needs the views of staged rows and the warehouse tables."""
    return [
        *_people_in_many_beds(connection),
        *_ids_as_decimals(connection, intake),
        *_places_not_listed(connection, intake),
        *_discharges_lost(connection),
        *_costs_of_zero(connection),
        *_amounts_of_another_scale(connection, intake),
    ]


def _people_in_many_beds(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    persons, rows = connection.execute(
        f"""
        WITH acute AS (
            SELECT person_id, admitted_at, discharged_at FROM encounters
            WHERE encounter_type = 'acute inpatient' AND discharged_at > admitted_at + INTERVAL 1 DAY
        ),
        repeated AS (SELECT person_id FROM acute GROUP BY person_id HAVING COUNT(*) >= {_BEDS_AT_ONCE}),
        changes AS (
            SELECT DISTINCT person_id, admitted_at AS changed_at, discharged_at, 1 AS change
            FROM acute SEMI JOIN repeated USING (person_id)
            UNION ALL
            SELECT DISTINCT person_id, discharged_at, admitted_at, -1 FROM acute SEMI JOIN repeated USING (person_id)
        ),
        beds AS (
            SELECT person_id, SUM(change) OVER (PARTITION BY person_id ORDER BY changed_at, change) AS n_beds
            FROM changes
        ),
        crowded AS (SELECT person_id FROM beds GROUP BY person_id HAVING MAX(n_beds) >= {_BEDS_AT_ONCE})
        SELECT COUNT(DISTINCT acute.person_id), COUNT(*) FROM acute SEMI JOIN crowded USING (person_id)
        """
    ).fetchall()[0]
    return [Notice("people_in_many_beds", counts={"persons": persons, "rows": rows})] if rows else []


def _ids_as_decimals(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    found = []
    for contract in load_contracts().values():
        names = [name for name, column in contract.columns.items() if column.type == "id"]
        if not names or not intake.of_table(contract.table):
            continue
        counted_sql = ", ".join(
            # CASE, so that the pattern is held against few ids; AND would hold it against all.
            f"COUNT(CASE WHEN ENDS_WITH({identifier(name)}, '.0') "
            f"THEN NULLIF(REGEXP_FULL_MATCH({identifier(name)}, '[0-9]+[.]0'), FALSE) END)"
            for name in names
        )
        row = connection.execute(f"SELECT {counted_sql} FROM staged_{contract.table}").fetchall()[0]
        found += [
            Notice("ids_as_decimals", table=contract.table, columns=(name,), counts={"rows": n})
            for name, n in zip(names, row, strict=True)
            if n
        ]
    return found


def _places_not_listed(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """Facilities of encounters that the facilities table lacks, or, where there is none, that differ by case alone."""
    if intake.of_table("facilities"):
        rows = connection.execute(
            "SELECT facility_id, COUNT(*) FROM staged_encounters AS rows ANTI JOIN staged_facilities AS listed "
            "USING (facility_id) GROUP BY facility_id ORDER BY COUNT(*) DESC, facility_id"
        ).fetchall()
    else:
        rows = connection.execute(
            "SELECT facility_id, COUNT(*) FROM staged_encounters GROUP BY facility_id "
            "QUALIFY COUNT(*) OVER (PARTITION BY LOWER(REPLACE(facility_id, ' ', ''))) > 1 ORDER BY 2 DESC, 1"
        ).fetchall()
    if not rows:
        return []
    named = tuple(name for name, n in rows if n >= ROWS_TO_NAME)[:6]
    counts = {"rows": sum(n for _, n in rows)}
    if intake.of_table("facilities"):
        return [Notice("facilities_not_listed", columns=named, counts=counts)]
    return [Notice("facilities_alike", columns=named, counts=counts)]


def _discharges_lost(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n = connection.execute(
        "SELECT COUNT(*) FROM encounters WHERE encounter_status = 'missing_discharge_date'"
    ).fetchall()[0][0]
    return [Notice("discharges_lost", counts={"stays": n})] if n else []


def _costs_of_zero(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    n = connection.execute(
        "SELECT COUNT(*) FROM staged_encounters WHERE total_cost = 0 AND LOWER(encounter_type) = 'acute inpatient' "
        "AND (SELECT zero_cost_is_not_costed FROM landing_options)"
    ).fetchall()[0][0]
    return [Notice("costs_of_zero", counts={"stays": n})] if n else []


def _amounts_of_another_scale(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    files = intake.of_table("encounters")
    if len(files) < 2:
        return []
    found = []
    for name in _AMOUNTS:
        amount = identifier(name)
        rows = connection.execute(
            f"""
            WITH amounts AS (SELECT file_number, {amount} AS amount FROM all_encounters WHERE {amount} > 0),
            by_file AS (
                SELECT file_number, MEDIAN(amount) AS typical FROM amounts GROUP BY file_number
                HAVING COUNT(*) >= {_FEWEST_AMOUNTS}
            )
            SELECT file_number, typical / MIN(typical) OVER () FROM by_file
            QUALIFY typical >= {_OTHER_SCALE} * MIN(typical) OVER () ORDER BY file_number
            """
        ).fetchall()
        found += [
            Notice(
                "amounts_of_another_scale",
                file=files[number].file_name,
                table="encounters",
                columns=(name,),
                details={"times": f"{times:.0f}"},
            )
            for number, times in rows
        ]
    return found
