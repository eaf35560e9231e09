/*---
title: Planned care
means: >-
  Per stay whether the CMS planned-readmission algorithm calls it planned and by which rule, its specialty cohort,
  and the readmission lists its principal diagnosis is on.
key: [stay_id]
---*/
WITH listed_procedures AS (
    SELECT
        stay_procedures.stay_id,
        BOOL_OR(by_category.is_always_planned) AS has_always_planned,
        BOOL_OR(COALESCE(by_category.is_potentially_planned, FALSE) OR COALESCE(by_code.is_potentially_planned, FALSE))
            AS has_potentially_planned,
        BOOL_OR(COALESCE(by_category.is_surgical, FALSE) OR COALESCE(by_code.is_surgical, FALSE)) AS has_surgery
    FROM stay_procedures
    INNER JOIN stays ON stay_procedures.stay_id = stays.stay_id
    LEFT JOIN procedure_lists AS by_category
        ON
            by_category.code_system = 'ccs_procedure'
            AND stay_procedures.procedure_ccs = by_category.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= by_category.valid_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) < by_category.valid_before
    LEFT JOIN procedure_lists AS by_code
        ON
            by_code.code_system = 'icd10pcs'
            AND stay_procedures.procedure_code = by_code.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= by_code.valid_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) < by_code.valid_before
    GROUP BY stay_procedures.stay_id
),

listed_stays AS (
    SELECT
        stays.stay_id,
        stays.primary_diagnosis_ccs,
        COALESCE(listed_procedures.has_always_planned, FALSE) AS has_always_planned_procedure,
        COALESCE(listed_procedures.has_potentially_planned, FALSE) AS has_potentially_planned_procedure,
        COALESCE(listed_procedures.has_surgery, FALSE) AS has_surgery,
        COALESCE(by_category.is_always_planned, FALSE) AS has_always_planned_diagnosis,
        COALESCE(by_category.is_acute_diagnosis, FALSE) OR COALESCE(by_code.is_acute_diagnosis, FALSE)
            AS has_acute_diagnosis,
        COALESCE(by_category.is_psychiatric, FALSE) AS is_psychiatric,
        COALESCE(by_category.is_rehabilitation, FALSE) AS is_rehabilitation,
        COALESCE(by_category.is_cancer_medical, FALSE) AS is_cancer_diagnosis,
        COALESCE(by_category.is_cardiorespiratory, FALSE) AS is_cardiorespiratory,
        COALESCE(by_category.is_cardiovascular, FALSE) AS is_cardiovascular,
        COALESCE(by_category.is_neurology, FALSE) AS is_neurology
    FROM stays
    LEFT JOIN listed_procedures ON stays.stay_id = listed_procedures.stay_id
    LEFT JOIN diagnosis_lists AS by_category
        ON
            by_category.code_system = 'ccs_diagnosis'
            AND stays.primary_diagnosis_ccs = by_category.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= by_category.valid_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) < by_category.valid_before
    LEFT JOIN diagnosis_lists AS by_code
        ON
            by_code.code_system = 'icd10cm'
            AND stays.primary_diagnosis_code = by_code.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= by_code.valid_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) < by_code.valid_before
)

SELECT
    stay_id,
    CASE
        WHEN has_always_planned_procedure THEN 'PR1'
        WHEN has_always_planned_diagnosis THEN 'PR2'
        WHEN has_potentially_planned_procedure AND NOT has_acute_diagnosis THEN 'PR3'
    END AS planned_rule,
    CASE
        WHEN has_surgery THEN 'Surgery/Gynecology'
        WHEN is_cardiorespiratory THEN 'Cardiorespiratory'
        WHEN is_cardiovascular THEN 'Cardiovascular'
        WHEN is_neurology THEN 'Neurology'
        ELSE 'Medicine'
    END AS cohort,
    is_psychiatric,
    is_rehabilitation,
    -- Cancer surgery stays in the measure; maintenance chemotherapy and radiotherapy (CCS 45) never does.
    is_cancer_diagnosis AND (NOT has_surgery OR primary_diagnosis_ccs = '45') AS is_cancer_medical
FROM listed_stays
