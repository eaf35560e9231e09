"""A made-up hospital system of any size as a landing folder, for measuring speed: seeded, plain, all in DuckDB.

About 1.7 encounters per person, five facilities, five years, with transfers, returns, overlaps, duplicates and
patients in the house. It has no truth beside it and no trends to find: that is the matter of
`kpi_pipeline.synthetic`.

Run from the root of the repository: python -m benchmarks.generate ENCOUNTERS FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from kpi_pipeline.reference.store import SHIPPED_FOLDER

SEED = 20261101
LANDING_YAML = """source: canonical
time_zone: America/New_York
complete_through: 2026-10-31
plausible_until: 2026-11-07
"""

_CODES = f"""
CREATE TABLE diagnosis_codes AS
SELECT code, ROW_NUMBER() OVER (ORDER BY HASH(code)) - 1 AS number
FROM '{SHIPPED_FOLDER}/ccs_diagnosis_icd10.parquet' QUALIFY number < 2000;
CREATE TABLE procedure_codes AS
SELECT code, ROW_NUMBER() OVER (ORDER BY HASH(code)) - 1 AS number
FROM '{SHIPPED_FOLDER}/ccs_procedure_icd10.parquet' QUALIFY number < 1000;
CREATE TABLE drg_codes AS
SELECT ms_drg, weight, amlos, ROW_NUMBER() OVER (ORDER BY HASH(ms_drg)) - 1 AS number
FROM '{SHIPPED_FOLDER}/ms_drg_fy2026.parquet' WHERE weight > 0 QUALIFY number < 500;
CREATE MACRO uniform(a, b) AS (HASH(a, b, {SEED}) % 1000003) / 1000003.0;
"""
"""uniform(a, b): a number from 0 up to 1 that depends on a, b and the seed alone."""

_ENCOUNTERS = """
CREATE TABLE encounters AS
WITH people AS (
    -- The number of encounters of a person is geometric with mean 1.7.
    SELECT person, CAST(1 + FLOOR(LN(1 - uniform(person, 1)) / LN(0.7 / 1.7)) AS INTEGER) AS n_encounters
    FROM RANGE({n_people}) AS numbers (person)
),
visits AS (
    SELECT person, UNNEST(RANGE(n_encounters)) AS visit FROM people
),
drawn AS (
    SELECT
        person,
        visit,
        person * 64 + visit AS draw,
        -- The next encounter begins in the same hour (a duplicate), next day (a transfer), soon, or much later.
        CASE
            WHEN visit = 0 THEN FLOOR(uniform(person, 2) * 1500)
            WHEN uniform(draw, 3) < 0.01 THEN 0
            WHEN uniform(draw, 3) < 0.06 THEN 1 + FLOOR(uniform(draw, 4) * 6)
            WHEN uniform(draw, 3) < 0.30 THEN 5 + FLOOR(uniform(draw, 4) * 35)
            ELSE 30 + FLOOR(uniform(draw, 4) * 500)
        END AS gap_days,
        CASE
            WHEN uniform(draw, 5) < 0.72 THEN 'acute inpatient'
            WHEN uniform(draw, 5) < 0.84 THEN 'observation'
            WHEN uniform(draw, 5) < 0.96 THEN 'emergency department'
            ELSE 'inpatient rehabilitation'
        END AS encounter_type,
        CASE WHEN uniform(draw, 6) < 0.85 THEN person % 5 ELSE FLOOR(uniform(draw, 7) * 5) END AS facility,
        GREATEST(FLOOR(-4.0 * LN(1 - uniform(draw, 8))), 0) AS days
    FROM visits
),
dated AS (
    SELECT
        *,
        TIMESTAMP '2021-11-01' + TO_DAYS(CAST(SUM(gap_days) OVER (
            PARTITION BY person ORDER BY visit ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS INTEGER)) + TO_MINUTES(
            CAST(uniform(CASE WHEN gap_days = 0 THEN draw - 1 ELSE draw END, 9) * 1440 AS BIGINT)
        ) AS admitted_at
    FROM drawn
)
SELECT
    ROW_NUMBER() OVER (ORDER BY dated.admitted_at, dated.draw) AS sequence,
    dated.draw,
    FORMAT('E{{:09d}}', sequence) AS encounter_id,
    FORMAT('P{{:08d}}', dated.person) AS person_id,
    'F' || CAST(dated.facility AS INTEGER) AS facility_id,
    dated.encounter_type,
    dated.admitted_at,
    dated.admitted_at + TO_MINUTES(CAST(180 + 1440 * dated.days + uniform(dated.draw, 10) * 600 AS BIGINT))
        AS discharged_at,
    diagnosis_codes.code AS primary_diagnosis_code,
    drg_codes.ms_drg AS drg_code,
    ROUND(drg_codes.weight * (3000 + 1500 * dated.days) * (0.6 + uniform(dated.draw, 11)), 2) AS total_cost
FROM dated
INNER JOIN diagnosis_codes ON CAST(FLOOR(2000 * POWER(uniform(dated.draw, 12), 3)) AS BIGINT) = diagnosis_codes.number
INNER JOIN drg_codes ON CAST(FLOOR(500 * POWER(uniform(dated.draw, 13), 3)) AS BIGINT) = drg_codes.number
WHERE dated.admitted_at < TIMESTAMP '2026-11-01'
"""

_FILES = {
    "encounters": """
        SELECT
            encounter_id, person_id, facility_id, encounter_type,
            STRFTIME(admitted_at, '%Y-%m-%d %H:%M') AS admitted_at,
            CASE WHEN discharged_at < TIMESTAMP '2026-11-01' THEN STRFTIME(discharged_at, '%Y-%m-%d %H:%M') END
                AS discharged_at,
            ['01', '01', '01', '01', '06', '06', '03', '03', '62', '20', '07', '02', '50']
                [1 + CAST(FLOOR(uniform(draw, 14) * 13) AS INTEGER)] AS discharge_disposition_code,
            primary_diagnosis_code,
            CASE WHEN uniform(draw, 15) < 0.98 THEN drg_code END AS drg_code,
            ['Medicine', 'Surgery', 'Cardiology', 'Orthopaedics', 'Neurology']
                [1 + CAST(FLOOR(uniform(draw, 16) * 5) AS INTEGER)] AS service_line,
            facility_id || '-U' || CAST(FLOOR(uniform(draw, 17) * 12) AS INTEGER) AS unit_id,
            ['Medicare', 'Medicaid', 'Commercial', 'Self-pay'][1 + CAST(FLOOR(uniform(draw, 18) * 4) AS INTEGER)]
                AS payer,
            CAST(1 + FLOOR(uniform(draw, 19) * 3) AS INTEGER) AS admit_type_code,
            CAST(1 + FLOOR(uniform(draw, 20) * 2) AS INTEGER) AS admit_source_code,
            'D' || CAST(FLOOR(uniform(draw, 21) * 800) AS INTEGER) AS attending_provider_id,
            DATE '1935-01-01' + CAST(FLOOR(uniform(person_id, 22) * 30000) AS INTEGER) AS birth_date,
            CASE WHEN uniform(person_id, 23) < 0.5 THEN 'F' ELSE 'M' END AS sex,
            CASE WHEN uniform(draw, 24) < 0.97 THEN total_cost END AS total_cost,
            ROUND(total_cost * 0.6, 2) AS direct_cost,
            ROUND(total_cost * 0.35, 2) AS variable_direct_cost,
            ROUND(total_cost * 3.1, 2) AS total_charges,
            ROUND(total_cost * 1.15, 2) AS allowed_amount,
            ROUND(total_cost * 1.05, 2) AS paid_amount,
            STRFTIME(discharged_at + INTERVAL 4 DAY, '%Y-%m-%d %H:%M:%S') AS updated_at
        FROM encounters ORDER BY sequence""",
    "procedures": """
        SELECT
            encounter_id, code AS procedure_code, line AS sequence, CAST(admitted_at AS DATE) AS performed_on
        FROM (
            SELECT encounter_id, draw, admitted_at, UNNEST([1, 2, 3]) AS line FROM encounters
            WHERE encounter_type = 'acute inpatient'
        ) AS acute
        INNER JOIN procedure_codes
            ON CAST(FLOOR(1000 * POWER(uniform(draw, 30 + line), 3)) AS BIGINT) = procedure_codes.number
        WHERE uniform(draw, 40 + line) < 0.3
        ORDER BY encounter_id, line""",
    "denials": """
        SELECT
            FORMAT('N{:09d}', sequence) AS denial_id, encounter_id,
            ['Medicare', 'Medicaid', 'Commercial'][1 + CAST(FLOOR(uniform(draw, 50) * 3) AS INTEGER)] AS payer,
            CAST(discharged_at AS DATE) + CAST(FLOOR(uniform(draw, 51) * 45) AS INTEGER) AS denied_on,
            total_cost AS denied_amount, 'medical necessity' AS reason_code,
            CASE WHEN uniform(draw, 53) < 0.5 THEN CAST(discharged_at AS DATE) + 50 END AS appealed_on,
            CASE WHEN uniform(draw, 53) < 0.4 THEN CAST(discharged_at AS DATE) + 80 END AS decided_on,
            CASE WHEN uniform(draw, 53) < 0.2 THEN 'overturned' WHEN uniform(draw, 53) < 0.4 THEN 'upheld'
                ELSE 'open' END AS outcome
        FROM encounters
        WHERE encounter_type = 'acute inpatient' AND uniform(draw, 52) < 0.08
        ORDER BY sequence""",
    "avoidable_days": """
        SELECT
            encounter_id, CAST(admitted_at AS DATE) + 1 AS starts_on,
            CAST(admitted_at AS DATE) + 2 + CAST(FLOOR(uniform(draw, 60) * 3) AS INTEGER) AS ends_on,
            ['placement', 'authorisation', 'imaging', 'family'][1 + CAST(FLOOR(uniform(draw, 61) * 4) AS INTEGER)]
                AS reason_code,
            'payer' AS responsible_party
        FROM encounters
        WHERE encounter_type = 'acute inpatient' AND uniform(draw, 62) < 0.07
        ORDER BY sequence""",
    "cm_cases": """
        SELECT
            FORMAT('C{:09d}', sequence) AS cm_case_id, encounter_id,
            'M' || CAST(FLOOR(uniform(draw, 70) * 90) AS INTEGER) AS case_manager_id,
            STRFTIME(admitted_at + INTERVAL 2 HOUR, '%Y-%m-%d %H:%M') AS opened_at,
            STRFTIME(admitted_at + TO_MINUTES(CAST(uniform(draw, 71) * 1700 AS BIGINT)), '%Y-%m-%d %H:%M')
                AS first_assessed_at,
            STRFTIME(discharged_at, '%Y-%m-%d %H:%M') AS closed_at, 'discharged' AS close_reason
        FROM encounters
        WHERE encounter_type = 'acute inpatient' AND uniform(draw, 72) < 0.8
        ORDER BY sequence""",
    "diagnoses": """
        SELECT
            encounter_id, line AS sequence, code, 'icd-10-cm' AS code_type,
            CASE WHEN uniform(draw, 86 + line) < 0.9 THEN 'Y' ELSE 'N' END AS present_on_admission
        FROM (
            SELECT encounter_id, sequence, draw, UNNEST([2, 3, 4]) AS line FROM encounters
            WHERE encounter_type = 'acute inpatient'
        ) AS acute
        INNER JOIN diagnosis_codes
            ON CAST(FLOOR(2000 * POWER(uniform(draw, 80 + line), 3)) AS BIGINT) = diagnosis_codes.number
        ORDER BY acute.sequence, line""",
    "cm_tasks": """
        SELECT
            FORMAT('T{:09d}', 2 * sequence + line) AS task_id, FORMAT('C{:09d}', sequence) AS cm_case_id,
            ['post-discharge call', 'follow-up visit'][1 + line] AS task_type,
            STRFTIME(discharged_at + TO_DAYS(2 + 5 * line), '%Y-%m-%d %H:%M') AS due_at,
            CASE WHEN uniform(draw, 90 + line) < 0.9 THEN STRFTIME(
                discharged_at + TO_HOURS(CAST(uniform(draw, 92 + line) * 80 AS INTEGER)), '%Y-%m-%d %H:%M'
            ) END AS done_at
        FROM (SELECT *, UNNEST([0, 1]) AS line FROM encounters WHERE encounter_type = 'acute inpatient') AS acute
        WHERE uniform(draw, 72) < 0.8 AND discharged_at < TIMESTAMP '2026-11-01'
        ORDER BY sequence, line""",
    "notices": """
        SELECT
            encounter_id, CASE WHEN encounter_type = 'observation' THEN 'moon' ELSE 'im' END AS notice_type,
            STRFTIME(admitted_at + TO_HOURS(CAST(uniform(draw, 95) * 50 AS INTEGER)), '%Y-%m-%d %H:%M') AS delivered_at
        FROM encounters
        WHERE encounter_type IN ('acute inpatient', 'observation') AND uniform(draw, 96) < 0.6
        ORDER BY sequence""",
    "reviews": """
        SELECT
            FORMAT('R{:09d}', sequence) AS review_id, encounter_id, 'admission' AS review_type,
            STRFTIME(admitted_at + INTERVAL 1 DAY, '%Y-%m-%d %H:%M') AS due_at,
            STRFTIME(admitted_at + TO_HOURS(CAST(uniform(draw, 97) * 30 AS INTEGER)), '%Y-%m-%d %H:%M') AS done_at,
            'met' AS outcome
        FROM encounters WHERE encounter_type = 'acute inpatient' ORDER BY sequence""",
    "staffing": """
        SELECT
            'F' || unit % 5 AS facility_id, 'F' || unit % 5 || '-U' || unit // 5 AS unit_id,
            CAST(days.shift_on AS DATE) AS shift_on, 'M' || unit AS case_manager_id, 8 AS paid_hours,
            CASE WHEN uniform(unit, EPOCH(days.shift_on)) < 0.2 THEN 1 ELSE 0 END AS overtime_hours
        FROM RANGE(60) AS units (unit)
        CROSS JOIN RANGE(TIMESTAMP '2021-11-01', TIMESTAMP '2026-11-01', INTERVAL 1 DAY) AS days (shift_on)
        ORDER BY days.shift_on, unit""",
    "census": """
        SELECT
            'F' || unit % 5 AS facility_id, 'F' || unit % 5 || '-U' || unit // 5 AS unit_id,
            CAST(days.census_on AS DATE) AS census_on,
            CAST(15 + 10 * uniform(unit, EPOCH(days.census_on)) AS INTEGER) AS patients
        FROM RANGE(60) AS units (unit)
        CROSS JOIN RANGE(TIMESTAMP '2021-11-01', TIMESTAMP '2026-11-01', INTERVAL 1 DAY) AS days (census_on)
        ORDER BY days.census_on, unit""",
    "budget": """
        SELECT
            'F' || facility AS facility_id, STRFTIME(months.first_day, '%Y-%m') AS month,
            ['salaries', 'supplies', 'travel'][1 + account] AS account, 100000 AS budget_usd,
            90000 + CAST(20000 * uniform(facility * 3 + account, EPOCH(months.first_day)) AS INTEGER) AS actual_usd
        FROM RANGE(5) AS facilities (facility)
        CROSS JOIN RANGE(3) AS accounts (account)
        CROSS JOIN RANGE(TIMESTAMP '2021-11-01', TIMESTAMP '2026-11-01', INTERVAL 1 MONTH) AS months (first_day)""",
    "training": """
        SELECT
            'M' || unit AS case_manager_id, ['ethics', 'privacy'][1 + course] AS course,
            CAST(years.due_on AS DATE) AS due_on,
            CASE WHEN uniform(unit * 2 + course, EPOCH(years.due_on)) < 0.95 THEN CAST(years.due_on AS DATE) - 3 END
                AS completed_on
        FROM RANGE(60) AS people (unit)
        CROSS JOIN RANGE(2) AS courses (course)
        CROSS JOIN RANGE(TIMESTAMP '2022-03-15', TIMESTAMP '2026-11-01', INTERVAL 1 YEAR) AS years (due_on)""",
    "licences": """
        SELECT
            'M' || unit AS case_manager_id, 'nurse' AS licence,
            DATE '2026-09-01' + 17 * CAST(unit AS INTEGER) AS expires_on
        FROM RANGE(60) AS people (unit)""",
    "facilities": """
        SELECT
            'F' || facility AS facility_id, 'Hospital ' || facility AS facility_name,
            ['America/New_York', 'America/Chicago'][1 + facility % 2] AS time_zone,
            CAST(NULL AS DATE) AS opened_on, CAST(NULL AS DATE) AS closed_on, 300 AS licensed_beds
        FROM RANGE(5) AS numbers (facility)""",
}


def generate_landing(n_encounters: int, folder: Path) -> None:
    """Writes the canonical CSV files and landing.yaml of about so many encounters (within a few per cent)."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(_CODES)
        connection.execute(_ENCOUNTERS.format(n_people=round(n_encounters / _ENCOUNTERS_KEPT_PER_PERSON)))
        for table, sql in _FILES.items():
            connection.execute(f"COPY ({sql}) TO '{folder}/{table}.csv' (HEADER)")
    (folder / "landing.yaml").write_text(LANDING_YAML, encoding="utf-8")


_ENCOUNTERS_KEPT_PER_PERSON = 1.637
"""How many of a person's encounters lie in the five years."""


if __name__ == "__main__":
    generate_landing(int(sys.argv[1]), Path(sys.argv[2]))
