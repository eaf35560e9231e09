/*---
file: "*claims*"
columns: [desynpuf_id, clm_id, claim_type, clm_from_dt, clm_thru_dt, prvdr_num, icd9_dgns_cd_1, clm_pmt_amt]
---*/
SELECT
    source_line,
    clm_id AS encounter_id,
    desynpuf_id AS person_id,
    prvdr_num AS facility_id,
    CASE claim_type WHEN 'Inpatient' THEN 'acute inpatient' WHEN 'Outpatient' THEN 'outpatient' ELSE claim_type END
        AS encounter_type,
    clm_from_dt AS admitted_at,
    clm_thru_dt AS discharged_at,
    NULL AS discharge_disposition_code,
    NULLIF(icd9_dgns_cd_1, 'NULL') AS primary_diagnosis_code,
    NULL AS drg_code,
    NULL AS service_line,
    NULL AS unit_id,
    'Medicare' AS payer,
    NULL AS admit_type_code,
    NULL AS admit_source_code,
    NULL AS attending_provider_id,
    NULL AS birth_date,
    NULL AS sex,
    NULL AS total_cost,
    NULL AS direct_cost,
    NULL AS variable_direct_cost,
    NULL AS total_charges,
    NULL AS allowed_amount,
    NULLIF(clm_pmt_amt, 'NULL') AS paid_amount,
    NULL AS updated_at
FROM landed
