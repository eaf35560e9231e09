/*---
title: Stays for a condition of CMS's readmissions program
means: >-
  One row per acute stay for heart attack, heart failure, pneumonia, COPD, hip or knee replacement or coronary bypass, by
  the CCS category of its procedures, then of its principal diagnosis; a stay with two has the first of the list.
key: [stay_id]
---*/
WITH listed_stays AS (
    SELECT
        stays.stay_id,
        lists.value_set
    FROM stays
    INNER JOIN reference_value_sets AS lists
        ON
            lists.code_system = 'ccs_diagnosis'
            AND stays.primary_diagnosis_ccs = lists.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= lists.effective_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) <= lists.effective_to
    WHERE lists.value_set LIKE 'condition_%'
    UNION ALL
    SELECT
        stay_procedures.stay_id,
        lists.value_set
    FROM stay_procedures
    INNER JOIN stays ON stay_procedures.stay_id = stays.stay_id
    INNER JOIN reference_value_sets AS lists
        ON
            lists.code_system = 'ccs_procedure'
            AND stay_procedures.procedure_ccs = lists.code
            AND COALESCE(stays.discharged_on, stays.admitted_on) >= lists.effective_from
            AND COALESCE(stays.discharged_on, stays.admitted_on) <= lists.effective_to
    WHERE lists.value_set LIKE 'condition_%'
),

ranked_stays AS (
    SELECT
        stay_id,
        MIN(
            CASE value_set
                WHEN 'condition_coronary_bypass' THEN 1
                WHEN 'condition_hip_or_knee' THEN 2
                WHEN 'condition_heart_attack' THEN 3
                WHEN 'condition_heart_failure' THEN 4
                WHEN 'condition_pneumonia' THEN 5
                WHEN 'condition_copd' THEN 6
            END
        ) AS place
    FROM listed_stays
    GROUP BY stay_id
)

SELECT
    stay_id,
    CASE place
        WHEN 1 THEN 'Coronary bypass'
        WHEN 2 THEN 'Hip or knee replacement'
        WHEN 3 THEN 'Heart attack'
        WHEN 4 THEN 'Heart failure'
        WHEN 5 THEN 'Pneumonia'
        WHEN 6 THEN 'COPD'
    END AS condition
FROM ranked_stays
