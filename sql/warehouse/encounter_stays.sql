/*---
title: The stay of each encounter
means: >-
  Every encounter with its facility and the stay it belongs to, if it belongs to one: most acute encounters are a
  stay of their own. Computed where it is read.
key: [encounter_id]
stored: never
---*/
SELECT
    encounters.encounter_id,
    encounters.facility_id,
    CASE
        WHEN shared_stays.stay_id IS NOT NULL THEN shared_stays.stay_id
        WHEN encounters.encounter_status IN ('acute', 'in_house', 'missing_discharge_date') THEN encounters.encounter_id
    END AS stay_id
FROM encounters
LEFT JOIN shared_stays ON encounters.encounter_id = shared_stays.encounter_id
