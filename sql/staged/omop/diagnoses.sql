/*---
file: condition_occurrence*
columns: [condition_occurrence_id, visit_occurrence_id, condition_source_value]
optional_columns: [condition_status_concept_id, condition_source_concept_id]
lookups: {landed_concepts: concept | concept_*}
may_lack: {landed_concepts: the kinds of codes are}
lookup_columns: {landed_concepts: [concept_id, vocabulary_id]}
leaves_out: {no_visit: the condition belongs to no visit}
---*/
WITH vocabularies AS (
    SELECT
        concept_id,
        MAX(vocabulary_id) AS vocabulary_id
    FROM landed_concepts
    GROUP BY concept_id
)

SELECT
    landed.source_line,
    CASE WHEN landed.visit_occurrence_id IS NULL THEN 'no_visit' END AS left_out,
    landed.visit_occurrence_id AS encounter_id,
    CASE WHEN landed.condition_status_concept_id IN ('32902', '32903') THEN '1' END AS sequence,
    landed.condition_source_value AS code,
    CASE vocabularies.vocabulary_id
        WHEN 'ICD10CM' THEN 'icd-10-cm'
        WHEN 'ICD9CM' THEN 'icd-9-cm'
        ELSE LOWER(vocabularies.vocabulary_id)
    END AS code_type,
    NULL AS present_on_admission
FROM landed
LEFT JOIN vocabularies ON landed.condition_source_concept_id = vocabularies.concept_id
