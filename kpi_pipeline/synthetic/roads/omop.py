"""Writes the hospital as tables of the OMOP common data model 5.4, with exactly its fields, and numbers for ids."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.sql_text import file_literal, literal
from kpi_pipeline.synthetic.roads.canonical_tables import canonical_tables, copy_the_rest, write_csv

# A mangled or missing id stays as it is: the model has no faults, but an export of it may.
_PREPARED = """
CREATE MACRO number_of(id) AS CASE
    WHEN REGEXP_FULL_MATCH(id, '[A-Z]*[0-9]+') THEN CAST(CAST(REGEXP_REPLACE(id, '[A-Z]*', '') AS BIGINT) AS VARCHAR)
    ELSE id END;
CREATE MACRO day_of(moment) AS CASE
    WHEN TRY_CAST(moment AS TIMESTAMP) IS NOT NULL THEN SUBSTR(moment, 1, 10) ELSE moment END;
CREATE TABLE care_sites AS
SELECT ROW_NUMBER() OVER (ORDER BY own_id) AS care_site_id, * FROM (
    SELECT facility_id AS own_id, facility_name AS name FROM facilities
    UNION ALL SELECT unit_id, unit_name FROM units
);
-- The model holds one row for a visit: its latest version.
CREATE VIEW visits AS
SELECT encounters.* FROM encounters
LEFT JOIN latest_encounters AS latest ON encounters.encounter_id = latest.encounter_id
WHERE latest.encounter_id IS NULL OR encounters.updated_at IS NOT DISTINCT FROM latest.updated_at;
"""

_VISIT_CONCEPT = """CASE encounter_type
    WHEN 'acute inpatient' THEN 9201 WHEN 'emergency department' THEN 9203 WHEN 'observation' THEN 581385
    WHEN 'inpatient rehabilitation' THEN 8920 WHEN 'inpatient psychiatric' THEN 8971 ELSE 9202 END"""


def _visits_and_people(released_on: str) -> dict[str, str]:
    return {
        "person": """SELECT number_of(person_id) AS person_id,
            MAX(CASE sex WHEN 'M' THEN 8507 WHEN 'F' THEN 8532 ELSE 0 END) AS gender_concept_id,
            YEAR(CAST(MAX(birth_date) AS DATE)) AS year_of_birth,
            MONTH(CAST(MAX(birth_date) AS DATE)) AS month_of_birth, DAY(CAST(MAX(birth_date) AS DATE)) AS day_of_birth,
            NULL AS birth_datetime, 0 AS race_concept_id, 0 AS ethnicity_concept_id, NULL AS location_id,
            NULL AS provider_id, NULL AS care_site_id, person_id AS person_source_value,
            MAX(sex) AS gender_source_value, NULL AS gender_source_concept_id, MAX(race) AS race_source_value,
            NULL AS race_source_concept_id, NULL AS ethnicity_source_value, NULL AS ethnicity_source_concept_id
        FROM encounters WHERE person_id IS NOT NULL GROUP BY person_id ORDER BY person_id""",
        "visit_occurrence": f"""SELECT number_of(encounter_id) AS visit_occurrence_id,
            number_of(person_id) AS person_id, {_VISIT_CONCEPT} AS visit_concept_id,
            day_of(admitted_at) AS visit_start_date, admitted_at AS visit_start_datetime,
            COALESCE(day_of(discharged_at), {literal(released_on)}) AS visit_end_date,
            discharged_at AS visit_end_datetime,
            32817 AS visit_type_concept_id, number_of(attending_provider_id) AS provider_id, care_sites.care_site_id,
            encounter_type AS visit_source_value, 0 AS visit_source_concept_id, 0 AS admitted_from_concept_id,
            admit_source_code AS admitted_from_source_value,
            CASE WHEN discharged_at IS NULL OR discharge_disposition_code = '30' THEN 32220 ELSE 0 END
                AS discharged_to_concept_id,
            discharge_disposition_code AS discharged_to_source_value, NULL AS preceding_visit_occurrence_id
        FROM visits LEFT JOIN care_sites ON visits.facility_id = care_sites.own_id""",
        "visit_detail": f"""SELECT ROW_NUMBER() OVER () AS visit_detail_id, number_of(person_id) AS person_id,
            9201 AS visit_detail_concept_id, day_of(admitted_at) AS visit_detail_start_date,
            admitted_at AS visit_detail_start_datetime,
            COALESCE(day_of(discharged_at), {literal(released_on)}) AS visit_detail_end_date,
            discharged_at AS visit_detail_end_datetime, 32817 AS visit_detail_type_concept_id, NULL AS provider_id,
            care_sites.care_site_id, unit_id AS visit_detail_source_value, 0 AS visit_detail_source_concept_id,
            0 AS admitted_from_concept_id, NULL AS admitted_from_source_value, NULL AS discharged_to_source_value,
            0 AS discharged_to_concept_id, NULL AS preceding_visit_detail_id, NULL AS parent_visit_detail_id,
            number_of(encounter_id) AS visit_occurrence_id
        FROM latest_encounters INNER JOIN care_sites ON latest_encounters.unit_id = care_sites.own_id""",
        "condition_occurrence": """SELECT ROW_NUMBER() OVER () AS condition_occurrence_id,
            number_of(person_id) AS person_id, 0 AS condition_concept_id,
            day_of(admitted_at) AS condition_start_date, NULL AS condition_start_datetime,
            NULL AS condition_end_date, NULL AS condition_end_datetime, 32817 AS condition_type_concept_id,
            CASE sequence WHEN '1' THEN 32903 ELSE 32908 END AS condition_status_concept_id, NULL AS stop_reason,
            NULL AS provider_id, number_of(encounter_id) AS visit_occurrence_id, NULL AS visit_detail_id,
            code AS condition_source_value, 0 AS condition_source_concept_id, NULL AS condition_status_source_value
        FROM (
            SELECT encounter_id, person_id, admitted_at, '1' AS sequence, primary_diagnosis_code AS code
            FROM latest_encounters WHERE primary_diagnosis_code IS NOT NULL
            UNION ALL
            SELECT encounter_id, person_id, admitted_at, diagnoses.sequence, diagnoses.code
            FROM diagnoses INNER JOIN latest_encounters USING (encounter_id) WHERE diagnoses.sequence <> '1'
        )""",
    }


def _procedures_and_money() -> dict[str, str]:
    return {
        "procedure_occurrence": """SELECT ROW_NUMBER() OVER () AS procedure_occurrence_id,
            number_of(person_id) AS person_id, 0 AS procedure_concept_id, performed_on AS procedure_date,
            NULL AS procedure_datetime, NULL AS procedure_end_date, NULL AS procedure_end_datetime,
            32817 AS procedure_type_concept_id, NULL AS modifier_concept_id, NULL AS quantity, NULL AS provider_id,
            number_of(encounter_id) AS visit_occurrence_id, NULL AS visit_detail_id,
            procedure_code AS procedure_source_value, 0 AS procedure_source_concept_id,
            NULL AS modifier_source_value
        FROM procedures INNER JOIN latest_encounters USING (encounter_id)""",
        "care_site": """SELECT care_site_id, name AS care_site_name, 0 AS place_of_service_concept_id,
            NULL AS location_id, own_id AS care_site_source_value, NULL AS place_of_service_source_value
        FROM care_sites ORDER BY care_site_id""",
        "payer_plan_period": """SELECT ROW_NUMBER() OVER () AS payer_plan_period_id,
            number_of(person_id) AS person_id, '1990-01-01' AS payer_plan_period_start_date,
            '2099-12-31' AS payer_plan_period_end_date, 0 AS payer_concept_id, payer AS payer_source_value,
            0 AS payer_source_concept_id, 0 AS plan_concept_id, NULL AS plan_source_value,
            0 AS plan_source_concept_id, 0 AS sponsor_concept_id, NULL AS sponsor_source_value,
            0 AS sponsor_source_concept_id, NULL AS family_source_value, 0 AS stop_reason_concept_id,
            NULL AS stop_reason_source_value, 0 AS stop_reason_source_concept_id
        FROM (SELECT DISTINCT person_id, payer FROM encounters WHERE person_id IS NOT NULL)""",
        "cost": """SELECT ROW_NUMBER() OVER () AS cost_id, number_of(encounter_id) AS cost_event_id,
            'Visit' AS cost_domain_id, 32817 AS cost_type_concept_id, 44818668 AS currency_concept_id,
            total_charges AS total_charge, total_cost, paid_amount AS total_paid, paid_amount AS paid_by_payer,
            NULL AS paid_by_patient, NULL AS paid_patient_copay, NULL AS paid_patient_coinsurance,
            NULL AS paid_patient_deductible, NULL AS paid_by_primary, NULL AS paid_ingredient_cost,
            NULL AS paid_dispensing_fee, NULL AS payer_plan_period_id, allowed_amount AS amount_allowed,
            0 AS revenue_code_concept_id, NULL AS revenue_code_source_value, 0 AS drg_concept_id,
            drg_code AS drg_source_value
        FROM latest_encounters""",
    }


def _source(released_on: str) -> dict[str, str]:
    return {
        "cdm_source": f"""SELECT 'Example Regional Health' AS cdm_source_name, 'ERH' AS cdm_source_abbreviation,
            'the generator' AS cdm_holder, 'a made-up hospital' AS source_description,
            NULL AS source_documentation_reference, NULL AS cdm_etl_reference,
            {literal(released_on)} AS source_release_date,
            {literal(released_on)} AS cdm_release_date, '5.4' AS cdm_version, 756265 AS cdm_version_concept_id,
            'none' AS vocabulary_version""",
        "costs": """SELECT number_of(encounter_id) AS encounter_id, direct_cost, variable_direct_cost
        FROM latest_encounters""",
    }


def write_as_omop(landing: Path, folder: Path, *, released_on: str) -> None:
    """Writes the canonical landing folder as OMOP tables; the department's tables lie beside them.

    released_on: the day of the extract (ISO), when those still in the house are ended by the model's convention.
    Encounter ids become numbers also in the tables beside. The folder is made and must not exist.
    """
    with canonical_tables(landing, folder) as connection:
        connection.execute(_PREPARED)
        queries = _visits_and_people(released_on) | _procedures_and_money() | _source(released_on)
        for name, query in queries.items():
            write_csv(connection, query, folder / f"{name}.csv")
        mapped = ("encounters", "diagnoses", "procedures", "facilities", "units")
        copy_the_rest(landing, folder, source="omop", but=mapped)
        for path in sorted(folder.glob("*.csv")):
            if path.stem != "costs" and _has_encounter_ids(path):
                _write_numbered(connection, path)


def _has_encounter_ids(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return "encounter_id" in file.readline().strip().split(",")


def _write_numbered(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    numbered = path.with_suffix(".numbered")
    query = (
        "SELECT * REPLACE (number_of(encounter_id) AS encounter_id) "
        f"FROM read_csv({file_literal(path)}, all_varchar = true, header = true)"
    )
    write_csv(connection, query, numbered)
    numbered.replace(path)
