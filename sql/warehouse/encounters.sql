/*---
title: Encounters
means: >-
  Every current encounter with what became of it: acute (part of a stay), in_house (acute, not yet discharged),
  missing_discharge_date (open for longer than any patient stays), duplicate_stay (the same person, facility,
  admission and discharge under another number), or not_acute_inpatient.
key: [encounter_id]
---*/
SELECT
    coded_encounters.* EXCLUDE (is_acute),
    CASE
        WHEN NOT coded_encounters.is_acute THEN 'not_acute_inpatient'
        WHEN
            coded_encounters.discharged_at IS NULL
            AND coded_encounters.admitted_on
            < watermarks.complete_through - landing_options.lost_discharge_after_days
            THEN 'missing_discharge_date'
        WHEN coded_encounters.discharged_at IS NULL THEN 'in_house'
        WHEN encounter_sequence.is_duplicate THEN 'duplicate_stay'
        ELSE 'acute'
    END AS encounter_status
FROM coded_encounters
CROSS JOIN landing_options
INNER JOIN watermarks ON coded_encounters.facility_id = watermarks.facility_id
LEFT JOIN encounter_sequence ON coded_encounters.encounter_number = encounter_sequence.encounter_number
