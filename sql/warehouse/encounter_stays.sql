/*---
title: The stay of each encounter
means: >-
  Every encounter with its facility, its unit and the stay it belongs to, if it belongs to one: most acute encounters are
  a stay of their own, and one that came twice under two numbers has the stay of the other.
key: [encounter_id]
stored: temporary
---*/
WITH kept_encounters AS (
    SELECT
        duplicates.encounter_id,
        kept.encounter_id AS kept_encounter_id
    FROM encounter_sequence AS duplicates
    INNER JOIN encounter_sequence AS kept
        ON
            duplicates.person_id = kept.person_id
            AND duplicates.facility_id = kept.facility_id
            AND duplicates.begins_at = kept.begins_at
            AND duplicates.discharged_at = kept.discharged_at
    WHERE duplicates.is_duplicate AND NOT kept.is_duplicate
)

SELECT
    encounters.encounter_id,
    encounters.facility_id,
    encounters.unit_id,
    CASE
        WHEN shared_stays.stay_id IS NOT NULL THEN shared_stays.stay_id
        WHEN encounters.encounter_status IN ('acute', 'in_house', 'missing_discharge_date') THEN encounters.encounter_id
        WHEN encounters.encounter_status = 'duplicate_stay' THEN kept_encounters.kept_encounter_id
    END AS stay_id
FROM encounters
LEFT JOIN kept_encounters ON encounters.encounter_id = kept_encounters.encounter_id
LEFT JOIN shared_stays
    ON COALESCE(kept_encounters.kept_encounter_id, encounters.encounter_id) = shared_stays.encounter_id
