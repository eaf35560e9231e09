/*---
file: condition*
columns: [encounter_id, source_code]
optional_columns: [source_code_type, normalized_code, normalized_code_type, condition_rank, present_on_admit_code]
leaves_out: {no_encounter: the diagnosis belongs to no encounter}
---*/
SELECT
    source_line,
    CASE WHEN encounter_id IS NULL THEN 'no_encounter' END AS left_out,
    encounter_id,
    condition_rank AS sequence,
    COALESCE(normalized_code, source_code) AS code,
    COALESCE(normalized_code_type, source_code_type) AS code_type,
    present_on_admit_code AS present_on_admission
FROM landed
