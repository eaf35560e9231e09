/*---
file: procedures*
columns: [encounter, code, start]
---*/
SELECT
    source_line,
    encounter AS encounter_id,
    code AS procedure_code,
    NULL AS sequence,
    SUBSTR(start, 1, 10) AS performed_on
FROM landed
