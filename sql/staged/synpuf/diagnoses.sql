/*---
file: "*claims*"
columns: [clm_id, icd9_dgns_cd_1, icd9_dgns_cd_2]
one_row_each: false
---*/
SELECT
    source_line,
    clm_id AS encounter_id,
    '1' AS sequence,
    icd9_dgns_cd_1 AS code,
    'icd-9-cm' AS code_type,
    NULL AS present_on_admission
FROM landed
WHERE icd9_dgns_cd_1 <> 'NULL'
UNION ALL
SELECT
    source_line,
    clm_id AS encounter_id,
    '2' AS sequence,
    icd9_dgns_cd_2 AS code,
    'icd-9-cm' AS code_type,
    NULL AS present_on_admission
FROM landed
WHERE icd9_dgns_cd_2 <> 'NULL'
