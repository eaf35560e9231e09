/*---
title: Planned returns within 30 days
short_title: Planned returns
section: readmissions
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: CMS planned readmission algorithm, version 4 shape; returns to our own facilities only
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, planned_care]
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx]
owner: case-management
why: Returns that were part of the plan are no failure; a rise can mean that unplanned ones are coded as planned.
definition: Of patients discharged alive to the community, the share whose first return within 30 days was planned.
numerator: The first later acute stay begins within 30 days of discharge and is planned.
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
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN days_to_return <= 30 AND return_planned_rule IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    exclusion_reason,
    return_stay_id AS return_case_id,
    return_planned_rule AS planned_rule
FROM index_discharges
