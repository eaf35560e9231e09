/*---
title: 7-day unplanned readmissions
short_title: Readmissions, 7 days
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: As the 30-day measure (CMS Hospital-Wide Readmission-like, observed and unadjusted), within 7 days
matures_after_days: 7
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, planned_care]
balancing: [length_of_stay_days]
told_with: readmission_30d
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx]
owner: case-management
why: The earliest honest sign of discharges that were not ready; it matures three weeks before the 30-day rate.
definition: Of patients discharged alive to the community, the share who came back unplanned within 7 days.
numerator: The first later acute stay begins within 7 days of discharge and is unplanned.
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
  - Not adjusted for risk.
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN days_to_return <= 7 AND return_planned_rule IS NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    exclusion_reason,
    return_stay_id AS return_case_id,
    days_to_return
FROM index_discharges
