/*---
title: Acute encounters of people with more than one
means: >-
  The acute encounters of everyone who has several, with what decides which of them are one stay and which stay is
  the next. The other acute encounters are a stay each, without a next one.
key: [encounter_id]
stored: temporary
---*/
WITH acute_encounters AS (
    SELECT
        encounter_id,
        person_id,
        facility_id,
        admitted_at,
        discharged_at,
        admitted_on,
        discharged_on,
        has_admission_time,
        primary_diagnosis_code,
        discharge_disposition_code
    FROM timed_encounters
    WHERE encounter_type = 'acute inpatient'
),

repeat_patients AS (
    SELECT person_id
    FROM acute_encounters
    GROUP BY person_id
    HAVING COUNT(*) > 1
)

SELECT
    acute_encounters.encounter_id,
    acute_encounters.person_id,
    acute_encounters.facility_id,
    acute_encounters.admitted_at,
    acute_encounters.discharged_at,
    acute_encounters.admitted_on,
    acute_encounters.discharged_on,
    acute_encounters.has_admission_time,
    acute_encounters.discharge_disposition_code,
    diagnosis_categories.ccs AS primary_diagnosis_ccs
FROM acute_encounters
INNER JOIN repeat_patients ON acute_encounters.person_id = repeat_patients.person_id
LEFT JOIN diagnosis_categories ON acute_encounters.primary_diagnosis_code = diagnosis_categories.code
