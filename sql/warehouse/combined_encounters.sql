/*---
title: Encounters combined into stays
means: >-
  One row per acute stay. Principal diagnosis and admission come from its first encounter; discharge, disposition,
  unit and payer from the last to leave; the DRG is the first known. Amounts are summed once, and are unknown until
  every row has its own.
key: [stay_id]
stored: temporary
---*/
WITH single_encounter_stays AS (
    SELECT stay_id
    FROM stay_encounters
    GROUP BY stay_id
    HAVING COUNT(*) = 1
),

several_encounter_stays AS (
    SELECT
        stay_encounters.stay_id,
        MIN(encounters.admitted_on) AS admitted_on,
        MAX(encounters.discharged_on) AS discharged_on,
        MIN_BY(encounters.admitted_at, stay_encounters.position) AS admitted_at,
        MAX(encounters.discharged_at) AS discharged_at,
        MIN_BY(encounters.admitted_at_utc, stay_encounters.position) AS admitted_at_utc,
        MAX(encounters.discharged_at_utc) AS discharged_at_utc,
        MIN_BY(encounters.has_admission_time, stay_encounters.position) AS has_admission_time,
        BOOL_AND(encounters.has_discharge_time) AS has_discharge_time,
        MAX_BY(
            STRUCT_PACK(
                discharge_disposition_code := encounters.discharge_disposition_code,
                service_line := encounters.service_line,
                unit_id := encounters.unit_id,
                payer := encounters.payer
            ),
            STRUCT_PACK(discharged_at := encounters.discharged_at, position := stay_encounters.position)
        ) AS last_to_leave,
        MIN_BY(encounters.drg_code, stay_encounters.position) FILTER (WHERE encounters.drg_code IS NOT NULL)
            AS drg_code,
        CASE WHEN COUNT(encounters.total_cost) = COUNT(*) THEN SUM(encounters.total_cost) END AS total_cost,
        CASE WHEN COUNT(encounters.direct_cost) = COUNT(*) THEN SUM(encounters.direct_cost) END AS direct_cost,
        CASE WHEN COUNT(encounters.variable_direct_cost) = COUNT(*) THEN SUM(encounters.variable_direct_cost) END
            AS variable_direct_cost,
        CASE WHEN COUNT(encounters.total_charges) = COUNT(*) THEN SUM(encounters.total_charges) END AS total_charges,
        CASE WHEN COUNT(encounters.allowed_amount) = COUNT(*) THEN SUM(encounters.allowed_amount) END AS allowed_amount,
        CASE WHEN COUNT(encounters.paid_amount) = COUNT(*) THEN SUM(encounters.paid_amount) END AS paid_amount,
        COUNT(*) AS n_encounters
    FROM stay_encounters
    INNER JOIN encounters ON stay_encounters.encounter_number = encounters.encounter_number
    ANTI JOIN single_encounter_stays ON stay_encounters.stay_id = single_encounter_stays.stay_id
    GROUP BY stay_encounters.stay_id
)

SELECT
    first_encounters.encounter_id AS stay_id,
    first_encounters.person_id,
    first_encounters.facility_id,
    COALESCE(several.admitted_on, first_encounters.admitted_on) AS admitted_on,
    COALESCE(several.discharged_on, first_encounters.discharged_on) AS discharged_on,
    COALESCE(several.admitted_at, first_encounters.admitted_at) AS admitted_at,
    COALESCE(several.discharged_at, first_encounters.discharged_at) AS discharged_at,
    COALESCE(several.admitted_at_utc, first_encounters.admitted_at_utc) AS admitted_at_utc,
    COALESCE(several.discharged_at_utc, first_encounters.discharged_at_utc) AS discharged_at_utc,
    COALESCE(several.has_admission_time, first_encounters.has_admission_time) AS has_admission_time,
    COALESCE(several.has_discharge_time, first_encounters.has_discharge_time) AS has_discharge_time,
    first_encounters.encounter_status = 'in_house' AS is_in_house,
    first_encounters.primary_diagnosis_code,
    first_encounters.primary_diagnosis_ccs,
    first_encounters.primary_diagnosis_system,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.drg_code ELSE several.drg_code END AS drg_code,
    CASE
        WHEN several.stay_id IS NULL THEN first_encounters.discharge_disposition_code
        ELSE several.last_to_leave.discharge_disposition_code
    END AS discharge_disposition_code,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.service_line ELSE several.last_to_leave.service_line END
        AS service_line,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.unit_id ELSE several.last_to_leave.unit_id END AS unit_id,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.payer ELSE several.last_to_leave.payer END AS payer,
    first_encounters.admit_type_code,
    first_encounters.admit_source_code,
    first_encounters.birth_date,
    first_encounters.sex,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.total_cost ELSE several.total_cost END AS total_cost,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.direct_cost ELSE several.direct_cost END AS direct_cost,
    CASE
        WHEN several.stay_id IS NULL THEN first_encounters.variable_direct_cost
        ELSE several.variable_direct_cost
    END AS variable_direct_cost,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.total_charges ELSE several.total_charges END
        AS total_charges,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.allowed_amount ELSE several.allowed_amount END
        AS allowed_amount,
    CASE WHEN several.stay_id IS NULL THEN first_encounters.paid_amount ELSE several.paid_amount END AS paid_amount,
    COALESCE(several.n_encounters, 1) AS n_encounters
FROM stay_encounters
INNER JOIN encounters AS first_encounters ON stay_encounters.encounter_number = first_encounters.encounter_number
LEFT JOIN several_encounter_stays AS several ON stay_encounters.stay_id = several.stay_id
WHERE stay_encounters.position = 1
