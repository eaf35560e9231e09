/*---
title: The procedures of each stay
means: >-
  The procedures of the first encounter of a stay, and of what an interim bill (status 30) is followed by, with their CCS
  category; ICD-9 only where the folder says so.
key: [stay_id, procedure_code]
---*/
WITH shared_encounters AS (
    SELECT
        shared_stays.stay_id,
        shared_stays.encounter_id,
        -- How many rows before it were no interim bill: after those another admission begins, whose procedures are not
        -- those the stay was planned for.
        SUM(CASE WHEN encounters.discharge_disposition_code = '30' THEN 0 ELSE 1 END)
            OVER (
                PARTITION BY shared_stays.stay_id
                ORDER BY shared_stays.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS n_ended_before
    FROM shared_stays
    INNER JOIN encounters ON shared_stays.encounter_id = encounters.encounter_id
),

first_encounters AS (
    SELECT
        stay_id,
        encounter_id
    FROM stay_encounters
    WHERE position = 1
    UNION ALL
    SELECT
        stay_id,
        encounter_id
    FROM shared_encounters
    WHERE n_ended_before = 0
),

named_procedures AS (
    SELECT DISTINCT
        first_encounters.stay_id,
        UPPER(REPLACE(procedures.procedure_code, '.', '')) AS procedure_code
    FROM staged_procedures AS procedures
    INNER JOIN first_encounters ON procedures.encounter_id = first_encounters.encounter_id
)

SELECT
    named_procedures.stay_id,
    named_procedures.procedure_code,
    procedure_categories.ccs AS procedure_ccs
FROM named_procedures
LEFT JOIN procedure_categories ON named_procedures.procedure_code = procedure_categories.code
