/*---
file: procedure*
columns: [encounter_id, source_code]
optional_columns: [normalized_code, procedure_date]
leaves_out: {no_encounter: the procedure belongs to no encounter}
---*/
SELECT
    source_line,
    CASE WHEN encounter_id IS NULL THEN 'no_encounter' END AS left_out,
    encounter_id,
    COALESCE(normalized_code, source_code) AS procedure_code,
    NULL AS sequence,
    procedure_date AS performed_on
FROM landed
