/*---
title: Encounters
means: >-
  Every current encounter with what became of it: acute (part of a stay), in_house (acute, not yet discharged),
  missing_discharge_date (open for longer than any patient stays: a stay whose end is lost), duplicate_stay (the same
  person, facility, admission and discharge under another number), after_death (organ donation), or
  not_acute_inpatient.
key: [encounter_id]
---*/
WITH duplicate_encounters AS (
    SELECT encounter_id FROM encounter_sequence
    WHERE is_duplicate
)

SELECT
    timed_encounters.*,
    diagnosis_categories.ccs AS primary_diagnosis_ccs,
    diagnosis_categories.code_system AS primary_diagnosis_system,
    CASE
        WHEN timed_encounters.encounter_type <> 'acute inpatient' THEN 'not_acute_inpatient'
        WHEN
            timed_encounters.discharged_at IS NULL
            AND timed_encounters.admitted_on
            < watermarks.complete_through - landing_options.lost_discharge_after_days
            THEN 'missing_discharge_date'
        WHEN after_death_encounters.encounter_id IS NOT NULL THEN 'after_death'
        WHEN timed_encounters.discharged_at IS NULL THEN 'in_house'
        WHEN duplicate_encounters.encounter_id IS NOT NULL THEN 'duplicate_stay'
        ELSE 'acute'
    END AS encounter_status
FROM timed_encounters
CROSS JOIN landing_options
INNER JOIN watermarks ON timed_encounters.facility_id = watermarks.facility_id
LEFT JOIN diagnosis_categories ON timed_encounters.primary_diagnosis_code = diagnosis_categories.code
LEFT JOIN duplicate_encounters ON timed_encounters.encounter_id = duplicate_encounters.encounter_id
LEFT JOIN after_death_encounters ON timed_encounters.encounter_id = after_death_encounters.encounter_id
