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
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, planned_care]
balancing: [length_of_stay_days]
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx]
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
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN days_to_return <= 30 AND return_planned_rule IS NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    exclusion_reason,
    return_stay_id AS return_case_id,
    days_to_return,
    COALESCE(days_to_return <= 30, FALSE) AS is_return_within_30_days,
    CASE WHEN return_stay_id IS NOT NULL THEN return_planned_rule IS NOT NULL END AS is_return_planned,
    return_planned_rule AS planned_rule,
    cohort,
    primary_diagnosis_ccs AS ccs,
    CASE
        WHEN COALESCE(days_to_return > 30, TRUE) THEN 'no inpatient return within 30 days'
        WHEN return_planned_rule IS NULL THEN 'unplanned return'
        ELSE 'planned return'
    END AS outcome_rule
FROM index_discharges
