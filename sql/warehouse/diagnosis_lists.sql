/*---
title: Which lists a diagnosis is on
means: Per diagnosis category or code, and per span of days, the readmission lists it is on.
key: [code_system, code, valid_from]
stored: temporary
---*/
WITH first_days AS (
    SELECT effective_from AS valid_from FROM reference_value_sets
    UNION
    SELECT CAST(effective_to + INTERVAL 1 DAY AS DATE) AS valid_from FROM reference_value_sets
    WHERE effective_to < DATE '9999-12-31'
),

spans AS (
    SELECT
        valid_from,
        LEAD(valid_from, 1, DATE '9999-12-31') OVER (ORDER BY valid_from) AS valid_before
    FROM first_days
)

SELECT
    lists.code_system,
    lists.code,
    spans.valid_from,
    spans.valid_before,
    BOOL_OR(lists.value_set = 'readmission_exclusion_psychiatric') AS is_psychiatric,
    BOOL_OR(lists.value_set = 'readmission_exclusion_rehabilitation') AS is_rehabilitation,
    BOOL_OR(lists.value_set = 'readmission_exclusion_cancer_medical') AS is_cancer_medical,
    BOOL_OR(lists.value_set = 'always_planned_diagnosis') AS is_always_planned,
    BOOL_OR(lists.value_set = 'acute_diagnosis') AS is_acute_diagnosis,
    BOOL_OR(lists.value_set = 'cohort_cardiorespiratory') AS is_cardiorespiratory,
    BOOL_OR(lists.value_set = 'cohort_cardiovascular') AS is_cardiovascular,
    BOOL_OR(lists.value_set = 'cohort_neurology') AS is_neurology
FROM reference_value_sets AS lists
INNER JOIN spans
    ON
        lists.effective_from <= spans.valid_from
        AND lists.effective_to >= spans.valid_from
WHERE lists.code_system IN ('ccs_diagnosis', 'icd10cm')
GROUP BY lists.code_system, lists.code, spans.valid_from, spans.valid_before
