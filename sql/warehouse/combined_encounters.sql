/*---
title: Encounters combined into stays
means: >-
  One row per acute stay of several encounters. Principal diagnosis and admission come from its first encounter;
  discharge, disposition, unit and payer from the last to leave, but a death in any row is the stay's; the DRG is the
  first known. Amounts are summed once, and are unknown until every row has its own.
key: [stay_id]
stored: temporary
---*/
WITH died_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_died'
),

members AS (
    SELECT
        shared_stays.stay_id,
        shared_stays.position,
        encounters.*,
        died_codes.code AS died_code,
        -- Decimals, so that a sum does not depend on the order of its rows.
        TRY_CAST(encounters.total_cost AS DECIMAL(36, 6)) AS exact_total_cost,
        TRY_CAST(encounters.direct_cost AS DECIMAL(36, 6)) AS exact_direct_cost,
        TRY_CAST(encounters.variable_direct_cost AS DECIMAL(36, 6)) AS exact_variable_direct_cost,
        TRY_CAST(encounters.total_charges AS DECIMAL(36, 6)) AS exact_total_charges,
        TRY_CAST(encounters.allowed_amount AS DECIMAL(36, 6)) AS exact_allowed_amount,
        TRY_CAST(encounters.paid_amount AS DECIMAL(36, 6)) AS exact_paid_amount
    FROM encounters
    INNER JOIN shared_stays ON encounters.encounter_id = shared_stays.encounter_id
    LEFT JOIN died_codes ON encounters.discharge_disposition_code = died_codes.code
),

summed_stays AS (
    SELECT
        stay_id,
        MIN(admitted_on) AS admitted_on,
        MAX(discharged_on) AS discharged_on,
        MAX(discharged_at) AS discharged_at,
        MAX(discharged_at_utc) AS discharged_at_utc,
        BOOL_AND(has_discharge_time) AS has_discharge_time,
        MAX_BY(
            STRUCT_PACK(
                discharge_disposition_code := discharge_disposition_code,
                service_line := service_line,
                unit_id := unit_id,
                payer := payer
            ),
            STRUCT_PACK(discharged_at := discharged_at, position := position)
        ) AS last_to_leave,
        MIN_BY(died_code, position) FILTER (WHERE died_code IS NOT NULL) AS died_code,
        MIN_BY(drg_code, position) FILTER (WHERE drg_code IS NOT NULL) AS drg_code,
        CASE WHEN COUNT(exact_total_cost) = COUNT(*) THEN SUM(exact_total_cost) END AS total_cost,
        CASE WHEN COUNT(exact_direct_cost) = COUNT(*) THEN SUM(exact_direct_cost) END AS direct_cost,
        CASE WHEN COUNT(exact_variable_direct_cost) = COUNT(*) THEN SUM(exact_variable_direct_cost) END
            AS variable_direct_cost,
        CASE WHEN COUNT(exact_total_charges) = COUNT(*) THEN SUM(exact_total_charges) END AS total_charges,
        CASE WHEN COUNT(exact_allowed_amount) = COUNT(*) THEN SUM(exact_allowed_amount) END AS allowed_amount,
        CASE WHEN COUNT(exact_paid_amount) = COUNT(*) THEN SUM(exact_paid_amount) END AS paid_amount,
        COUNT(*) AS n_encounters
    FROM members
    GROUP BY stay_id
)

SELECT
    summed_stays.stay_id,
    first_encounters.person_id,
    first_encounters.facility_id,
    summed_stays.admitted_on,
    summed_stays.discharged_on,
    first_encounters.admitted_at,
    summed_stays.discharged_at,
    first_encounters.admitted_at_utc,
    summed_stays.discharged_at_utc,
    first_encounters.has_admission_time,
    summed_stays.has_discharge_time,
    FALSE AS is_in_house,
    first_encounters.primary_diagnosis_code,
    first_encounters.primary_diagnosis_ccs,
    first_encounters.primary_diagnosis_system,
    summed_stays.drg_code,
    -- Who died in any row of the stay did not leave it alive.
    COALESCE(summed_stays.died_code, summed_stays.last_to_leave.discharge_disposition_code)
        AS discharge_disposition_code,
    summed_stays.last_to_leave.service_line,
    summed_stays.last_to_leave.unit_id,
    summed_stays.last_to_leave.payer,
    first_encounters.admit_type_code,
    first_encounters.admit_source_code,
    first_encounters.birth_date,
    first_encounters.sex,
    first_encounters.language,
    first_encounters.race,
    first_encounters.ethnicity,
    CAST(summed_stays.total_cost AS DOUBLE) AS total_cost,
    CAST(summed_stays.direct_cost AS DOUBLE) AS direct_cost,
    CAST(summed_stays.variable_direct_cost AS DOUBLE) AS variable_direct_cost,
    CAST(summed_stays.total_charges AS DOUBLE) AS total_charges,
    CAST(summed_stays.allowed_amount AS DOUBLE) AS allowed_amount,
    CAST(summed_stays.paid_amount AS DOUBLE) AS paid_amount,
    summed_stays.n_encounters
FROM summed_stays
INNER JOIN members AS first_encounters
    ON
        summed_stays.stay_id = first_encounters.stay_id
        AND first_encounters.position = 1
