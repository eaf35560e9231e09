"""Writes the hospital as the Tuva input layer, whose encounters begin and end on a date."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.synthetic.roads.canonical_tables import canonical_tables, copy_the_rest, write_csv

_DAYS = """
CREATE MACRO day_of(moment) AS CASE
    WHEN TRY_CAST(moment AS TIMESTAMP) IS NOT NULL THEN SUBSTR(moment, 1, 10) ELSE moment END;
"""

_QUERIES = {
    "encounter": """SELECT encounter_id, person_id, person_id AS patient_id, CASE encounter_type
            WHEN 'inpatient psychiatric' THEN 'inpatient psych' WHEN 'skilled nursing' THEN 'inpatient skilled nursing'
            ELSE encounter_type END AS encounter_type,
        day_of(admitted_at) AS encounter_start_date, day_of(discharged_at) AS encounter_end_date,
        NULL AS length_of_stay, admit_source_code, admit_type_code, discharge_disposition_code,
        attending_provider_id, facility_id, 'icd-10-cm' AS primary_diagnosis_code_type, primary_diagnosis_code,
        'ms-drg' AS drg_code_type, drg_code, paid_amount, allowed_amount, total_charges AS charge_amount,
        'hospital' AS data_source, file AS file_name, updated_at AS ingest_datetime
    FROM encounters""",
    "patient": """SELECT person_id, MAX(sex) AS sex, MAX(race) AS race, MAX(birth_date) AS birth_date,
        'hospital' AS data_source
    FROM encounters WHERE person_id IS NOT NULL GROUP BY person_id ORDER BY person_id""",
    "eligibility": """SELECT DISTINCT person_id, person_id AS member_id, payer, '1990-01-01' AS enrollment_start_date,
        NULL AS enrollment_end_date, 'hospital' AS data_source
    FROM encounters WHERE person_id IS NOT NULL ORDER BY ALL""",
    "condition": """SELECT encounter_id || '-' || sequence AS condition_id, NULL AS person_id, encounter_id,
        'discharge_diagnosis' AS condition_type, 'icd-10-cm' AS source_code_type, code AS source_code,
        sequence AS condition_rank, present_on_admission AS present_on_admit_code, 'hospital' AS data_source
    FROM diagnoses""",
    "procedure": """SELECT encounter_id || '-' || procedure_code AS procedure_id, encounter_id,
        performed_on AS procedure_date, 'icd-10-pcs' AS source_code_type, procedure_code AS source_code,
        'hospital' AS data_source
    FROM procedures""",
    "costs": "SELECT encounter_id, total_cost, direct_cost, variable_direct_cost FROM latest_encounters",
}


def write_as_tuva(landing: Path, folder: Path) -> None:
    """Writes the canonical landing folder as Tuva's input layer; what that has no table for lies beside it.

    The folder is made and must not exist.
    """
    with canonical_tables(landing, folder) as connection:
        connection.execute(_DAYS)
        for name, query in _QUERIES.items():
            write_csv(connection, query, folder / f"{name}.csv")
    copy_the_rest(landing, folder, source="tuva", but=("encounters", "diagnoses", "procedures"))


def write_with_dates_only(landing: Path, folder: Path) -> None:
    """Writes the canonical landing folder once more, its encounters without the time of day: as Tuva knows them."""
    with canonical_tables(landing, folder) as connection:
        connection.execute(_DAYS)
        for (file,) in connection.execute("SELECT DISTINCT file FROM encounters ORDER BY 1").fetchall():
            query = (
                "SELECT * EXCLUDE (file) REPLACE (day_of(admitted_at) AS admitted_at, "
                f"day_of(discharged_at) AS discharged_at) FROM encounters WHERE file = {literal(str(file))}"
            )
            write_csv(connection, query, folder / f"encounters_{file}.csv")
    copy_the_rest(landing, folder, source="canonical", but=("encounters",))
