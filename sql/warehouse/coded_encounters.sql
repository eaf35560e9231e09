/*---
title: Encounters with their diagnosis category
means: Every encounter with the CCS category of its principal diagnosis; ICD-9 only where the landing folder says so.
key: [encounter_number]
stored: temporary
---*/
SELECT
    timed_encounters.*,
    timed_encounters.encounter_type = 'acute inpatient' AS is_acute,
    COALESCE(icd10.ccs, icd9.ccs) AS primary_diagnosis_ccs,
    CASE WHEN icd10.ccs IS NOT NULL THEN 'icd10cm' WHEN icd9.ccs IS NOT NULL THEN 'icd9cm' END
        AS primary_diagnosis_system
FROM timed_encounters
CROSS JOIN landing_options
LEFT JOIN reference_ccs_diagnosis AS icd10
    ON
        timed_encounters.primary_diagnosis_code = icd10.code
        AND icd10.code_system = 'icd10cm'
LEFT JOIN reference_ccs_diagnosis AS icd9
    ON
        timed_encounters.primary_diagnosis_code = icd9.code
        AND icd9.code_system = 'icd9cm'
        AND landing_options.icd9
