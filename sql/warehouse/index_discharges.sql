/*---
title: Discharges that may have a readmission
means: >-
  One row per ended acute stay, and per stay billed so far (status 30, excluded): whether it is an index discharge of the readmission measures or why not, and the
  person's first return to any facility with the days to it and the rule by which it is planned.
key: [stay_id]
---*/
WITH dispositions AS (
    SELECT
        code,
        BOOL_OR(value_set = 'disposition_valid') AS is_valid,
        BOOL_OR(value_set = 'disposition_died') AS is_died,
        BOOL_OR(value_set = 'disposition_ama') AS is_ama,
        BOOL_OR(value_set = 'disposition_still_patient') AS is_still_patient
    FROM reference_value_sets
    WHERE code_system = 'ub04_disposition'
    GROUP BY code
),

ended_stays AS (
    SELECT
        stays.stay_id,
        stays.person_id,
        stays.facility_id,
        stays.unit_id,
        COALESCE(stays.discharged_on, stays.billed_through_on) AS discharged_on,
        stays.discharged_at_utc,
        stays.has_discharge_time,
        stays.primary_diagnosis_ccs,
        CASE WHEN NOT stays.is_transferred_out THEN stays.next_stay_id END AS return_stay_id,
        CASE WHEN NOT stays.is_transferred_out THEN stays.days_to_next_stay END AS days_to_return,
        care.cohort,
        CASE
            WHEN stays.discharge_disposition_code IS NULL AND landing_options.disposition_required
                THEN 'missing_disposition'
            WHEN stays.discharge_disposition_code IS NOT NULL AND dispositions.is_valid IS NOT TRUE
                THEN 'invalid_disposition'
            WHEN dispositions.is_died THEN 'died'
            WHEN stays.is_transferred_out THEN 'acute_transfer_out'
            WHEN dispositions.is_ama THEN 'ama'
            WHEN dispositions.is_still_patient THEN 'still_patient'
            WHEN stays.primary_diagnosis_code IS NULL THEN 'missing_principal_dx'
            WHEN care.is_psychiatric THEN 'psychiatric'
            WHEN care.is_rehabilitation THEN 'rehabilitation'
            WHEN care.is_cancer_medical THEN 'cancer_medical'
        END AS exclusion_reason
    FROM stays
    CROSS JOIN landing_options
    INNER JOIN stay_planned_care AS care ON stays.stay_id = care.stay_id
    LEFT JOIN dispositions ON stays.discharge_disposition_code = dispositions.code
    WHERE NOT stays.is_in_house OR stays.billed_through_on IS NOT NULL
)

SELECT
    ended_stays.*,
    return_care.planned_rule AS return_planned_rule
FROM ended_stays
LEFT JOIN stay_planned_care AS return_care ON ended_stays.return_stay_id = return_care.stay_id
