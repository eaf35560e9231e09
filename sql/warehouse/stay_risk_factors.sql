/*---
title: What a risk model may look at
means: >-
  Per stay what was known of the patient on admission, and the DRG: one row a factor, and one per comorbidity. wider is
  the level to fall back on where a level was too rare to have a term of its own. Computed where it is read.
key: [stay_id, factor, level]
stored: never
---*/
WITH patients AS (
    SELECT
        stay_id,
        primary_diagnosis_ccs,
        drg_code,
        admit_type_code,
        admit_source_code,
        LOWER(sex) AS sex,
        DATE_DIFF('year', birth_date, admitted_on)
        - CASE WHEN STRFTIME(birth_date, '%m%d') > STRFTIME(admitted_on, '%m%d') THEN 1 ELSE 0 END AS age
    FROM stays
),

diagnosed_stays AS (
    SELECT DISTINCT stay_encounters.stay_id
    FROM diagnoses
    INNER JOIN stay_encounters ON diagnoses.encounter_id = stay_encounters.encounter_id
),

mdc_of_drg AS (
    SELECT
        ms_drg,
        MAX(mdc) AS mdc
    FROM reference_ms_drg
    GROUP BY ms_drg
)

SELECT
    stay_id,
    'age' AS factor,
    CASE
        WHEN age IS NULL OR age < 0 OR age > 120 THEN 'unknown'
        WHEN age < 18 THEN '0-17'
        WHEN age < 45 THEN '18-44'
        WHEN age < 55 THEN '45-54'
        WHEN age < 65 THEN '55-64'
        WHEN age < 75 THEN '65-74'
        WHEN age < 85 THEN '75-84'
        ELSE '85 and over'
    END AS level,
    'other' AS wider
FROM patients
UNION ALL
SELECT
    stay_id,
    'sex' AS factor,
    COALESCE(sex, 'unknown') AS level,
    'other' AS wider
FROM patients
UNION ALL
SELECT
    stay_id,
    'admit_type' AS factor,
    COALESCE(admit_type_code, 'unknown') AS level,
    'other' AS wider
FROM patients
UNION ALL
SELECT
    stay_id,
    'admit_source' AS factor,
    COALESCE(admit_source_code, 'unknown') AS level,
    'other' AS wider
FROM patients
UNION ALL
SELECT
    stay_id,
    'diagnosis' AS factor,
    COALESCE(primary_diagnosis_ccs, 'missing') AS level,
    'other' AS wider
FROM patients
UNION ALL
SELECT
    patients.stay_id,
    'drg' AS factor,
    COALESCE(patients.drg_code, 'missing') AS level,
    COALESCE('MDC ' || mdc_of_drg.mdc, 'other') AS wider
FROM patients
LEFT JOIN mdc_of_drg ON patients.drg_code = mdc_of_drg.ms_drg
UNION ALL
SELECT
    stay_id,
    'comorbidity' AS factor,
    comorbidity AS level,
    NULL AS wider
FROM stay_comorbidities
UNION ALL
-- Nobody knows whether a stay without any diagnosis has comorbidities.
SELECT
    patients.stay_id,
    'comorbidity' AS factor,
    'missing' AS level,
    NULL AS wider
FROM patients
ANTI JOIN diagnosed_stays ON patients.stay_id = diagnosed_stays.stay_id
