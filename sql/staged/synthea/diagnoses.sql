/*---
file: conditions*
columns: [encounter, code]
---*/
SELECT
    source_line,
    encounter AS encounter_id,
    NULL AS sequence,
    code,
    'snomed' AS code_type,
    NULL AS present_on_admission
FROM landed
