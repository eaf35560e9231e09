/*---
title: Emergency department visits within 72 hours of discharge
short_title: ED visits, 72 hours
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, over the index discharges of the 30-day readmission measure
matures_after_days: 3
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, emergency_encounters]
balancing: [length_of_stay_days]
told_with: ed_return_30d
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx, visit_time_unknown]
owner: case-management
why: A visit in the first three days often says that the patient went home with a question nobody had answered.
definition: Of patients discharged alive to the community, the share with an emergency department visit within 72 hours.
numerator: An emergency department visit at any of our facilities begins at most 72 hours after the discharge, by the clock.
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
  visit_time_unknown: A visit on the day of discharge or three days after it, of which a time is not known.
caveats:
  - Where only dates are known a visit one or two days after the discharge is within 72 hours.
  - Returns to hospitals outside our data are not visible.
reviewed: 2026-11-27
---*/
WITH later_visits AS (
    SELECT
        index_discharges.stay_id,
        DATE_DIFF('day', index_discharges.discharged_on, encounters.admitted_on) AS n_days,
        CASE
            WHEN index_discharges.has_discharge_time AND encounters.has_admission_time
                THEN DATE_DIFF('second', index_discharges.discharged_at_utc, encounters.admitted_at_utc)
        END AS n_seconds
    FROM index_discharges
    INNER JOIN encounters
        ON
            index_discharges.person_id = encounters.person_id
            AND encounters.encounter_type = 'emergency department'
            AND index_discharges.discharged_on <= encounters.admitted_on
            AND encounters.admitted_on <= index_discharges.discharged_on + 4
),

visits AS (
    SELECT
        stay_id,
        BOOL_OR(n_seconds BETWEEN 0 AND 259200 OR (n_seconds IS NULL AND n_days BETWEEN 1 AND 2)) AS is_within,
        BOOL_OR(n_seconds IS NULL AND n_days IN (0, 3)) AS is_doubtful
    FROM later_visits
    GROUP BY stay_id
)

SELECT
    index_discharges.stay_id AS case_id,
    index_discharges.facility_id,
    index_discharges.unit_id,
    index_discharges.discharged_on AS event_date,
    CASE WHEN visits.is_within THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN index_discharges.exclusion_reason IS NOT NULL THEN index_discharges.exclusion_reason
        WHEN visits.is_doubtful AND visits.is_within IS NOT TRUE THEN 'visit_time_unknown'
    END AS exclusion_reason
FROM index_discharges
LEFT JOIN visits ON index_discharges.stay_id = visits.stay_id
