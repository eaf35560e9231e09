/*---
title: Stays of several encounters
means: The encounters of those stays that are made of more than one; a stay is named after its first, position 1.
key: [encounter_id]
stored: temporary
---*/
WITH continued_patients AS (
    SELECT DISTINCT
        person_id,
        facility_id
    FROM encounter_sequence
    WHERE NOT begins_stay AND NOT is_duplicate
),

numbered_encounters AS (
    SELECT
        encounter_sequence.encounter_id,
        encounter_sequence.person_id,
        encounter_sequence.facility_id,
        encounter_sequence.begins_at,
        encounter_sequence.discharged_at,
        SUM(CASE WHEN encounter_sequence.begins_stay THEN 1 ELSE 0 END) OVER (
            PARTITION BY encounter_sequence.person_id, encounter_sequence.facility_id
            ORDER BY
                encounter_sequence.begins_at,
                encounter_sequence.discharged_at,
                encounter_sequence.encounter_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stay_number
    FROM encounter_sequence
    INNER JOIN continued_patients
        ON
            encounter_sequence.person_id = continued_patients.person_id
            AND encounter_sequence.facility_id = continued_patients.facility_id
    WHERE NOT encounter_sequence.is_duplicate
),

named_stays AS (
    SELECT
        encounter_id,
        FIRST_VALUE(encounter_id) OVER one_stay AS stay_id,
        ROW_NUMBER() OVER one_stay AS position,
        COUNT(*) OVER (PARTITION BY person_id, facility_id, stay_number) AS n_encounters
    FROM numbered_encounters
    WINDOW
        one_stay AS (
            PARTITION BY person_id, facility_id, stay_number
            ORDER BY begins_at, discharged_at, encounter_id
        )
)

SELECT
    stay_id,
    encounter_id,
    position
FROM named_stays
WHERE n_encounters > 1
