/*---
file: diagnoses_icd*
columns: [hadm_id, seq_num, icd_code, icd_version]
---*/
SELECT
    source_line,
    hadm_id AS encounter_id,
    seq_num AS sequence,
    icd_code AS code,
    CASE icd_version WHEN '9' THEN 'icd-9-cm' WHEN '10' THEN 'icd-10-cm' ELSE icd_version END AS code_type,
    NULL AS present_on_admission
FROM landed
