/*---
file: procedure_occurrence*
columns: [visit_occurrence_id, procedure_source_value, procedure_date]
leaves_out: {no_visit: the procedure belongs to no visit}
---*/
SELECT
    source_line,
    CASE WHEN visit_occurrence_id IS NULL THEN 'no_visit' END AS left_out,
    visit_occurrence_id AS encounter_id,
    procedure_source_value AS procedure_code,
    NULL AS sequence,
    procedure_date AS performed_on
FROM landed
