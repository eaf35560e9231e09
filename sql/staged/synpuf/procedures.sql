/*---
file: "*claims*"
columns: [clm_id, icd9_prcdr_cd_1, icd9_prcdr_cd_2]
one_row_each: false
---*/
SELECT
    source_line,
    clm_id AS encounter_id,
    icd9_prcdr_cd_1 AS procedure_code,
    '1' AS sequence,
    NULL AS performed_on
FROM landed
WHERE icd9_prcdr_cd_1 <> 'NULL'
UNION ALL
SELECT
    source_line,
    clm_id AS encounter_id,
    icd9_prcdr_cd_2 AS procedure_code,
    '2' AS sequence,
    NULL AS performed_on
FROM landed
WHERE icd9_prcdr_cd_2 <> 'NULL'
