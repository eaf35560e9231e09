/*---
title: Acute encounters in order
means: >-
  The ended encounters of people with several, in the order a person had them at one facility, and whether each
  begins a new stay: it does unless it overlaps the stay so far, is admitted on the stay's last day with the same
  principal-diagnosis CCS, or follows within a day on a row whose patient had not left (status 30, an interim bill).
key: [encounter_id]
stored: temporary
---*/
WITH ended_encounters AS (
    SELECT
        repeat_encounters.encounter_id,
        repeat_encounters.person_id,
        repeat_encounters.facility_id,
        repeat_encounters.admitted_on,
        repeat_encounters.primary_diagnosis_ccs,
        repeat_encounters.admitted_at,
        repeat_encounters.discharged_at,
        repeat_encounters.discharge_disposition_code,
        -- A date without a time is compared by date alone: admitted at the end of its day, discharged at its start.
        CASE
            WHEN repeat_encounters.has_admission_time THEN repeat_encounters.admitted_at
            ELSE repeat_encounters.admitted_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
        END AS begins_at
    FROM repeat_encounters
    ANTI JOIN after_death_encounters ON repeat_encounters.encounter_id = after_death_encounters.encounter_id
    WHERE repeat_encounters.discharged_at IS NOT NULL
),

marked_encounters AS (
    SELECT
        *,
        COALESCE(
            admitted_at = LAG(admitted_at) OVER one_facility AND discharged_at = LAG(discharged_at) OVER one_facility,
            FALSE
        ) AS is_duplicate
    FROM ended_encounters
    WINDOW one_facility AS (PARTITION BY person_id, facility_id ORDER BY begins_at, discharged_at, encounter_id)
),

ordered_encounters AS (
    SELECT
        *,
        MAX(discharged_at) OVER (
            PARTITION BY person_id, facility_id
            ORDER BY begins_at, discharged_at, encounter_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS stay_so_far_ends_at,
        MAX_BY(
            STRUCT_PACK(code := discharge_disposition_code),
            STRUCT_PACK(discharged_at := discharged_at, begins_at := begins_at, encounter_id := encounter_id)
        ) FILTER (WHERE NOT is_duplicate) OVER (
            PARTITION BY person_id, facility_id
            ORDER BY begins_at, discharged_at, encounter_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS stay_so_far
    FROM marked_encounters
),

unbroken_runs AS (
    SELECT
        *,
        stay_so_far_ends_at IS NULL
        OR (
            begins_at >= stay_so_far_ends_at
            AND NOT is_duplicate
            -- Status 30, still a patient: the next row is the same stay billed on.
            AND NOT COALESCE(
                stay_so_far.code = '30'
                AND admitted_on <= CAST(stay_so_far_ends_at + INTERVAL 1 DAY AS DATE),
                FALSE
            )
        ) AS begins_run
    FROM ordered_encounters
),

run_diagnoses AS (
    SELECT
        *,
        LAST_VALUE(CASE WHEN begins_run THEN COALESCE(primary_diagnosis_ccs, 'none') END IGNORE NULLS) OVER (
            PARTITION BY person_id, facility_id
            ORDER BY begins_at, discharged_at, encounter_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS previous_run_ccs
    FROM unbroken_runs
)

SELECT
    encounter_id,
    person_id,
    facility_id,
    begins_at,
    discharged_at,
    is_duplicate,
    begins_run AND NOT COALESCE(
        admitted_on = CAST(stay_so_far_ends_at AS DATE) AND primary_diagnosis_ccs = previous_run_ccs, FALSE
    ) AS begins_stay
FROM run_diagnoses
