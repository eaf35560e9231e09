/*---
title: Which lists a procedure is on
means: Per procedure category or code, and per span of days, the readmission lists it is on.
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
    BOOL_OR(lists.value_set = 'always_planned_procedure') AS is_always_planned,
    BOOL_OR(lists.value_set = 'potentially_planned_procedure') AS is_potentially_planned,
    BOOL_OR(lists.value_set = 'surgery_gynecology_procedure') AS is_surgical
FROM reference_value_sets AS lists
INNER JOIN spans
    ON
        lists.effective_from <= spans.valid_from
        AND lists.effective_to >= spans.valid_from
WHERE lists.code_system IN ('ccs_procedure', 'icd10pcs')
GROUP BY lists.code_system, lists.code, spans.valid_from, spans.valid_before
