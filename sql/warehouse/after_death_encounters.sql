/*---
title: Admissions after death
means: >-
  Encounters that begin when their person had died in hospital, on that day or the next, and that end in death or say
  nothing of the end: organ donation. They are no stay of their own. A further row of the same condition at the same
  facility is no donation but the same stay.
key: [encounter_id]
stored: temporary
---*/
WITH died_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_died'
),

deaths AS (
    SELECT
        repeat_encounters.person_id,
        MIN_BY(
            STRUCT_PACK(
                encounter_id := repeat_encounters.encounter_id,
                facility_id := repeat_encounters.facility_id,
                ccs := repeat_encounters.primary_diagnosis_ccs,
                died_at := repeat_encounters.discharged_at,
                died_on := repeat_encounters.discharged_on
            ),
            STRUCT_PACK(
                discharged_on := repeat_encounters.discharged_on,
                admitted_at := repeat_encounters.admitted_at,
                encounter_id := repeat_encounters.encounter_id
            )
        ) AS death
    FROM repeat_encounters
    INNER JOIN died_codes ON repeat_encounters.discharge_disposition_code = died_codes.code
    WHERE repeat_encounters.discharged_at IS NOT NULL
    GROUP BY repeat_encounters.person_id
)

SELECT repeat_encounters.encounter_id
FROM repeat_encounters
INNER JOIN deaths ON repeat_encounters.person_id = deaths.person_id
LEFT JOIN died_codes ON repeat_encounters.discharge_disposition_code = died_codes.code
WHERE
    repeat_encounters.encounter_id <> deaths.death.encounter_id
    AND CASE
        WHEN repeat_encounters.has_admission_time THEN repeat_encounters.admitted_at
        ELSE repeat_encounters.admitted_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
    END >= deaths.death.died_at
    AND repeat_encounters.admitted_on <= CAST(deaths.death.died_on + INTERVAL 1 DAY AS DATE)
    AND (died_codes.code IS NOT NULL OR repeat_encounters.discharge_disposition_code IS NULL)
    AND NOT (
        repeat_encounters.facility_id = deaths.death.facility_id
        AND repeat_encounters.primary_diagnosis_ccs IS NOT DISTINCT FROM deaths.death.ccs
    )
