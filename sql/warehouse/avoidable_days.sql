/*---
title: Avoidable days
means: Documented waits with the stay they belong to; the last day is the first that no longer counts.
key: [encounter_id, starts_on, reason_code]
---*/
WITH waiting_encounters AS (
    -- So that few encounters need be held in memory for the next joins.
    SELECT
        encounter_stays.encounter_id,
        encounter_stays.stay_id
    FROM encounter_stays
    SEMI JOIN staged_avoidable_days ON encounter_stays.encounter_id = staged_avoidable_days.encounter_id
),

waiting_stays AS (
    SELECT
        stays.stay_id,
        stays.discharged_on
    FROM stays
    SEMI JOIN waiting_encounters ON stays.stay_id = waiting_encounters.stay_id
)

SELECT
    waiting_encounters.stay_id,
    waits.encounter_id,
    waits.starts_on,
    GREATEST(
        COALESCE(waits.ends_on, waiting_stays.discharged_on, waits.starts_on),
        CAST(waits.starts_on + INTERVAL 1 DAY AS DATE)
    ) AS ends_before,
    waits.reason_code,
    waits.responsible_party
FROM staged_avoidable_days AS waits
LEFT JOIN waiting_encounters ON waits.encounter_id = waiting_encounters.encounter_id
LEFT JOIN waiting_stays ON waiting_encounters.stay_id = waiting_stays.stay_id
