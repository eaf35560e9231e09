/*---
file: "*claims*"
columns: [desynpuf_id, clm_id, clm_from_dt, clm_thru_dt, prvdr_num, icd9_dgns_cd_1, clm_pmt_amt]
optional_columns: [claim_type, clm_admsn_dt, nch_bene_dschrg_dt, clm_drg_cd]
---*/
SELECT
    source_line,
    clm_id AS encounter_id,
    desynpuf_id AS person_id,
    prvdr_num AS facility_id,
    -- CMS publishes inpatient and outpatient claims as files of their own; only the former have a day of admission.
    CASE
        WHEN claim_type = 'Inpatient' THEN 'acute inpatient'
        WHEN claim_type = 'Outpatient' THEN 'outpatient'
        WHEN claim_type IS NOT NULL THEN claim_type
        WHEN clm_admsn_dt IS NOT NULL THEN 'acute inpatient'
        ELSE 'outpatient'
    END AS encounter_type,
    COALESCE(clm_admsn_dt, clm_from_dt) AS admitted_at,
    COALESCE(nch_bene_dschrg_dt, clm_thru_dt) AS discharged_at,
    NULL AS discharge_disposition_code,
    NULLIF(icd9_dgns_cd_1, 'NULL') AS primary_diagnosis_code,
    CASE WHEN LENGTH(clm_drg_cd) < 3 THEN LPAD(clm_drg_cd, 3, '0') ELSE clm_drg_cd END AS drg_code,
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
