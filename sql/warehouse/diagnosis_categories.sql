/*---
title: The category of each diagnosis code
means: Per diagnosis code its CCS category; ICD-9 codes only where the landing folder allows them, and ICD-10 first.
key: [code]
stored: temporary
---*/
WITH allowed_codes AS (
    SELECT
        ccs_map.code,
        ccs_map.ccs,
        ccs_map.code_system,
        ROW_NUMBER() OVER (PARTITION BY ccs_map.code ORDER BY ccs_map.code_system) AS choice
    FROM reference_ccs_diagnosis AS ccs_map
    CROSS JOIN landing_options
    WHERE ccs_map.code_system = 'icd10cm' OR (landing_options.icd9 AND ccs_map.code_system = 'icd9cm')
)

SELECT
    code,
    ccs,
    code_system
FROM allowed_codes
WHERE choice = 1
