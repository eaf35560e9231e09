/*---
title: Avoidable days
means: Documented waits with the stay they belong to; the last day is the first that no longer counts.
key: [encounter_id, starts_on, reason_code]
---*/
SELECT
    stay_encounters.stay_id,
    waits.encounter_id,
    waits.starts_on,
    GREATEST(
        COALESCE(waits.ends_on, stays.discharged_on, waits.starts_on), CAST(waits.starts_on + INTERVAL 1 DAY AS DATE)
    ) AS ends_before,
    waits.reason_code,
    waits.responsible_party
FROM staged_avoidable_days AS waits
LEFT JOIN stay_encounters ON waits.encounter_id = stay_encounters.encounter_id
LEFT JOIN stays ON stay_encounters.stay_id = stays.stay_id
