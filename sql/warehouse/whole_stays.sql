/*---
title: Encounters and combined encounters as stays
means: >-
  One row per acute stay; most are one encounter as it is, the others several combined. A stay whose last row says that
  the patient has not left (status 30) is open, whatever day that row was billed through. Open stays are in the house
  until their discharge must have been lost. Computed where it is read.
key: [stay_id]
stored: never
---*/
WITH still_patient_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_still_patient'
),

all_stays AS (
    SELECT
        encounters.encounter_id AS stay_id,
        encounters.person_id,
        encounters.facility_id,
        encounters.admitted_on,
        encounters.discharged_on,
        encounters.admitted_at,
        encounters.discharged_at,
        encounters.admitted_at_utc,
        encounters.discharged_at_utc,
        encounters.has_admission_time,
        encounters.has_discharge_time,
        encounters.discharged_at IS NULL AS is_in_house,
        encounters.primary_diagnosis_code,
        encounters.primary_diagnosis_ccs,
        encounters.primary_diagnosis_system,
        encounters.drg_code,
        encounters.discharge_disposition_code,
        encounters.service_line,
        encounters.unit_id,
        encounters.payer,
        encounters.admit_type_code,
        encounters.admit_source_code,
        encounters.birth_date,
        encounters.sex,
        encounters.language,
        encounters.race,
        encounters.ethnicity,
        encounters.total_cost,
        encounters.direct_cost,
        encounters.variable_direct_cost,
        encounters.total_charges,
        encounters.allowed_amount,
        encounters.paid_amount,
        CAST(1 AS BIGINT) AS n_encounters
    FROM encounters
    ANTI JOIN shared_stays ON encounters.encounter_id = shared_stays.encounter_id
    WHERE encounters.encounter_status IN ('acute', 'in_house', 'missing_discharge_date')
    UNION ALL
    SELECT
        stay_id,
        person_id,
        facility_id,
        admitted_on,
        discharged_on,
        admitted_at,
        discharged_at,
        admitted_at_utc,
        discharged_at_utc,
        has_admission_time,
        has_discharge_time,
        is_in_house,
        primary_diagnosis_code,
        primary_diagnosis_ccs,
        primary_diagnosis_system,
        drg_code,
        discharge_disposition_code,
        service_line,
        unit_id,
        payer,
        admit_type_code,
        admit_source_code,
        birth_date,
        sex,
        language,
        race,
        ethnicity,
        total_cost,
        direct_cost,
        variable_direct_cost,
        total_charges,
        allowed_amount,
        paid_amount,
        n_encounters
    FROM combined_encounters
),

marked_stays AS (
    SELECT
        all_stays.*,
        still_patient_codes.code IS NOT NULL AND all_stays.discharged_on IS NOT NULL AS is_billed_on
    FROM all_stays
    LEFT JOIN still_patient_codes ON all_stays.discharge_disposition_code = still_patient_codes.code
)

SELECT
    marked_stays.* EXCLUDE (is_billed_on) REPLACE (
        CASE WHEN NOT marked_stays.is_billed_on THEN marked_stays.discharged_on END AS discharged_on,
        CASE WHEN NOT marked_stays.is_billed_on THEN marked_stays.discharged_at END AS discharged_at,
        CASE WHEN NOT marked_stays.is_billed_on THEN marked_stays.discharged_at_utc END AS discharged_at_utc,
        marked_stays.is_in_house OR marked_stays.is_billed_on AS is_in_house
    ),
    CASE WHEN marked_stays.is_billed_on THEN marked_stays.discharged_on END AS billed_through_on,
    (marked_stays.is_in_house OR marked_stays.is_billed_on)
    AND GREATEST(marked_stays.admitted_on, COALESCE(marked_stays.discharged_on, marked_stays.admitted_on))
    < watermarks.complete_through - landing_options.lost_discharge_after_days AS is_discharge_lost
FROM marked_stays
CROSS JOIN landing_options
INNER JOIN watermarks ON marked_stays.facility_id = watermarks.facility_id
