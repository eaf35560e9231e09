/*---
title: Encounters and combined encounters as stays
means: One row per acute stay; most are one encounter as it is, the others several combined. Computed where it is read.
key: [stay_id]
stored: never
---*/
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
    encounters.encounter_status = 'in_house' AS is_in_house,
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
    encounters.total_cost,
    encounters.direct_cost,
    encounters.variable_direct_cost,
    encounters.total_charges,
    encounters.allowed_amount,
    encounters.paid_amount,
    CAST(1 AS BIGINT) AS n_encounters
FROM encounters
ANTI JOIN shared_stays ON encounters.encounter_id = shared_stays.encounter_id
WHERE encounters.encounter_status IN ('acute', 'in_house')
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
    total_cost,
    direct_cost,
    variable_direct_cost,
    total_charges,
    allowed_amount,
    paid_amount,
    n_encounters
FROM combined_encounters
