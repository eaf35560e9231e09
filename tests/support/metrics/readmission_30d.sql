/*---
title: 30-day unplanned readmissions
short_title: Readmissions
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: CMS Hospital-Wide Readmission, observed and unadjusted, returns to our own facilities only
target: {value: 14.0, source: Board quality plan}
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, unplanned_returns]
balancing: [length_of_stay_days]
owner: case-management
why: An unplanned return is hard on the patient, and often says that the discharge was not ready.
definition: Of patients discharged alive to the community, the share who came back unplanned within 30 days.
numerator: The first later acute stay begins within 30 days of discharge and is unplanned.
denominator: Live acute inpatient discharges in the month.
denominator_noun: index discharges
exclusions:
  missing_disposition: The discharge disposition is missing.
  invalid_disposition: The discharge disposition is no valid code.
  died: Died during the stay.
  acute_transfer_out: Transferred to another acute hospital, which then is accountable.
  ama: Left against medical advice.
  still_patient: Coded as still a patient.
  missing_principal_dx: The principal diagnosis is missing.
  psychiatric: Principal diagnosis is psychiatric.
  rehabilitation: Principal diagnosis is rehabilitation.
  cancer_medical: Medical treatment of cancer.
caveats:
  - Returns to hospitals outside our data are not visible.
  - Not adjusted for risk; not comparable with the CMS risk-standardized rate.
reviewed: 2026-11-01
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

index_candidates AS (
    SELECT
        stays.stay_id,
        stays.facility_id,
        stays.unit_id,
        stays.discharged_on,
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
    WHERE NOT stays.is_in_house
)

SELECT
    index_candidates.stay_id AS case_id,
    index_candidates.facility_id,
    index_candidates.unit_id,
    index_candidates.discharged_on AS event_date,
    CASE WHEN index_candidates.days_to_return <= 30 AND return_care.planned_rule IS NULL THEN 1 ELSE 0 END
        AS numerator,
    1 AS denominator,
    index_candidates.exclusion_reason,
    index_candidates.return_stay_id AS return_case_id,
    index_candidates.days_to_return,
    COALESCE(index_candidates.days_to_return <= 30, FALSE) AS is_return_within_30_days,
    CASE WHEN index_candidates.return_stay_id IS NOT NULL THEN return_care.planned_rule IS NOT NULL END
        AS is_return_planned,
    return_care.planned_rule,
    index_candidates.cohort,
    index_candidates.primary_diagnosis_ccs AS ccs
FROM index_candidates
LEFT JOIN stay_planned_care AS return_care ON index_candidates.return_stay_id = return_care.stay_id
