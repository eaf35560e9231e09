/*---
title: The encounters of each stay
means: Which encounters make which stay; a stay is named after its first encounter, position 1.
key: [encounter_id]
---*/
WITH sequenced_encounters AS (
    SELECT
        *,
        SUM(CASE WHEN begins_stay THEN 1 ELSE 0 END) OVER (
            PARTITION BY person_id, facility_id
            ORDER BY begins_at, discharged_at, encounter_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stay_number
    FROM encounter_sequence
    WHERE NOT is_duplicate
),

open_encounters AS (
    SELECT
        encounter_number,
        encounter_id
    FROM encounters
    WHERE encounter_status = 'in_house'
)

SELECT
    FIRST_VALUE(encounter_id) OVER one_stay AS stay_id,
    encounter_id,
    encounter_number,
    ROW_NUMBER() OVER one_stay AS position
FROM sequenced_encounters
WINDOW
    one_stay AS (
        PARTITION BY person_id, facility_id, stay_number
        ORDER BY begins_at, discharged_at, encounter_id
    )
UNION ALL
SELECT
    encounter_id AS stay_id,
    encounter_id,
    encounter_number,
    1 AS position
FROM open_encounters
