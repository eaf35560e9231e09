/*---
file: diabetic_data*
columns: [encounter_id, readmitted]
---*/
-- The set's own label of readmission is no day and no figure of ours: it is carried as a record of the stay.
SELECT
    source_line,
    encounter_id AS review_id,
    encounter_id,
    'readmitted, as the set says' AS review_type,
    NULL AS due_at,
    NULL AS done_at,
    readmitted AS outcome
FROM landed
