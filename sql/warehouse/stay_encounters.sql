/*---
title: The encounters of each stay
means: Which encounters make which stay; a stay is named after its first encounter, position 1.
key: [encounter_id]
---*/
SELECT
    encounters.encounter_id AS stay_id,
    encounters.encounter_id,
    1 AS position
FROM encounters
ANTI JOIN shared_stays ON encounters.encounter_id = shared_stays.encounter_id
WHERE encounters.encounter_status IN ('acute', 'in_house', 'missing_discharge_date')
UNION ALL
SELECT
    stay_id,
    encounter_id,
    position
FROM shared_stays
