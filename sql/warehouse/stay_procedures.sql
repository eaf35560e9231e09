/*---
title: The procedures of each stay
means: The procedures of the first encounter of a stay with their CCS category; ICD-9 only where the folder says so.
key: [stay_id, procedure_code]
---*/
WITH first_encounters AS (
    SELECT stay_id FROM stay_encounters
    WHERE position = 1
),

named_procedures AS (
    SELECT DISTINCT
        first_encounters.stay_id,
        UPPER(REPLACE(procedures.procedure_code, '.', '')) AS procedure_code
    FROM staged_procedures AS procedures
    -- A stay is named after its first encounter.
    INNER JOIN first_encounters ON procedures.encounter_id = first_encounters.stay_id
)

SELECT
    named_procedures.stay_id,
    named_procedures.procedure_code,
    procedure_categories.ccs AS procedure_ccs
FROM named_procedures
LEFT JOIN procedure_categories ON named_procedures.procedure_code = procedure_categories.code
