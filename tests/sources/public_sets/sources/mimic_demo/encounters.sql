/*---
file: admissions*
columns:
  - subject_id
  - hadm_id
  - admittime
  - dischtime
  - admission_type
  - admission_location
  - discharge_location
  - insurance
  - language
  - race
lookups: {landed_patients: patients*, landed_diagnoses: diagnoses_icd*}
lookup_columns:
  landed_patients: [subject_id, gender, anchor_year]
  landed_diagnoses: [hadm_id, seq_num, icd_code]
---*/
-- INVENTED CENTURIES. 2/24/96 is a day of 2096 or of 2196: the one taken is nearest to the year that patients.csv gives
-- for the patient (anchor_year); a patient without one has no day, and her rows are set aside.
WITH people AS (
    SELECT
        subject_id,
        MAX(gender) AS gender,
        MAX(TRY_CAST(anchor_year AS INTEGER)) AS anchor_year
    FROM landed_patients
    GROUP BY subject_id
),

principal AS (
    SELECT
        hadm_id,
        MIN(icd_code) AS icd_code
    FROM landed_diagnoses
    WHERE seq_num = '1'
    GROUP BY hadm_id
),

timed AS (
    SELECT
        landed.*,
        people.gender,
        people.anchor_year,
        TRY_STRPTIME(landed.admittime, '%m/%d/%y %H:%M') AS admitted,
        TRY_STRPTIME(landed.dischtime, '%m/%d/%y %H:%M') AS discharged
    FROM landed
    LEFT JOIN people ON landed.subject_id = people.subject_id
),

placed AS (
    SELECT
        *,
        100 * CAST(ROUND((anchor_year - YEAR(admitted)) / 100.0) AS INTEGER) AS admitted_shift,
        100 * CAST(ROUND((anchor_year - YEAR(discharged)) / 100.0) AS INTEGER) AS discharged_shift
    FROM timed
)

SELECT
    placed.source_line,
    placed.hadm_id AS encounter_id,
    placed.subject_id AS person_id,
    'MIMIC' AS facility_id,
    CASE
        WHEN placed.admission_type IN ('EU OBSERVATION', 'DIRECT OBSERVATION', 'AMBULATORY OBSERVATION')
            THEN 'observation'
        ELSE 'acute inpatient' -- also OBSERVATION ADMIT: admitted from observation
    END AS encounter_type,
    STRFTIME(placed.admitted + TO_YEARS(placed.admitted_shift), '%Y-%m-%d %H:%M') AS admitted_at,
    STRFTIME(placed.discharged + TO_YEARS(placed.discharged_shift), '%Y-%m-%d %H:%M') AS discharged_at,
    CASE placed.discharge_location
        WHEN 'HOME' THEN '01'
        WHEN 'ACUTE HOSPITAL' THEN '02'
        WHEN 'SKILLED NURSING FACILITY' THEN '03'
        WHEN 'HOME HEALTH CARE' THEN '06'
        WHEN 'AGAINST ADVICE' THEN '07'
        WHEN 'DIED' THEN '20'
        WHEN 'REHAB' THEN '62'
        WHEN 'CHRONIC/LONG TERM ACUTE CARE' THEN '63'
        WHEN 'PSYCH FACILITY' THEN '65'
        ELSE placed.discharge_location -- HOSPICE: at home or in a facility is not said, and is not guessed
    END AS discharge_disposition_code,
    principal.icd_code AS primary_diagnosis_code,
    NULL AS drg_code,
    NULL AS service_line,
    NULL AS unit_id,
    placed.insurance AS payer,
    NULL AS admit_type_code,
    NULL AS admit_source_code,
    NULL AS attending_provider_id,
    NULL AS birth_date,
    placed.gender AS sex,
    CASE
        WHEN placed.race NOT IN ('UNKNOWN', 'UNABLE TO OBTAIN', 'PATIENT DECLINED TO ANSWER') THEN placed.race
    END AS race,
    NULLIF(placed.language, '?') AS language,
    NULL AS total_cost,
    NULL AS direct_cost,
    NULL AS variable_direct_cost,
    NULL AS total_charges,
    NULL AS allowed_amount,
    NULL AS paid_amount,
    NULL AS updated_at
FROM placed
LEFT JOIN principal ON placed.hadm_id = principal.hadm_id
