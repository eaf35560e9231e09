/*---
title: Encounters changed from inpatient to outpatient
means: Ended encounters with condition code 44 among their condition codes, and the stay each belongs to, if to one.
key: [encounter_id]
---*/
WITH coded_encounters AS (
    -- So that few encounters need be held in memory for the next join.
    SELECT
        encounter_id,
        facility_id,
        unit_id,
        discharged_on,
        encounter_status
    FROM encounters
    WHERE discharged_on IS NOT NULL AND REGEXP_MATCHES(condition_codes, '(^|[^0-9A-Za-z])44([^0-9A-Za-z]|$)')
)

SELECT
    coded_encounters.encounter_id,
    encounter_stays.stay_id,
    coded_encounters.facility_id,
    coded_encounters.unit_id,
    coded_encounters.discharged_on,
    coded_encounters.encounter_status
FROM coded_encounters
LEFT JOIN encounter_stays ON coded_encounters.encounter_id = encounter_stays.encounter_id
