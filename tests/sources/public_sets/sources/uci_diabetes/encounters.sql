/*---
file: diabetic_data*
columns:
  - encounter_id
  - patient_nbr
  - race
  - gender
  - admission_type_id
  - discharge_disposition_id
  - time_in_hospital
  - payer_code
  - medical_specialty
  - diag_1
---*/
-- INVENTED DAYS. The set gives how many days each patient stayed and no date at all. The stays of one patient are put 91
-- days apart in the order of their ids (none lasts longer than 14 days, nobody has more than 40), begun on one of 91 days
-- of early 1999 by the patient's number, so that none overlap and none follow within a window of return. Whoever reads a
-- month or a return out of these days reads our invention.
WITH ordered AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY patient_nbr ORDER BY TRY_CAST(encounter_id AS BIGINT), source_line) AS place
    FROM landed
),

dated AS (
    SELECT
        *,
        DATE '1999-01-01' + CAST(91 * (place - 1) + TRY_CAST(patient_nbr AS BIGINT) % 91 AS INTEGER) AS admitted_on
    FROM ordered
)

SELECT
    source_line,
    encounter_id,
    patient_nbr AS person_id,
    'UCI' AS facility_id, -- invented: the set names no hospital
    'acute inpatient' AS encounter_type,
    CAST(admitted_on AS VARCHAR) AS admitted_at,
    CAST(admitted_on + TRY_CAST(time_in_hospital AS INTEGER) AS VARCHAR) AS discharged_at,
    -- The set's own numbers, by the titles in its IDs_mapping.csv; what it calls NULL, not mapped or unknown is not
    -- known; nor is 12, "still patient or expected to return for outpatient services", which is two things.
    CASE discharge_disposition_id
        WHEN '1' THEN '01'
        WHEN '2' THEN '02'
        WHEN '3' THEN '03'
        WHEN '4' THEN '04'
        WHEN '5' THEN '05'
        WHEN '6' THEN '06'
        WHEN '7' THEN '07'
        WHEN '11' THEN '20'
        WHEN '13' THEN '50'
        WHEN '14' THEN '51'
        WHEN '15' THEN '61'
        WHEN '19' THEN '40'
        WHEN '20' THEN '41'
        WHEN '21' THEN '42'
        WHEN '22' THEN '62'
        WHEN '23' THEN '63'
        WHEN '24' THEN '64'
        WHEN '27' THEN '43'
        WHEN '28' THEN '65'
        WHEN '29' THEN '66'
        WHEN '30' THEN '70'
    END AS discharge_disposition_code,
    REPLACE(NULLIF(diag_1, '?'), '.', '') AS primary_diagnosis_code,
    NULL AS drg_code,
    NULLIF(medical_specialty, '?') AS service_line,
    NULL AS unit_id,
    NULLIF(payer_code, '?') AS payer,
    admission_type_id AS admit_type_code,
    NULL AS admit_source_code,
    NULL AS attending_provider_id,
    NULL AS birth_date,
    NULLIF(gender, 'Unknown/Invalid') AS sex,
    NULLIF(race, '?') AS race,
    NULL AS language,
    NULL AS total_cost,
    NULL AS direct_cost,
    NULL AS variable_direct_cost,
    NULL AS total_charges,
    NULL AS allowed_amount,
    NULL AS paid_amount,
    NULL AS updated_at
FROM dated
