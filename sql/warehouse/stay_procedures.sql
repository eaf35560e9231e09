/*---
title: The procedures of each stay
means: The procedures of the first encounter of a stay with their CCS category; ICD-9 only where the folder says so.
key: [stay_id, procedure_code]
---*/
SELECT DISTINCT
    stay_encounters.stay_id,
    UPPER(REPLACE(procedures.procedure_code, '.', '')) AS procedure_code,
    COALESCE(icd10.ccs, icd9.ccs) AS procedure_ccs
FROM staged_procedures AS procedures
CROSS JOIN landing_options
INNER JOIN stay_encounters
    ON
        procedures.encounter_id = stay_encounters.encounter_id
        AND stay_encounters.position = 1
LEFT JOIN reference_ccs_procedure AS icd10
    ON
        UPPER(REPLACE(procedures.procedure_code, '.', '')) = icd10.code
        AND icd10.code_system = 'icd10pcs'
LEFT JOIN reference_ccs_procedure AS icd9
    ON
        UPPER(REPLACE(procedures.procedure_code, '.', '')) = icd9.code
        AND icd9.code_system = 'icd9proc'
        AND landing_options.icd9
