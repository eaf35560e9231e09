/*---
title: Emergency department visits within 30 days of discharge
short_title: ED visits, 30 days
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, over the index discharges of the 30-day readmission measure
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, emergency_encounters]
balancing: [readmission_30d]
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx]
owner: case-management
why: Patients who come back to the emergency department are missed by the readmission rate, and by anyone who manages to it.
definition: Of patients discharged alive to the community, the share with an emergency department visit within 30 days.
numerator: An emergency department visit at any of our facilities begins after the discharge and within 30 days of it.
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
  - A visit that turned into an admission counts only where it has a record of its own.
  - On the day of discharge a visit counts only where both times are known.
  - Returns to hospitals outside our data are not visible.
reviewed: 2026-11-27
---*/
WITH visits AS (
    SELECT DISTINCT index_discharges.stay_id
    FROM index_discharges
    INNER JOIN encounters
        ON
            index_discharges.person_id = encounters.person_id
            AND encounters.encounter_type = 'emergency department'
            AND index_discharges.discharged_on <= encounters.admitted_on
            AND encounters.admitted_on <= index_discharges.discharged_on + 30
    WHERE
        encounters.admitted_on > index_discharges.discharged_on
        OR (
            index_discharges.has_discharge_time
            AND encounters.has_admission_time
            AND encounters.admitted_at_utc >= index_discharges.discharged_at_utc
        )
)

SELECT
    index_discharges.stay_id AS case_id,
    index_discharges.facility_id,
    index_discharges.unit_id,
    index_discharges.discharged_on AS event_date,
    CASE WHEN visits.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    index_discharges.exclusion_reason
FROM index_discharges
LEFT JOIN visits ON index_discharges.stay_id = visits.stay_id
