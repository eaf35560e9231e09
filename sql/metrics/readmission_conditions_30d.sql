/*---
title: 30-day readmissions after six conditions, at 65 and over
short_title: Returns, six conditions
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: Like CMS's readmissions program (HRRP), observed and unadjusted, all payers, returns to our own facilities only
benchmark:
  published: benchmarks-hrrp
  differs: >-
    CMS counts patients of Medicare alone, returns to any hospital, older years and its own lists of codes, and adjusts
    for how ill patients were; ours are all payers, returns to our own hospitals, AHRQ categories, unadjusted.
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, unplanned_returns, encounters.birth_date]
told_with: readmission_30d
balancing: [length_of_stay_days]
data_faults: [age_unknown, invalid_disposition, missing_disposition, missing_principal_dx]
owner: case-management
why: The patients whose returns CMS's readmissions program looks at. Cut it by condition to see which.
definition: >-
  Of patients of 65 and over discharged alive to the community after heart attack, heart failure, pneumonia, COPD, hip or
  knee replacement or coronary bypass, the share who came back unplanned within 30 days.
numerator: The first later acute stay, for whatever condition, begins within 30 days of discharge and is unplanned.
denominator: Live acute inpatient discharges of patients of 65 and over for one of the six conditions.
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
  age_unknown: The date of birth is not known.
  under_65: Younger than 65 when admitted.
  repeat_within_30_days: Began within 30 days of the end of an earlier stay for the same condition; a return is no new index.
caveats:
  - "A condition is an AHRQ category of codes, broader than CMS's own lists; a stay with two conditions counts once."
  - Returns to hospitals outside our data are not visible.
  - "Not adjusted for risk: never the rate or the ratio that CMS publishes."
reviewed: 2026-11-28
---*/
WITH condition_stays AS (
    SELECT
        stays.stay_id,
        stays.person_id,
        stays.admitted_on,
        stays.birth_date,
        LAG(COALESCE(stays.discharged_on, stays.billed_through_on)) OVER (
            PARTITION BY stays.person_id, stay_conditions.condition
            ORDER BY stays.admitted_on, stays.admitted_at, stays.discharged_at NULLS LAST, stays.stay_id
        ) AS ended_before_on,
        stay_conditions.condition
    FROM stay_conditions
    INNER JOIN stays ON stay_conditions.stay_id = stays.stay_id
)

SELECT
    discharges.stay_id AS case_id,
    discharges.facility_id,
    discharges.unit_id,
    discharges.discharged_on AS event_date,
    CASE WHEN discharges.days_to_return <= 30 AND discharges.return_planned_rule IS NULL THEN 1 ELSE 0 END
        AS numerator,
    1 AS denominator,
    CASE
        WHEN discharges.exclusion_reason IS NOT NULL THEN discharges.exclusion_reason
        WHEN condition_stays.birth_date IS NULL THEN 'age_unknown'
        WHEN CAST(condition_stays.birth_date + INTERVAL 65 YEAR AS DATE) > condition_stays.admitted_on
            THEN 'under_65'
        WHEN DATE_DIFF('day', condition_stays.ended_before_on, condition_stays.admitted_on) <= 30
            THEN 'repeat_within_30_days'
    END AS exclusion_reason,
    condition_stays.condition
FROM condition_stays
INNER JOIN index_discharges AS discharges ON condition_stays.stay_id = discharges.stay_id
